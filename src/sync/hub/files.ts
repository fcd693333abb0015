import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import picomatch from 'picomatch';
import { errnoCode } from '../../files/errors.ts';

/** A file of a spoke, as the hub has it. */
export interface SpokeFile {
  /** Relative to the folder of the spoke, `/` between components. */
  path: string;
  /** Bytes. */
  size: number;
  /** Milliseconds since 1970. */
  mtime: number;
}

/** Copies that other programs make of a file that changed on both sides: no files of their own. */
const CONFLICT_COPY = /\.sync-conflict-|\.conflict-\d{8}-\d{6}-/;

/**
 * Files below a folder whose name matches one of the patterns, in no order; a folder that is not there has none. Symlinks are
 * not followed.
 * @param patterns  of names, as a shell has them: `*.jsonl`
 * @throws an ErrnoException: a folder that cannot be read
 */
export function* spokeFiles(folder: string, patterns: readonly string[]): Generator<SpokeFile> {
  const matches = picomatch([...patterns], { dot: true });
  const pending = [''];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of namesIn(join(folder, at))) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory()) pending.push(path);
      else if (entry.isFile() && matches(entry.name) && !CONFLICT_COPY.test(entry.name)) {
        const stat = statSync(join(folder, path), { throwIfNoEntry: false });
        if (stat !== undefined) yield { path, size: stat.size, mtime: stat.mtimeMs };
      }
    }
  }
}

/** One that vanishes meanwhile is empty. */
function namesIn(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return [];
    throw error;
  }
}
