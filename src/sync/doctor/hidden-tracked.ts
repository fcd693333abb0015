import type { ExcludedBy } from '../../client/rules.ts';
import type { ByteString } from '../../core/bytes.ts';
import { parentOf } from '../project/tree.ts';

/**
 * Finds patterns that hide what Git tracks: `bin/` in an exclude file means every folder of that name, source folders
 * too, and nobody notices until a machine lacks them.
 */
export interface HidingPattern {
  /** As it was written. */
  pattern: ByteString;
  /** At least one, sorted. */
  paths: ByteString[];
}

/**
 * The pattern that hides most comes first.
 * @param tracked  as `git ls-files` has them
 */
export function hidingPatterns(tracked: Iterable<ByteString>, excludedBy: ExcludedBy): HidingPattern[] {
  const directories = new Map<ByteString, ByteString | undefined>();
  const ofDirectory = (path: ByteString): ByteString | undefined => {
    if (path === '') return undefined;
    if (!directories.has(path)) directories.set(path, ofDirectory(parentOf(path)) ?? excludedBy(path, true));
    return directories.get(path);
  };
  const hidden = new Map<ByteString, ByteString[]>();
  for (const path of tracked) {
    const pattern = ofDirectory(parentOf(path)) ?? excludedBy(path, false);
    if (pattern === undefined) continue;
    const paths = hidden.get(pattern);
    if (paths === undefined) hidden.set(pattern, [path]);
    else paths.push(path);
  }
  return [...hidden]
    .map(([pattern, paths]) => ({ pattern, paths: paths.sort() }))
    .sort((a, b) => b.paths.length - a.paths.length);
}

/** It means the top of the tree alone, or a path. */
export function isAnchored(pattern: ByteString): boolean {
  return pattern.replace(/\/$/, '').includes('/');
}
