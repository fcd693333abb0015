// The rolling sum, docs/protocol/3-transfer.md, 5.4. All arithmetic is modulo 2^16, so that 16-bit lanes are exact.

@inline function sumLanes(v: v128): i32 {
  const s = i32x4.extadd_pairwise_i16x8_s(v);
  return (
    i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1) + i32x4.extract_lane(s, 2) + i32x4.extract_lane(s, 3)
  );
}

/** a + (b << 16) of `n` bytes at `p`. */
export function rollingSum(p: usize, n: usize): u32 {
  // Per lane: the sum of the bytes in that lane, and the sum of these sums before each vector, for b.
  let low = i16x8.splat(0);
  let high = i16x8.splat(0);
  let before = i16x8.splat(0);
  const end = p + (n & ~15);
  while (p < end) {
    const c = v128.load(p);
    before = i16x8.add(before, i16x8.add(low, high));
    low = i16x8.add(low, i16x8.extend_low_i8x16_s(c));
    high = i16x8.add(high, i16x8.extend_high_i8x16_s(c));
    p += 16;
  }
  let a = sumLanes(low) + sumLanes(high);
  let b =
    16 * sumLanes(before) +
    sumLanes(i16x8.mul(low, i16x8(16, 15, 14, 13, 12, 11, 10, 9))) +
    sumLanes(i16x8.mul(high, i16x8(8, 7, 6, 5, 4, 3, 2, 1)));
  for (const last = p + (n & 15); p < last; p++) {
    a += <i32>load<i8>(p);
    b += a;
  }
  return ((<u32>a) & 0xffff) + ((<u32>b) << 16);
}
