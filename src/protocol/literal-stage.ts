import type { Writer } from './writer.ts';

/** What compresses the pieces. */
export interface PieceSink {
  piece(out: Writer, data: Uint8Array): void;
}

/** Gathers the literals of a run into pieces of one size, the last of a run excepted. */
export class LiteralStage {
  private readonly buffer: Uint8Array;
  private readonly sink: PieceSink;
  private length = 0;

  constructor(size: number, sink: PieceSink) {
    this.buffer = new Uint8Array(size);
    this.sink = sink;
  }

  add(out: Writer, data: Uint8Array): void {
    const size = this.buffer.length;
    let at = 0;
    while (at < data.length) {
      const rest = data.length - at;
      if (this.length === 0 && rest >= size) {
        this.sink.piece(out, data.subarray(at, at + size));
        at += size;
        continue;
      }
      const count = Math.min(rest, size - this.length);
      this.buffer.set(data.subarray(at, at + count), this.length);
      this.length += count;
      at += count;
      if (this.length === size) this.flush(out);
    }
  }

  /** Hands out what is left. */
  flush(out: Writer): void {
    if (this.length === 0) return;
    const length = this.length;
    this.length = 0;
    this.sink.piece(out, this.buffer.subarray(0, length));
  }
}
