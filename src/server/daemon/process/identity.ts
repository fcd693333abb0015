/** As whom a connection runs: the parameters `uid` and `gid`, `daemon uid` and `daemon gid`. */
import { type ByteString, fromText, toText } from '../../../core/bytes.ts';
import { platform } from '../../../files/platform/index.ts';

export interface Identity {
  /** A number, or a name that the system knows. Undefined: it stays as it is. */
  uid: number | string | undefined;
  gid: number | string | undefined;
  /** Further groups; `all`: those that the user is in. Undefined: they stay as they are. */
  groups: readonly (number | string)[] | 'all' | undefined;
}

/** What `gid` is called where nothing is set. */
const NOBODY_GROUPS = ['nobody', 'nogroup'];

/** Words are separated by blanks and commas, by commas alone where the value starts with one. */
export function listWords(value: ByteString): string[] {
  const words = value.startsWith(',') ? value.split(',') : value.split(/[ \t-\r,]+/);
  return words.map((word) => toText(word.trim())).filter((word) => word !== '');
}

/** @param isRoot  only root can become somebody else; others stay who they are unless they are told not to */
export function moduleIdentity(uid: ByteString, gid: ByteString, isRoot: boolean): Identity {
  const user = toText(uid.trim());
  const [first, ...others] = listWords(gid);
  const nobody = isRoot ? 'nobody' : undefined;
  const identity: Identity = { uid: user === '' ? nobody : account(user), gid: undefined, groups: undefined };
  if (first === '*') return { ...identity, groups: 'all' };
  if (first !== undefined)
    return { ...identity, gid: account(first), groups: [first, ...others].map(account) };
  if (!isRoot) return identity;
  const group = NOBODY_GROUPS.find((name) => platform.gidOf(name) !== undefined) ?? 'nobody';
  return { ...identity, gid: group, groups: [group] };
}

function account(word: string): number | string {
  return /^\d+$/.test(word) ? Number(word) : word;
}

/** There on every system but Windows. */
const posix = process as unknown as {
  setgroups(groups: readonly (number | string)[]): void;
  setgid(gid: number | string): void;
  setuid(uid: number | string): void;
  initgroups(user: number | string, group: number): void;
};

/** What could not be done, in the words that a client is told. */
export class IdentityError extends Error {
  /** For the client: no more than it should know. */
  readonly told: string;

  constructor(told: string, message: string, cause: unknown) {
    super(message, { cause });
    this.told = told;
  }
}

/** Becomes somebody else, for good. @throws IdentityError */
export function assume({ uid, gid, groups }: Identity): void {
  if (posix.setuid === undefined) return;
  const { isRoot } = platform;
  if (groups === 'all' && uid !== undefined) {
    const own = attempt('invalid gid', `the groups of ${uid}`, () => primaryGroup(uid));
    if (isRoot) attempt('setgid failed', `the groups of ${uid}`, () => posix.initgroups(uid, own));
    attempt('setgid failed', `group ${own}`, () => posix.setgid(own));
  } else {
    if (isRoot && groups !== undefined && groups !== 'all') {
      attempt(`invalid gid ${gid}`, `groups ${groups.join(' ')}`, () => posix.setgroups(groups));
    }
    if (gid !== undefined) attempt(`invalid gid ${gid}`, `group ${gid}`, () => posix.setgid(gid));
  }
  if (uid !== undefined) attempt(`invalid uid ${uid}`, `user ${uid}`, () => posix.setuid(uid));
  platform.privilegesChanged();
}

function attempt<T>(told: string, what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new IdentityError(told, `cannot become ${what}: ${reason}`, error);
  }
}

function primaryGroup(uid: number | string): number {
  const name = typeof uid === 'number' ? platform.userName(uid) : fromText(uid);
  const group = name === undefined ? undefined : platform.primaryGroup(name);
  if (group === undefined) throw new Error('no such user');
  return group;
}
