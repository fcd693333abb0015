import { protocolError, streamError } from '../core/errors.ts';
import { NEED_MORE, type Reader } from './reader.ts';
import { TOKEN, type TokenReader, type TokenWriter } from './token-types.ts';
import type { Writer } from './writer.ts';

/**
 * The frames that all compressors share, docs/protocol/3-transfer.md, 7.2:
 *
 *   tokens := { 20 int t                  block t
 *             | 21 int t shortint n       blocks t .. t+n
 *             | 40..7f byte lo, data      ((flag & 3f) << 8) + lo compressed bytes
 *             | 80..bf                    block last + (flag & 3f)
 *             | c0..ff shortint n }       t = last + (flag & 3f): blocks t .. t+n
 *             00
 *
 * `last` is the last block of the token before, 0 at the start of a file. What is in the data is the business of a
 * `LiteralEncoder` and a `LiteralDecoder`.
 */
const END = 0x00;
const TOKEN_LONG = 0x20;
const TOKENRUN_LONG = 0x21;
const DATA = 0x40;
const TOKEN_REL = 0x80;
const TOKENRUN_REL = 0xc0;

/** Bytes of one DATA frame: 14 bits. */
export const MAX_DATA = 16383;
const MAX_RELATIVE = 0x3f;
/** A run's shortint counts the blocks after the first. */
const MAX_RUN = 65536;
const MAX_BLOCK = 0x7ffffffe;
const NOTHING = new Uint8Array(0);

/** Compresses literals into DATA frames. */
export interface LiteralEncoder {
  /** Appends literal bytes, at least one; may write frames or keep the bytes. */
  add(out: Writer, data: Uint8Array): void;
  /** The literal run is over: writes all that was kept. */
  endRun(out: Writer): void;
  /** A block follows the bytes so far. */
  matched(data: Uint8Array): void;
  endFile(): void;
}

/** Decompresses what is in DATA frames. */
export interface LiteralDecoder {
  begin(): void;
  /**
   * Decompresses some of `data`, which comes next in the frame; `whole`: it is all of the frame's rest. Returns how
   * many bytes it has taken, 0 to be called again when there is more. The view is valid during the call only.
   */
  push(data: Uint8Array, whole: boolean): number;
  /** The next piece of output, never empty, or undefined. Valid until the next call of anything. */
  pull(): Uint8Array | undefined;
  /** The literal run is over. There may be output afterwards. */
  endRun(): void;
  matched(data: Uint8Array): void;
}

/** Writes compressed bytes as DATA frames. */
export function writeData(out: Writer, data: Uint8Array): void {
  for (let at = 0; at < data.length; at += MAX_DATA) {
    const length = Math.min(MAX_DATA, data.length - at);
    out.byte(DATA | (length >>> 8));
    out.byte(length & 0xff);
    out.bytes(length === data.length ? data : data.subarray(at, at + length));
  }
}

export class FramedTokenWriter implements TokenWriter {
  private readonly encoder: LiteralEncoder;
  private inLiteral = false;
  private last = 0;
  private runStart = 0;
  /** Blocks of the run that is not written yet. */
  private runLength = 0;

  constructor(encoder: LiteralEncoder) {
    this.encoder = encoder;
  }

  literal(out: Writer, data: Uint8Array): void {
    if (data.length === 0) return;
    this.writeRun(out);
    this.inLiteral = true;
    this.encoder.add(out, data);
  }

  match(out: Writer, block: number, data: Uint8Array): void {
    this.endLiteral(out);
    if (this.runLength > 0 && this.runLength < MAX_RUN && block === this.runStart + this.runLength) {
      this.runLength++;
    } else {
      this.writeRun(out);
      this.runStart = block;
      this.runLength = 1;
    }
    this.encoder.matched(data);
  }

  end(out: Writer): void {
    this.endLiteral(out);
    this.writeRun(out);
    out.byte(END);
    this.last = 0;
    this.encoder.endFile();
  }

  private endLiteral(out: Writer): void {
    if (!this.inLiteral) return;
    this.inLiteral = false;
    this.encoder.endRun(out);
  }

  private writeRun(out: Writer): void {
    if (this.runLength === 0) return;
    const more = this.runLength - 1;
    const distance = this.runStart - this.last;
    if (distance >= 0 && distance <= MAX_RELATIVE) {
      out.byte((more > 0 ? TOKENRUN_REL : TOKEN_REL) | distance);
    } else {
      out.byte(more > 0 ? TOKENRUN_LONG : TOKEN_LONG);
      out.int(this.runStart);
    }
    if (more > 0) out.shortint(more);
    this.last = this.runStart + more;
    this.runLength = 0;
  }
}

export class FramedTokenReader implements TokenReader {
  data: Uint8Array = NOTHING;
  block = 0;
  run = 0;
  private readonly decoder: LiteralDecoder;
  private blockCount = 0;
  private last = 0;
  /** Bytes of the current DATA frame that are not decompressed yet. */
  private frameLeft = 0;
  /** A DATA frame came since the last other flag. */
  private inLiteral = false;

  constructor(decoder: LiteralDecoder) {
    this.decoder = decoder;
  }

  begin(blockCount: number): void {
    this.blockCount = blockCount;
    this.last = 0;
    this.frameLeft = 0;
    this.inLiteral = false;
    this.decoder.begin();
  }

  next(reader: Reader): 0 | 1 | 2 {
    const decoder = this.decoder;
    for (;;) {
      const piece = decoder.pull();
      if (piece !== undefined) {
        this.data = piece;
        return TOKEN.LITERAL;
      }
      if (this.frameLeft > 0) {
        const available = Math.min(this.frameLeft, reader.remaining);
        if (available === 0) throw NEED_MORE;
        const bytes = reader.buffer.subarray(reader.pos, reader.pos + available);
        const taken = decoder.push(bytes, available === this.frameLeft);
        if (taken === 0) throw NEED_MORE;
        reader.pos += taken;
        this.frameLeft -= taken;
        continue;
      }
      const flag = reader.peek();
      if ((flag & 0xc0) === DATA) {
        const length = ((flag & 0x3f) << 8) | frameByte(reader);
        if (length === 0) throw streamError('token: empty frame of compressed data');
        reader.pos += 2;
        this.frameLeft = length;
        this.inLiteral = true;
        continue;
      }
      if (this.inLiteral) {
        // Once, and without taking the flag: there may be output to hand out first.
        this.inLiteral = false;
        decoder.endRun();
        continue;
      }
      return this.token(reader, flag);
    }
  }

  matched(data: Uint8Array): void {
    this.decoder.matched(data);
  }

  /** A flag other than DATA. */
  private token(reader: Reader, flag: number): 1 | 2 {
    if (flag === END) {
      reader.pos++;
      return TOKEN.END;
    }
    let length = 1;
    let block: number;
    let more = 0;
    if (flag >= TOKEN_REL) {
      block = this.last + (flag & MAX_RELATIVE);
    } else if (flag === TOKEN_LONG || flag === TOKENRUN_LONG) {
      reader.need(5);
      const b = reader.buffer;
      const p = reader.pos;
      block = b[p + 1]! | (b[p + 2]! << 8) | (b[p + 3]! << 16) | (b[p + 4]! << 24);
      length = 5;
    } else {
      throw protocolError(`token: flag 0x${flag.toString(16).padStart(2, '0')}`);
    }
    if (flag >= TOKENRUN_REL || flag === TOKENRUN_LONG) {
      reader.need(length + 2);
      more = reader.buffer[reader.pos + length]! | (reader.buffer[reader.pos + length + 1]! << 8);
      length += 2;
      if (more === 0) throw protocolError('token: a run of one block');
    }
    const last = block + more;
    if (block < 0 || last > MAX_BLOCK || last >= this.blockCount) {
      throw protocolError(`token: blocks ${block} to ${last} of a basis of ${this.blockCount}`);
    }
    reader.pos += length;
    this.last = last;
    this.block = block;
    this.run = more + 1;
    return TOKEN.BLOCKS;
  }
}

/** The second byte of a frame, without taking it. */
function frameByte(reader: Reader): number {
  reader.need(2);
  return reader.buffer[reader.pos + 1]!;
}
