/** XXH3, 64 and 128 bits, in plain TypeScript. Twin of kernel/xxh3.ts. */

import type { Hash } from '../hashes.ts';
import { avalanche3, fold, SECRET, short64, short128 } from './xxh3-short.ts';
import { P1, P2, P3, P4, P5, u64, words } from './xxh64.ts';

const P32_1 = 0x9e3779b1n;
const START = [0xc2b2ae3dn, P1, P2, P3, P4, 0x85ebca77n, P5, P32_1];
const BLOCK = 1024;

export class PlainXxh3 implements Hash {
  readonly #wide: boolean;
  readonly #seed: bigint;
  readonly #secret: DataView;
  readonly #acc = new BigUint64Array(START);
  /** 64 bytes of history, since the last stripe may begin there, and up to a block that is not yet taken. */
  readonly #buffer = new Uint8Array(64 + BLOCK);
  #fill = 0;
  #total = 0;

  constructor(wide: boolean, seed: number) {
    this.#wide = wide;
    this.#seed = u64(BigInt(seed));
    const secret = new DataView(new Uint8Array(SECRET).buffer);
    for (let i = 0; i < 192; i += 16) {
      secret.setBigUint64(i, u64(secret.getBigUint64(i, true) + this.#seed), true);
      secret.setBigUint64(i + 8, u64(secret.getBigUint64(i + 8, true) - this.#seed), true);
    }
    this.#secret = secret;
  }

  update(data: Uint8Array): void {
    this.#total += data.length;
    const buffer = this.#buffer;
    let at = 0;
    // A block is taken only when more follows: the last stripe of a message belongs to digest().
    while (data.length - at > BLOCK - this.#fill) {
      const room = BLOCK - this.#fill;
      buffer.set(data.subarray(at, at + room), 64 + this.#fill);
      at += room;
      this.#stripes(64, 16);
      this.#scramble();
      buffer.copyWithin(0, BLOCK, BLOCK + 64);
      this.#fill = 0;
    }
    buffer.set(data.subarray(at), 64 + this.#fill);
    this.#fill += data.length - at;
  }

  digest(): Uint8Array {
    const total = this.#total;
    if (total <= 240) {
      const view = new DataView(this.#buffer.buffer, 64);
      return this.#wide
        ? words(...short128(view, total, this.#seed))
        : words(short64(view, total, this.#seed));
    }
    this.#stripes(64, (this.#fill - 1) >>> 6);
    this.#stripe(this.#fill, 121);
    const size = BigInt(total);
    const low = this.#merge(11, u64(size * P1));
    return this.#wide ? words(low, this.#merge(117, u64(~(size * P2)))) : words(low);
  }

  #stripes(at: number, n: number): void {
    for (let i = 0; i < n; i++) this.#stripe(at + 64 * i, 8 * i);
  }

  #stripe(at: number, secret: number): void {
    const acc = this.#acc;
    const view = new DataView(this.#buffer.buffer);
    for (let i = 0; i < 8; i++) {
      const data = view.getBigUint64(at + 8 * i, true);
      const key = data ^ this.#secret.getBigUint64(secret + 8 * i, true);
      acc[i ^ 1] = u64(acc[i ^ 1]! + data);
      acc[i] = u64(acc[i]! + u64((key & 0xffffffffn) * (key >> 32n)));
    }
  }

  #scramble(): void {
    const acc = this.#acc;
    for (let i = 0; i < 8; i++) {
      const v = acc[i]!;
      acc[i] = u64((v ^ (v >> 47n) ^ this.#secret.getBigUint64(128 + 8 * i, true)) * P32_1);
    }
  }

  #merge(secret: number, start: bigint): bigint {
    let h = start;
    for (let i = 0; i < 8; i += 2) {
      h += fold(
        this.#acc[i]! ^ this.#secret.getBigUint64(secret + 8 * i, true),
        this.#acc[i + 1]! ^ this.#secret.getBigUint64(secret + 8 * i + 8, true),
      );
    }
    return avalanche3(u64(h));
  }
}
