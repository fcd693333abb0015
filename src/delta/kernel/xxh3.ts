// XXH3, 64 and 128 bits, as the xxHash specification has it (doc/xxhash_spec.md of the xxHash project). Inputs of up to
// 240 bytes have formulas of their own (xxh3-short.ts); longer ones are stripes of 64 bytes, 16 to a block.

import { copy } from './copy';
import { ACC, BUFFER, HISTORY, SECRET, SEED, TOTAL } from './layout';
import { fold, avalanche3, K, short128, short64 } from './xxh3-short';
import { P1, P2, P3, P4, P5 } from './xxh64';

const P32_1: u64 = 0x9e3779b1;
const P32_2: u64 = 0x85ebca77;
const P32_3: u64 = 0xc2b2ae3d;
const BLOCK: usize = 1024;

function initAcc(acc: usize): void {
  store<u64>(acc, P32_3);
  store<u64>(acc, P1, 8);
  store<u64>(acc, P2, 16);
  store<u64>(acc, P3, 24);
  store<u64>(acc, P4, 32);
  store<u64>(acc, P32_2, 40);
  store<u64>(acc, P5, 48);
  store<u64>(acc, P32_1, 56);
}

function seedSecret(secret: usize, seed: u64): void {
  for (let i: usize = 0; i < 192; i += 16) {
    store<u64>(secret + i, load<u64>(K + i) + seed);
    store<u64>(secret + i, load<u64>(K + i, 8) - seed, 8);
  }
}

/** acc[i ^ 1] += data[i]; acc[i] += low32(data[i] ^ secret[i]) * high32(data[i] ^ secret[i]), for two lanes. */
@inline function lane(acc: v128, data: v128, secret: v128): v128 {
  const key = v128.xor(data, secret);
  const low = v128.shuffle<i32>(key, key, 0, 2, 0, 2);
  const high = v128.shuffle<i32>(key, key, 1, 3, 1, 3);
  const swapped = v128.shuffle<i64>(data, data, 1, 0);
  return i64x2.add(acc, i64x2.add(swapped, i64x2.extmul_low_i32x4_u(low, high)));
}

/** acc = (acc ^ acc >> 47 ^ secret) * P32_1, for two lanes. */
@inline function scramble(acc: v128, secret: v128): v128 {
  const key = v128.xor(v128.xor(acc, i64x2.shr_u(acc, 47)), secret);
  const prime = i32x4.splat(0x9e3779b1);
  const low = v128.shuffle<i32>(key, key, 0, 2, 0, 2);
  const high = v128.shuffle<i32>(key, key, 1, 3, 1, 3);
  return i64x2.add(
    i64x2.extmul_low_i32x4_u(low, prime),
    i64x2.shl(i64x2.extmul_low_i32x4_u(high, prime), 32),
  );
}

/** `n` stripes from `p`, beginning with stripe 0 of a block; whole blocks are scrambled. */
function stripes(acc: usize, secret: usize, p: usize, n: usize): void {
  let a0 = v128.load(acc);
  let a1 = v128.load(acc, 16);
  let a2 = v128.load(acc, 32);
  let a3 = v128.load(acc, 48);
  while (n > 0) {
    const part: usize = n < 16 ? n : 16;
    const end = p + (part << 6);
    for (let s = secret; p < end; s += 8) {
      a0 = lane(a0, v128.load(p), v128.load(s));
      a1 = lane(a1, v128.load(p, 16), v128.load(s, 16));
      a2 = lane(a2, v128.load(p, 32), v128.load(s, 32));
      a3 = lane(a3, v128.load(p, 48), v128.load(s, 48));
      p += 64;
    }
    if (part == 16) {
      a0 = scramble(a0, v128.load(secret, 128));
      a1 = scramble(a1, v128.load(secret, 144));
      a2 = scramble(a2, v128.load(secret, 160));
      a3 = scramble(a3, v128.load(secret, 176));
    }
    n -= part;
  }
  v128.store(acc, a0);
  v128.store(acc, a1, 16);
  v128.store(acc, a2, 32);
  v128.store(acc, a3, 48);
}

/** The last stripe: the last 64 bytes of the input, whatever they share with earlier ones. */
function lastStripe(acc: usize, secret: usize, p: usize): void {
  const s = secret + 121;
  for (let i: usize = 0; i < 64; i += 16) {
    v128.store(acc + i, lane(v128.load(acc + i), v128.load(p + i), v128.load(s + i)));
  }
}

function merge(acc: usize, secret: usize, start: u64): u64 {
  let h = start;
  for (let i: usize = 0; i < 64; i += 16) {
    h += fold(load<u64>(acc + i) ^ load<u64>(secret + i), load<u64>(acc + i, 8) ^ load<u64>(secret + i, 8));
  }
  return avalanche3(h);
}

function finish(wide: bool, acc: usize, secret: usize, total: u64, out: usize): void {
  store<u64>(out, merge(acc, secret + 11, total * P1));
  if (wide) store<u64>(out, merge(acc, secret + 117, ~(total * P2)), 8);
}

const ACC1: usize = memory.data(64, 16);
const SECRET1: usize = memory.data(192, 16);
let secretSeed: u64 = 0;

/** One whole input. */
export function xxh3(wide: bool, seed: u64, p: usize, n: usize, out: usize): void {
  if (n <= 240) {
    if (wide) short128(p, n, seed, out);
    else store<u64>(out, short64(p, n, seed));
    return;
  }
  let secret = K;
  if (seed) {
    // The seed of a session does not change: its secret is made once.
    if (seed != secretSeed) {
      seedSecret(SECRET1, seed);
      secretSeed = seed;
    }
    secret = SECRET1;
  }
  initAcc(ACC1);
  stripes(ACC1, secret, p, (n - 1) >>> 6);
  lastStripe(ACC1, secret, p + n - 64);
  finish(wide, ACC1, secret, <u64>n, out);
}

export function xxh3Init(st: usize, seed: u64): void {
  store<u64>(st, 0, TOTAL);
  store<u64>(st, seed, SEED);
  initAcc(st + ACC);
  if (seed) seedSecret(st + SECRET, seed);
  else memory.copy(st + SECRET, K, 192);
}

export function xxh3Update(st: usize, p: usize, n: usize): void {
  if (n == 0) return;
  const total = load<u64>(st, TOTAL);
  store<u64>(st, total + <u64>n, TOTAL);
  // At least one byte stays behind: the last stripe of a message is taken by the final step.
  const fill: usize = total ? (<usize>((total - 1) & 1023)) + 1 : 0;
  const buffer = st + BUFFER;
  if (fill + n <= BLOCK) {
    copy(buffer + fill, p, n);
    return;
  }
  if (fill) {
    const room = BLOCK - fill;
    copy(buffer + fill, p, room);
    stripes(st + ACC, st + SECRET, buffer, 16);
    p += room;
    n -= room;
    memory.copy(st + HISTORY, buffer + BLOCK - 64, 64);
  }
  if (n > BLOCK) {
    const blocks = (n - 1) >>> 10;
    stripes(st + ACC, st + SECRET, p, blocks << 4);
    p += blocks << 10;
    n -= blocks << 10;
    memory.copy(st + HISTORY, p - 64, 64);
  }
  copy(buffer, p, n);
}

export function xxh3Final(wide: bool, st: usize, out: usize): void {
  const total = load<u64>(st, TOTAL);
  const buffer = st + BUFFER;
  if (total <= 240) {
    if (wide) short128(buffer, <usize>total, load<u64>(st, SEED), out);
    else store<u64>(out, short64(buffer, <usize>total, load<u64>(st, SEED)));
    return;
  }
  const fill = (<usize>((total - 1) & 1023)) + 1;
  stripes(st + ACC, st + SECRET, buffer, (fill - 1) >>> 6);
  lastStripe(st + ACC, st + SECRET, buffer + fill - 64);
  finish(wide, st + ACC, st + SECRET, total, out);
}
