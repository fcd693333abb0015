import { streamError } from '../core/errors.ts';

/**
 * Thrown by a `Reader` that has run out of bytes in the middle of an item. Not an Error and not a failure: whoever
 * called the decoder goes back to the start of the item and calls it again when more bytes have come. One shared
 * value, because an Error an item would cost a stack trace each.
 */
export const NEED_MORE: unique symbol = Symbol('need more bytes');

const TWO_32 = 4294967296;

/**
 * Decodes the primitives of docs/protocol/1-session.md, 1.8 from bytes that have already come. Synchronous: a
 * decoder runs over `buffer[pos..end)` without awaiting anything (measured: an await a field costs a second for
 * 100,000 file entries).
 *
 * The buffer belongs to whoever feeds the reader; views handed out by `view` are valid until bytes are fed again.
 */
export class Reader {
  buffer: Uint8Array;
  pos: number;
  end: number;

  constructor(buffer: Uint8Array = new Uint8Array(0), pos = 0, end = buffer.length) {
    this.buffer = buffer;
    this.pos = pos;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.pos;
  }

  /** Throws NEED_MORE unless `count` bytes are there. */
  need(count: number): void {
    if (this.end - this.pos < count) throw NEED_MORE;
  }

  byte(): number {
    if (this.pos >= this.end) throw NEED_MORE;
    return this.buffer[this.pos++]!;
  }

  /** The next byte without taking it. */
  peek(): number {
    if (this.pos >= this.end) throw NEED_MORE;
    return this.buffer[this.pos]!;
  }

  /** 2 bytes, unsigned, little-endian. */
  shortint(): number {
    this.need(2);
    const b = this.buffer;
    const p = this.pos;
    this.pos = p + 2;
    return b[p]! | (b[p + 1]! << 8);
  }

  /** 4 bytes, signed, little-endian. */
  int(): number {
    this.need(4);
    const b = this.buffer;
    const p = this.pos;
    this.pos = p + 4;
    return b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24);
  }

  /** 4 bytes, unsigned, little-endian. */
  uint(): number {
    return this.int() >>> 0;
  }

  /** 4 or 12 bytes: an int, or `ff ff ff ff` and 64 bits. Throws beyond 2^53. */
  longint(): number {
    const start = this.pos;
    const low = this.int();
    if (low !== -1) return low;
    if (this.end - this.pos < 8) {
      this.pos = start;
      throw NEED_MORE;
    }
    return this.int64();
  }

  /** 8 bytes, signed, little-endian, as a number. Throws a stream error beyond 2^53. */
  int64(): number {
    this.need(8);
    const low = this.uint();
    const high = this.int();
    return combine64(low, high);
  }

  /** 1 to 5 bytes, a signed 32-bit value. */
  varint(): number {
    if (this.pos >= this.end) throw NEED_MORE;
    const b = this.buffer;
    const p = this.pos;
    const first = b[p]!;
    if (first < 0x80) {
      this.pos = p + 1;
      return first;
    }
    const extra = extraBytes(first);
    if (extra > 4) throw streamError(`varint with ${extra} extra bytes`);
    this.need(1 + extra);
    this.pos = p + 1 + extra;
    let value = 0;
    for (let i = 0; i < extra; i++) value |= b[p + 1 + i]! << (8 * i);
    if (extra < 4) value |= (first & ((1 << (7 - extra)) - 1)) << (8 * extra);
    return value;
  }

  /** `min` (3 or 4) to 9 bytes, a signed 64-bit value as a number. Throws a stream error beyond 2^53. */
  varlong(min: number): number {
    if (this.pos >= this.end) throw NEED_MORE;
    const b = this.buffer;
    const p = this.pos;
    const first = b[p]!;
    const extra = first < 0x80 ? 0 : extraBytes(first);
    const total = min + extra;
    if (total > 9) throw streamError(`varlong(${min}) with ${extra} extra bytes`);
    this.need(total);
    this.pos = p + total;
    let low = 0;
    let high = 0;
    const lowBytes = total - 1;
    for (let i = 0; i < lowBytes; i++) {
      const byte = b[p + 1 + i]!;
      if (i < 4) low |= byte << (8 * i);
      else high |= byte << (8 * (i - 4));
    }
    if (lowBytes < 8) {
      const top = first & ((1 << (7 - extra)) - 1);
      if (lowBytes < 4) low |= top << (8 * lowBytes);
      else high |= top << (8 * (lowBytes - 4));
    }
    return combine64(low >>> 0, high);
  }

  /** A length (1 or 2 bytes) and that many bytes; a view. */
  vstring(): Uint8Array {
    const start = this.pos;
    let length = this.byte();
    if (length & 0x80) {
      if (this.pos >= this.end) {
        this.pos = start;
        throw NEED_MORE;
      }
      length = (length & 0x7f) * 256 + this.byte();
    }
    if (this.end - this.pos < length) {
      this.pos = start;
      throw NEED_MORE;
    }
    return this.view(length);
  }

  /** The next `length` bytes as a view: valid until more bytes are fed. */
  view(length: number): Uint8Array {
    this.need(length);
    const p = this.pos;
    this.pos = p + length;
    return this.buffer.subarray(p, p + length);
  }

  /** The next `length` bytes, copied. (Not by `slice`: that of a Buffer is a view.) */
  bytes(length: number): Uint8Array {
    return new Uint8Array(this.view(length));
  }
}

/** Leading one-bits of the first byte, at most 6: the number of extra bytes. */
function extraBytes(first: number): number {
  if (first < 0xc0) return 1;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  if (first < 0xf8) return 4;
  if (first < 0xfc) return 5;
  return 6;
}

/** `low` unsigned, `high` signed 32 bits. */
function combine64(low: number, high: number): number {
  const value = high * TWO_32 + low;
  if (!Number.isSafeInteger(value))
    throw streamError(`a 64-bit value is too large to be counted: ${high} * 2^32 + ${low}`);
  return value;
}
