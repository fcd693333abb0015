import { closeSync, constants, lstatSync, openSync, readlinkSync } from 'node:fs';

/** Opens a name without any right to its content: enough to reach what is in a directory. Linux; Node does not export it. */
export const O_PATH = 0o10000000;

const DIRECTORY = constants.O_DIRECTORY | constants.O_NOFOLLOW | O_PATH;

/**
 * `/proc/PID/fd/`: a descriptor as a path, the nearest thing to openat(2) that Node has. A name below
 * `/proc/PID/fd/N/` is looked up in the very directory that N holds. The number in place of `self` saves a symlink
 * (0.3 us of 4.6 us an lstat). Undefined where there is no such thing: not Linux, or /proc is not mounted.
 */
export const FD_PATH: string | undefined = probe();

function probe(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const base = `/proc/${readlinkSync('/proc/self')}/fd/`;
    const fd = openSync('/', DIRECTORY);
    try {
      const a = lstatSync(`${base}${fd}/.`, { bigint: true });
      const b = lstatSync('/', { bigint: true });
      return a.ino === b.ino && a.dev === b.dev ? base : undefined;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

/** Opens a directory by path for lookups in it; fails with ENOTDIR or ELOOP on a symlink. */
export function openDirectory(path: string | Buffer): number {
  return openSync(path, DIRECTORY);
}
