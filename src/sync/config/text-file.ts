import { readFileSync, statSync } from 'node:fs';
import { EXIT, RsyncError } from '../../core/errors.ts';
import { errnoText } from '../../files/errors.ts';

/** Bytes. Far above what people write; what is larger was not meant. */
export const LARGEST_CONFIG = 1 << 20;

/**
 * The text of a configuration file: UTF-8, or UTF-16 with its mark, which is what ">" of Windows PowerShell writes.
 * @returns undefined if there is no such file
 * @throws RsyncError RSYNC_FILE_IO, exit 11: not readable, not a regular file (a pipe would never end), larger than
 *   LARGEST_CONFIG
 */
export function readConfigText(file: string): string | undefined {
  try {
    const found = statSync(file);
    if (!found.isFile()) throw unusable(file, 'it is not a regular file');
    if (found.size > LARGEST_CONFIG) throw unusable(file, `it has more than ${LARGEST_CONFIG} bytes`);
    return decoded(readFileSync(file));
  } catch (error) {
    if (error instanceof RsyncError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unusable(file, errnoText(error), error);
  }
}

/** A file that is read by rsync's rules, byte by byte, and so has to be UTF-8 or plainer. */
export function isUtf16(file: string): boolean {
  const [first, second] = readFileSync(file);
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

function decoded(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le');
  if (bytes[0] === 0xfe && bytes[1] === 0xff && bytes.length % 2 === 0)
    return bytes.swap16().toString('utf16le');
  return bytes.toString('utf8');
}

function unusable(file: string, reason: string, cause?: unknown): RsyncError {
  return new RsyncError('RSYNC_FILE_IO', `cannot read the configuration ${file}: ${reason}`, {
    exitCode: EXIT.FILEIO,
    origin: 'local',
    path: file,
    ...(cause === undefined ? {} : { cause }),
  });
}
