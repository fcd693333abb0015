import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoCode } from './errors.ts';

/**
 * Makes a folder, and those above it that are missing. Node's own `recursive` never ends where a folder that is there says
 * of a new name that there is no such thing: automounted trees and /proc do.
 * @param path  as node:fs takes it
 * @param mode  of all that are made, less the umask. Default 0777
 * @returns false: it was there
 * @throws an ErrnoException; ENOTDIR or EEXIST if something else is in the way
 */
export function makeFolders(path: string, mode = 0o777): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    const code = errnoCode(error);
    // A root, or a disk that is read-only, may have other words for a folder that is there.
    if (code !== 'ENOENT') return isThere(path, error);
    const above = dirname(path);
    if (above === path || !makeFolders(above, mode)) throw error;
  }
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    // Somebody else was quicker.
    return isThere(path, error);
  }
}

function isThere(path: string, error: unknown): false {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return false;
  throw error;
}
