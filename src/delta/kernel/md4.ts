// MD4 (RFC 1320): the compression function over consecutive 64-byte chunks, once for one message and
// once for four messages of equal length side by side, one 32-bit lane each.

@inline function rotlx4(v: v128, s: i32): v128 {
  return v128.or(i32x4.shl(v, s), i32x4.shr_u(v, 32 - s));
}
@inline function ff(a: u32, b: u32, c: u32, d: u32, x: u32, s: u32): u32 {
  return rotl<u32>(a + x + (d ^ (b & (c ^ d))), s);
}
@inline function ffx4(a: v128, b: v128, c: v128, d: v128, x: v128, s: i32): v128 {
  return rotlx4(i32x4.add(i32x4.add(a, x), v128.xor(d, v128.and(b, v128.xor(c, d)))), s);
}
@inline function gg(a: u32, b: u32, c: u32, d: u32, x: u32, s: u32): u32 {
  return rotl<u32>(a + x + 0x5a827999 + ((b & (c | d)) | (c & d)), s);
}
@inline function ggx4(a: v128, b: v128, c: v128, d: v128, x: v128, s: i32): v128 {
  return rotlx4(i32x4.add(i32x4.add(i32x4.add(a, x), i32x4.splat(0x5a827999)), v128.or(v128.and(b, v128.or(c, d)), v128.and(c, d))), s);
}
@inline function hh(a: u32, b: u32, c: u32, d: u32, x: u32, s: u32): u32 {
  return rotl<u32>(a + x + 0x6ed9eba1 + (b ^ c ^ d), s);
}
@inline function hhx4(a: v128, b: v128, c: v128, d: v128, x: v128, s: i32): v128 {
  return rotlx4(i32x4.add(i32x4.add(i32x4.add(a, x), i32x4.splat(0x6ed9eba1)), v128.xor(b, v128.xor(c, d))), s);
}

/** Compresses `n` chunks at `p` into the four state words at `state`. */
export function md4Chunks(state: usize, p: usize, n: u32): void {
  let a: u32 = load<u32>(state);
  let b: u32 = load<u32>(state, 4);
  let c: u32 = load<u32>(state, 8);
  let d: u32 = load<u32>(state, 12);
  for (; n > 0; n--) {
    const a0 = a;
    const b0 = b;
    const c0 = c;
    const d0 = d;
    const x0: u32 = load<u32>(p, 0);
    const x1: u32 = load<u32>(p, 4);
    const x2: u32 = load<u32>(p, 8);
    const x3: u32 = load<u32>(p, 12);
    const x4: u32 = load<u32>(p, 16);
    const x5: u32 = load<u32>(p, 20);
    const x6: u32 = load<u32>(p, 24);
    const x7: u32 = load<u32>(p, 28);
    const x8: u32 = load<u32>(p, 32);
    const x9: u32 = load<u32>(p, 36);
    const x10: u32 = load<u32>(p, 40);
    const x11: u32 = load<u32>(p, 44);
    const x12: u32 = load<u32>(p, 48);
    const x13: u32 = load<u32>(p, 52);
    const x14: u32 = load<u32>(p, 56);
    const x15: u32 = load<u32>(p, 60);
    a = ff(a, b, c, d, x0, 3);
    d = ff(d, a, b, c, x1, 7);
    c = ff(c, d, a, b, x2, 11);
    b = ff(b, c, d, a, x3, 19);
    a = ff(a, b, c, d, x4, 3);
    d = ff(d, a, b, c, x5, 7);
    c = ff(c, d, a, b, x6, 11);
    b = ff(b, c, d, a, x7, 19);
    a = ff(a, b, c, d, x8, 3);
    d = ff(d, a, b, c, x9, 7);
    c = ff(c, d, a, b, x10, 11);
    b = ff(b, c, d, a, x11, 19);
    a = ff(a, b, c, d, x12, 3);
    d = ff(d, a, b, c, x13, 7);
    c = ff(c, d, a, b, x14, 11);
    b = ff(b, c, d, a, x15, 19);
    a = gg(a, b, c, d, x0, 3);
    d = gg(d, a, b, c, x4, 5);
    c = gg(c, d, a, b, x8, 9);
    b = gg(b, c, d, a, x12, 13);
    a = gg(a, b, c, d, x1, 3);
    d = gg(d, a, b, c, x5, 5);
    c = gg(c, d, a, b, x9, 9);
    b = gg(b, c, d, a, x13, 13);
    a = gg(a, b, c, d, x2, 3);
    d = gg(d, a, b, c, x6, 5);
    c = gg(c, d, a, b, x10, 9);
    b = gg(b, c, d, a, x14, 13);
    a = gg(a, b, c, d, x3, 3);
    d = gg(d, a, b, c, x7, 5);
    c = gg(c, d, a, b, x11, 9);
    b = gg(b, c, d, a, x15, 13);
    a = hh(a, b, c, d, x0, 3);
    d = hh(d, a, b, c, x8, 9);
    c = hh(c, d, a, b, x4, 11);
    b = hh(b, c, d, a, x12, 15);
    a = hh(a, b, c, d, x2, 3);
    d = hh(d, a, b, c, x10, 9);
    c = hh(c, d, a, b, x6, 11);
    b = hh(b, c, d, a, x14, 15);
    a = hh(a, b, c, d, x1, 3);
    d = hh(d, a, b, c, x9, 9);
    c = hh(c, d, a, b, x5, 11);
    b = hh(b, c, d, a, x13, 15);
    a = hh(a, b, c, d, x3, 3);
    d = hh(d, a, b, c, x11, 9);
    c = hh(c, d, a, b, x7, 11);
    b = hh(b, c, d, a, x15, 15);
    a += a0;
    b += b0;
    c += c0;
    d += d0;
    p += 64;
  }
  store<u32>(state, a);
  store<u32>(state, b, 4);
  store<u32>(state, c, 8);
  store<u32>(state, d, 12);
}

/** The same for four messages; `state` holds four vectors a, b, c, d. */
export function md4ChunksX4(state: usize, p0: usize, p1: usize, p2: usize, p3: usize, n: u32): void {
  let a = v128.load(state);
  let b = v128.load(state, 16);
  let c = v128.load(state, 32);
  let d = v128.load(state, 48);
  let r0: v128, r1: v128, r2: v128, r3: v128, t0: v128, t1: v128, t2: v128, t3: v128;
  for (; n > 0; n--) {
    const a0 = a;
    const b0 = b;
    const c0 = c;
    const d0 = d;
    r0 = v128.load(p0, 0);
    r1 = v128.load(p1, 0);
    r2 = v128.load(p2, 0);
    r3 = v128.load(p3, 0);
    t0 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
    t1 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
    t2 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
    t3 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
    const x0 = v128.shuffle<i64>(t0, t1, 0, 2);
    const x1 = v128.shuffle<i64>(t0, t1, 1, 3);
    const x2 = v128.shuffle<i64>(t2, t3, 0, 2);
    const x3 = v128.shuffle<i64>(t2, t3, 1, 3);
    r0 = v128.load(p0, 16);
    r1 = v128.load(p1, 16);
    r2 = v128.load(p2, 16);
    r3 = v128.load(p3, 16);
    t0 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
    t1 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
    t2 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
    t3 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
    const x4 = v128.shuffle<i64>(t0, t1, 0, 2);
    const x5 = v128.shuffle<i64>(t0, t1, 1, 3);
    const x6 = v128.shuffle<i64>(t2, t3, 0, 2);
    const x7 = v128.shuffle<i64>(t2, t3, 1, 3);
    r0 = v128.load(p0, 32);
    r1 = v128.load(p1, 32);
    r2 = v128.load(p2, 32);
    r3 = v128.load(p3, 32);
    t0 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
    t1 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
    t2 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
    t3 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
    const x8 = v128.shuffle<i64>(t0, t1, 0, 2);
    const x9 = v128.shuffle<i64>(t0, t1, 1, 3);
    const x10 = v128.shuffle<i64>(t2, t3, 0, 2);
    const x11 = v128.shuffle<i64>(t2, t3, 1, 3);
    r0 = v128.load(p0, 48);
    r1 = v128.load(p1, 48);
    r2 = v128.load(p2, 48);
    r3 = v128.load(p3, 48);
    t0 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
    t1 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
    t2 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
    t3 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
    const x12 = v128.shuffle<i64>(t0, t1, 0, 2);
    const x13 = v128.shuffle<i64>(t0, t1, 1, 3);
    const x14 = v128.shuffle<i64>(t2, t3, 0, 2);
    const x15 = v128.shuffle<i64>(t2, t3, 1, 3);
    a = ffx4(a, b, c, d, x0, 3);
    d = ffx4(d, a, b, c, x1, 7);
    c = ffx4(c, d, a, b, x2, 11);
    b = ffx4(b, c, d, a, x3, 19);
    a = ffx4(a, b, c, d, x4, 3);
    d = ffx4(d, a, b, c, x5, 7);
    c = ffx4(c, d, a, b, x6, 11);
    b = ffx4(b, c, d, a, x7, 19);
    a = ffx4(a, b, c, d, x8, 3);
    d = ffx4(d, a, b, c, x9, 7);
    c = ffx4(c, d, a, b, x10, 11);
    b = ffx4(b, c, d, a, x11, 19);
    a = ffx4(a, b, c, d, x12, 3);
    d = ffx4(d, a, b, c, x13, 7);
    c = ffx4(c, d, a, b, x14, 11);
    b = ffx4(b, c, d, a, x15, 19);
    a = ggx4(a, b, c, d, x0, 3);
    d = ggx4(d, a, b, c, x4, 5);
    c = ggx4(c, d, a, b, x8, 9);
    b = ggx4(b, c, d, a, x12, 13);
    a = ggx4(a, b, c, d, x1, 3);
    d = ggx4(d, a, b, c, x5, 5);
    c = ggx4(c, d, a, b, x9, 9);
    b = ggx4(b, c, d, a, x13, 13);
    a = ggx4(a, b, c, d, x2, 3);
    d = ggx4(d, a, b, c, x6, 5);
    c = ggx4(c, d, a, b, x10, 9);
    b = ggx4(b, c, d, a, x14, 13);
    a = ggx4(a, b, c, d, x3, 3);
    d = ggx4(d, a, b, c, x7, 5);
    c = ggx4(c, d, a, b, x11, 9);
    b = ggx4(b, c, d, a, x15, 13);
    a = hhx4(a, b, c, d, x0, 3);
    d = hhx4(d, a, b, c, x8, 9);
    c = hhx4(c, d, a, b, x4, 11);
    b = hhx4(b, c, d, a, x12, 15);
    a = hhx4(a, b, c, d, x2, 3);
    d = hhx4(d, a, b, c, x10, 9);
    c = hhx4(c, d, a, b, x6, 11);
    b = hhx4(b, c, d, a, x14, 15);
    a = hhx4(a, b, c, d, x1, 3);
    d = hhx4(d, a, b, c, x9, 9);
    c = hhx4(c, d, a, b, x5, 11);
    b = hhx4(b, c, d, a, x13, 15);
    a = hhx4(a, b, c, d, x3, 3);
    d = hhx4(d, a, b, c, x11, 9);
    c = hhx4(c, d, a, b, x7, 11);
    b = hhx4(b, c, d, a, x15, 15);
    a = i32x4.add(a, a0);
    b = i32x4.add(b, b0);
    c = i32x4.add(c, c0);
    d = i32x4.add(d, d0);
    p0 += 64;
    p1 += 64;
    p2 += 64;
    p3 += 64;
  }
  v128.store(state, a);
  v128.store(state, b, 16);
  v128.store(state, c, 32);
  v128.store(state, d, 48);
}
