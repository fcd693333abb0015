import type { ByteString } from '../../core/bytes.ts';
import { parentOf, sameEntry, type Tree, type TreeEntry } from './tree.ts';

/**
 * What changed here and there since both sides last agreed. Symmetrical: which side is to win is for the plan to say.
 *
 * The cost grows with the number of paths; only those that differ are held, and sorted. 200,000 paths take 0.4 s if 10 %
 * of them differ, 0.9 s if all do; a plan 0.1 s and 0.6 s more (Node 20, one core).
 */

/** One side, seen from the base. `absent`: neither in the base nor here. A directory is `changed` if it is no longer one. */
export type Change = 'same' | 'added' | 'changed' | 'deleted' | 'absent';

/**
 * Why two changes do not go together:
 * - `both-added`, `both-changed`: two versions
 * - `changed-deleted`: changed on one side, deleted on the other
 * - `kind`: two kinds of things of one name; where one of them is a directory, everything below it is part of it
 * - `directory-deleted`: deleted on one side, while the other has changed or added something in it. Told of the topmost
 *   directory; what is in it and conflicts on its own account has its own row
 */
export type ConflictKind = 'both-added' | 'both-changed' | 'changed-deleted' | 'kind' | 'directory-deleted';

/** A path that is not as it was in the base, on one side or both. */
export interface PathState {
  path: ByteString;
  local: Change;
  remote: Change;
  /** Equal on both sides, or absent from both, whatever the base has: nothing is to do but to take note. */
  agreed: boolean;
  conflict: ConflictKind | undefined;
  /** The path above it of which a directory and something else clash: what happens to that one happens to this one. */
  within: ByteString | undefined;
  baseEntry: TreeEntry | undefined;
  localEntry: TreeEntry | undefined;
  remoteEntry: TreeEntry | undefined;
}

export interface Comparison {
  /** Parents before what is in them. */
  paths: PathState[];
  /** The same, by path. */
  byPath: ReadonlyMap<ByteString, PathState>;
  /** False: both sides were never in step as far as we know, and nothing tells what is new from what is old. */
  hasBase: boolean;
  /** The trees compared. */
  base: Tree;
  local: Tree;
  remote: Tree;
}

export interface CompareOptions {
  /** Seconds that times may differ. Default 0. */
  modifyWindow?: number;
}

/** @param base  undefined: never synced */
export function compareTrees(
  base: Tree | undefined,
  local: Tree,
  remote: Tree,
  { modifyWindow = 0 }: CompareOptions = {},
): Comparison {
  const known: Tree = base ?? new Map();
  const paths: PathState[] = [];
  const look = (path: ByteString, b?: TreeEntry, l?: TreeEntry, r?: TreeEntry): void => {
    const localChange = changeOf(b, l, modifyWindow);
    const remoteChange = changeOf(b, r, modifyWindow);
    const agreed = l === undefined ? r === undefined : r !== undefined && sameEntry(l, r, modifyWindow);
    if (agreed && localChange === 'same' && remoteChange === 'same') return;
    paths.push({
      path,
      local: localChange,
      remote: remoteChange,
      agreed,
      conflict: undefined,
      within: undefined,
      baseEntry: b,
      localEntry: l,
      remoteEntry: r,
    });
  };
  for (const [path, entry] of known) look(path, entry, local.get(path), remote.get(path));
  for (const [path, entry] of local) if (!known.has(path)) look(path, undefined, entry, remote.get(path));
  for (const [path, entry] of remote) {
    if (!known.has(path) && !local.has(path)) look(path, undefined, undefined, entry);
  }
  // By code units, which are bytes: a directory comes before what is in it.
  paths.sort((a, b) => (a.path < b.path ? -1 : 1));
  const byPath = new Map(paths.map((state) => [state.path, state]));
  findConflicts(paths, byPath);
  return { paths, byPath, hasBase: base !== undefined, base: known, local, remote };
}

/** A side has something of its own there that the other one has not seen. */
export function isOwnChange(change: Change): boolean {
  return change !== 'same' && change !== 'absent';
}

/** A directory on one side, and something else on the other. */
export function isClash({ localEntry, remoteEntry }: PathState): boolean {
  if (localEntry === undefined || remoteEntry === undefined) return false;
  return (localEntry.kind === 'directory') !== (remoteEntry.kind === 'directory');
}

/** Of two entries that are the same, the one that knows more. */
export function agreedEntry({ localEntry, remoteEntry }: PathState): TreeEntry | undefined {
  return localEntry?.mtimeNsec === 0 ? remoteEntry : localEntry;
}

function changeOf(base: TreeEntry | undefined, now: TreeEntry | undefined, window: number): Change {
  if (base === undefined) return now === undefined ? 'absent' : 'added';
  if (now === undefined) return 'deleted';
  return sameEntry(base, now, window) ? 'same' : 'changed';
}

function findConflicts(paths: readonly PathState[], byPath: ReadonlyMap<ByteString, PathState>): void {
  const localBelow = new Set<PathState>();
  const remoteBelow = new Set<PathState>();
  for (const state of paths) {
    const parent = byPath.get(parentOf(state.path));
    if (parent !== undefined) state.within = parent.within ?? (isClash(parent) ? parent.path : undefined);
    if (state.agreed) continue;
    if (hasNew(state.local)) markAbove(state, byPath, localBelow);
    if (hasNew(state.remote)) markAbove(state, byPath, remoteBelow);
  }
  const inDeleted = new Set<PathState>();
  for (const state of paths) {
    if (state.agreed || state.within !== undefined) continue;
    const parent = byPath.get(parentOf(state.path));
    if (isClash(state)) {
      const localChanged = isOwnChange(state.local) || localBelow.has(state);
      const remoteChanged = isOwnChange(state.remote) || remoteBelow.has(state);
      if (localChanged && remoteChanged) state.conflict = 'kind';
    } else if (isOwnChange(state.local) && isOwnChange(state.remote)) state.conflict = conflictOf(state);
    else if (isDeletedDirectory(state, localBelow, remoteBelow)) {
      if (parent === undefined || !inDeleted.has(parent)) state.conflict = 'directory-deleted';
      inDeleted.add(state);
    }
  }
}

/** Something that would be lost with the directory that it is in. */
function hasNew(change: Change): boolean {
  return change === 'added' || change === 'changed';
}

/** Linear: it stops where the way up was marked before. What is not in `byPath` is a directory on both sides. */
function markAbove(
  state: PathState,
  byPath: ReadonlyMap<ByteString, PathState>,
  marked: Set<PathState>,
): void {
  let above = byPath.get(parentOf(state.path));
  while (above !== undefined && !marked.has(above)) {
    marked.add(above);
    above = byPath.get(parentOf(above.path));
  }
}

function conflictOf({ local, remote, localEntry, remoteEntry }: PathState): ConflictKind {
  if (localEntry === undefined || remoteEntry === undefined) return 'changed-deleted';
  if (localEntry.kind !== remoteEntry.kind) return 'kind';
  return local === 'added' && remote === 'added' ? 'both-added' : 'both-changed';
}

function isDeletedDirectory(
  state: PathState,
  localBelow: ReadonlySet<PathState>,
  remoteBelow: ReadonlySet<PathState>,
): boolean {
  const { local, remote, localEntry, remoteEntry } = state;
  if (remote === 'deleted') return localEntry?.kind === 'directory' && localBelow.has(state);
  if (local === 'deleted') return remoteEntry?.kind === 'directory' && remoteBelow.has(state);
  return false;
}
