/**
 * A window of one block that slides over a buffer until its rolling sum is in a table of sums: the inner loop of the
 * hash search, with the buffer and the table next to it. In the kernel's memory (kernel/search.ts), or in plain
 * TypeScript. The filter rejects nearly every offset with one load; buckets hold the sums themselves.
 *
 * All positions are indexes into the buffer: byte i of it is `data[base + i]`.
 */

import { KERNEL_KIND } from './hashes.ts';
import { acquireKernel, type Kernel, releaseKernel } from './kernel-instance.ts';
import { rollingSum, slide } from './rolling.ts';
import { type StrongContext, seedPlace, strongSum } from './strong.ts';

export interface TableShape {
  readonly count: number;
  readonly filterBits: number;
  readonly bucketBits: number;
  readonly multiplier: number;
}

/** The table, zeroed for its owner to fill: see kernel/search.ts for what is where. */
export interface TagTable extends TableShape {
  /** 2^filterBits bytes and 4 more. */
  readonly filter: Uint8Array;
  /** 2^bucketBits + 1 numbers. */
  readonly starts: Uint32Array;
  /** `count` rolling sums. */
  readonly tags: Uint32Array;
}

export interface Searcher {
  /** What the buffer is part of. Replaced by `reserve`. */
  readonly data: Uint8Array;
  /** Where in `data` the buffer begins. */
  readonly base: number;
  /** Bytes in the buffer. */
  readonly capacity: number;
  /** Replaced by `reserve`. */
  readonly table: TagTable;
  /** Makes the buffer at least `capacity` bytes long; what is in it stays. */
  reserve(capacity: number): void;
  rollingSum(at: number, length: number): number;
  /**
   * The strong sum of `length` bytes at `at`, full length; valid until the next call. There are data up to `end`, which
   * may be looked at ahead.
   */
  strongSum(at: number, length: number, end: number): Uint8Array;
  /** What is in the buffer is not what it was. */
  moved(): void;
  contains(sum: number): boolean;
  /** Puts the window at `at`; returns its rolling sum. */
  seek(at: number): number;
  /**
   * Slides the window, which is at `at`, by up to `slides` bytes, until the table has its sum. Returns the number of
   * slides, 0 if none of them found anything (the window is then at `at + slides`).
   */
  scan(at: number, slides: number): number;
  /** The rolling sum of the window where it is. */
  current(): number;
  release(): void;
}

/** The table and the searcher for it: `fill` puts the sums in. */
export function makeSearcher(
  ctx: StrongContext,
  window: number,
  shape: TableShape,
  fill: (table: TagTable) => void,
): Searcher {
  const kernel = ctx.name === 'none' || shape.count === 0 ? undefined : acquireKernel();
  return kernel === undefined
    ? new PlainSearcher(ctx, window, shape, fill)
    : new KernelSearcher(kernel, ctx, window, shape, fill);
}

class KernelSearcher implements Searcher {
  readonly base: number;
  capacity = 0;
  table!: TagTable;
  readonly #kernel: Kernel;
  readonly #shape: TableShape;
  readonly #kind: number;
  readonly #place: number;
  readonly #seed: number;
  /** Addresses. */
  readonly #out: number;
  readonly #starts: number;
  readonly #tags: number;
  #strong!: Uint8Array;
  /** md4, md5: four blocks from here on have their strong sums at #out; length 0: no. */
  #fourAt = 0;
  #fourLength = 0;
  /** Where a block would be that follows the one asked for last. */
  #next = -1;

  constructor(
    kernel: Kernel,
    ctx: StrongContext,
    window: number,
    shape: TableShape,
    fill: (table: TagTable) => void,
  ) {
    const { count, filterBits, bucketBits, multiplier } = shape;
    this.#kernel = kernel;
    this.#shape = shape;
    this.#kind = KERNEL_KIND[ctx.name as keyof typeof KERNEL_KIND];
    this.#place = seedPlace(ctx);
    this.#seed = ctx.seed;
    this.#out = (kernel.arena + 15) & ~15;
    this.#starts = this.#out + 64;
    this.#tags = this.#starts + 4 * (2 ** bucketBits + 1);
    this.base = Math.ceil((this.#tags + 4 * count) / 64) * 64;
    kernel.ensure(this.base);
    this.#view();
    this.table.filter.fill(0);
    this.table.starts.fill(0);
    fill(this.table);
    kernel.exports.setTable(window, filterBits, this.#starts, bucketBits, this.#tags, multiplier);
  }

  #view(): void {
    const { bytes, exports } = this.#kernel;
    const { filterBits, bucketBits, count } = this.#shape;
    this.capacity = bytes.length - this.base;
    this.#strong = bytes.subarray(this.#out, this.#out + 20);
    this.table = {
      ...this.#shape,
      filter: new Uint8Array(bytes.buffer, exports.filterAt(), 2 ** filterBits + 4),
      starts: new Uint32Array(bytes.buffer, this.#starts, 2 ** bucketBits + 1),
      tags: new Uint32Array(bytes.buffer, this.#tags, count),
    };
  }

  get data(): Uint8Array {
    return this.#kernel.bytes;
  }

  reserve(capacity: number): void {
    if (capacity <= this.capacity) return;
    this.#kernel.ensure(this.base + capacity);
    this.#view();
  }

  rollingSum(at: number, length: number): number {
    return this.#kernel.exports.rollingSum(this.base + at, length) >>> 0;
  }

  strongSum(at: number, length: number, end: number): Uint8Array {
    const { exports } = this.#kernel;
    if (this.#kind > KERNEL_KIND.md5) {
      exports.strongSum(this.#kind, this.#place, this.#seed, this.base + at, length, this.#out);
      return this.#strong;
    }
    // Where one block matched after another the next ones will be asked for too. md4 and md5 of four blocks take
    // little longer than of one: a file that all matches goes at 900 MB/s instead of 550 (md5).
    const index = length === this.#fourLength ? (at - this.#fourAt) / length : -1;
    if (index >= 0 && index < 4 && Number.isInteger(index)) {
      return this.#kernel.bytes.subarray(this.#out + 16 * index, this.#out + 16 * index + 16);
    }
    const ahead = at === this.#next && at + 4 * length <= end;
    const sum = ahead ? exports.strongSums4 : exports.strongSum;
    sum(this.#kind, this.#place, this.#seed, this.base + at, length, this.#out);
    this.#fourAt = at;
    this.#fourLength = ahead ? length : 0;
    this.#next = ahead ? at + 4 * length : at + length;
    return this.#strong;
  }

  moved(): void {
    this.#fourLength = 0;
    this.#next = -1;
  }

  contains(sum: number): boolean {
    return this.#kernel.exports.contains(sum) !== 0;
  }

  seek(at: number): number {
    return this.#kernel.exports.seek(this.base + at) >>> 0;
  }

  scan(at: number, slides: number): number {
    return this.#kernel.exports.scan(this.base + at, slides);
  }

  current(): number {
    return this.#kernel.exports.current() >>> 0;
  }

  release(): void {
    releaseKernel(this.#kernel);
  }
}

class PlainSearcher implements Searcher {
  readonly base = 0;
  data = new Uint8Array(0);
  readonly #ctx: StrongContext;
  readonly #window: number;
  readonly table: TagTable;
  #sum = 0;

  constructor(ctx: StrongContext, window: number, shape: TableShape, fill: (table: TagTable) => void) {
    this.#ctx = ctx;
    this.#window = window;
    this.table = {
      ...shape,
      filter: new Uint8Array(2 ** shape.filterBits + 4),
      starts: new Uint32Array(2 ** shape.bucketBits + 1),
      tags: new Uint32Array(shape.count),
    };
    fill(this.table);
  }

  get capacity(): number {
    return this.data.length;
  }

  reserve(capacity: number): void {
    if (capacity <= this.data.length) return;
    const larger = new Uint8Array(capacity);
    larger.set(this.data);
    this.data = larger;
  }

  rollingSum(at: number, length: number): number {
    return rollingSum(this.data, at, at + length);
  }

  moved(): void {}

  strongSum(at: number, length: number): Uint8Array {
    return strongSum(this.#ctx, this.data.subarray(at, at + length));
  }

  contains(sum: number): boolean {
    const { filter, filterBits, starts, bucketBits, tags, multiplier } = this.table;
    const h = Math.imul(sum, multiplier) >>> 0;
    const byte = (h >>> (32 - filterBits)) + ((h & 31) >>> 3);
    if (((filter[byte]! >>> (h & 7)) & 1) === 0) return false;
    const bucket = h >>> (32 - bucketBits);
    const end = starts[bucket + 1]!;
    for (let i = starts[bucket]!; i < end; i++) if (tags[i] === sum) return true;
    return false;
  }

  seek(at: number): number {
    this.#sum = rollingSum(this.data, at, at + this.#window);
    return this.#sum;
  }

  scan(at: number, slides: number): number {
    const { data } = this;
    const window = this.#window;
    let sum = this.#sum;
    for (let i = 0; i < slides; i++) {
      sum = slide(sum, window, data[at + i]!, data[at + i + window]!);
      if (this.contains(sum)) {
        this.#sum = sum;
        return i + 1;
      }
    }
    this.#sum = sum;
    return 0;
  }

  current(): number {
    return this.#sum;
  }

  release(): void {
    this.data = new Uint8Array(0);
  }
}
