import type { ByteString } from '../core/bytes.ts';
import { errnoCode, errnoError, errnoText } from './errors.ts';
import type { Root } from './root.ts';
import type { Stat } from './stat.ts';

/** A path of this many bytes can not be sent: docs/protocol/2-file-list.md, 1.2. */
const PATH_MAX = 4096;

export interface ScanError {
  /** Last component; for a failed directory its name in the root. */
  name: ByteString;
  /** `vanished`: gone since it was read (ENOENT); `general`: anything else. docs/protocol/2-file-list.md, 1.2. */
  kind: 'vanished' | 'general';
  /** As C prints it: `Permission denied (13)`. */
  text: string;
  cause: unknown;
}

export interface DirectoryScan {
  /** Last components, in the order of the system, without those that failed. */
  names: ByteString[];
  /** Of `names[i]`; symlinks are not followed. */
  stats: Stat[];
  errors: ScanError[];
  /** The directory itself could not be read: nothing else is known. */
  failure: ScanError | undefined;
}

/**
 * Lists one directory with what lstat says of each name. Synchronous: 30,000 names take about 0.15 s with handles and
 * 0.1 s without; the same with promises takes ten times that. Never throws for the disk's sake.
 * @param directory  '' or '.' is the root
 * @param keep       false: the name is left out, and not looked at
 */
export function scanDirectory(
  root: Root,
  directory: ByteString,
  keep?: (name: ByteString) => boolean,
): DirectoryScan {
  const scan: DirectoryScan = { names: [], stats: [], errors: [], failure: undefined };
  let found: ByteString[];
  let statOf: (base: ByteString) => Stat | undefined;
  try {
    found = root.readdir(directory);
    statOf = root.statterOf(directory);
  } catch (error) {
    scan.failure = scanError(directory, error);
    return scan;
  }
  const room = PATH_MAX - 1 - (directory === '' || directory === '.' ? 0 : directory.length + 1);
  for (const name of found) {
    if (keep !== undefined && !keep(name)) continue;
    try {
      if (name.length > room) throw errnoError('ENAMETOOLONG', 'lstat', name);
      const stat = statOf(name);
      if (stat === undefined) throw errnoError('ENOENT', 'lstat', name);
      scan.names.push(name);
      scan.stats.push(stat);
    } catch (error) {
      scan.errors.push(scanError(name, error));
    }
  }
  return scan;
}

function scanError(name: ByteString, cause: unknown): ScanError {
  return {
    name,
    kind: errnoCode(cause) === 'ENOENT' ? 'vanished' : 'general',
    text: errnoText(cause),
    cause,
  };
}
