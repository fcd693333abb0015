import type { ByteString } from '../../core/bytes.ts';
import type { EntryDetails } from '../../core/events.ts';
import { isDirectory, isRegular, isSymlink } from '../../core/mode.ts';

/** `other`: a device, fifo or socket. */
export type EntryKind = 'file' | 'directory' | 'symlink' | 'other';

/** What two sides are compared by. */
export interface TreeEntry {
  kind: EntryKind;
  /** Bytes; of a file alone it means something. */
  size: number;
  /** Seconds since 1970, UTC. */
  mtime: number;
  /** 0 to 999,999,999; 0: not known. */
  mtimeNsec: number;
  /** Unix mode with the type bits: kept, but no difference. */
  mode: number;
  /** Symlinks: where to. */
  target?: ByteString;
}

/**
 * The paths of one side, relative to its root, `/` between components, no slash at either end. The root itself is not in
 * it. Every path's parents are directories of the same tree.
 */
export type Tree = Map<ByteString, TreeEntry>;

export function treeEntry({ mode, size, mtime, mtimeNsec, target }: EntryDetails): TreeEntry {
  const facts = { kind: kindOf(mode), size, mtime, mtimeNsec, mode };
  return target === undefined ? facts : { ...facts, target };
}

/** Adds what a `listed` event told; the root itself is left out. */
export function addListed(tree: Tree, details: EntryDetails): void {
  if (details.name !== '.') tree.set(details.name, treeEntry(details));
}

export function kindOf(mode: number): EntryKind {
  if (isRegular(mode)) return 'file';
  if (isDirectory(mode)) return 'directory';
  return isSymlink(mode) ? 'symlink' : 'other';
}

/** The path of the directory that a path is in; '' for the root. */
export function parentOf(path: ByteString): ByteString {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/**
 * No difference that a run would have to carry over: same kind; files also size and time, symlinks also where to.
 * Directories are always the same: what is in them has entries of its own.
 * @param modifyWindow  seconds that times may differ; 0: none, and then nanoseconds count as well, as far as both know
 *   them, to the microsecond: what lies below is lost on some file systems
 */
export function sameEntry(a: TreeEntry, b: TreeEntry, modifyWindow = 0): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === 'symlink') return a.target === b.target;
  if (a.kind !== 'file') return true;
  if (a.size !== b.size) return false;
  if (modifyWindow > 0) return Math.abs(a.mtime - b.mtime) <= modifyWindow;
  if (a.mtime !== b.mtime) return false;
  if (a.mtimeNsec === 0 || b.mtimeNsec === 0) return true;
  return Math.floor(a.mtimeNsec / 1000) === Math.floor(b.mtimeNsec / 1000);
}

/** What is there would be lost in part: it becomes something of another kind, or a file a shorter one. */
export function wouldShrink(
  found: Pick<TreeEntry, 'kind' | 'size'>,
  coming: Pick<TreeEntry, 'kind' | 'size'>,
): boolean {
  return found.kind !== coming.kind || (found.kind === 'file' && coming.size < found.size);
}

/** Nothing in it is another one, in so far as `sameEntry` can tell. */
export function sameTree(a: Tree, b: Tree): boolean {
  if (a.size !== b.size) return false;
  for (const [path, entry] of a) {
    const other = b.get(path);
    if (other === undefined || !sameEntry(entry, other)) return false;
  }
  return true;
}
