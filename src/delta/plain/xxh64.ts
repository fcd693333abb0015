/** XXH64 in plain TypeScript. Twin of kernel/xxh64.ts. */

import type { Hash } from '../hashes.ts';

export const P1 = 0x9e3779b185ebca87n;
export const P2 = 0xc2b2ae3d27d4eb4fn;
export const P3 = 0x165667b19e3779f9n;
export const P4 = 0x85ebca77c2b2ae63n;
export const P5 = 0x27d4eb2f165667c5n;

// Every intermediate result goes through asUintN: V8 then computes with machine words instead of big integers.
export const u64 = (v: bigint): bigint => BigInt.asUintN(64, v);
export const rotl64 = (v: bigint, s: bigint): bigint => u64((v << s) | (v >> (64n - s)));

const round = (acc: bigint, lane: bigint): bigint => u64(rotl64(u64(acc + u64(lane * P2)), 31n) * P1);
const merge = (h: bigint, acc: bigint): bigint => u64(u64((h ^ round(0n, acc)) * P1) + P4);

export function avalanche64(h: bigint): bigint {
  h = u64((h ^ (h >> 33n)) * P2);
  h = u64((h ^ (h >> 29n)) * P3);
  return h ^ (h >> 32n);
}

/** The 8 bytes of a digest: a u64, little-endian. */
export function words(...values: bigint[]): Uint8Array {
  const out = new Uint8Array(8 * values.length);
  const view = new DataView(out.buffer);
  values.forEach((value, i) => {
    view.setBigUint64(8 * i, value, true);
  });
  return out;
}

export class PlainXxh64 implements Hash {
  readonly #acc: BigUint64Array;
  readonly #seed: bigint;
  readonly #buffer = new Uint8Array(32);
  #total = 0;

  constructor(seed: number) {
    this.#seed = u64(BigInt(seed));
    this.#acc = new BigUint64Array(
      [this.#seed + P1 + P2, this.#seed + P2, this.#seed, this.#seed - P1].map(u64),
    );
  }

  update(data: Uint8Array): void {
    let at = 0;
    let fill = this.#total % 32;
    this.#total += data.length;
    if (fill > 0) {
      at = Math.min(32 - fill, data.length);
      this.#buffer.set(data.subarray(0, at), fill);
      fill += at;
      if (fill < 32) return;
      this.#stripes(this.#buffer, 0, 32);
    }
    const end = at + ((data.length - at) & ~31);
    this.#stripes(data, at, end);
    this.#buffer.set(data.subarray(end), 0);
  }

  digest(): Uint8Array {
    const total = this.#total;
    let h = u64(this.#seed + P5);
    if (total >= 32) {
      const [v1, v2, v3, v4] = this.#acc as unknown as [bigint, bigint, bigint, bigint];
      h = u64(rotl64(v1, 1n) + rotl64(v2, 7n) + rotl64(v3, 12n) + rotl64(v4, 18n));
      h = merge(merge(merge(merge(h, v1), v2), v3), v4);
    }
    h = u64(h + BigInt(total));
    const view = new DataView(this.#buffer.buffer);
    const end = total % 32;
    let at = 0;
    for (; at + 8 <= end; at += 8) {
      h = u64(rotl64(h ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4);
    }
    if (at + 4 <= end) {
      h = u64(rotl64(h ^ u64(BigInt(view.getUint32(at, true)) * P1), 23n) * P2 + P3);
      at += 4;
    }
    for (; at < end; at++) h = u64(rotl64(h ^ u64(BigInt(this.#buffer[at]!) * P5), 11n) * P1);
    return words(avalanche64(h));
  }

  #stripes(data: Uint8Array, at: number, end: number): void {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const acc = this.#acc;
    for (; at < end; at += 32) {
      acc[0] = round(acc[0]!, view.getBigUint64(at, true));
      acc[1] = round(acc[1]!, view.getBigUint64(at + 8, true));
      acc[2] = round(acc[2]!, view.getBigUint64(at + 16, true));
      acc[3] = round(acc[3]!, view.getBigUint64(at + 24, true));
    }
  }
}
