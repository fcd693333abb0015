import { constants, copyFile, fstatSync, ftruncateSync } from 'node:fs';
import { FD_PATH } from './proc.ts';
import type { FileSource } from './reader.ts';

/** Bytes in a unit of `Stat.blocks`. */
const BLOCK = 512;

/**
 * Copies a whole open file into an empty one without bringing its bytes into this process: a reflink where the file
 * system has them, else copy_file_range(2). On Linux alone: both files are reached through their descriptors.
 * @param mode  what the new file will have; the system gives it the mode of the source until that is set
 * @returns false if nothing was copied: no such way here, or the result would not be the same
 */
export async function copyBySystem(source: FileSource, fd: number, mode: number): Promise<boolean> {
  if (FD_PATH === undefined || !mayShow(source.stat.mode, mode)) return false;
  // Holes would be kept, which only --sparse is to do.
  if (source.stat.blocks * BLOCK < source.size) return false;
  const paths = [FD_PATH + source.descriptor, FD_PATH + fd] as const;
  const failed = await new Promise<boolean>((resolve) => {
    copyFile(...paths, constants.COPYFILE_FICLONE, (error) => resolve(error !== null));
  });
  if (failed) {
    // Reading and writing apart tell which of them it is that fails.
    ftruncateSync(fd, 0);
    return false;
  }
  const { size } = fstatSync(fd);
  if (size > source.size) ftruncateSync(fd, source.size);
  source.hadAtOnce(size);
  return true;
}

/**
 * Whether a file that is not finished may have the mode of the source for a while: not if it lets in more people than
 * the final mode, nor a group, which is not set yet, nor if it is set-id or for others to write.
 */
function mayShow(source: number, final: number): boolean {
  const shown = source & 0o077;
  if ((source & 0o7022) !== 0) return false;
  return shown === 0 || ((final & 0o004) !== 0 && (shown & ~final) === 0);
}
