// XXH3 of inputs of up to 240 bytes, and the mixing functions that long inputs share.

import { avalanche64, P1, P2, P4 } from './xxh64';

const P32_2: u64 = 0x85ebca77;

/** XXH3's default secret, 192 bytes. */
export const K: usize = memory.data<u8>([
  0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
  0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
  0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
  0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
  0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
  0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
  0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
  0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
  0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
  0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
  0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
  0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
], 16);

@inline function s64(at: usize): u64 {
  return load<u64>(K + at);
}

export function avalanche3(h: u64): u64 {
  h ^= h >> 37;
  h *= 0x165667919e3779f9;
  return h ^ (h >> 32);
}

/** The high half of a 64 x 64 bit product. */
function mulHigh(a: u64, b: u64): u64 {
  const al = a & 0xffffffff;
  const ah = a >> 32;
  const bl = b & 0xffffffff;
  const bh = b >> 32;
  const hl = ah * bl;
  const cross = ((al * bl) >> 32) + (hl & 0xffffffff) + al * bh;
  return ah * bh + (hl >> 32) + (cross >> 32);
}

/** Both halves of a 64 x 64 bit product, xored. */
export function fold(a: u64, b: u64): u64 {
  return (a * b) ^ mulHigh(a, b);
}

@inline function mix16(p: usize, secret: usize, seed: u64): u64 {
  return fold(load<u64>(p) ^ (load<u64>(secret) + seed), load<u64>(p, 8) ^ (load<u64>(secret, 8) - seed));
}

function seed4to8(seed: u64): u64 {
  return seed ^ ((<u64>bswap<u32>(<u32>seed)) << 32);
}

function combine1to3(p: usize, n: usize): u32 {
  return ((<u32>load<u8>(p)) << 16) | ((<u32>load<u8>(p + (n >>> 1))) << 24) | load<u8>(p + n - 1) | ((<u32>n) << 8);
}

export function short64(p: usize, n: usize, seed: u64): u64 {
  if (n == 0) return avalanche64(seed ^ s64(56) ^ s64(64));
  if (n <= 3) {
    return avalanche64((<u64>combine1to3(p, n)) ^ ((<u64>(load<u32>(K) ^ load<u32>(K, 4))) + seed));
  }
  if (n <= 8) {
    const flip = (s64(8) ^ s64(16)) - seed4to8(seed);
    let h = ((<u64>load<u32>(p + n - 4)) + ((<u64>load<u32>(p)) << 32)) ^ flip;
    h ^= rotl<u64>(h, 49) ^ rotl<u64>(h, 24);
    h *= 0x9fb21c651e98df25;
    h ^= (h >> 35) + (<u64>n);
    h *= 0x9fb21c651e98df25;
    return h ^ (h >> 28);
  }
  if (n <= 16) {
    const low = load<u64>(p) ^ ((s64(24) ^ s64(32)) + seed);
    const high = load<u64>(p + n - 8) ^ ((s64(40) ^ s64(48)) - seed);
    return avalanche3((<u64>n) + bswap<u64>(low) + high + fold(low, high));
  }
  let acc = (<u64>n) * P1;
  if (n <= 128) {
    for (let i = (n - 1) >>> 5; ; i--) {
      acc += mix16(p + 16 * i, K + 32 * i, seed) + mix16(p + n - 16 * i - 16, K + 32 * i + 16, seed);
      if (i == 0) break;
    }
    return avalanche3(acc);
  }
  const rounds = n >>> 4;
  for (let i: usize = 0; i < 8; i++) acc += mix16(p + 16 * i, K + 16 * i, seed);
  acc = avalanche3(acc);
  for (let i: usize = 8; i < rounds; i++) acc += mix16(p + 16 * i, K + 16 * (i - 8) + 3, seed);
  return avalanche3(acc + mix16(p + n - 16, K + 119, seed));
}

let accLow: u64 = 0;
let accHigh: u64 = 0;

function mix32(p: usize, q: usize, secret: usize, seed: u64): void {
  accLow = (accLow + mix16(p, secret, seed)) ^ (load<u64>(q) + load<u64>(q, 8));
  accHigh = (accHigh + mix16(q, secret + 16, seed)) ^ (load<u64>(p) + load<u64>(p, 8));
}

export function short128(p: usize, n: usize, seed: u64, out: usize): void {
  if (n == 0) {
    store<u64>(out, avalanche64(seed ^ s64(64) ^ s64(72)));
    store<u64>(out, avalanche64(seed ^ s64(80) ^ s64(88)), 8);
    return;
  }
  if (n <= 3) {
    const low = combine1to3(p, n);
    const high = rotl<u32>(bswap<u32>(low), 13);
    store<u64>(out, avalanche64((<u64>low) ^ ((<u64>(load<u32>(K) ^ load<u32>(K, 4))) + seed)));
    store<u64>(out, avalanche64((<u64>high) ^ ((<u64>(load<u32>(K, 8) ^ load<u32>(K, 12))) - seed)), 8);
    return;
  }
  if (n <= 8) {
    const flip = (s64(16) ^ s64(24)) + seed4to8(seed);
    const key = ((<u64>load<u32>(p)) + ((<u64>load<u32>(p + n - 4)) << 32)) ^ flip;
    const mul = P1 + ((<u64>n) << 2);
    let low = key * mul;
    const high = mulHigh(key, mul) + (low << 1);
    low ^= high >> 3;
    low ^= low >> 35;
    low *= 0x9fb21c651e98df25;
    low ^= low >> 28;
    store<u64>(out, low);
    store<u64>(out, avalanche3(high), 8);
    return;
  }
  if (n <= 16) {
    const flipLow = (s64(32) ^ s64(40)) - seed;
    const flipHigh = (s64(48) ^ s64(56)) + seed;
    let last = load<u64>(p + n - 8);
    const key = load<u64>(p) ^ last ^ flipLow;
    let low = key * P1 + ((<u64>(n - 1)) << 54);
    last ^= flipHigh;
    const high = mulHigh(key, P1) + last + (last & 0xffffffff) * (P32_2 - 1);
    low ^= bswap<u64>(high);
    store<u64>(out, avalanche3(low * P2));
    store<u64>(out, avalanche3(mulHigh(low, P2) + high * P2), 8);
    return;
  }
  accLow = (<u64>n) * P1;
  accHigh = 0;
  if (n <= 128) {
    for (let i = (n - 1) >>> 5; ; i--) {
      mix32(p + 16 * i, p + n - 16 * i - 16, K + 32 * i, seed);
      if (i == 0) break;
    }
  } else {
    const rounds = n >>> 5;
    for (let i: usize = 0; i < 4; i++) mix32(p + 32 * i, p + 32 * i + 16, K + 32 * i, seed);
    accLow = avalanche3(accLow);
    accHigh = avalanche3(accHigh);
    for (let i: usize = 4; i < rounds; i++) mix32(p + 32 * i, p + 32 * i + 16, K + 3 + 32 * (i - 4), seed);
    mix32(p + n - 16, p + n - 32, K + 103, 0 - seed);
  }
  store<u64>(out, avalanche3(accLow + accHigh));
  store<u64>(out, 0 - avalanche3(accLow * P1 + accHigh * P4 + ((<u64>n) - seed) * P2), 8);
}
