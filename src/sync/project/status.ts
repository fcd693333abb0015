import type { ByteString } from '../../core/bytes.ts';
import { isRsyncError } from '../../core/errors.ts';
import { nameFault } from '../../files/platform/index.ts';
import { type LockOwner, RemoteLock } from '../remote/lock.ts';
import { Remote, type RemoteSettings } from '../remote/remote.ts';
import { isStale } from '../state/ages.ts';
import type { DirectionState, ProfileState } from '../state/profile-state.ts';
import type { Folding } from './folding.ts';
import { compareSides, listSides, localSide, recall } from './inspect.ts';
import type { Listing } from './listing.ts';
import { type AskIgnored, onlyIgnoredSides } from './only-ignored.ts';
import { type Plan, planPull, planPush } from './plan.ts';
import type { Profile } from './profile.ts';
import { compareContents } from './same-content.ts';
import { type Change, isOwnChange } from './three-way.ts';

export interface StatusInput {
  profile: Profile;
  connect: Omit<RemoteSettings, 'location' | 'words'>;
  stateFolder: string;
  now: () => Date;
  who: { user: string; host: string };
  /** Seconds after which the last success of either direction is stale; 0: never. */
  staleAfter: number;
  /** Asks the server as well; without it only what changed here is known. */
  remote: boolean;
  ignored?: AskIgnored | undefined;
  /** What the file system here takes for the same name. Default: nothing. */
  folding?: Folding | undefined;
}

/** A path that is not as both sides last agreed, with what became of it on each side. */
export interface ChangedPath {
  path: ByteString;
  local: Change;
  /** Undefined: the server was not asked. */
  remote: Change | undefined;
  conflict: boolean;
}

export interface ProjectStatus {
  profile: string;
  root: string;
  location: string;
  /** `never`: not synced so far as we know. `stale`: the last success is too long ago. */
  phase: 'never' | 'in-step' | 'changed' | 'conflict' | 'stale';
  stale: boolean;
  pull: DirectionState;
  push: DirectionState;
  peer: ProfileState['peer'];
  changes: ChangedPath[];
  /** What a run would do now; undefined: the server was not asked. */
  wouldPull: Plan | undefined;
  wouldPush: Plan | undefined;
  /** Who holds the lock on the server; undefined: nobody, or it was not asked. */
  lock: LockOwner | undefined;
  /** What could not be used of what was remembered: sentences. */
  problems: string[];
}

/**
 * What changed since the last sync, and what a pull and a push would do. Transfers nothing and remembers nothing.
 * @throws RsyncError as a transfer, if the server is asked; RSYNC_FILE_SELECT for a side that cannot be listed
 */
export async function projectStatus(input: StatusInput): Promise<ProjectStatus> {
  const { profile, stateFolder, now, staleAfter } = input;
  const memory = await recall(profile, stateFolder);
  const { state, problems } = memory;
  const found = input.remote ? await both(input, memory.base) : await here(input, memory.base);
  const last = [state.pull.lastSuccess?.at, state.push.lastSuccess?.at].filter((at) => at !== undefined);
  // The youngest of both: whoever only pulls is not stale for never pushing.
  const stale = staleAfter > 0 && last.length > 0 && last.every((at) => isStale(at, now(), staleAfter));
  const never = last.length === 0;
  const { changes } = found;
  const phase = never
    ? 'never'
    : changes.some(({ conflict }) => conflict)
      ? 'conflict'
      : stale
        ? 'stale'
        : changes.length > 0
          ? 'changed'
          : 'in-step';
  return {
    profile: profile.name,
    root: profile.root,
    location: profile.location,
    phase,
    stale,
    pull: state.pull,
    push: state.push,
    peer: state.peer,
    problems,
    ...found,
  };
}

type Found = Pick<ProjectStatus, 'changes' | 'wouldPull' | 'wouldPush' | 'lock'>;
type Base = Awaited<ReturnType<typeof recall>>['base'];

const NOTHING: Listing = { tree: new Map(), state: 'missing', root: undefined, result: undefined };

async function here({ profile, connect, ignored }: StatusInput, known: Base): Promise<Found> {
  let local = await localSide(profile, connect);
  let base = known;
  if (profile.onlyIgnored) {
    const narrowed = await onlyIgnoredSides({ local, remote: NOTHING }, base, ignored);
    ({ base } = narrowed);
    ({ local } = narrowed.sides);
  }
  // The base stands for the server: nothing is known of what changed there.
  const { paths } = compareSides(base, { local, remote: { ...NOTHING, tree: base ?? new Map() } }, profile);
  const changes = paths
    .filter((state) => isOwnChange(state.local))
    .map(({ path, local: change }) => ({ path, local: change, remote: undefined, conflict: false }));
  return { changes, wouldPull: undefined, wouldPush: undefined, lock: undefined };
}

async function both(
  { profile, connect, ignored, who, now, folding }: StatusInput,
  known: Base,
): Promise<Found> {
  const remote = new Remote({ ...connect, location: profile.location, words: profile.connection });
  try {
    const [listed, lock] = await Promise.all([listSides(profile, remote, connect), holderOf(remote)]);
    let sides = listed;
    let base = known;
    if (profile.onlyIgnored) ({ sides, base } = await onlyIgnoredSides(sides, base, ignored));
    const { comparison } = await compareContents(base, sides, { profile, remote, connect });
    const policy = {
      conflict: profile.conflict,
      now: now(),
      hosts: { local: who.host, remote: 'server' },
      nameFault,
      ...(folding === undefined ? {} : { folding }),
    } as const;
    const changes = comparison.paths
      .filter(({ agreed }) => !agreed)
      .map(({ path, local: change, remote: other, conflict }) => ({
        path,
        local: change,
        remote: other,
        conflict: conflict !== undefined,
      }));
    const wouldPull = planPull(comparison, policy);
    return { changes, wouldPull, wouldPush: planPush(comparison, policy), lock };
  } finally {
    await remote.close();
  }
}

/** A server where nothing can be looked up has no lock to tell of; the listing says what is wrong with it. */
async function holderOf(remote: Remote): Promise<LockOwner | undefined> {
  try {
    return await RemoteLock.holder(remote);
  } catch (error) {
    if (isRsyncError(error)) return undefined;
    throw error;
  }
}
