import { ZstdCompress, ZstdDecompress } from 'minizlib';
import { streamError } from '../core/errors.ts';
import { CompressionStream } from './compression-stream.ts';
import { LiteralStage, type PieceSink } from './literal-stage.ts';
import { type LiteralDecoder, type LiteralEncoder, writeData } from './token-framed.ts';
import type { Writer } from './writer.ts';
import { ZstdFrames } from './zstd-frames.ts';

/**
 * The data of zstd, docs/protocol/3-transfer.md, 7.5: all DATA frames of all files of the session, in order, are one
 * zstd stream, flushed at the end of every run of literals. Matched data is no part of it.
 */

// The names of zstd.h; @types/node 20 does not know them.
const ZSTD_c_compressionLevel = 100;
const ZSTD_d_windowLogMax = 100;
const ZSTD_e_flush = 1;

/** 128 MiB, the library's own default. */
const WINDOW_LOG_MAX = 27;
/** The longest block of zstd: a flush after each piece costs nothing. */
const COMPRESS_PIECE = 131072;
const CHUNK_SIZE = 131072;

export class ZstdEncoder implements LiteralEncoder, PieceSink {
  private readonly stage = new LiteralStage(COMPRESS_PIECE, this);
  private readonly stream: CompressionStream;

  constructor(level: number) {
    const options = {
      flush: ZSTD_e_flush,
      chunkSize: CHUNK_SIZE,
      params: { [ZSTD_c_compressionLevel]: level },
    };
    this.stream = new CompressionStream(ZstdCompress, options);
  }

  add(out: Writer, data: Uint8Array): void {
    this.stage.add(out, data);
  }

  endRun(out: Writer): void {
    this.stage.flush(out);
  }

  matched(_data: Uint8Array): void {}

  endFile(): void {}

  piece(out: Writer, data: Uint8Array): void {
    this.stream.write(data);
    for (const piece of this.stream.output) writeData(out, piece);
    this.stream.output.length = 0;
  }
}

export class ZstdDecoder implements LiteralDecoder {
  private readonly stream: CompressionStream;
  private readonly frames = new ZstdFrames();
  /** Pieces of output handed out. */
  private taken = 0;

  constructor() {
    const options = {
      flush: ZSTD_e_flush,
      chunkSize: CHUNK_SIZE,
      params: { [ZSTD_d_windowLogMax]: WINDOW_LOG_MAX },
    };
    this.stream = new CompressionStream(ZstdDecompress, options);
  }

  /** The stream goes on from file to file. */
  begin(): void {}

  push(data: Uint8Array): number {
    const length = this.frames.advance(data);
    let taken: number;
    try {
      taken = this.stream.write(data.subarray(0, length));
    } catch (error) {
      throw streamError(`token: zstd: ${(error as Error).message}`);
    }
    if (taken < length) throw streamError('token: zstd: data after the end of a frame');
    return length;
  }

  pull(): Uint8Array | undefined {
    const output = this.stream.output;
    if (this.taken < output.length) return output[this.taken++];
    output.length = 0;
    this.taken = 0;
    return undefined;
  }

  endRun(): void {
    if (!this.frames.atBorder) throw streamError('token: zstd: a run of literals ends within a block');
  }

  matched(_data: Uint8Array): void {}
}
