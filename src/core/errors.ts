/**
 * The error type of the whole package. A failure says what happened, whose fault it was, where, and what to do;
 * `exitCode` is the code that rsync itself would end with (docs/protocol/1-session.md, 1.9).
 */

/** rsync's exit codes, docs/protocol/1-session.md, 1.9 and 4-filters-and-options.md, D.1. */
export const EXIT = {
  OK: 0,
  SYNTAX: 1,
  PROTOCOL: 2,
  FILESELECT: 3,
  UNSUPPORTED: 4,
  STARTCLIENT: 5,
  SOCKETIO: 10,
  FILEIO: 11,
  STREAMIO: 12,
  MESSAGEIO: 13,
  IPC: 14,
  CRASHED: 15,
  TERMINATED: 16,
  SIGNAL1: 19,
  SIGNAL: 20,
  WAITCHILD: 21,
  MALLOC: 22,
  PARTIAL: 23,
  VANISHED: 24,
  DEL_LIMIT: 25,
  TIMEOUT: 30,
  CONTIMEOUT: 35,
  /** Not rsync's: a guard or a conflict stopped a synchronisation, and a person is to decide. */
  GUARD: 40,
  /** Not rsync's: another run holds the lock. */
  BUSY: 41,
  CMD_FAILED: 124,
  CMD_KILLED: 125,
  CMD_RUN: 126,
  CMD_NOTFOUND: 127,
} as const;

/** Whose fault: this process or its caller, the peer at the other end, or the connection between them. */
export type ErrorOrigin = 'local' | 'remote' | 'transport';

/** Stable, documented names of failures. `RSYNC_` + the kind of failure; never reused for another meaning. */
export type ErrorCode =
  | 'RSYNC_USAGE'
  | 'RSYNC_UNSUPPORTED'
  | 'RSYNC_PROTOCOL'
  | 'RSYNC_STREAM'
  | 'RSYNC_LIMIT'
  | 'RSYNC_FILE_SELECT'
  | 'RSYNC_FILE_IO'
  | 'RSYNC_UNSAFE_PATH'
  | 'RSYNC_TIMEOUT'
  | 'RSYNC_ABORTED'
  | 'RSYNC_CONNECT'
  | 'RSYNC_HOST_KEY'
  | 'RSYNC_AUTH'
  | 'RSYNC_DAEMON'
  | 'RSYNC_REMOTE_SHELL'
  | 'RSYNC_REMOTE_EXIT'
  | 'RSYNC_GUARD'
  | 'RSYNC_BUSY'
  | 'RSYNC_INTERNAL';

export interface RsyncErrorOptions {
  exitCode: number;
  origin: ErrorOrigin;
  /** Where it happened, for a person: a path, a host, a position in the stream. */
  path?: string;
  /** What to do about it: one sentence. */
  hint?: string;
  cause?: unknown;
}

const BRAND = Symbol.for('rsyncjs.RsyncError');

export class RsyncError extends Error {
  readonly code: ErrorCode;
  /** rsync's exit code for this failure. */
  readonly exitCode: number;
  readonly origin: ErrorOrigin;
  readonly path: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: RsyncErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.exitCode = options.exitCode;
    this.origin = options.origin;
    this.path = options.path;
    this.hint = options.hint;
    Object.defineProperty(this, BRAND, { value: true });
  }

  override get name(): string {
    return 'RsyncError';
  }
}

/** True for errors of this package, also when two copies of it are installed. */
export function isRsyncError(value: unknown): value is RsyncError {
  return typeof value === 'object' && value !== null && BRAND in value;
}

/** The peer broke the protocol (exit 2 unless the specification names another code for the place). */
export function protocolError(message: string, exitCode: number = EXIT.PROTOCOL): RsyncError {
  return new RsyncError('RSYNC_PROTOCOL', message, { exitCode, origin: 'remote' });
}

/** The byte stream itself is broken: early end, bad frame, bad encoding (exit 12). */
export function streamError(message: string): RsyncError {
  return new RsyncError('RSYNC_STREAM', message, { exitCode: EXIT.STREAMIO, origin: 'remote' });
}

/** The caller asked for something that makes no sense (exit 1). */
export function usageError(message: string, hint?: string): RsyncError {
  return new RsyncError('RSYNC_USAGE', message, {
    exitCode: EXIT.SYNTAX,
    origin: 'local',
    ...(hint === undefined ? {} : { hint }),
  });
}
