import { protocolError } from '../core/errors.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/**
 * Index: docs/protocol/1-session.md, 1.8. P = 29: an int. P >= 30, against two memories per direction of the stream:
 *
 *   index    := 00                      -1, done; the memories stay
 *             | code                    a number >= 0, against prevPos (first -1)
 *             | ff code                 the absolute value of another negative, against prevNeg (first 1)
 *   code     := byte d                  d = value - prev in 1..253
 *             | fe hi lo                d = 0 or 254..32767, high byte first
 *             | fe (0x80 | b3) b0 b1 b2 the value itself, 31 bits
 */

/** End of a phase, of a file list, of the session. */
export const NDX_DONE = -1;
/** No more file lists (incremental recursion). */
export const NDX_FLIST_EOF = -2;
/** Deletion statistics follow (P >= 31). */
export const NDX_DEL_STATS = -3;
/** Less k: the file list of directory number k follows. */
export const NDX_FLIST_OFFSET = -101;

const FIRST_POSITIVE = -1;
const FIRST_NEGATIVE = 1;
const MAX_NDX = 0x7fffffff;

/** Encodes the indexes of one direction of the stream. */
export class NdxWriter {
  private readonly plain: boolean;
  private prevPos = FIRST_POSITIVE;
  private prevNeg = FIRST_NEGATIVE;

  constructor(protocol: number) {
    this.plain = protocol < 30;
  }

  /** `ndx`: -(2^31 - 1) .. 2^31 - 1. */
  write(w: Writer, ndx: number): void {
    if (this.plain) {
      w.int(ndx);
      return;
    }
    if (ndx === NDX_DONE) {
      w.byte(0);
      return;
    }
    let value = ndx;
    let diff: number;
    if (ndx >= 0) {
      diff = value - this.prevPos;
      this.prevPos = value;
    } else {
      w.byte(0xff);
      value = -ndx;
      diff = value - this.prevNeg;
      this.prevNeg = value;
    }
    if (diff > 0 && diff < 254) {
      w.byte(diff);
      return;
    }
    w.byte(0xfe);
    if (diff >= 0 && diff <= 0x7fff) {
      w.byte(diff >>> 8);
      w.byte(diff);
    } else {
      w.byte(0x80 | (value >>> 24));
      w.byte(value);
      w.byte(value >>> 8);
      w.byte(value >>> 16);
    }
  }
}

/** Decodes the indexes of one direction of the stream. */
export class NdxReader {
  private readonly plain: boolean;
  private prevPos = FIRST_POSITIVE;
  private prevNeg = FIRST_NEGATIVE;

  constructor(protocol: number) {
    this.plain = protocol < 30;
  }

  /**
   * The next index, not checked against any list. When it throws NEED_MORE neither the reader nor the memories have
   * moved.
   */
  read(r: Reader): number {
    if (this.plain) return r.int();
    const start = r.pos;
    const b = r.buffer;
    // Far the most common: the next index, or one a little further on.
    const first = r.peek();
    if (first === 0) {
      r.pos = start + 1;
      return NDX_DONE;
    }
    const negative = first === 0xff;
    const at = negative ? start + 1 : start;
    const available = r.end - at;
    const prev = negative ? this.prevNeg : this.prevPos;
    r.need(at - start + 1);
    const code = b[at]!;
    let value: number;
    let length: number;
    if (code < 0xfe) {
      // `ff 00` and `ff ff` (below) have no meaning.
      if (code === 0) throw protocolError('file index: ff followed by 00');
      value = prev + code;
      length = 1;
    } else if (code === 0xfe) {
      r.need(at - start + 2);
      const high = b[at + 1]!;
      length = high & 0x80 ? 5 : 3;
      if (available < length) r.need(at - start + length);
      value =
        length === 3
          ? prev + high * 256 + b[at + 2]!
          : (high & 0x7f) * 0x1000000 + (b[at + 2]! | (b[at + 3]! << 8) | (b[at + 4]! << 16));
    } else {
      throw protocolError('file index: ff followed by ff');
    }
    if (value > MAX_NDX) throw protocolError(`file index beyond 2^31 - 1 (${value})`);
    if (negative && value <= 1)
      throw protocolError(`file index: -${value} in the form of another negative number`);
    r.pos = at + length;
    if (negative) {
      this.prevNeg = value;
      return -value;
    }
    this.prevPos = value;
    return value;
  }
}
