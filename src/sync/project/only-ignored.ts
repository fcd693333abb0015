import type { ByteString } from '../../core/bytes.ts';
import { usageError } from '../../core/errors.ts';
import type { AskedPath } from './git.ts';
import type { Sides } from './inspect.ts';
import { parentOf, type Tree } from './tree.ts';

/** Which of these paths Git ignores. */
export type AskIgnored = (paths: readonly AskedPath[]) => Promise<ReadonlySet<ByteString>>;

/** Both sides and the base, with what Git ignores alone, and the directories that lead to it. */
export interface IgnoredSides {
  sides: Sides;
  base: Tree | undefined;
  /** All paths left, of any of them. */
  paths: ReadonlySet<ByteString>;
}

/** @param ignored  answers which of the paths Git ignores, what is in an ignored directory included */
export async function onlyIgnoredSides(
  { local, remote }: Sides,
  base: Tree | undefined,
  ignored: AskIgnored | undefined,
): Promise<IgnoredSides> {
  if (ignored === undefined) {
    throw usageError('only what Git ignores is to be synced, and there is no Git to ask');
  }
  const all = new Map<ByteString, boolean>();
  for (const tree of [base, remote.tree, local.tree]) {
    for (const [path, { kind }] of tree ?? []) all.set(path, kind === 'directory');
  }
  const paths = new Set(await ignored([...all].map(([path, isDirectory]) => ({ path, isDirectory }))));
  for (const path of [...paths]) {
    for (let above = parentOf(path); above !== '' && !paths.has(above); above = parentOf(above))
      paths.add(above);
  }
  const narrow = (tree: Tree): Tree => new Map([...tree].filter(([path]) => paths.has(path)));
  return {
    sides: {
      local: { ...local, tree: narrow(local.tree) },
      remote: { ...remote, tree: narrow(remote.tree) },
    },
    base: base === undefined ? undefined : narrow(base),
    paths,
  };
}
