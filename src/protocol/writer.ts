/**
 * Encodes the primitives of docs/protocol/1-session.md, 1.8 into a buffer that grows. `take` hands the bytes out
 * and starts anew; `reset` keeps the storage.
 */
export class Writer {
  private buffer: Uint8Array;
  /** Bytes written since the last `take` or `reset`. */
  length = 0;

  constructor(capacity = 4096) {
    this.buffer = new Uint8Array(capacity);
  }

  /** What has been written, as a view: valid until the next write. */
  view(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  /** What has been written, as the caller's own; the writer is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.buffer.slice(0, this.length);
    this.length = 0;
    return bytes;
  }

  /** Like `take`, but hands the storage itself out (no copy) and starts with a fresh one of `capacity` bytes. */
  detach(capacity: number): Uint8Array {
    const bytes = this.buffer.subarray(0, this.length);
    this.buffer = new Uint8Array(capacity);
    this.length = 0;
    return bytes;
  }

  reset(): void {
    this.length = 0;
  }

  /** Makes room for `count` more bytes and returns the storage; the caller writes at `length` and advances it. */
  reserve(count: number): Uint8Array {
    const wanted = this.length + count;
    if (wanted > this.buffer.length) {
      const grown = new Uint8Array(Math.max(wanted, this.buffer.length * 2));
      grown.set(this.buffer.subarray(0, this.length));
      this.buffer = grown;
    }
    return this.buffer;
  }

  byte(value: number): void {
    this.reserve(1)[this.length++] = value;
  }

  shortint(value: number): void {
    const b = this.reserve(2);
    b[this.length++] = value;
    b[this.length++] = value >>> 8;
  }

  /** 32 bits, signed or unsigned. */
  int(value: number): void {
    const b = this.reserve(4);
    b[this.length++] = value;
    b[this.length++] = value >>> 8;
    b[this.length++] = value >>> 16;
    b[this.length++] = value >>> 24;
  }

  longint(value: number): void {
    if (value >= 0 && value <= 0x7fffffff) {
      this.int(value);
      return;
    }
    this.int(-1);
    this.int(value % 4294967296);
    this.int(Math.floor(value / 4294967296));
  }

  /** A 32-bit value, signed or unsigned. */
  varint(value: number): void {
    this.prefixed(value >>> 0, 0, 1);
  }

  /** A 64-bit value (a safe integer) in at least `min` (3 or 4) bytes. */
  varlong(value: number, min: number): void {
    this.prefixed((value % 4294967296) >>> 0, Math.floor(value / 4294967296) >>> 0, min);
  }

  vstring(bytes: Uint8Array): void {
    if (bytes.length > 0x7fff) throw new RangeError(`vstring of ${bytes.length} bytes`);
    if (bytes.length > 0x7f) this.byte(0x80 | (bytes.length >>> 8));
    this.byte(bytes.length & 0xff);
    this.bytes(bytes);
  }

  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length).set(bytes, this.length);
    this.length += bytes.length;
  }

  /** The bytes of a ByteString, without a length. */
  text(value: string): void {
    const b = this.reserve(value.length);
    let at = this.length;
    for (let i = 0; i < value.length; i++) b[at++] = value.charCodeAt(i);
    this.length = at;
  }

  /** The prefix code of varint (`min` = 1) and varlong. */
  private prefixed(low: number, high: number, min: number): void {
    let count = high === 0 ? byteLength(low) : 4 + byteLength(high);
    if (count < min) count = min;
    const extra = count - min;
    const top = count > 4 ? (high >>> (8 * (count - 5))) & 0xff : (low >>> (8 * (count - 1))) & 0xff;
    const b = this.reserve(count + 1);
    let at = this.length;
    let rest = count - 1;
    if (top < 1 << (7 - extra)) {
      b[at++] = (0xff00 >>> extra) | top;
    } else {
      b[at++] = 0xff00 >>> (extra + 1);
      rest = count;
    }
    for (let i = 0; i < rest; i++) b[at++] = i < 4 ? low >>> (8 * i) : high >>> (8 * (i - 4));
    this.length = at;
  }
}

/** Bytes needed for an unsigned 32-bit value; 0 for 0. */
function byteLength(value: number): number {
  return (32 - Math.clz32(value) + 7) >>> 3;
}
