/** deflate's window: nothing further back can be referred to. */
export const WINDOW = 32768;

/** A piece of matched data that C inserts at once. */
const INSERT_PIECE = 65535;

/**
 * The end of what zlib's history has to be, docs/protocol/3-transfer.md, 7.3, and how much of it the (de)compressor
 * does not know yet. It is told only when a literal follows, and then no more than a window: a file that matches
 * throughout costs one copy.
 */
export class DeflateHistory {
  private readonly repeatsPieces: boolean;
  private readonly buffer = new Uint8Array(2 * WINDOW);
  private length = 0;
  /** Bytes at the end that the (de)compressor does not know, a window at most. */
  pending = 0;

  /** `repeatsPieces`: every piece of 65535 bytes repeats the beginning of its block (P < 31). */
  constructor(repeatsPieces: boolean) {
    this.repeatsPieces = repeatsPieces;
  }

  clear(): void {
    this.length = 0;
    this.pending = 0;
  }

  /** Appends a matched block, which is pending then. */
  insert(block: Uint8Array): void {
    this.pending = Math.min(WINDOW, this.pending + block.length);
    if (this.repeatsPieces && block.length > INSERT_PIECE) {
      // The last two pieces are longer than a window: those before them do not matter.
      this.append(block.subarray(0, INSERT_PIECE));
      this.append(block.subarray(0, block.length % INSERT_PIECE));
    } else {
      this.append(block);
    }
  }

  /** Appends what the (de)compressor knows. */
  append(data: Uint8Array): void {
    if (data.length >= WINDOW) {
      this.buffer.set(data.subarray(data.length - WINDOW));
      this.length = WINDOW;
      return;
    }
    if (this.length + data.length > this.buffer.length) {
      this.buffer.copyWithin(0, this.length - WINDOW, this.length);
      this.length = WINDOW;
    }
    this.buffer.set(data, this.length);
    this.length += data.length;
  }

  /** The last `count` bytes, or all if there are fewer. Valid until the next call of anything. */
  last(count: number): Uint8Array {
    return this.buffer.subarray(Math.max(0, this.length - count), this.length);
  }
}
