// MD5 (RFC 1321): the compression function over consecutive 64-byte chunks, once for one message and
// once for four messages of equal length side by side, one 32-bit lane each.

// The constants of the 64 steps, for the lanes.
const T: usize = memory.data<u32>([
  0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
  0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
  0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
  0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
  0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
  0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
  0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
  0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
], 16);

@inline function rotlx4(v: v128, s: i32): v128 {
  return v128.or(i32x4.shl(v, s), i32x4.shr_u(v, 32 - s));
}
@inline function ff(a: u32, b: u32, c: u32, d: u32, x: u32, s: u32, t: u32): u32 {
  return b + rotl<u32>(a + x + t + (d ^ (b & (c ^ d))), s);
}
@inline function ffx4(a: v128, b: v128, c: v128, d: v128, x: v128, s: i32, t: usize): v128 {
  return i32x4.add(b, rotlx4(i32x4.add(i32x4.add(i32x4.add(a, x), v128.load32_splat(T + t)), v128.xor(d, v128.and(b, v128.xor(c, d)))), s));
}
@inline function gg(a: u32, b: u32, c: u32, d: u32, x: u32, s: u32, t: u32): u32 {
  return b + rotl<u32>(a + x + t + (c ^ (d & (b ^ c))), s);
}
@inline function ggx4(a: v128, b: v128, c: v128, d: v128, x: v128, s: i32, t: usize): v128 {
  return i32x4.add(b, rotlx4(i32x4.add(i32x4.add(i32x4.add(a, x), v128.load32_splat(T + t)), v128.xor(c, v128.and(d, v128.xor(b, c)))), s));
}
@inline function hh(a: u32, b: u32, c: u32, d: u32, x: u32, s: u32, t: u32): u32 {
  return b + rotl<u32>(a + x + t + (b ^ c ^ d), s);
}
@inline function hhx4(a: v128, b: v128, c: v128, d: v128, x: v128, s: i32, t: usize): v128 {
  return i32x4.add(b, rotlx4(i32x4.add(i32x4.add(i32x4.add(a, x), v128.load32_splat(T + t)), v128.xor(b, v128.xor(c, d))), s));
}
@inline function ii(a: u32, b: u32, c: u32, d: u32, x: u32, s: u32, t: u32): u32 {
  return b + rotl<u32>(a + x + t + (c ^ (b | ~d)), s);
}
@inline function iix4(a: v128, b: v128, c: v128, d: v128, x: v128, s: i32, t: usize): v128 {
  return i32x4.add(b, rotlx4(i32x4.add(i32x4.add(i32x4.add(a, x), v128.load32_splat(T + t)), v128.xor(c, v128.or(b, v128.not(d)))), s));
}

/** Compresses `n` chunks at `p` into the four state words at `state`. */
export function md5Chunks(state: usize, p: usize, n: u32): void {
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
    a = ff(a, b, c, d, x0, 7, 0xd76aa478);
    d = ff(d, a, b, c, x1, 12, 0xe8c7b756);
    c = ff(c, d, a, b, x2, 17, 0x242070db);
    b = ff(b, c, d, a, x3, 22, 0xc1bdceee);
    a = ff(a, b, c, d, x4, 7, 0xf57c0faf);
    d = ff(d, a, b, c, x5, 12, 0x4787c62a);
    c = ff(c, d, a, b, x6, 17, 0xa8304613);
    b = ff(b, c, d, a, x7, 22, 0xfd469501);
    a = ff(a, b, c, d, x8, 7, 0x698098d8);
    d = ff(d, a, b, c, x9, 12, 0x8b44f7af);
    c = ff(c, d, a, b, x10, 17, 0xffff5bb1);
    b = ff(b, c, d, a, x11, 22, 0x895cd7be);
    a = ff(a, b, c, d, x12, 7, 0x6b901122);
    d = ff(d, a, b, c, x13, 12, 0xfd987193);
    c = ff(c, d, a, b, x14, 17, 0xa679438e);
    b = ff(b, c, d, a, x15, 22, 0x49b40821);
    a = gg(a, b, c, d, x1, 5, 0xf61e2562);
    d = gg(d, a, b, c, x6, 9, 0xc040b340);
    c = gg(c, d, a, b, x11, 14, 0x265e5a51);
    b = gg(b, c, d, a, x0, 20, 0xe9b6c7aa);
    a = gg(a, b, c, d, x5, 5, 0xd62f105d);
    d = gg(d, a, b, c, x10, 9, 0x02441453);
    c = gg(c, d, a, b, x15, 14, 0xd8a1e681);
    b = gg(b, c, d, a, x4, 20, 0xe7d3fbc8);
    a = gg(a, b, c, d, x9, 5, 0x21e1cde6);
    d = gg(d, a, b, c, x14, 9, 0xc33707d6);
    c = gg(c, d, a, b, x3, 14, 0xf4d50d87);
    b = gg(b, c, d, a, x8, 20, 0x455a14ed);
    a = gg(a, b, c, d, x13, 5, 0xa9e3e905);
    d = gg(d, a, b, c, x2, 9, 0xfcefa3f8);
    c = gg(c, d, a, b, x7, 14, 0x676f02d9);
    b = gg(b, c, d, a, x12, 20, 0x8d2a4c8a);
    a = hh(a, b, c, d, x5, 4, 0xfffa3942);
    d = hh(d, a, b, c, x8, 11, 0x8771f681);
    c = hh(c, d, a, b, x11, 16, 0x6d9d6122);
    b = hh(b, c, d, a, x14, 23, 0xfde5380c);
    a = hh(a, b, c, d, x1, 4, 0xa4beea44);
    d = hh(d, a, b, c, x4, 11, 0x4bdecfa9);
    c = hh(c, d, a, b, x7, 16, 0xf6bb4b60);
    b = hh(b, c, d, a, x10, 23, 0xbebfbc70);
    a = hh(a, b, c, d, x13, 4, 0x289b7ec6);
    d = hh(d, a, b, c, x0, 11, 0xeaa127fa);
    c = hh(c, d, a, b, x3, 16, 0xd4ef3085);
    b = hh(b, c, d, a, x6, 23, 0x04881d05);
    a = hh(a, b, c, d, x9, 4, 0xd9d4d039);
    d = hh(d, a, b, c, x12, 11, 0xe6db99e5);
    c = hh(c, d, a, b, x15, 16, 0x1fa27cf8);
    b = hh(b, c, d, a, x2, 23, 0xc4ac5665);
    a = ii(a, b, c, d, x0, 6, 0xf4292244);
    d = ii(d, a, b, c, x7, 10, 0x432aff97);
    c = ii(c, d, a, b, x14, 15, 0xab9423a7);
    b = ii(b, c, d, a, x5, 21, 0xfc93a039);
    a = ii(a, b, c, d, x12, 6, 0x655b59c3);
    d = ii(d, a, b, c, x3, 10, 0x8f0ccc92);
    c = ii(c, d, a, b, x10, 15, 0xffeff47d);
    b = ii(b, c, d, a, x1, 21, 0x85845dd1);
    a = ii(a, b, c, d, x8, 6, 0x6fa87e4f);
    d = ii(d, a, b, c, x15, 10, 0xfe2ce6e0);
    c = ii(c, d, a, b, x6, 15, 0xa3014314);
    b = ii(b, c, d, a, x13, 21, 0x4e0811a1);
    a = ii(a, b, c, d, x4, 6, 0xf7537e82);
    d = ii(d, a, b, c, x11, 10, 0xbd3af235);
    c = ii(c, d, a, b, x2, 15, 0x2ad7d2bb);
    b = ii(b, c, d, a, x9, 21, 0xeb86d391);
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
export function md5ChunksX4(state: usize, p0: usize, p1: usize, p2: usize, p3: usize, n: u32): void {
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
    a = ffx4(a, b, c, d, x0, 7, 0);
    d = ffx4(d, a, b, c, x1, 12, 4);
    c = ffx4(c, d, a, b, x2, 17, 8);
    b = ffx4(b, c, d, a, x3, 22, 12);
    a = ffx4(a, b, c, d, x4, 7, 16);
    d = ffx4(d, a, b, c, x5, 12, 20);
    c = ffx4(c, d, a, b, x6, 17, 24);
    b = ffx4(b, c, d, a, x7, 22, 28);
    a = ffx4(a, b, c, d, x8, 7, 32);
    d = ffx4(d, a, b, c, x9, 12, 36);
    c = ffx4(c, d, a, b, x10, 17, 40);
    b = ffx4(b, c, d, a, x11, 22, 44);
    a = ffx4(a, b, c, d, x12, 7, 48);
    d = ffx4(d, a, b, c, x13, 12, 52);
    c = ffx4(c, d, a, b, x14, 17, 56);
    b = ffx4(b, c, d, a, x15, 22, 60);
    a = ggx4(a, b, c, d, x1, 5, 64);
    d = ggx4(d, a, b, c, x6, 9, 68);
    c = ggx4(c, d, a, b, x11, 14, 72);
    b = ggx4(b, c, d, a, x0, 20, 76);
    a = ggx4(a, b, c, d, x5, 5, 80);
    d = ggx4(d, a, b, c, x10, 9, 84);
    c = ggx4(c, d, a, b, x15, 14, 88);
    b = ggx4(b, c, d, a, x4, 20, 92);
    a = ggx4(a, b, c, d, x9, 5, 96);
    d = ggx4(d, a, b, c, x14, 9, 100);
    c = ggx4(c, d, a, b, x3, 14, 104);
    b = ggx4(b, c, d, a, x8, 20, 108);
    a = ggx4(a, b, c, d, x13, 5, 112);
    d = ggx4(d, a, b, c, x2, 9, 116);
    c = ggx4(c, d, a, b, x7, 14, 120);
    b = ggx4(b, c, d, a, x12, 20, 124);
    a = hhx4(a, b, c, d, x5, 4, 128);
    d = hhx4(d, a, b, c, x8, 11, 132);
    c = hhx4(c, d, a, b, x11, 16, 136);
    b = hhx4(b, c, d, a, x14, 23, 140);
    a = hhx4(a, b, c, d, x1, 4, 144);
    d = hhx4(d, a, b, c, x4, 11, 148);
    c = hhx4(c, d, a, b, x7, 16, 152);
    b = hhx4(b, c, d, a, x10, 23, 156);
    a = hhx4(a, b, c, d, x13, 4, 160);
    d = hhx4(d, a, b, c, x0, 11, 164);
    c = hhx4(c, d, a, b, x3, 16, 168);
    b = hhx4(b, c, d, a, x6, 23, 172);
    a = hhx4(a, b, c, d, x9, 4, 176);
    d = hhx4(d, a, b, c, x12, 11, 180);
    c = hhx4(c, d, a, b, x15, 16, 184);
    b = hhx4(b, c, d, a, x2, 23, 188);
    a = iix4(a, b, c, d, x0, 6, 192);
    d = iix4(d, a, b, c, x7, 10, 196);
    c = iix4(c, d, a, b, x14, 15, 200);
    b = iix4(b, c, d, a, x5, 21, 204);
    a = iix4(a, b, c, d, x12, 6, 208);
    d = iix4(d, a, b, c, x3, 10, 212);
    c = iix4(c, d, a, b, x10, 15, 216);
    b = iix4(b, c, d, a, x1, 21, 220);
    a = iix4(a, b, c, d, x8, 6, 224);
    d = iix4(d, a, b, c, x15, 10, 228);
    c = iix4(c, d, a, b, x6, 15, 232);
    b = iix4(b, c, d, a, x13, 21, 236);
    a = iix4(a, b, c, d, x4, 6, 240);
    d = iix4(d, a, b, c, x11, 10, 244);
    c = iix4(c, d, a, b, x2, 15, 248);
    b = iix4(b, c, d, a, x9, 21, 252);
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
