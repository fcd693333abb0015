import type { ByteString } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { platform } from '../files/platform/index.ts';

/**
 * The sender's user and group numbers to local ones, docs/protocol/2-file-list.md, 3.3. Names arrive with the
 * entries or in the lists after them; a number without a name, and 0, stays what it is.
 */
export class IdMap {
  private readonly users: Numbers;
  private readonly groups: Numbers;
  private readonly numeric: boolean;

  constructor(numeric: boolean) {
    this.numeric = numeric;
    this.users = new Numbers((names) => platform.uidsOf(names));
    this.groups = new Numbers((names) => platform.gidsOf(names));
  }

  uidName(id: number, name: ByteString): void {
    if (!this.numeric && id !== 0 && name !== '') this.users.add(id, name);
  }

  gidName(id: number, name: ByteString): void {
    if (!this.numeric && id !== 0 && name !== '') this.groups.add(id, name);
  }

  uid(id: number): number {
    return this.users.local(id);
  }

  /** Undefined: a group that this process may not give to a file; it is left alone and no difference. */
  gid(id: number): number | undefined {
    const gid = this.groups.local(id);
    return platform.mayUseGroup(gid) ? gid : undefined;
  }
}

/** Numbers of one kind. Names are looked up when the first of them is needed, all that have come at once. */
class Numbers {
  private readonly lookUp: (names: readonly ByteString[]) => (number | undefined)[];
  private readonly known = new Map<number, number>();
  private readonly fresh = new Map<number, ByteString>();

  constructor(lookUp: (names: readonly ByteString[]) => (number | undefined)[]) {
    this.lookUp = lookUp;
  }

  add(id: number, name: ByteString): void {
    if (this.known.size + this.fresh.size >= LIMITS.ACCOUNT_NAMES) {
      throw new RsyncError('RSYNC_LIMIT', `more than ${LIMITS.ACCOUNT_NAMES} names of owners`, {
        exitCode: EXIT.MALLOC,
        origin: 'remote',
        hint: 'With --numeric-ids no names are sent.',
      });
    }
    this.fresh.set(id, name);
  }

  local(id: number): number {
    if (this.fresh.size > 0) {
      const ids = [...this.fresh.keys()];
      const found = this.lookUp([...this.fresh.values()]);
      for (const [k, number] of ids.entries()) this.known.set(number, found[k] ?? number);
      this.fresh.clear();
    }
    return this.known.get(id) ?? id;
  }
}
