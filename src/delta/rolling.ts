/**
 * The rolling sum, docs/protocol/3-transfer.md, 5.4, in plain TypeScript: twin of kernel/rolling.ts and of the window
 * in kernel/search.ts. Bytes count as signed; a and b are kept modulo 2^16; the sum is a + (b << 16) as a u32.
 */

const signed = (byte: number): number => (byte << 24) >> 24;

/** The rolling sum of `data[start..end)`. */
export function rollingSum(data: Uint8Array, start = 0, end = data.length): number {
  let a = 0;
  let b = 0;
  // 32-bit wrap-around keeps the low 16 bits right.
  for (let i = start; i < end; i++) {
    a = (a + signed(data[i]!)) | 0;
    b = (b + a) | 0;
  }
  return ((a & 0xffff) | (b << 16)) >>> 0;
}

/** The sum of a window of `length` bytes after it moved on by one byte: `out` left it, `entered` came in. */
export function slide(sum: number, length: number, out: number, entered: number): number {
  const o = signed(out);
  const a = (sum & 0xffff) - o + signed(entered);
  const b = (sum >>> 16) - Math.imul(length, o) + a;
  return ((a & 0xffff) | (b << 16)) >>> 0;
}

/** The sum of a window of `length` bytes after its first byte `out` left it and nothing came in. */
export function shrink(sum: number, length: number, out: number): number {
  const o = signed(out);
  return ((((sum & 0xffff) - o) & 0xffff) | (((sum >>> 16) - Math.imul(length, o)) << 16)) >>> 0;
}

/** The sum of some bytes with sum `first`, followed by `length` bytes with sum `second`. */
export function concat(first: number, second: number, length: number): number {
  const a = (first & 0xffff) + (second & 0xffff);
  const b = (first >>> 16) + Math.imul(length, first & 0xffff) + (second >>> 16);
  return ((a & 0xffff) | (b << 16)) >>> 0;
}
