import { type ByteString, fromBuffer } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { NEED_MORE, type Reader } from './reader.ts';

/**
 * The names of `--files-from`, docs/protocol/2-file-list.md, 1.5.
 *
 *     names := (name 00)* 00
 *
 * No name is empty. In DATA frames from protocol 31 on; before, outside of all frames, even where the direction is
 * framed otherwise.
 */

/** Bytes of names that become one write. */
const PIECE = 32 * 1024;

/** The names in a file as they are forwarded: lines, or with `-0` whatever ends in NUL. `#` and `;` are not special. */
export function splitNameList(content: Uint8Array, from0: boolean): ByteString[] {
  const names: ByteString[] = [];
  let start = 0;
  for (let at = 0; at <= content.length; at++) {
    const byte = at === content.length ? 0 : content[at]!;
    if (byte !== 0 && (from0 || (byte !== 0x0a && byte !== 0x0d))) continue;
    if (at > start) names.push(fromBuffer(content, start, at));
    start = at + 1;
  }
  return names;
}

/** The wire form, in pieces. */
export function* nameListPieces(names: readonly ByteString[]): Generator<Buffer> {
  let piece = '';
  for (const name of names) {
    piece += `${name}\0`;
    if (piece.length < PIECE) continue;
    yield Buffer.from(piece, 'latin1');
    piece = '';
  }
  yield Buffer.from(`${piece}\0`, 'latin1');
}

/** Reads the list name by name, so that a long one need not be in the buffer all at once. */
export class NameListReader {
  /** What has been read so far. */
  readonly names: ByteString[] = [];
  private bytes = 0;
  private readonly most: number;

  /** @param most  bytes of all names together */
  constructor(most: number = LIMITS.FILES_FROM_BYTES) {
    this.most = most;
  }

  /**
   * Takes one name; true: that was the end of the list. Throws NEED_MORE with nothing taken.
   * @throws RsyncError RSYNC_LIMIT, exit 22
   */
  next(r: Reader): boolean {
    const end = r.buffer.indexOf(0, r.pos);
    const isWhole = end >= 0 && end < r.end;
    const length = (isWhole ? end : r.end) - r.pos;
    if (length > LIMITS.NAME_LENGTH) throw tooMuch(`a name of more than ${LIMITS.NAME_LENGTH} bytes`);
    if (!isWhole) throw NEED_MORE;
    const name = fromBuffer(r.view(length));
    r.pos++;
    if (length === 0) return true;
    this.bytes += length + 1;
    if (this.bytes > this.most) throw tooMuch(`more than ${this.most} bytes`);
    this.names.push(name);
    return false;
  }
}

function tooMuch(what: string): RsyncError {
  return new RsyncError('RSYNC_LIMIT', `the list of --files-from has ${what}`, {
    exitCode: EXIT.MALLOC,
    origin: 'remote',
  });
}
