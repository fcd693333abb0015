import type { ByteString } from '../../core/bytes.ts';
import type { ConflictPolicy } from './conflict-policy.ts';
import type { Folding } from './folding.ts';
import { Planner } from './planner.ts';
import { agreedEntry, type Comparison, type ConflictKind } from './three-way.ts';
import type { Tree, TreeEntry } from './tree.ts';

/**
 * What a run would do, path by path. The meaning of the two directions:
 *
 * - pull: the remote wins for what did not change here. What changed here alone is kept, deletions too: it was never
 *   pushed.
 * - push: the local side wins for what did not change there. What changed there alone was pushed by somebody else: it is
 *   `refused`, and the run stops.
 *
 * What changed on both sides is a conflict, and the policy says which side wins. A deletion never wins over a change,
 * unless the policy names its side. What the other side has never seen (added since) is not deleted by any policy but
 * `mirror`.
 */
export interface Plan {
  direction: 'pull' | 'push';
  /** False: see `Comparison`. */
  hasBase: boolean;
  /** Parents before what is in them; directories that have to be made too. */
  transfer: PlannedTransfer[];
  /** What is in a directory before the directory. */
  delete: PlannedDeletion[];
  /** What differs and stays as it is at the destination. */
  keep: KeptPath[];
  conflicts: PlannedConflict[];
  /** Push without force: what somebody else changed on the server since our last pull. */
  refused: RefusedPath[];
  /** To be done before the run: versions that would be lost. */
  aside: AsidePath[];
  /** A conflict without a resolution, or something refused: nothing may be done. */
  blocked: boolean;
  /** Paths of the source that the run must not touch: `plan-rules.ts`. Nothing below one of them is named. */
  leave: ByteString[];
  /** Directories that only the destination has and that stay, though something in them is deleted: `plan-rules.ts`. */
  opened: ByteString[];
  /** What the base has to say of these paths after success; undefined: nothing any more. */
  settled: Map<ByteString, TreeEntry | undefined>;
}

export interface PlannedTransfer {
  path: ByteString;
  /** As it is at the source. */
  entry: TreeEntry;
  /** What is at the destination now. */
  replaces: TreeEntry | undefined;
  /** `replaces` is a version that the source has never seen, and it is not put aside. */
  lost: boolean;
}

export interface PlannedDeletion {
  path: ByteString;
  /** As it is at the destination. */
  entry: TreeEntry;
  /** It changed since the base, and a policy that was named wants it deleted all the same. */
  lost: boolean;
}

/**
 * - `unpushed-addition`, `unpushed-change`, `unpushed-deletion`: on a pull, our own work
 * - `not-pulled`: on a forced push, what somebody else added
 * - `conflict`: it lost one, or there is no resolution
 * - `append-only`: it would be deleted or shrink
 * - `deletions-off`: it would be deleted
 * - `holds-kept`: a directory that would be deleted but for what is kept in it
 * - `name-collision`: this machine takes its name for another one's: on a pull one that goes in this run, and the next run
 *   brings it
 * - `impossible-here`: this machine can not have a file of that name
 * - `inside`: it is in a directory that is left as it is
 */
export type KeepReason =
  | 'unpushed-addition'
  | 'unpushed-change'
  | 'unpushed-deletion'
  | 'not-pulled'
  | 'conflict'
  | 'append-only'
  | 'deletions-off'
  | 'holds-kept'
  | 'name-collision'
  | 'impossible-here'
  | 'inside';

/** Of a pull: something of the server could not come, and somebody has to see to it, or the next run. */
export function isLeftOut({ reason }: KeptPath): boolean {
  return reason === 'name-collision' || reason === 'impossible-here';
}

export interface KeptPath {
  path: ByteString;
  reason: KeepReason;
}

export interface PlannedConflict {
  path: ByteString;
  kind: ConflictKind;
  local: TreeEntry | undefined;
  remote: TreeEntry | undefined;
  /** Whose version takes the name; `both`: the source's, and the other is put aside. Undefined: a person has to say. */
  resolution: 'local' | 'remote' | 'both' | undefined;
}

export interface RefusedPath {
  path: ByteString;
  /** What became of it on the server. */
  change: 'added' | 'changed' | 'deleted';
}

/** The version of `side` at `path` is to be at the local path `to`: renamed if it is local, fetched if it is remote. */
export interface AsidePath {
  path: ByteString;
  to: ByteString;
  side: 'local' | 'remote';
}

export interface PlanPolicy {
  /** Default `stop`. */
  conflict?: ConflictPolicy;
  /** Go on where the plan would be blocked: the source wins over changes, never over additions. Default false. */
  force?: boolean;
  /** Nothing at the destination is deleted, or replaced by something smaller or of another kind. Default false. */
  appendOnly?: boolean;
  /** False: nothing is deleted (a guard said so). Default true. */
  deletions?: boolean;
  /** On a run without a base: the user has confirmed that what the destination alone has is deleted. Default false. */
  mirror?: boolean;
  /** What this machine takes for the same name. Default: nothing. */
  folding?: Folding;
  /** Why one component of a path can not be a name on this machine. Default: any can. */
  nameFault?: (component: ByteString) => string | undefined;
  /** For the names of what is put aside. */
  now: Date;
  hosts: { local: string; remote: string };
}

/** What a pull would do. */
export function planPull(comparison: Comparison, policy: PlanPolicy): Plan {
  return new Planner('pull', comparison, policy).plan();
}

/** What a push would do. */
export function planPush(comparison: Comparison, policy: PlanPolicy): Plan {
  return new Planner('push', comparison, policy).plan();
}

/** The base after a run that did all of a plan. */
export function baseAfter({ base }: Pick<Comparison, 'base'>, { settled }: Pick<Plan, 'settled'>): Tree {
  return settle(base, settled);
}

/** The base after a comparison alone: what is equal on both sides is agreed, whoever did it. For runs that were partial. */
export function agreedBase({ base, paths }: Pick<Comparison, 'base' | 'paths'>): Tree {
  const agreed = paths.filter((state) => state.agreed);
  return settle(base, new Map(agreed.map((state) => [state.path, agreedEntry(state)])));
}

function settle(base: Tree, settled: ReadonlyMap<ByteString, TreeEntry | undefined>): Tree {
  const after = new Map(base);
  for (const [path, entry] of settled) {
    if (entry === undefined) after.delete(path);
    else after.set(path, entry);
  }
  return after;
}
