// XXH64, as the xxHash specification has it (doc/xxhash_spec.md of the xxHash project).

import { copy } from './copy';
import { ACC, BUFFER, SEED, TOTAL } from './layout';

export const P1: u64 = 0x9e3779b185ebca87;
export const P2: u64 = 0xc2b2ae3d27d4eb4f;
export const P3: u64 = 0x165667b19e3779f9;
export const P4: u64 = 0x85ebca77c2b2ae63;
export const P5: u64 = 0x27d4eb2f165667c5;

@inline function round(acc: u64, lane: u64): u64 {
  return rotl<u64>(acc + lane * P2, 31) * P1;
}

@inline function merge(h: u64, acc: u64): u64 {
  return (h ^ round(0, acc)) * P1 + P4;
}

export function avalanche64(h: u64): u64 {
  h ^= h >> 33;
  h *= P2;
  h ^= h >> 29;
  h *= P3;
  return h ^ (h >> 32);
}

export function xxh64Init(st: usize, seed: u64): void {
  store<u64>(st, 0, TOTAL);
  store<u64>(st, seed, SEED);
  store<u64>(st, seed + P1 + P2, ACC);
  store<u64>(st, seed + P2, ACC + 8);
  store<u64>(st, seed, ACC + 16);
  store<u64>(st, seed - P1, ACC + 24);
}

/** Takes `n` stripes of 32 bytes. */
function stripes(acc: usize, p: usize, n: usize): void {
  let v1 = load<u64>(acc);
  let v2 = load<u64>(acc, 8);
  let v3 = load<u64>(acc, 16);
  let v4 = load<u64>(acc, 24);
  for (; n > 0; n--) {
    v1 = round(v1, load<u64>(p));
    v2 = round(v2, load<u64>(p, 8));
    v3 = round(v3, load<u64>(p, 16));
    v4 = round(v4, load<u64>(p, 24));
    p += 32;
  }
  store<u64>(acc, v1);
  store<u64>(acc, v2, 8);
  store<u64>(acc, v3, 16);
  store<u64>(acc, v4, 24);
}

export function xxh64Update(st: usize, p: usize, n: usize): void {
  const total = load<u64>(st, TOTAL);
  store<u64>(st, total + <u64>n, TOTAL);
  const fill = <usize>(total & 31);
  if (fill) {
    const room: usize = 32 - fill;
    if (n < room) {
      copy(st + BUFFER + fill, p, n);
      return;
    }
    copy(st + BUFFER + fill, p, room);
    stripes(st + ACC, st + BUFFER, 1);
    p += room;
    n -= room;
  }
  if (n >= 32) {
    stripes(st + ACC, p, n >>> 5);
    p += n & ~31;
    n &= 31;
  }
  copy(st + BUFFER, p, n);
}

export function xxh64Final(st: usize, out: usize): void {
  const total = load<u64>(st, TOTAL);
  let h: u64;
  if (total >= 32) {
    const v1 = load<u64>(st, ACC);
    const v2 = load<u64>(st, ACC + 8);
    const v3 = load<u64>(st, ACC + 16);
    const v4 = load<u64>(st, ACC + 24);
    h = rotl<u64>(v1, 1) + rotl<u64>(v2, 7) + rotl<u64>(v3, 12) + rotl<u64>(v4, 18);
    h = merge(merge(merge(merge(h, v1), v2), v3), v4);
  } else {
    h = load<u64>(st, SEED) + P5;
  }
  h += total;
  let p = st + BUFFER;
  let left = <usize>(total & 31);
  for (; left >= 8; left -= 8) {
    h = rotl<u64>(h ^ round(0, load<u64>(p)), 27) * P1 + P4;
    p += 8;
  }
  if (left >= 4) {
    h = rotl<u64>(h ^ (<u64>load<u32>(p) * P1), 23) * P2 + P3;
    p += 4;
    left -= 4;
  }
  for (; left > 0; left--) {
    h = rotl<u64>(h ^ (<u64>load<u8>(p) * P5), 11) * P1;
    p++;
  }
  store<u64>(out, avalanche64(h));
}
