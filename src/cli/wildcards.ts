/**
 * Wildcards in local sources, for shells that leave them to the program (Windows): `*`, `?` and `[...]`, sorted; names
 * that begin with a dot match only a pattern that does. What matches nothing, or is there by that very name, stays.
 */
import { lstatSync } from 'node:fs';

const WILD = /[*?[]/;

export async function expandWildcards(paths: readonly string[]): Promise<string[]> {
  if (!paths.some((path) => WILD.test(path))) return [...paths];
  const { default: glob } = await import('fast-glob');
  const expanded = await Promise.all(
    paths.map(async (path) => {
      if (!WILD.test(path) || exists(path)) return [path];
      // A slash at the end asks for the content of directories.
      const content = path.endsWith('/');
      const found = await glob(content ? path.replace(/\/+$/, '') : path, {
        onlyFiles: false,
        onlyDirectories: content,
        markDirectories: content,
        braceExpansion: false,
        extglob: false,
        globstar: false,
        caseSensitiveMatch: false,
        suppressErrors: true,
      });
      return found.length === 0 ? [path] : found.sort();
    }),
  );
  return expanded.flat();
}

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Not a name that this platform can have.
    return false;
  }
}
