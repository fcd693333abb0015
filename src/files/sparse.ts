/**
 * Where the data is in a buffer that may hold runs of zeros, for `--sparse`. File systems keep holes in whole blocks,
 * so a run counts only as far as it covers blocks of 4096 bytes, aligned in the file; smaller runs would save nothing.
 * (C also skips interior runs from 1024 bytes on; the content is the same, and so are the blocks in use on any file
 * system with blocks of 4096 bytes or more.)
 */
export const HOLE_BLOCK = 4096;

const ZEROS = Buffer.alloc(HOLE_BLOCK);

/**
 * @param used    bytes in the buffer
 * @param offset  of its first byte in the file
 * @param solid   so many bytes at its beginning are written in any case
 * @returns flat pairs: from, to (exclusive), ascending
 */
export function dataRanges(buffer: Buffer, used: number, offset: number, solid = 0): number[] {
  const ranges: number[] = [];
  let from = -1;
  for (let at = 0; at < used; ) {
    const next = Math.min(used, at + HOLE_BLOCK - ((offset + at) % HOLE_BLOCK));
    if (at < solid || !isZero(buffer, at, next)) {
      if (from < 0) from = at;
    } else if (from >= 0) {
      ranges.push(from, at);
      from = -1;
    }
    at = next;
  }
  if (from >= 0) ranges.push(from, used);
  return ranges;
}

function isZero(buffer: Buffer, from: number, to: number): boolean {
  return buffer[from] === 0 && buffer.compare(ZEROS, 0, to - from, from, to) === 0;
}
