import type { DeflateRaw, InflateRaw, ZlibOptions, ZstdCompress, ZstdDecompress } from 'minizlib';

type MiniStream = DeflateRaw | InflateRaw | ZstdCompress | ZstdDecompress;

/** Options of Node's compressors, which minizlib hands on; its own types know some of them only. */
export interface CompressionOptions {
  /** What every write ends with. */
  flush: number;
  /** Bytes of output storage. */
  chunkSize: number;
  level?: number;
  dictionary?: Uint8Array;
  params?: Record<number, number>;
}

/**
 * A synchronous (de)compressor: bytes in by `write`, pieces of output in `output` when it returns. The one door to
 * minizlib, whose streams do their work within `write` and tell results and failures by events.
 */
export class CompressionStream {
  /** Pieces of output; the caller takes them and empties the list. */
  readonly output: Uint8Array[] = [];
  private readonly stream: MiniStream;
  private failure: Error | undefined;

  constructor(kind: new (options: ZlibOptions) => MiniStream, options: CompressionOptions) {
    const stream = new kind(options);
    this.stream = stream;
    stream.on('data', (piece: Uint8Array) => {
      if (piece.length > 0) this.output.push(piece);
    });
    stream.on('error', (error: unknown) => {
      this.failure = error as Error;
    });
  }

  /** Bytes in `output`. */
  get outputLength(): number {
    let length = 0;
    for (const piece of this.output) length += piece.length;
    return length;
  }

  /**
   * Works off `data` (at least one byte) with the flush that the stream was made with. Throws the library's error;
   * the stream is dead afterwards. Returns how many bytes were taken: fewer than given if a final block or frame
   * ended within them.
   */
  write(data: Uint8Array): number {
    if (this.failure === undefined) this.stream.write(data);
    if (this.failure !== undefined) throw this.failure;
    return this.stream.handle?.bytesWritten ?? 0;
  }

  /** Ready for a new stream with the same parameters; cheaper than making one (24 us against 60 us with 1 KB). */
  reset(): void {
    this.output.length = 0;
    this.stream.reset();
  }

  close(): void {
    this.stream.close();
  }
}
