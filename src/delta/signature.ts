/**
 * The generator's half of the delta algorithm: how a basis is cut into blocks, and the sums of these blocks.
 * docs/protocol/3-transfer.md, 5.1 to 5.4.
 */

import { DIGEST_LENGTH } from '../core/algorithms.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { blockLength, coveredLength, EMPTY_SUM_HEAD, type SumHead } from '../core/sum-head.ts';
import type { Hash } from './hashes.ts';
import { concat, rollingSum } from './rolling.ts';
import { blockHash, blockSums, type StrongContext, writeSum } from './strong.ts';

/** Bytes; below 700^2 or so the square root would be shorter. */
const SHORTEST_AUTOMATIC = 700;
/** Above this the bookkeeping goes piece by piece instead of block by block. */
const LONGEST_BUFFERED = 512 << 10;

/** floor(sqrt(n)), exact for every safe integer. */
export function integerSquareRoot(n: number): number {
  let root = Math.floor(Math.sqrt(n));
  while (root * root > n) root--;
  while ((root + 1) * (root + 1) <= n) root++;
  return root;
}

/** floor(log2(n)) for 1 <= n <= 2^53 - 1, exact. */
function log2(n: number): number {
  const high = Math.floor(n / 2 ** 32);
  return high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(n);
}

/** The longest block a peer of this protocol takes. */
export function longestBlock(protocol: number): number {
  return protocol >= 30 ? LIMITS.BLOCK_LENGTH : LIMITS.BLOCK_LENGTH_29;
}

/**
 * Bytes in a block of a basis of `size` bytes (5.2). `blockSizeOption`: `--block-size`, 0 for automatic; cut to what
 * the protocol allows. Automatic lengths stop at 131072 in protocol 29 too, as 3.0.0 does it and every peer takes it.
 */
export function chooseBlockLength(size: number, protocol: number, blockSizeOption = 0): number {
  if (blockSizeOption > 0) return Math.min(blockSizeOption, longestBlock(protocol));
  if (size <= SHORTEST_AUTOMATIC * SHORTEST_AUTOMATIC) return SHORTEST_AUTOMATIC;
  const root = Math.floor(integerSquareRoot(size) / 8) * 8;
  return Math.min(Math.max(SHORTEST_AUTOMATIC, root), LIMITS.BLOCK_LENGTH);
}

/** Bytes of each strong sum (5.3). `redo`: the second try of a file, which takes as much as there is. */
export function strongSumLength(size: number, blength: number, digestLength: number, redo = false): number {
  const most = Math.min(16, digestLength);
  if (redo || size < 1) return most;
  const bits = Math.max(0, 10 + 2 * log2(size) - log2(blength));
  return Math.min(Math.max(Math.trunc((bits - 24) / 8), 2), most);
}

export interface SumHeadOptions {
  /** Bytes of the basis. */
  size: number;
  protocol: number;
  /** `--block-size`; 0: automatic. */
  blockSize?: number;
  /** Of the transfer checksum, see DIGEST_LENGTH. */
  digestLength: number;
  redo?: boolean;
}

/**
 * The sum head of a basis, as C's generator makes it. All zero (send the file whole) for an empty basis, and for more
 * blocks than the wire's int can count. That the sums are fewer bytes than a sender takes (LIMITS.BLOCK_SUM_BYTES) is
 * for the caller to see to: with `--append` none are sent, and the head alone tells the size of the basis.
 */
export function sumHeadFor(options: SumHeadOptions): SumHead {
  const { size, protocol, digestLength } = options;
  if (size <= 0) return { ...EMPTY_SUM_HEAD };
  const blength = chooseBlockLength(size, protocol, options.blockSize);
  const s2length = strongSumLength(size, blength, digestLength, options.redo);
  const count = Math.ceil(size / blength);
  if (count > 0x7fffffff) return { ...EMPTY_SUM_HEAD };
  return { count, blength, s2length, remainder: size % blength };
}

/**
 * Makes the sums of a basis while it is read, in pieces of any length. Bytes beyond what the head covers are not
 * looked at; if the basis turns out shorter, the missing bytes count as zeros: the file sum finds out either way.
 */
export class Signer {
  readonly #head: SumHead;
  readonly #ctx: StrongContext;
  readonly #record: number;
  /** Bytes still to come, as the head has it. */
  #left: number;
  /** Blocks done. */
  #index = 0;
  #out = new Uint8Array(0);
  /** The beginning of a block that is not complete: its bytes, or if it is very long its sums so far. */
  #pending: Uint8Array | undefined;
  #hash: Hash | undefined;
  #rolling = 0;
  #fill = 0;

  /** Throws RSYNC_INTERNAL if the head has more bytes of strong sum than the digest. */
  constructor(head: SumHead, ctx: StrongContext) {
    if (head.s2length > DIGEST_LENGTH[ctx.name]) {
      throw new RsyncError('RSYNC_INTERNAL', `strong sums of ${head.s2length} bytes with ${ctx.name}`, {
        exitCode: EXIT.PROTOCOL,
        origin: 'local',
      });
    }
    this.#head = head;
    this.#ctx = ctx;
    this.#record = 4 + head.s2length;
    this.#left = coveredLength(head);
  }

  /** The wire bytes of the blocks that `chunk` completed, maybe none. Valid until the next call. */
  push(chunk: Uint8Array): Uint8Array {
    const data = chunk.length > this.#left ? chunk.subarray(0, this.#left) : chunk;
    const { blength } = this.#head;
    this.#left -= data.length;
    if (data.length === 0) return data;
    this.#reserve((Math.floor((this.#fill + data.length) / blength) + 1) * this.#record);
    let written = 0;
    let at = 0;
    while (at < data.length) {
      const need = blockLength(this.#head, this.#index) - this.#fill;
      if (
        this.#fill === 0 &&
        need === blength &&
        data.length - at >= blength &&
        blength <= LONGEST_BUFFERED
      ) {
        const whole = Math.floor((data.length - at) / blength);
        const blocks = data.subarray(at, at + whole * blength);
        written += blockSums(this.#ctx, blocks, blength, this.#head.s2length, this.#out, written);
        this.#index += whole;
        at += blocks.length;
        continue;
      }
      const part = data.subarray(at, at + need);
      this.#collect(part);
      at += part.length;
      if (part.length === need) {
        this.#completeBlock(written);
        written += this.#record;
      }
    }
    return this.#out.subarray(0, written);
  }

  /** The wire bytes of what is left: nothing, unless the basis was shorter than the head has it. */
  finish(): Uint8Array {
    if (this.#left === 0) return new Uint8Array(0);
    const parts: Uint8Array[] = [];
    const zeros = new Uint8Array(64 << 10);
    while (this.#left > 0) parts.push(this.push(zeros).slice());
    return Buffer.concat(parts);
  }

  #reserve(length: number): void {
    if (this.#out.length < length) this.#out = new Uint8Array(length);
  }

  #collect(part: Uint8Array): void {
    const { blength } = this.#head;
    if (blength <= LONGEST_BUFFERED) {
      this.#pending ??= new Uint8Array(blength);
      this.#pending.set(part, this.#fill);
    } else {
      this.#hash ??= blockHash(this.#ctx);
      this.#hash.update(part);
      this.#rolling = concat(this.#rolling, rollingSum(part), part.length);
    }
    this.#fill += part.length;
  }

  #completeBlock(at: number): void {
    const { s2length } = this.#head;
    if (this.#hash === undefined) {
      const block = this.#pending!.subarray(0, this.#fill);
      blockSums(this.#ctx, block, block.length, s2length, this.#out, at);
    } else {
      writeSum(this.#out, at, this.#rolling, this.#hash.digest(), s2length);
      this.#hash = undefined;
      this.#rolling = 0;
    }
    this.#fill = 0;
    this.#index++;
  }
}
