/** The paths of a request, inside the module: docs/protocol/1-session.md, 1.10. */
import type { ByteString } from '../../../core/bytes.ts';
import { EXIT, RsyncError } from '../../../core/errors.ts';
import { LIMITS } from '../../../core/limits.ts';
import type { Places } from '../../../files/places.ts';
import { compileWild } from '../../../filter/wildmatch.ts';

/** The filters of the module: a wildcard does not find what they hide. */
export type Hides = (path: ByteString, isDirectory: boolean) => boolean;

/**
 * The paths that a client has sent, without the module's name, wildcards expanded; `.` for the module itself. One that
 * matches nothing stays as it is.
 * @throws RsyncError RSYNC_LIMIT, exit 22: they stand for more names than a command line may have
 */
export function pathsInModule(
  paths: readonly ByteString[],
  module: ByteString,
  places: Places,
  hides: Hides,
): ByteString[] {
  const expanded: ByteString[] = [];
  for (const path of paths.flatMap((text) => splitPaths(text, module))) {
    for (const name of expandWildcards(path, places, hides)) {
      if (expanded.length >= LIMITS.ARGUMENTS) throw tooMany();
      expanded.push(name);
    }
  }
  return expanded;
}

/** `mod/a mod/b` is two paths: clients before 3.0 send several sources so. */
export function splitPaths(text: ByteString, module: ByteString): ByteString[] {
  return text.split(` ${module}/`).map((path) => insideModule(path, module));
}

function insideModule(path: ByteString, module: ByteString): ByteString {
  let rest = path;
  if (path === module) rest = '';
  else if (path.startsWith(`${module}/`)) rest = path.slice(module.length + 1);
  return rest.replace(/^\/+/, '') || '.';
}

const WILD = /[*?[]/;

/** Names that match, in the order of their bytes, with a slash at the end if the pattern has one. */
export function expandWildcards(path: ByteString, places: Places, hides: Hides): ByteString[] {
  if (!WILD.test(path)) return [path];
  const isContent = path.endsWith('/');
  const parts = path.split('/').filter((part) => part !== '');
  let found: ByteString[] = [''];
  for (const [at, part] of parts.entries()) {
    const isLast = at === parts.length - 1;
    const mustBeDirectory = !isLast || isContent;
    found = found.flatMap((parent) => step(parent, part, mustBeDirectory, places));
    found = found.filter((name) => !hides(places.display(name), exists(name, true, places)));
    if (found.length > LIMITS.ARGUMENTS) throw tooMany();
  }
  if (found.length === 0) return [path];
  return found.map((name) => (isContent ? `${name}/` : name));
}

/** What one component of a pattern leads to from one directory. */
function step(parent: ByteString, part: ByteString, mustBeDirectory: boolean, places: Places): ByteString[] {
  const prefix = parent === '' ? '' : `${parent}/`;
  if (!WILD.test(part)) return exists(prefix + part, mustBeDirectory, places) ? [prefix + part] : [];
  const matches = compileWild(part);
  const names = contents(parent === '' ? '.' : parent, places).filter(matches);
  return names
    .sort(byBytes)
    .map((name) => prefix + name)
    .filter((name) => !mustBeDirectory || exists(name, true, places));
}

function byBytes(a: ByteString, b: ByteString): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function exists(path: ByteString, mustBeDirectory: boolean, places: Places): boolean {
  try {
    const stat = places.stat(path);
    return stat !== undefined && (!mustBeDirectory || stat.isDirectory);
  } catch {
    // Behind a symlink that leads out, or not to be looked at: no match.
    return false;
  }
}

function contents(directory: ByteString, places: Places): ByteString[] {
  try {
    const root = places.open(directory);
    try {
      return root.readdir('.');
    } finally {
      root.close();
    }
  } catch {
    return [];
  }
}

function tooMany(): RsyncError {
  return new RsyncError('RSYNC_LIMIT', `the paths stand for more than ${LIMITS.ARGUMENTS} names`, {
    exitCode: EXIT.MALLOC,
    origin: 'remote',
    hint: 'Name the directory above them.',
  });
}
