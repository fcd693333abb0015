/** Where the lines of a log go. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { type ByteString, toBuffer } from '../../../core/bytes.ts';
import { errnoText } from '../../../files/errors.ts';
import { nativePath } from '../../../files/platform/index.ts';

export interface LogSink {
  /** Lines for a file or a terminal begin with time and process; a system log adds these itself. */
  readonly wantsPrefix: boolean;
  /** One line, without its end. Never throws: a log that cannot be written must not end a transfer. */
  write(line: ByteString): void;
  close(): void;
}

export class FileSink implements LogSink {
  readonly wantsPrefix = true;
  private readonly fd: number;
  private readonly owned: boolean;

  /** @param owned  to be closed with the sink */
  constructor(fd: number, owned: boolean) {
    this.fd = fd;
    this.owned = owned;
  }

  /** Appends to a file, or says why not. */
  static open(path: ByteString): FileSink | string {
    try {
      return new FileSink(openSync(nativePath(path), 'a', 0o666), true);
    } catch (error) {
      return errnoText(error);
    }
  }

  write(line: ByteString): void {
    try {
      // In one piece: several processes append to the same file.
      writeSync(this.fd, toBuffer(`${line}\n`));
    } catch {
      // Full disk, closed terminal.
    }
  }

  close(): void {
    if (this.owned) closeSync(this.fd);
  }
}

/** The log of the system, through logger(1): Node has no way to it. */
export class SystemLogSink implements LogSink {
  readonly wantsPrefix = false;
  private readonly logger: ChildProcess;
  private isGone = false;

  constructor(tag: string, facility: string) {
    this.logger = spawn('logger', ['-t', `${tag}[${process.pid}]`, '-p', `${facility}.info`], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const gone = (): void => {
      this.isGone = true;
    };
    this.logger.once('error', gone);
    this.logger.once('exit', gone);
    this.logger.stdin!.on('error', gone);
    this.logger.unref();
  }

  write(line: ByteString): void {
    if (!this.isGone) this.logger.stdin!.write(toBuffer(`${line}\n`));
  }

  close(): void {
    this.logger.stdin!.end();
  }
}
