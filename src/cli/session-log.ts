import { closeSync, openSync, writeSync } from 'node:fs';
import { type ByteString, toBuffer } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { errnoText } from '../files/errors.ts';

/** A file that is appended to, line by line; several processes may do so at once. */
export class SessionLog {
  private readonly fd: number;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** @throws RsyncError RSYNC_FILE_IO, exit 11: what is not logged must not be served */
  static open(path: string): SessionLog {
    try {
      return new SessionLog(openSync(path, 'a', 0o600));
    } catch (error) {
      throw new RsyncError('RSYNC_FILE_IO', `the log file ${path} can not be opened: ${errnoText(error)}`, {
        exitCode: EXIT.FILEIO,
        origin: 'local',
        path,
        cause: error,
      });
    }
  }

  /** @param line  without its end */
  write(line: ByteString): void {
    writeSync(this.fd, toBuffer(`${line}\n`));
  }

  close(): void {
    closeSync(this.fd);
  }
}
