/** `pid file`: who the daemon is, and that there is one. */
import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { type ByteString, toText } from '../../../core/bytes.ts';
import { EXIT, RsyncError } from '../../../core/errors.ts';
import { errnoCode, errnoText } from '../../../files/errors.ts';
import { nativePath } from '../../../files/platform/index.ts';

/**
 * Writes the number of this process; a file that a daemon left behind is taken over.
 * @returns a function that takes the file away
 * @throws RsyncError RSYNC_FILE_IO, exit 11: it cannot be written, or is that of a process that lives
 */
export function writePidFile(path: ByteString): () => void {
  for (let tries = 0; ; tries++) {
    try {
      // Never through a link that somebody has laid.
      const fd = openSync(nativePath(path), 'wx', 0o644);
      try {
        writeSync(fd, `${process.pid}\n`);
      } finally {
        closeSync(fd);
      }
      return () => remove(path);
    } catch (error) {
      if (errnoCode(error) !== 'EEXIST' || tries > 1) throw fault(path, errnoText(error), error);
      const owner = ownerOf(path);
      if (owner !== undefined) throw fault(path, `it is that of process ${owner}, which runs`, error);
      remove(path);
    }
  }
}

/** The process whose file it is, if there is such a process and it is not this one. */
function ownerOf(path: ByteString): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(nativePath(path), 'latin1'), 10);
    if (!(pid > 0) || pid === process.pid) return undefined;
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return errnoCode(error) === 'EPERM' ? 0 : undefined;
  }
}

function remove(path: ByteString): void {
  try {
    unlinkSync(nativePath(path));
  } catch {
    // Gone already.
  }
}

function fault(path: ByteString, reason: string, cause: unknown): RsyncError {
  const shown = toText(path);
  return new RsyncError('RSYNC_FILE_IO', `pid file ${shown}: ${reason}`, {
    exitCode: EXIT.FILEIO,
    origin: 'local',
    path: shown,
    hint: 'If no daemon runs with this configuration, remove the file.',
    cause,
  });
}
