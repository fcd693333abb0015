import { protocolError } from '../core/errors.ts';
import { NEED_MORE, type Reader } from './reader.ts';
import { TOKEN, type TokenReader, type TokenWriter } from './token-types.ts';
import type { Writer } from './writer.ts';

/**
 * Uncompressed tokens, docs/protocol/3-transfer.md, 7.1:
 *
 *   tokens := { int n > 0, n bytes        literal
 *             | int n < 0 }               block -(n + 1)
 *             int 0
 */

/** C's pieces; receivers accept any, but some implementations may size a buffer by it. */
const MAX_LITERAL = 32768;
const NOTHING = new Uint8Array(0);

export class PlainTokenWriter implements TokenWriter {
  literal(out: Writer, data: Uint8Array): void {
    for (let at = 0; at < data.length; at += MAX_LITERAL) {
      const length = Math.min(MAX_LITERAL, data.length - at);
      out.int(length);
      out.bytes(length === data.length ? data : data.subarray(at, at + length));
    }
  }

  match(out: Writer, block: number, _data: Uint8Array): void {
    out.int(-(block + 1));
  }

  end(out: Writer): void {
    out.int(0);
  }
}

export class PlainTokenReader implements TokenReader {
  data: Uint8Array = NOTHING;
  block = 0;
  readonly run = 1;
  private blockCount = 0;
  /** Bytes of the current literal that are still to come. */
  private left = 0;

  begin(blockCount: number): void {
    this.blockCount = blockCount;
    this.left = 0;
  }

  next(reader: Reader): 0 | 1 | 2 {
    if (this.left === 0) {
      const n = reader.int();
      if (n === 0) return TOKEN.END;
      if (n < 0) {
        const block = -(n + 1);
        if (block >= this.blockCount) {
          throw protocolError(`token: block ${block} of a basis of ${this.blockCount}`);
        }
        this.block = block;
        return TOKEN.BLOCKS;
      }
      this.left = n;
    }
    const length = Math.min(this.left, reader.remaining);
    if (length === 0) throw NEED_MORE;
    this.data = reader.view(length);
    this.left -= length;
    return TOKEN.LITERAL;
  }

  matched(_data: Uint8Array): void {}
}
