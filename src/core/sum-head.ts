/** How a basis file is cut into blocks, docs/protocol/3-transfer.md, 5.1. All zero: no basis. */
export interface SumHead {
  /** Number of blocks: ceil(basis size / blength). */
  count: number;
  /** Bytes in every block but the last. */
  blength: number;
  /** Bytes of each strong sum on the wire. */
  s2length: number;
  /** Bytes in the last block if it is short, else 0. */
  remainder: number;
}

export const EMPTY_SUM_HEAD: Readonly<SumHead> = { count: 0, blength: 0, s2length: 0, remainder: 0 };

/** Bytes that the blocks of `head` cover: the size of the basis. */
export function coveredLength(head: SumHead): number {
  return head.count * head.blength - (head.remainder ? head.blength - head.remainder : 0);
}

/** Length of block `index`. */
export function blockLength(head: SumHead, index: number): number {
  return index === head.count - 1 && head.remainder !== 0 ? head.remainder : head.blength;
}
