/** Where the lines of a log go. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, lstatSync, openSync, readlinkSync, writeSync } from 'node:fs';
import { type ByteString, fromBuffer, toBuffer } from '../../../core/bytes.ts';
import { errnoError, errnoText } from '../../../files/errors.ts';
import { splitPath } from '../../../files/places.ts';
import { nativePath, platform } from '../../../files/platform/index.ts';

export interface LogSink {
  /** Lines for a file or a terminal begin with time and process; a system log adds these itself. */
  readonly wantsPrefix: boolean;
  /** One line, without its end. Never throws: a log that cannot be written must not end a transfer. */
  write(line: ByteString): void;
  close(): void;
}

const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
const MOST_LINKS = 40;

/**
 * Opens a log to append to. A symlink in its place is followed if it is root's or our own: one that somebody else has
 * put there would choose which file we write to (docs/security.md, CVE-2026-53803).
 */
function openLog(path: ByteString): number {
  if (!platform.hasOwners) return openSync(nativePath(path), 'a', 0o666);
  let at = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    const stat = lstatSync(nativePath(at), { throwIfNoEntry: false });
    if (stat?.isSymbolicLink() !== true) return openSync(nativePath(at), APPEND, 0o666);
    if (stat.uid !== 0 && stat.uid !== process.geteuid?.()) break;
    // What /dev/stdout leads to is no path.
    if (at.startsWith('/proc/')) return openSync(nativePath(at), 'a', 0o666);
    const target = fromBuffer(readlinkSync(nativePath(at), { encoding: 'buffer' }));
    at = target.startsWith('/') ? target : `${splitPath(at).directory}/${target}`;
  }
  throw errnoError('ELOOP', 'open', path);
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
      return new FileSink(openLog(path), true);
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
