import { type ByteString, toText } from '../../core/bytes.ts';
import { type Guard, guard } from './guards.ts';
import { parentOf } from './tree.ts';

/**
 * Warns of patterns that hide what Git tracks: `bin/` in an exclude file means every folder of that name, source folders
 * too, and nobody notices until a machine lacks them.
 */

/** The pattern of the rule that excludes a path, as it was written; undefined if none does. Its parents are not asked. */
export type ExcludedBy = (path: ByteString, isDirectory: boolean) => ByteString | undefined;

export interface HiddenTrackedOptions {
  /** One or two tracked files that are left out on purpose are usual. Default 10. */
  limit?: number;
}

/**
 * One warning a pattern that hides more tracked paths than the limit, the worst first.
 * @param tracked  as `git ls-files` has them
 */
export function hiddenTracked(
  tracked: Iterable<ByteString>,
  excludedBy: ExcludedBy,
  { limit = 10 }: HiddenTrackedOptions = {},
): Guard[] {
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
    .filter(([, paths]) => paths.length > limit)
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([pattern, paths]) => warning(toText(pattern), paths.sort()));
}

function warning(pattern: string, paths: ByteString[]): Guard {
  const isAnchored = pattern.replace(/\/$/, '').includes('/');
  return guard(
    'hidden-tracked',
    'warning',
    `The pattern ${pattern} hides ${paths.length} files that Git tracks.`,
    isAnchored
      ? 'Remove the pattern if they are to be synced.'
      : `It matches at any depth: write /${pattern} if only the one at the top is meant.`,
    paths,
  );
}
