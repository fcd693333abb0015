/** Paths in a configuration: of the platform, with `~` for the home directory. */
import { realpathSync } from 'node:fs';
import { posix, win32 } from 'node:path';

export type PathModule = typeof posix;

export function pathsOf(platform: NodeJS.Platform): PathModule {
  return platform === 'win32' ? win32 : posix;
}

/**
 * @param base  what a relative path is relative to; absolute
 * @returns absolute; undefined for `~user`, which is not known here, and for a path of Windows elsewhere
 */
export function resolvePath(
  text: string,
  { base, home, platform }: { base: string; home: string; platform: NodeJS.Platform },
): string | undefined {
  const paths = pathsOf(platform);
  const separator = platform === 'win32' ? /^~[\\/]/ : /^~\//;
  if (text === '~') return paths.resolve(home);
  if (separator.test(text)) return paths.resolve(home, text.slice(2));
  // Elsewhere it would be a name with a colon and backslashes in it, which nobody meant.
  if (platform !== 'win32' && /^[a-z]:[\\/]/i.test(text)) return undefined;
  return text.startsWith('~') ? undefined : paths.resolve(base, text);
}

/** As realpath(3) has it; of what is not there yet, the part that is. */
export function realPath(path: string, platform: NodeJS.Platform): string {
  const { dirname, basename, join } = pathsOf(platform);
  try {
    return realpathSync(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(realPath(above, platform), basename(path));
  }
}

/** True if `inner` is `outer` or below it. Both absolute. */
export function isWithin(outer: string, inner: string, platform: NodeJS.Platform): boolean {
  const { sep } = pathsOf(platform);
  const above = comparable(outer, platform);
  const below = comparable(inner, platform);
  // A component is compared whole: /s/work is not above /s/work-laptop.
  return below === above || below.startsWith(above.endsWith(sep) ? above : above + sep);
}

/** Equal for paths that the file systems of the platform usually take for one. */
function comparable(path: string, platform: NodeJS.Platform): string {
  const whole = pathsOf(platform).resolve(path);
  if (platform === 'win32') return whole.toLowerCase();
  return platform === 'darwin' ? whole.normalize('NFC').toLowerCase() : whole;
}
