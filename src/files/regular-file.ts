import { closeSync, constants, fstatSync, readSync } from 'node:fs';
import { type ByteString, toText } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';

// O_NONBLOCK: a fifo put in the place of a file must not hang the open. Windows has no such flag.
export const READ_REGULAR = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Reads an open file to the end, and closes it; undefined: it is no regular file.
 * @param most  bytes
 * @throws RsyncError RSYNC_LIMIT, exit 22, if there is more; an ErrnoException
 */
export function readRegular(
  fd: number,
  { path, most }: { path: ByteString; most: number },
): Uint8Array | undefined {
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return undefined;
    let content = Buffer.alloc(Math.min(stat.size, most) + 1);
    for (let length = 0; ; ) {
      const read = readSync(fd, content, length, content.length - length, null);
      length += read;
      if (length > most) throw tooLong(path, most);
      if (read === 0) return content.subarray(0, length);
      // It has grown since.
      if (length === content.length) content = Buffer.concat([content], length * 2);
    }
  } finally {
    closeSync(fd);
  }
}

function tooLong(path: ByteString, most: number): RsyncError {
  return new RsyncError('RSYNC_LIMIT', `${toText(path)} is longer than ${most} bytes`, {
    exitCode: EXIT.MALLOC,
    origin: 'local',
    path: toText(path),
  });
}
