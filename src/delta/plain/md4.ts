/** MD4, RFC 1320: OpenSSL 3 has it no more, so node:crypto has not. Twin of kernel/md4.ts. */

import type { Hash } from '../hashes.ts';

const ORDER2 = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];
const ORDER3 = [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15];

const rotl = (v: number, s: number): number => (v << s) | (v >>> (32 - s));

export class PlainMd4 implements Hash {
  readonly #state = new Int32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);
  readonly #words = new Int32Array(16);
  readonly #buffer = new Uint8Array(64);
  #total = 0;

  update(data: Uint8Array): void {
    let at = 0;
    let fill = this.#total % 64;
    this.#total += data.length;
    if (fill > 0) {
      at = Math.min(64 - fill, data.length);
      this.#buffer.set(data.subarray(0, at), fill);
      fill += at;
      if (fill < 64) return;
      this.#chunk(this.#buffer, 0);
    }
    for (; at + 64 <= data.length; at += 64) this.#chunk(data, at);
    this.#buffer.set(data.subarray(at), 0);
  }

  digest(): Uint8Array {
    const total = this.#total;
    const tail = new Uint8Array((total % 64 < 56 ? 64 : 128) - (total % 64));
    tail[0] = 0x80;
    const view = new DataView(tail.buffer);
    view.setUint32(tail.length - 8, (total * 8) >>> 0, true);
    view.setUint32(tail.length - 4, Math.floor(total / 2 ** 29) >>> 0, true);
    this.update(tail);
    const out = new Uint8Array(16);
    const result = new DataView(out.buffer);
    for (let i = 0; i < 4; i++) result.setInt32(4 * i, this.#state[i]!, true);
    return out;
  }

  #chunk(p: Uint8Array, at: number): void {
    const x = this.#words;
    for (let i = 0; i < 16; i++, at += 4) {
      x[i] = p[at]! | (p[at + 1]! << 8) | (p[at + 2]! << 16) | (p[at + 3]! << 24);
    }
    const s = this.#state;
    let a = s[0]!;
    let b = s[1]!;
    let c = s[2]!;
    let d = s[3]!;
    for (let i = 0; i < 16; i += 4) {
      a = rotl((a + (d ^ (b & (c ^ d))) + x[i]!) | 0, 3);
      d = rotl((d + (c ^ (a & (b ^ c))) + x[i + 1]!) | 0, 7);
      c = rotl((c + (b ^ (d & (a ^ b))) + x[i + 2]!) | 0, 11);
      b = rotl((b + (a ^ (c & (d ^ a))) + x[i + 3]!) | 0, 19);
    }
    for (let i = 0; i < 16; i += 4) {
      a = rotl((a + ((b & (c | d)) | (c & d)) + x[ORDER2[i]!]! + 0x5a827999) | 0, 3);
      d = rotl((d + ((a & (b | c)) | (b & c)) + x[ORDER2[i + 1]!]! + 0x5a827999) | 0, 5);
      c = rotl((c + ((d & (a | b)) | (a & b)) + x[ORDER2[i + 2]!]! + 0x5a827999) | 0, 9);
      b = rotl((b + ((c & (d | a)) | (d & a)) + x[ORDER2[i + 3]!]! + 0x5a827999) | 0, 13);
    }
    for (let i = 0; i < 16; i += 4) {
      a = rotl((a + (b ^ c ^ d) + x[ORDER3[i]!]! + 0x6ed9eba1) | 0, 3);
      d = rotl((d + (a ^ b ^ c) + x[ORDER3[i + 1]!]! + 0x6ed9eba1) | 0, 9);
      c = rotl((c + (d ^ a ^ b) + x[ORDER3[i + 2]!]! + 0x6ed9eba1) | 0, 11);
      b = rotl((b + (c ^ d ^ a) + x[ORDER3[i + 3]!]! + 0x6ed9eba1) | 0, 15);
    }
    s[0]! += a;
    s[1]! += b;
    s[2]! += c;
    s[3]! += d;
  }
}
