import { type ByteString, fromText, isAscii } from '../core/bytes.ts';
import { EXIT, isRsyncError, type RsyncError } from '../core/errors.ts';
import { isUtf8 } from './escape.ts';

/** What a person is told about a failure. */
export interface Failure {
  exitCode: number;
  /** Lines for standard error, unescaped, without the last one that names the code. */
  lines: ByteString[];
}

const PREFIX = 'rsyncjs: ';

/**
 * Words and exit code of whatever ended a run.
 * @param interrupted the user ended it: what broke because of that is not worth a line
 * @param details also tell where in the program an unexpected failure came from
 */
export function describeFailure(error: unknown, interrupted: boolean, details: boolean): Failure {
  if (interrupted) return { exitCode: EXIT.SIGNAL, lines: [] };
  if (isRsyncError(error)) return describeRsyncError(error);
  const { message, stack, code } = (error ?? {}) as NodeJS.ErrnoException;
  const lines = [bytesOf(`${PREFIX}${message ?? String(error)}`)];
  // Errors of the operating system have a name such as ENOSPC; those of Node itself start with ERR_.
  if (typeof code === 'string' && /^E(?!RR_)/.test(code)) return { exitCode: EXIT.FILEIO, lines };
  if (details && stack !== undefined) lines.push(...stack.split('\n').slice(1).map(bytesOf));
  else lines.push('This is a fault of rsyncjs itself; -vvv shows where it happened.');
  return { exitCode: EXIT.CRASHED, lines };
}

function describeRsyncError(error: RsyncError): Failure {
  const { code, exitCode, message, hint } = error;
  const whole = message.startsWith(PREFIX) ? message : PREFIX + message;
  // Mistakes of a configuration are a list, its items indented. Any other line feed is a name's, which may be the peer's.
  const lines = (code === 'RSYNC_USAGE' ? whole.split(/\n(?= {2})/) : [whole]).map(bytesOf);
  if (hint !== undefined) lines.push(bytesOf(hint));
  return { exitCode, lines };
}

/** A message is text, but names in it may be bytes: those that read as UTF-8 are. */
function bytesOf(message: string): ByteString {
  if (isAscii(message)) return message;
  const isBytes = !/[^\0-\xff]/.test(message) && isUtf8(message);
  return isBytes ? message : fromText(message);
}
