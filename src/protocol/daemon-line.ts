import { type ByteString, fromBuffer } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { NEED_MORE, type Reader } from './reader.ts';

/**
 * The lines of a daemon's dialogue, docs/protocol/1-session.md, 1.10: everything before the arguments.
 *
 *     line = {any byte but NUL and LF} LF          CRs are dropped
 */

const LF = 0x0a;

/**
 * One line without its end. Throws NEED_MORE with nothing taken; RSYNC_PROTOCOL (exit 5) for a NUL, RSYNC_LIMIT (exit
 * 5) for a line longer than `limit` bytes, before its end has come.
 */
export function readLine(r: Reader, limit: number): ByteString {
  const bytes = r.buffer.subarray(r.pos, Math.min(r.end, r.pos + limit + 1));
  const end = bytes.indexOf(LF);
  const line = end < 0 ? bytes : bytes.subarray(0, end);
  if (line.includes(0)) throw new RsyncError('RSYNC_PROTOCOL', 'a NUL byte in a line of the dialogue', FAULT);
  if (end < 0) {
    if (bytes.length <= limit) throw NEED_MORE;
    throw new RsyncError('RSYNC_LIMIT', `a line of the dialogue is longer than ${limit} bytes`, FAULT);
  }
  r.pos += end + 1;
  return fromBuffer(line).replaceAll('\r', '');
}

const FAULT = { exitCode: EXIT.STARTCLIENT, origin: 'remote' } as const;

/** One line a call: its limit at the client, which also reads messages of the day. */
export function readServerLine(r: Reader): ByteString {
  return readLine(r, LIMITS.DAEMON_SERVER_LINE);
}

/** A line to send. @throws RangeError for what would be two lines, or end the dialogue */
export function line(text: ByteString): ByteString {
  if (/[\0\r\n]/.test(text)) throw new RangeError('a line of the dialogue can not hold NUL, CR or LF');
  return `${text}\n`;
}
