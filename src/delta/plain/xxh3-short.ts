/** XXH3 of inputs of up to 240 bytes, and the mixing that long inputs share. Twin of kernel/xxh3-short.ts. */

import { avalanche64, P1, P2, P4, rotl64, u64 } from './xxh64.ts';

/** XXH3's default secret, 192 bytes. */
export const SECRET: Uint8Array = Buffer.from(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221' +
    'b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8' +
    'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb' +
    '170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
  'hex',
);

const secretView = new DataView(SECRET.buffer, SECRET.byteOffset, SECRET.length);
const s64 = (at: number): bigint => secretView.getBigUint64(at, true);
const s32 = (at: number): bigint => BigInt(secretView.getUint32(at, true));

export function avalanche3(h: bigint): bigint {
  h = u64((h ^ (h >> 37n)) * 0x165667919e3779f9n);
  return h ^ (h >> 32n);
}

/** Both halves of a 64 x 64 bit product, xored. */
export function fold(a: bigint, b: bigint): bigint {
  const product = a * b;
  return u64(product) ^ (product >> 64n);
}

const swap32 = (v: number): number =>
  ((v << 24) | ((v & 0xff00) << 8) | ((v >>> 8) & 0xff00) | (v >>> 24)) >>> 0;

function swap64(v: bigint): bigint {
  const low = swap32(Number(v & 0xffffffffn));
  return (BigInt(low) << 32n) | BigInt(swap32(Number(v >> 32n)));
}

const seed4to8 = (seed: bigint): bigint => seed ^ (BigInt(swap32(Number(seed & 0xffffffffn))) << 32n);

function combine1to3(p: DataView, n: number): number {
  return ((p.getUint8(0) << 16) | (p.getUint8(n >>> 1) << 24) | p.getUint8(n - 1) | (n << 8)) >>> 0;
}

function mix16(p: DataView, at: number, secret: number, seed: bigint): bigint {
  return fold(
    p.getBigUint64(at, true) ^ u64(s64(secret) + seed),
    p.getBigUint64(at + 8, true) ^ u64(s64(secret + 8) - seed),
  );
}

export function short64(p: DataView, n: number, seed: bigint): bigint {
  if (n === 0) return avalanche64(seed ^ s64(56) ^ s64(64));
  if (n <= 3) return avalanche64(BigInt(combine1to3(p, n)) ^ u64((s32(0) ^ s32(4)) + seed));
  const size = BigInt(n);
  if (n <= 8) {
    const flip = u64((s64(8) ^ s64(16)) - seed4to8(seed));
    let h = (BigInt(p.getUint32(n - 4, true)) + (BigInt(p.getUint32(0, true)) << 32n)) ^ flip;
    h = u64((h ^ rotl64(h, 49n) ^ rotl64(h, 24n)) * 0x9fb21c651e98df25n);
    h = u64((h ^ ((h >> 35n) + size)) * 0x9fb21c651e98df25n);
    return h ^ (h >> 28n);
  }
  if (n <= 16) {
    const low = p.getBigUint64(0, true) ^ u64((s64(24) ^ s64(32)) + seed);
    const high = p.getBigUint64(n - 8, true) ^ u64((s64(40) ^ s64(48)) - seed);
    return avalanche3(u64(size + swap64(low) + high + fold(low, high)));
  }
  let acc = u64(size * P1);
  if (n <= 128) {
    for (let i = (n - 1) >>> 5; i >= 0; i--) {
      acc += mix16(p, 16 * i, 32 * i, seed) + mix16(p, n - 16 * i - 16, 32 * i + 16, seed);
    }
    return avalanche3(u64(acc));
  }
  for (let i = 0; i < 8; i++) acc += mix16(p, 16 * i, 16 * i, seed);
  acc = avalanche3(u64(acc));
  for (let i = 8; i < n >>> 4; i++) acc += mix16(p, 16 * i, 16 * (i - 8) + 3, seed);
  return avalanche3(u64(acc + mix16(p, n - 16, 119, seed)));
}

export function short128(p: DataView, n: number, seed: bigint): [low: bigint, high: bigint] {
  if (n === 0) return [avalanche64(seed ^ s64(64) ^ s64(72)), avalanche64(seed ^ s64(80) ^ s64(88))];
  if (n <= 3) {
    const low = combine1to3(p, n);
    const swapped = swap32(low);
    const high = ((swapped << 13) | (swapped >>> 19)) >>> 0;
    return [
      avalanche64(BigInt(low) ^ u64((s32(0) ^ s32(4)) + seed)),
      avalanche64(BigInt(high) ^ u64((s32(8) ^ s32(12)) - seed)),
    ];
  }
  const size = BigInt(n);
  if (n <= 8) {
    const flip = u64((s64(16) ^ s64(24)) + seed4to8(seed));
    const key = (BigInt(p.getUint32(0, true)) + (BigInt(p.getUint32(n - 4, true)) << 32n)) ^ flip;
    const product = key * u64(P1 + (size << 2n));
    let low = u64(product);
    const high = u64((product >> 64n) + (low << 1n));
    low ^= high >> 3n;
    low = u64((low ^ (low >> 35n)) * 0x9fb21c651e98df25n);
    return [low ^ (low >> 28n), avalanche3(high)];
  }
  if (n <= 16) {
    const flipLow = u64((s64(32) ^ s64(40)) - seed);
    const flipHigh = u64((s64(48) ^ s64(56)) + seed);
    let last = p.getBigUint64(n - 8, true);
    const product = (p.getBigUint64(0, true) ^ last ^ flipLow) * P1;
    let low = u64(u64(product) + ((size - 1n) << 54n));
    last ^= flipHigh;
    const high = u64((product >> 64n) + last + (last & 0xffffffffn) * 0x85ebca76n);
    low ^= swap64(high);
    const final = low * P2;
    return [avalanche3(u64(final)), avalanche3(u64((final >> 64n) + high * P2))];
  }
  let low = u64(size * P1);
  let high = 0n;
  const mix32 = (at: number, to: number, secret: number, s: bigint): void => {
    low = u64(low + mix16(p, at, secret, s)) ^ u64(p.getBigUint64(to, true) + p.getBigUint64(to + 8, true));
    high =
      u64(high + mix16(p, to, secret + 16, s)) ^ u64(p.getBigUint64(at, true) + p.getBigUint64(at + 8, true));
  };
  if (n <= 128) {
    for (let i = (n - 1) >>> 5; i >= 0; i--) mix32(16 * i, n - 16 * i - 16, 32 * i, seed);
  } else {
    for (let i = 0; i < 4; i++) mix32(32 * i, 32 * i + 16, 32 * i, seed);
    low = avalanche3(low);
    high = avalanche3(high);
    for (let i = 4; i < n >>> 5; i++) mix32(32 * i, 32 * i + 16, 3 + 32 * (i - 4), seed);
    mix32(n - 16, n - 32, 103, u64(-seed));
  }
  return [avalanche3(u64(low + high)), u64(-avalanche3(u64(low * P1 + high * P4 + u64(size - seed) * P2)))];
}
