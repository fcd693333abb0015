import type { TreeEntry } from './tree.ts';

/**
 * Who wins where both sides changed: nobody (`stop`), the later time, one side by name, or both, under two names. Where
 * one side deleted, `newer` and `keep-both` mean the one that changed.
 */
export type ConflictPolicy = 'stop' | 'newer' | 'local' | 'remote' | 'keep-both';

export const CONFLICT_POLICIES: readonly ConflictPolicy[] = ['stop', 'newer', 'local', 'remote', 'keep-both'];

export type Winner = 'source' | 'destination' | 'both' | undefined;

export interface Rivals {
  /** Undefined: deleted there. */
  source: TreeEntry | undefined;
  destination: TreeEntry | undefined;
}

/** @param sourceSide  which of the two the source is */
export function winnerOf(
  { source, destination }: Rivals,
  policy: ConflictPolicy,
  force: boolean,
  sourceSide: 'local' | 'remote',
): Winner {
  if (policy === 'local' || policy === 'remote') return policy === sourceSide ? 'source' : 'destination';
  const changed = source === undefined ? 'destination' : destination === undefined ? 'source' : undefined;
  const forced: Winner = force ? (changed ?? 'source') : undefined;
  switch (policy) {
    case 'stop':
      return forced;
    case 'keep-both':
      return changed ?? 'both';
    case 'newer':
      return changed ?? newer(source!, destination!) ?? forced;
  }
}

/** Undefined: the same time, or one that means nothing: that of a directory is of its list of names. */
function newer(source: TreeEntry, destination: TreeEntry): Winner {
  if (source.kind === 'directory' || destination.kind === 'directory') return undefined;
  if (source.mtime !== destination.mtime) return source.mtime > destination.mtime ? 'source' : 'destination';
  if (source.mtimeNsec === 0 || destination.mtimeNsec === 0) return undefined;
  if (source.mtimeNsec === destination.mtimeNsec) return undefined;
  return source.mtimeNsec > destination.mtimeNsec ? 'source' : 'destination';
}
