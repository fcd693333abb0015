// The inner loops of the delta algorithm. Compiled by scripts/build-kernel.mjs into src/delta/kernel.generated.ts;
// src/delta/kernel-instance.ts is the only caller. Addresses and lengths are bytes in the module's memory, from
// `arena()` on; nothing is checked here.

import { copy } from './copy';
import { MD5, SHA1, STATE_SIZE, XXH128, XXH64 } from './layout';
import { mdBlocksX4, mdFinal, mdInit, mdUpdate, SEED_BYTES } from './md';
import { rollingSum } from './rolling';
import { xxh3, xxh3Final, xxh3Init, xxh3Update } from './xxh3';
import { xxh64Final, xxh64Init, xxh64Update } from './xxh64';

export { rollingSum } from './rolling';
export { contains, current, filterAt, scan, seek, setTable } from './search';

export function hashInit(kind: i32, st: usize, seed: i32): void {
  if (kind <= SHA1) mdInit(st);
  else if (kind == XXH64) xxh64Init(st, <u64>(<i64>seed));
  else xxh3Init(st, <u64>(<i64>seed));
}

export function hashUpdate(kind: i32, st: usize, p: usize, n: usize): void {
  if (kind <= SHA1) mdUpdate(kind, st, p, n);
  else if (kind == XXH64) xxh64Update(st, p, n);
  else xxh3Update(st, p, n);
}

/** Writes the digest, in wire order, at `out` (room for 20 bytes). */
export function hashFinal(kind: i32, st: usize, out: usize): void {
  if (kind <= SHA1) mdFinal(kind, st, out);
  else if (kind == XXH64) xxh64Final(st, out);
  else xxh3Final(kind == XXH128, st, out);
}

const ONE: usize = memory.data(1408, 16);
const SUM4: usize = memory.data(64, 16);

/** The strong sum of one block. `mode`, for MD4, MD5, SHA-1: 0 no seed, 1 seed first, 2 seed last. */
export function strongSum(kind: i32, mode: i32, seed: i32, p: usize, n: usize, out: usize): void {
  if (kind > XXH64) {
    xxh3(kind == XXH128, <u64>(<i64>seed), p, n, out);
    return;
  }
  hashInit(kind, ONE, seed);
  if (mode) store<i32>(SEED_BYTES, seed);
  if (mode == 1) hashUpdate(kind, ONE, SEED_BYTES, 4);
  hashUpdate(kind, ONE, p, n);
  if (mode == 2) hashUpdate(kind, ONE, SEED_BYTES, 4);
  hashFinal(kind, ONE, out);
}

/** MD4 or MD5 of four consecutive blocks of `n` bytes, 16 bytes each at `out`. */
export function strongSums4(kind: i32, mode: i32, seed: i32, p: usize, n: usize, out: usize): void {
  store<i32>(SEED_BYTES, seed);
  mdBlocksX4(kind, mode, p, n, out);
}

/** For `count` blocks of `n` bytes from `p` on: rolling sum and `s2length` bytes of strong sum each, as on the wire. */
export function blockSums(
  kind: i32,
  mode: i32,
  seed: i32,
  p: usize,
  n: usize,
  count: u32,
  s2length: usize,
  out: usize,
): void {
  if (kind <= MD5) {
    store<i32>(SEED_BYTES, seed);
    for (; count >= 4; count -= 4) {
      mdBlocksX4(kind, mode, p, n, SUM4);
      for (let i: usize = 0; i < 4; i++) {
        store<u32>(out, rollingSum(p, n));
        copy(out + 4, SUM4 + 16 * i, s2length);
        p += n;
        out += 4 + s2length;
      }
    }
  }
  for (; count > 0; count--) {
    store<u32>(out, rollingSum(p, n));
    strongSum(kind, mode, seed, p, n, SUM4);
    copy(out + 4, SUM4, s2length);
    p += n;
    out += 4 + s2length;
  }
}

/** The first address that is free for the caller. */
export function arena(): usize {
  return __heap_base;
}

export function stateSize(): usize {
  return STATE_SIZE;
}
