/** The paths of a request, inside the module: docs/protocol/1-session.md, 1.10. */
import type { ByteString } from '../../../core/bytes.ts';
import type { Places } from '../../../files/places.ts';
import { Expansion, isPattern } from '../../expand.ts';

/** The filters of the module: a wildcard does not find what they hide. */
export type Hides = (path: ByteString, isDirectory: boolean) => boolean;

/**
 * The paths that a client has sent, without the module's name, wildcards expanded; `.` for the module itself. One that
 * matches nothing stays as it is.
 * @throws RsyncError RSYNC_LIMIT, exit 22: they stand for more names than a command line may have, or too many to look at
 */
export function pathsInModule(
  paths: readonly ByteString[],
  module: ByteString,
  places: Places,
  hides: Hides,
): ByteString[] {
  // rsync's own expansion finds names with a dot in front, unlike a shell's.
  const expansion = new Expansion({ places, matchesDots: true, hides });
  return paths
    .flatMap((text) => splitPaths(text, module))
    .flatMap((path) => {
      const found = isPattern(path) ? expansion.expand(path) : [];
      return found.length > 0 ? found : [path];
    });
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
