import { renameSync } from 'node:fs';
import { errnoCode } from './errors.ts';

/** Milliseconds between attempts; 0.4 s in all. */
const PAUSES = [5, 15, 30, 50, 100, 200];

/**
 * Renames on Windows, where a virus scanner or an indexer that has just opened the new file makes it fail for some
 * milliseconds with EPERM, EACCES or EBUSY.
 */
export function renameWindows(from: string | Buffer, to: string | Buffer): void {
  for (const pause of PAUSES) {
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      const code = errnoCode(error);
      if (code !== 'EPERM' && code !== 'EACCES' && code !== 'EBUSY') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    }
  }
  renameSync(from, to);
}
