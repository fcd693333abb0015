/**
 * The digests behind one interface, in wire order: xxh words little-endian, the low word of xxh128 first.
 *
 * Who computes what, by measurement (Node 20): MB/s at 128 KiB a call on one core, and the milliseconds that 10,000
 * digests of 100 bytes take. The libraries ran without SIMD (`--no-enable-sse4-1`), which is where they are used.
 *
 *            kernel         node:crypto    hash-wasm      xxhash-wasm
 *   md4       1000  (3)     not there       1000  (7)     -
 *   md5        580  (4)      770 (14)       -             -
 *   sha1       440  (5)     1900 (16)       -             -
 *   xxh64    16700  (2)     not there       -             13600 (12)
 *   xxh3     18000  (2)     not there       8400  (7)     -
 *   xxh128   18000  (2)     not there       8500  (8)     -
 *
 * The kernel also has block sums without a call and a copy for each block, and four md4 or md5 blocks side by side. So
 * it does everything, except md5 and sha1 of files whose first piece is large: those go to node:crypto. Without the
 * kernel (library-hashes.ts) it is the search and the block sums that slow down, as the rolling sum is TypeScript
 * then: xxh128 signatures of blocks of 4096 bytes are made at 830 MB/s instead of 8000, of 700 bytes at 370 instead of
 * 6200; a file that all matches goes at 700 instead of 6300, and at 340 instead of 2500.
 */

import { type Hash as CryptoHash, createHash as createCryptoHash } from 'node:crypto';
import type { ChecksumName } from '../core/algorithms.ts';
import { DIGEST_LENGTH } from '../core/algorithms.ts';
import { loadKernel } from './kernel-instance.ts';
import { kernelScratch, type Scratch } from './kernel-scratch.ts';
import { libraryAvailable, libraryHash, loadLibraryHashes } from './library-hashes.ts';

export interface Hash {
  update(data: Uint8Array): void;
  /** The digest in wire order, a new array. Ends the hash: call it once, and nothing after it. */
  digest(): Uint8Array;
}

/** The kernel's numbers of the digests. */
export const KERNEL_KIND = { md4: 0, md5: 1, sha1: 2, xxh64: 3, xxh3: 4, xxh128: 5 } as const;

/**
 * Compiles the kernel ahead of its first use; where there is none, loads the libraries instead, and prepares them for
 * the xxh block sums of a session with `seed` (int32). Any number of calls.
 */
export async function loadHashes(seed = 0): Promise<void> {
  await loadKernel();
  if (kernelScratch() === undefined) await loadLibraryHashes(seed);
}

/** Whether this process can compute `name`. Without WebAssembly (`node --jitless`) it has md5 and sha1 alone. */
export function hashAvailable(name: ChecksumName): boolean {
  return kernelScratch() !== undefined || libraryAvailable(name);
}

/** First pieces from this length on go to node:crypto: there 2 microseconds of set-up are worth its speed. */
const CRYPTO_FROM = 16 << 10;

/**
 * A new running digest. `seed` (int32, sign-extended) is for the xxh family alone; the others take theirs as bytes,
 * see strong.ts. Any number may be alive at once.
 *
 * Without the kernel it throws RSYNC_INTERNAL if `loadHashes` (for xxh3 and xxh128: with this seed, or with any if it
 * is 0) has not been awaited, and RSYNC_UNSUPPORTED (exit 4) if not `hashAvailable(name)`.
 */
export function createHash(name: ChecksumName, seed = 0): Hash {
  if (name === 'none') return NO_HASH;
  const scratch = kernelScratch();
  if (scratch === undefined) return libraryHash(name, seed);
  if (name === 'md5' || name === 'sha1') return new BySizeHash(scratch, name);
  return new KernelHash(scratch, name, seed);
}

const NO_HASH: Hash = {
  update: () => undefined,
  digest: () => new Uint8Array(1),
};

/** What is copied into the kernel at a time: stays in the second-level cache. */
const PIECE = 64 << 10;

/** Whose digest is in the kernel's state; the others have saved theirs. */
let owner: KernelHash | undefined;

class KernelHash implements Hash {
  readonly #scratch: Scratch;
  readonly #name: keyof typeof KERNEL_KIND;
  readonly #seed: number;
  #started = false;
  #saved: Uint8Array | undefined;

  constructor(scratch: Scratch, name: keyof typeof KERNEL_KIND, seed: number) {
    this.#scratch = scratch;
    this.#name = name;
    this.#seed = seed;
  }

  update(data: Uint8Array): void {
    this.#own();
    const { kernel, state, staging } = this.#scratch;
    const kind = KERNEL_KIND[this.#name];
    const length = data.length;
    if (length <= PIECE) {
      kernel.bytes.set(data, staging);
      kernel.exports.hashUpdate(kind, state, staging, length);
      return;
    }
    for (let at = 0; at < length; at += PIECE) {
      const piece = data.subarray(at, at + PIECE);
      kernel.bytes.set(piece, staging);
      kernel.exports.hashUpdate(kind, state, staging, piece.length);
    }
  }

  digest(): Uint8Array {
    this.#own();
    const { kernel, state, out } = this.#scratch;
    kernel.exports.hashFinal(KERNEL_KIND[this.#name], state, out);
    owner = undefined;
    return kernel.bytes.slice(out, out + DIGEST_LENGTH[this.#name]);
  }

  #own(): void {
    if (owner === this) return;
    const { kernel, state, stateLength } = this.#scratch;
    if (owner !== undefined) {
      owner.#saved ??= new Uint8Array(stateLength);
      owner.#saved.set(kernel.bytes.subarray(state, state + stateLength));
    }
    owner = this;
    if (this.#started) {
      kernel.bytes.set(this.#saved!, state);
    } else {
      this.#started = true;
      kernel.exports.hashInit(KERNEL_KIND[this.#name], state, this.#seed);
    }
  }
}

class BySizeHash implements Hash {
  readonly #scratch: Scratch;
  readonly #name: 'md5' | 'sha1';
  #hash: Hash | CryptoHash | undefined;

  constructor(scratch: Scratch, name: 'md5' | 'sha1') {
    this.#scratch = scratch;
    this.#name = name;
  }

  update(data: Uint8Array): void {
    this.#hash ??=
      data.length >= CRYPTO_FROM
        ? createCryptoHash(this.#name)
        : new KernelHash(this.#scratch, this.#name, 0);
    this.#hash.update(data);
  }

  digest(): Uint8Array {
    this.#hash ??= new KernelHash(this.#scratch, this.#name, 0);
    return this.#hash.digest();
  }
}
