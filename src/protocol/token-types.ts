import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** Encodes the data of one file after another: docs/protocol/3-transfer.md, 7. */
export interface TokenWriter {
  /** Appends literal bytes (any length) of the current file. */
  literal(out: Writer, data: Uint8Array): void;
  /**
   * Appends one matched block. `data` is its content, whole, and is looked at by zlib alone (7.3); the view has to be
   * valid during the call only.
   */
  match(out: Writer, block: number, data: Uint8Array): void;
  /** Ends the current file's data; the writer is ready for the next file. */
  end(out: Writer): void;
}

/** What `TokenReader.next` has found. */
export const TOKEN = { LITERAL: 0, BLOCKS: 1, END: 2 } as const;

/** Decodes the data of one file after another. */
export interface TokenReader {
  /**
   * Decodes the next token, or a part of a literal. Synchronous; throws NEED_MORE with the reader at the start of
   * what is not decoded yet: bytes already taken are never asked for again.
   */
  next(reader: Reader): 0 | 1 | 2;
  /** After LITERAL: bytes, valid until the next call and until the reader is fed. */
  readonly data: Uint8Array;
  /** After BLOCKS: the first block and how many. */
  readonly block: number;
  readonly run: number;
  /**
   * To be called for every block of a BLOCKS token, in order, before `next`, with the block's whole content, which
   * zlib needs as history. Who discards the data passes any bytes of the right length.
   */
  matched(data: Uint8Array): void;
  /** A new file begins; blocks from `blockCount` on are a protocol error. */
  begin(blockCount: number): void;
}
