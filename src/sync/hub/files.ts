import { type Dirent, lstatSync, opendirSync } from 'node:fs';
import picomatch from 'picomatch';
import { type ByteString, fromBuffer, fromText, toText } from '../../core/bytes.ts';
import { usageError } from '../../core/errors.ts';
import { errnoCode, fileError } from '../../files/errors.ts';
import { nativePath } from '../../files/platform/index.ts';
import { patternFault } from '../config/name-patterns.ts';
import { TEMP_FOLDER } from '../project/profile.ts';

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
/** What a run has in a copy for itself. */
export const OWN_FOLDERS: readonly string[] = [PARTIAL_DIR, TEMP_FOLDER];
/** Copies that other programs make of a file that changed on both sides: no files of their own. */
const CONFLICT_COPY = /\.sync-conflict-|\.conflict-\d{8}-\d{6}-/;

/**
 * Tells whether a name matches one of the patterns, as a shell has them: `*.jsonl`.
 * @throws RsyncError RSYNC_USAGE, exit 1: a pattern that no name matches
 */
export function nameMatcher(patterns: readonly string[]): (name: string) => boolean {
  for (const pattern of patterns) {
    const fault = patternFault(pattern);
    if (fault !== undefined) throw usageError(`the pattern ${JSON.stringify(pattern)} ${fault}`);
  }
  // Names may have line feeds in them.
  return picomatch([...patterns], { dot: true, flags: 's' });
}

/**
 * Files below a folder whose name matches, in no order; a folder that is not there has none. Symlinks are not followed, and
 * what is not there whole is left out. However many there are, few are held in memory.
 * @throws RsyncError RSYNC_FILE_IO, exit 11: a folder that cannot be read
 */
export function* spokeFiles(folder: string, matches: (name: string) => boolean): Generator<SpokeFile> {
  const root = fromText(folder);
  const pending: ByteString[] = [''];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of entriesOf(at === '' ? root : `${root}/${at}`)) {
      const name = fromBuffer(entry.name);
      const path = at === '' ? name : `${at}/${name}`;
      if (entry.isDirectory()) {
        if (!OWN_FOLDERS.includes(name)) pending.push(path);
      } else if (entry.isFile() && matches(toText(name)) && !CONFLICT_COPY.test(name)) {
        const stat = lstatSync(nativePath(`${root}/${path}`), { throwIfNoEntry: false });
        if (stat !== undefined) yield { path, size: stat.size, mtime: stat.mtimeMs };
      }
    }
  }
}

/** One that vanishes meanwhile is empty. */
function* entriesOf(path: ByteString): Generator<Dirent<Buffer>> {
  try {
    const folder = opendirSync(nativePath(path), { encoding: 'buffer' as BufferEncoding });
    try {
      for (let entry = folder.readSync(); entry !== null; entry = folder.readSync())
        yield entry as unknown as Dirent<Buffer>;
    } finally {
      folder.closeSync();
    }
  } catch (error) {
    if (errnoCode(error) !== 'ENOENT') throw fileError('opendir', toText(path), error);
  }
}
