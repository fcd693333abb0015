import type { ByteString } from '../core/bytes.ts';
import { platform } from '../files/platform/index.ts';

/**
 * The sender's user and group numbers to local ones, docs/protocol/2-file-list.md, 3.3. Names arrive with the
 * entries or in the lists after them; a number without a name, and 0, stays what it is.
 */
export class IdMap {
  private readonly numeric: boolean;
  private readonly users = new Map<number, number>();
  private readonly groups = new Map<number, number>();

  constructor(numeric: boolean) {
    this.numeric = numeric;
  }

  uidName(id: number, name: ByteString): void {
    if (!this.numeric && id !== 0 && name !== '') this.users.set(id, platform.uidOf(name) ?? id);
  }

  gidName(id: number, name: ByteString): void {
    if (!this.numeric && id !== 0 && name !== '') this.groups.set(id, platform.gidOf(name) ?? id);
  }

  uid(id: number): number {
    return this.users.get(id) ?? id;
  }

  /** Undefined: a group that this process may not give to a file; it is left alone and no difference. */
  gid(id: number): number | undefined {
    const gid = this.groups.get(id) ?? id;
    return platform.mayUseGroup(gid) ? gid : undefined;
  }
}
