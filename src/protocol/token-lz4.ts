import { streamError } from '../core/errors.ts';
import { LiteralStage, type PieceSink } from './literal-stage.ts';
import { compressLz4Block, decompressLz4Block } from './lz4-block.ts';
import { type LiteralDecoder, type LiteralEncoder, MAX_DATA, writeData } from './token-framed.ts';
import type { Writer } from './writer.ts';

/**
 * The data of lz4, docs/protocol/3-transfer.md, 7.4: every DATA frame is one independent LZ4 block. Nothing is kept
 * between frames.
 */

/** What C's receiver has room for. */
const MAX_BLOCK_OUTPUT = 32912;

export class Lz4Encoder implements LiteralEncoder, PieceSink {
  private readonly stage = new LiteralStage(MAX_DATA, this);
  private readonly block = new Uint8Array(MAX_DATA);

  add(out: Writer, data: Uint8Array): void {
    this.stage.add(out, data);
  }

  endRun(out: Writer): void {
    this.stage.flush(out);
  }

  matched(_data: Uint8Array): void {}

  endFile(): void {}

  piece(out: Writer, data: Uint8Array): void {
    const length = compressLz4Block(data, this.block);
    if (length >= 0) {
      writeData(out, this.block.subarray(0, length));
      return;
    }
    // Data that does not compress grows by 1/255: what is too long for a frame fits two.
    const half = data.length >>> 1;
    this.piece(out, data.subarray(0, half));
    this.piece(out, data.subarray(half));
  }
}

export class Lz4Decoder implements LiteralDecoder {
  private readonly block = new Uint8Array(MAX_BLOCK_OUTPUT);
  private length = 0;

  begin(): void {
    this.length = 0;
  }

  push(data: Uint8Array, whole: boolean): number {
    if (!whole) return 0;
    this.length = decompressLz4Block(data, this.block);
    // C takes such a frame for the end of the file.
    if (this.length === 0) throw streamError('token: lz4 block of no bytes');
    return data.length;
  }

  pull(): Uint8Array | undefined {
    if (this.length === 0) return undefined;
    const piece = this.block.subarray(0, this.length);
    this.length = 0;
    return piece;
  }

  endRun(): void {}

  matched(_data: Uint8Array): void {}
}
