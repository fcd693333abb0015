import { readFileSync, statSync } from 'node:fs';
import { EXIT, RsyncError } from '../../core/errors.ts';
import { errnoText } from '../../files/errors.ts';

/** Bytes. Far above what people write; what is larger was not meant. */
export const LARGEST_CONFIG = 1 << 20;

/**
 * The text of a configuration file, read as UTF-8.
 * @returns undefined if there is no such file
 * @throws RsyncError RSYNC_FILE_IO, exit 11: not readable, not a regular file (a pipe would never end), larger than
 *   LARGEST_CONFIG
 */
export function readConfigText(file: string): string | undefined {
  try {
    const found = statSync(file);
    if (!found.isFile()) throw unusable(file, 'it is not a regular file');
    if (found.size > LARGEST_CONFIG) throw unusable(file, `it has more than ${LARGEST_CONFIG} bytes`);
    return readFileSync(file).toString('utf8');
  } catch (error) {
    if (error instanceof RsyncError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unusable(file, errnoText(error), error);
  }
}

function unusable(file: string, reason: string, cause?: unknown): RsyncError {
  return new RsyncError('RSYNC_FILE_IO', `cannot read the configuration ${file}: ${reason}`, {
    exitCode: EXIT.FILEIO,
    origin: 'local',
    path: file,
    ...(cause === undefined ? {} : { cause }),
  });
}
