/**
 * Strong sums: which digest over what, and where the session's seed goes. docs/protocol/3-transfer.md, 5.4, and
 * 1-session.md, 1.5:
 *
 *   digest               block sum                  file sum           `--checksum` sum
 *   md4, protocol 29     MD4(block + seed)          MD4(seed + file)   MD4(file)
 *   md4 by name          MD4(block + seed)          MD4(file)          MD4(file)
 *   md5                  MD5(block + seed)          MD5(file)          MD5(file)
 *   md5, CHKSUM_SEED_FIX MD5(seed + block)          MD5(file)          MD5(file)
 *   sha1                 SHA1(seed + block)         SHA1(file)         SHA1(file)
 *   xxh64, xxh3, xxh128  XXH(block, seed)           XXH(file, 0)       XXH(file, 0)
 *
 * The seed is an int32, little-endian as bytes, sign-extended as a number. A seed of 0 is not mixed into block sums;
 * protocol 29's file sum has its four bytes always.
 */

import { type ChecksumName, DIGEST_LENGTH } from '../core/algorithms.ts';
import { createHash, type Hash, KERNEL_KIND } from './hashes.ts';
import { kernelScratch, type Scratch, STAGING_LENGTH } from './kernel-scratch.ts';
import { rollingSum } from './rolling.ts';

export interface StrongContext {
  /** The transfer checksum. */
  readonly name: ChecksumName;
  /** int32. */
  readonly seed: number;
  /** Protocol 29's default: the file sum has the seed in front. */
  readonly classicMd4: boolean;
  /** Compat flag CHKSUM_SEED_FIX. */
  readonly md5SeedFirst: boolean;
}

/** Where the bytes of the seed go in a block sum. The numbers are the kernel's. */
export const SEED_NOWHERE = 0;
export const SEED_FIRST = 1;
export const SEED_LAST = 2;

export function seedPlace(ctx: StrongContext): 0 | 1 | 2 {
  if (ctx.seed === 0) return SEED_NOWHERE;
  switch (ctx.name) {
    case 'md4':
      return SEED_LAST;
    case 'md5':
      return ctx.md5SeedFirst ? SEED_FIRST : SEED_LAST;
    case 'sha1':
      return SEED_FIRST;
    default:
      return SEED_NOWHERE;
  }
}

function seedBytes(seed: number): Uint8Array {
  return Uint8Array.of(seed, seed >> 8, seed >> 16, seed >> 24);
}

/** The digest of a whole file, as sent after its tokens. */
export function fileSum(ctx: StrongContext): Hash {
  const hash = createHash(ctx.name);
  if (ctx.name === 'md4' && ctx.classicMd4) hash.update(seedBytes(ctx.seed));
  return hash;
}

/** The digest of a whole file, as in the file list with `--checksum`: never seeded. */
export function listSum(name: ChecksumName): Hash {
  return createHash(name);
}

/** The strong sum of one block, its bytes given piece by piece. */
export function blockHash(ctx: StrongContext): Hash {
  const hash = createHash(ctx.name, ctx.seed);
  const place = seedPlace(ctx);
  if (place === SEED_FIRST) hash.update(seedBytes(ctx.seed));
  if (place !== SEED_LAST) return hash;
  return {
    update: (data) => hash.update(data),
    digest: () => {
      hash.update(seedBytes(ctx.seed));
      return hash.digest();
    },
  };
}

/** The strong sum of one block, full length. */
export function strongSum(ctx: StrongContext, block: Uint8Array): Uint8Array {
  const hash = blockHash(ctx);
  hash.update(block);
  return hash.digest();
}

/**
 * Rolling and strong sums of the blocks of `blength` bytes that `data` consists of (a rest is left alone), written to
 * `out` from `at` on as they go on the wire: u32 rolling sum, `s2length` bytes of strong sum, and so on. Returns the
 * number of bytes written. `s2length` is at most the length of the digest.
 */
export function blockSums(
  ctx: StrongContext,
  data: Uint8Array,
  blength: number,
  s2length: number,
  out: Uint8Array,
  at: number,
): number {
  const count = Math.floor(data.length / blength);
  const scratch = ctx.name === 'none' || blength > STAGING_LENGTH ? undefined : kernelScratch();
  if (scratch !== undefined) kernelBlockSums(scratch, ctx, data, blength, count, s2length, out, at);
  else plainBlockSums(ctx, data, blength, count, s2length, out, at);
  return count * (4 + s2length);
}

function kernelBlockSums(
  { kernel, staging, sums, sumsLength }: Scratch,
  ctx: StrongContext,
  data: Uint8Array,
  blength: number,
  count: number,
  s2length: number,
  out: Uint8Array,
  at: number,
): void {
  const record = 4 + s2length;
  const kind = KERNEL_KIND[ctx.name as keyof typeof KERNEL_KIND];
  const place = seedPlace(ctx);
  // A batch of 128 KiB stays in the second-level cache between the copy and the sums; 4 blocks run side by side.
  const batch = Math.max(
    1,
    Math.min(
      Math.floor(sumsLength / record),
      Math.max(Math.floor((128 << 10) / blength), Math.min(4, Math.floor(STAGING_LENGTH / blength))),
    ),
  );
  for (let done = 0; done < count; done += batch) {
    const n = Math.min(batch, count - done);
    kernel.bytes.set(data.subarray(done * blength, (done + n) * blength), staging);
    kernel.exports.blockSums(kind, place, ctx.seed, staging, blength, n, s2length, sums);
    out.set(kernel.bytes.subarray(sums, sums + n * record), at + done * record);
  }
}

function plainBlockSums(
  ctx: StrongContext,
  data: Uint8Array,
  blength: number,
  count: number,
  s2length: number,
  out: Uint8Array,
  at: number,
): void {
  for (let i = 0; i < count; i++) {
    const block = data.subarray(i * blength, (i + 1) * blength);
    writeSum(out, at, rollingSum(block), strongSum(ctx, block), s2length);
    at += 4 + s2length;
  }
}

/** One block's sums, as on the wire. */
export function writeSum(
  out: Uint8Array,
  at: number,
  rolling: number,
  strong: Uint8Array,
  s2length: number,
): void {
  out[at] = rolling;
  out[at + 1] = rolling >>> 8;
  out[at + 2] = rolling >>> 16;
  out[at + 3] = rolling >>> 24;
  out.set(strong.subarray(0, s2length), at + 4);
}

/** Bytes of strong sum that can be compared: an old generator may announce more than its digest has (1.4). */
export function comparedLength(ctx: StrongContext, s2length: number): number {
  return Math.min(s2length, DIGEST_LENGTH[ctx.name]);
}
