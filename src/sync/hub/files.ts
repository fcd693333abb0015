import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import picomatch from 'picomatch';
import { type ByteString, fromBuffer, fromText, toText } from '../../core/bytes.ts';
import { errnoCode } from '../../files/errors.ts';
import { nativePath } from '../../files/platform/index.ts';

/** A file of a spoke, as the hub has it. */
export interface SpokeFile {
  /** Relative to the folder of the spoke, `/` between components. */
  path: ByteString;
  /** Bytes. */
  size: number;
  /** Milliseconds since 1970. */
  mtime: number;
}

/** A file whose transfer was cut goes on from here; rsync itself leaves it out of everything. */
export const PARTIAL_DIR = '.rsyncjs-partial';
/** Copies that other programs make of a file that changed on both sides: no files of their own. */
const CONFLICT_COPY = /\.sync-conflict-|\.conflict-\d{8}-\d{6}-/;

/**
 * Files below a folder whose name matches one of the patterns, in no order; a folder that is not there has none. Symlinks are
 * not followed, and what is not there whole is left out.
 * @param patterns  of names, as a shell has them: `*.jsonl`
 * @throws an ErrnoException: a folder that cannot be read
 */
export function* spokeFiles(folder: string, patterns: readonly string[]): Generator<SpokeFile> {
  const matches = picomatch([...patterns], { dot: true });
  const root = fromText(folder);
  const pending: ByteString[] = [''];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of namesIn(at === '' ? root : `${root}/${at}`)) {
      const name = fromBuffer(entry.name);
      const path = at === '' ? name : `${at}/${name}`;
      if (entry.isDirectory()) {
        if (name !== PARTIAL_DIR) pending.push(path);
      } else if (entry.isFile() && matches(toText(name)) && !CONFLICT_COPY.test(name)) {
        const stat = lstatSync(nativePath(`${root}/${path}`), { throwIfNoEntry: false });
        if (stat !== undefined) yield { path, size: stat.size, mtime: stat.mtimeMs };
      }
    }
  }
}

/** One that vanishes meanwhile is empty. */
function namesIn(folder: ByteString): Dirent<Buffer>[] {
  try {
    return readdirSync(nativePath(folder), { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return [];
    throw error;
  }
}
