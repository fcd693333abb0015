/**
 * The sums of a request, arranged for looking up: rolling sum -> blocks. docs/protocol/3-transfer.md, 6.2 and 6.3.
 */

import { randomInt } from 'node:crypto';
import { DIGEST_LENGTH } from '../core/algorithms.ts';
import { EXIT, protocolError, RsyncError } from '../core/errors.ts';
import type { SumHead } from '../core/sum-head.ts';
import { makeSearcher, type Searcher, type TagTable } from './searcher.ts';
import type { StrongContext } from './strong.ts';

/**
 * Blocks with the same rolling sum that are looked at for one offset: repetitive files would otherwise take time that
 * grows with the square of their size.
 */
const MOST_CANDIDATES = 1024;

/**
 * Longer blocks (protocol 29 allows 512 MiB) are not searched for, since a window of them has to be in memory; the
 * file then goes as literal data, which is always right.
 */
export const LONGEST_WINDOW = 64 << 20;

/**
 * The filter has 32 bytes for each sum, 16 beyond 65536 sums, 4 MiB at most: 0.4 % of all offsets go on to the
 * buckets. Measured where nothing matches: 16384 sums with 4 bytes each 594 MB/s, 8: 759, 32: 845, 64: 836; 65536 sums
 * with 16 bytes 454 MB/s, 32: 601, 64: 547; 383480 sums with 1 MiB 182 MB/s, 4 MiB: 296.
 */
function filterBitsFor(sumBits: number): number {
  return Math.min(22, Math.max(8, sumBits + (sumBits <= 16 ? 5 : 4)));
}

/** Odd, and not to be known by a peer: see kernel/search.ts. */
const MULTIPLIER = (randomInt(2 ** 31) * 2 + 1) | 0;

export interface SumTableOptions {
  /** The receiver writes into the very file that the blocks are part of (6.3). */
  readonly inplace: boolean;
}

export interface FoundBlock {
  /** Block number, or -1. */
  block: number;
  /** Candidates whose rolling sum was right and whose strong sum was asked for. */
  compared: number;
  /** Candidates whose rolling sum was right. */
  looked: number;
}

export class SumTable {
  readonly head: SumHead;
  readonly ctx: StrongContext;
  readonly inplace: boolean;
  /** Blocks of full length: those that the search looks for. */
  readonly fullCount: number;
  /** Length of the short last block, which can match at the very end of the file alone; 0 if there is none. */
  readonly tailLength: number;
  readonly searcher: Searcher;

  #claimed = false;
  readonly #sums: Uint8Array;
  readonly #record: number;
  readonly #compared: number;
  /** Block numbers in the order of the table's tags: ascending within a bucket. */
  #order!: Uint32Array;
  /** In-place: bit i is set when block i was used where it is, so that it has not changed. */
  readonly #kept: Uint8Array | undefined;
  readonly #found: FoundBlock = { block: -1, compared: 0, looked: 0 };

  /**
   * `sums` is the wire's `count` records of 4 + s2length bytes; kept, not copied. Throws RSYNC_PROTOCOL (2) if its
   * length is another, RSYNC_LIMIT (22) if the table does not fit into memory. A table serves one Matcher.
   */
  constructor(head: SumHead, sums: Uint8Array, ctx: StrongContext, options: SumTableOptions) {
    const { count, blength, s2length, remainder } = head;
    if (sums.length !== count * (4 + s2length) || (count > 0 && blength <= 0)) {
      throw protocolError(
        `block sums: ${sums.length} bytes for ${count} blocks with ${s2length} bytes of strong sum`,
      );
    }
    this.head = head;
    this.ctx = ctx;
    this.inplace = options.inplace;
    const short = count > 0 && remainder > 0 && remainder < blength;
    this.tailLength = short && remainder <= LONGEST_WINDOW ? remainder : 0;
    this.fullCount = blength > LONGEST_WINDOW ? 0 : count - (short ? 1 : 0);
    this.#sums = sums;
    this.#record = 4 + s2length;
    this.#compared = Math.min(s2length, DIGEST_LENGTH[ctx.name]);
    this.#kept = options.inplace ? new Uint8Array((count + 7) >>> 3) : undefined;
    const bits = 32 - Math.clz32(Math.max(1, this.fullCount - 1));
    this.searcher = makeSearcher(
      ctx,
      blength,
      {
        count: this.fullCount,
        filterBits: filterBitsFor(bits),
        bucketBits: Math.min(bits, 26),
        multiplier: MULTIPLIER,
      },
      (table) => this.#fill(table),
    );
  }

  /** For the one Matcher of this table. Throws RSYNC_INTERNAL the second time. */
  claim(): void {
    if (this.#claimed) {
      throw new RsyncError('RSYNC_INTERNAL', 'a sum table serves one matcher', {
        exitCode: EXIT.PROTOCOL,
        origin: 'local',
      });
    }
    this.#claimed = true;
  }

  /** The wire's rolling sum of block `index`. */
  rollingSum(index: number): number {
    const at = index * this.#record;
    const s = this.#sums;
    return (s[at]! | (s[at + 1]! << 8) | (s[at + 2]! << 16) | (s[at + 3]! << 24)) >>> 0;
  }

  /**
   * The block to use for the window at buffer index `at`, whose rolling sum is `sum` and whose place in the new file
   * is `offset`; the buffer has data up to `dataEnd`. `wanted` (the block after the last one used) is tried first, then in-place the block of the same
   * offset, then ascending. Valid until the next call.
   */
  find(at: number, sum: number, offset: number, wanted: number, dataEnd: number): FoundBlock {
    const found = this.#found;
    found.block = -1;
    found.compared = 0;
    found.looked = 0;
    const { blength } = this.head;
    const { starts, bucketBits, tags, multiplier } = this.searcher.table;
    let strong: Uint8Array | undefined;

    const accept = (block: number): boolean => {
      found.looked++;
      if (!this.usable(block, offset)) return false;
      if (this.#compared > 0) strong ??= this.searcher.strongSum(at, blength, dataEnd);
      found.compared++;
      if (strong !== undefined && !this.#sameStrong(block, strong)) return false;
      found.block = block;
      return true;
    };
    const search = (from: number, to: number): boolean => {
      for (let i = from; i < to && found.looked < MOST_CANDIDATES; i++) {
        if (tags[i] !== sum) continue;
        const block = this.#order[i]!;
        if (block !== wanted && block !== same && accept(block)) return true;
      }
      return false;
    };

    const same = this.inplace && offset % blength === 0 ? offset / blength : -1;
    if (wanted < this.fullCount && this.rollingSum(wanted) === sum && accept(wanted)) return found;
    if (
      same >= 0 &&
      same < this.fullCount &&
      same !== wanted &&
      this.rollingSum(same) === sum &&
      accept(same)
    ) {
      return found;
    }
    const bucket = (Math.imul(sum, multiplier) >>> 0) >>> (32 - bucketBits);
    const start = starts[bucket]!;
    const end = starts[bucket + 1]!;
    // In-place, blocks that the receiver has already written over are many and of no use: those still to come first.
    const first = this.inplace ? this.#firstFrom(start, end, offset / blength) : start;
    if (!search(first, end)) search(start, first);
    return found;
  }

  /** The first place in [start, end), within one bucket, whose block number is at least `block`. */
  #firstFrom(start: number, end: number, block: number): number {
    let low = start;
    let high = end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#order[middle]! < block) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether the bytes at buffer index `at`, the last ones of the file, are the short last block. */
  isTail(at: number, offset: number): boolean {
    const last = this.head.count - 1;
    const { searcher, tailLength } = this;
    if (!this.usable(last, offset)) return false;
    if (searcher.rollingSum(at, tailLength) !== this.rollingSum(last)) return false;
    return (
      this.#compared === 0 || this.#sameStrong(last, searcher.strongSum(at, tailLength, at + tailLength))
    );
  }

  /** The in-place rule (6.3): has the receiver still got block `block` when it writes at `offset`? */
  usable(block: number, offset: number): boolean {
    if (this.#kept === undefined) return true;
    return block * this.head.blength >= offset || ((this.#kept[block >>> 3]! >>> (block & 7)) & 1) === 1;
  }

  /** Block `block` was used at `offset`. */
  used(block: number, offset: number): void {
    if (this.#kept !== undefined && block * this.head.blength === offset) {
      this.#kept[block >>> 3]! |= 1 << (block & 7);
    }
  }

  #sameStrong(block: number, strong: Uint8Array): boolean {
    const at = block * this.#record + 4;
    for (let i = 0; i < this.#compared; i++) if (this.#sums[at + i] !== strong[i]) return false;
    return true;
  }

  #fill(table: TagTable): void {
    const { filter, filterBits, starts, bucketBits, tags, multiplier } = table;
    const count = this.fullCount;
    const filterShift = 32 - filterBits;
    const bucketShift = 32 - bucketBits;
    for (let i = 0; i < count; i++) {
      const h = Math.imul(this.rollingSum(i), multiplier) >>> 0;
      filter[(h >>> filterShift) + ((h & 31) >>> 3)]! |= 1 << (h & 7);
      starts[(h >>> bucketShift) + 1]!++;
    }
    for (let b = 1; b < starts.length; b++) starts[b]! += starts[b - 1]!;
    // Places blocks from behind, so that they are in ascending order in their bucket when starts[b + 1] has come down
    // to where bucket b begins; then the array is one step too far to the right.
    this.#order = new Uint32Array(count);
    for (let i = count - 1; i >= 0; i--) {
      const sum = this.rollingSum(i);
      const place = --starts[((Math.imul(sum, multiplier) >>> 0) >>> bucketShift) + 1]!;
      tags[place] = sum;
      this.#order[place] = i;
    }
    starts.copyWithin(0, 1);
    starts[starts.length - 1] = count;
  }
}
