import { streamError } from '../core/errors.ts';

/**
 * The LZ4 block format, as docs/protocol/3-transfer.md, 7.4 uses it: no frame header, no size.
 *
 *   block    := { sequence } tail
 *   sequence := token, [more literals], literals, shortint offset 1..65535, [more match]
 *   tail     := token, [more literals], literals
 *   token    := literal count (high 4 bits), match length - 4 (low 4 bits)
 *   more     := { ff } byte         follows a nibble of 15; all are added up
 *
 * Writers must end with at least 5 literals and start no match within the last 12 bytes.
 */
const MIN_MATCH = 4;
const LAST_LITERALS = 5;
const MATCH_LIMIT = 12;
const HASH_BITS = 13;
/** Tried positions without a match before the step grows by one: data that does not compress costs little. */
const SKIP_TRIGGER = 6;
/** Positions are held in 16 bits, and every distance fits an offset. */
const MAX_INPUT = 65535;

const table = new Uint16Array(1 << HASH_BITS);

/**
 * Compresses `source` (at most 65535 bytes) into `target`. Returns the length of the block, or -1 if `target` is too
 * short for it. Greedy, one candidate a hash.
 */
export function compressLz4Block(source: Uint8Array, target: Uint8Array): number {
  const end = source.length;
  if (end > MAX_INPUT) throw new RangeError(`lz4 block of ${end} bytes`);
  let anchor = 0;
  let op = 0;
  if (end > MATCH_LIMIT) {
    table.fill(0);
    const lastStart = end - MATCH_LIMIT;
    const matchEnd = end - LAST_LITERALS;
    let ip = 1;
    let tries = 1 << SKIP_TRIGGER;
    while (ip <= lastStart) {
      const word = read32(source, ip);
      const hash = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
      let ref = table[hash]!;
      table[hash] = ip;
      if (read32(source, ref) !== word) {
        ip += tries++ >>> SKIP_TRIGGER;
        continue;
      }
      let start = ip;
      while (start > anchor && ref > 0 && source[start - 1] === source[ref - 1]) {
        start--;
        ref--;
      }
      const offset = start - ref;
      let at = ip + MIN_MATCH;
      while (at < matchEnd && source[at] === source[at - offset]) at++;
      op = writeSequence(source, anchor, start, offset, at - start, target, op);
      if (op < 0) return -1;
      anchor = at;
      // One position within the match, so that repetitions are found again.
      if (at - 2 <= lastStart)
        table[Math.imul(read32(source, at - 2), 0x9e3779b1) >>> (32 - HASH_BITS)] = at - 2;
      ip = at;
      tries = 1 << SKIP_TRIGGER;
    }
  }
  return writeSequence(source, anchor, end, 0, 0, target, op);
}

/**
 * Decompresses a block into `target`; returns how many bytes it became. Throws a stream error if the block is
 * malformed or longer than `target`.
 */
export function decompressLz4Block(source: Uint8Array, target: Uint8Array): number {
  const end = source.length;
  const limit = target.length;
  let ip = 0;
  let op = 0;
  while (ip < end) {
    const token = source[ip++]!;
    let length = token >>> 4;
    if (length === 15) {
      let more: number;
      do {
        if (ip >= end) throw streamError('lz4: block ends within a length');
        more = source[ip++]!;
        length += more;
      } while (more === 255);
    }
    if (length > end - ip) throw streamError('lz4: block ends within its literals');
    if (length > limit - op) throw tooLong(limit);
    if (length <= 16) {
      for (let i = 0; i < length; i++) target[op + i] = source[ip + i]!;
    } else {
      target.set(source.subarray(ip, ip + length), op);
    }
    op += length;
    ip += length;
    if (ip === end) return op;
    if (end - ip < 2) throw streamError('lz4: block ends within an offset');
    const offset = source[ip]! | (source[ip + 1]! << 8);
    ip += 2;
    if (offset === 0 || offset > op) throw streamError(`lz4: offset ${offset} after ${op} bytes`);
    length = (token & 15) + MIN_MATCH;
    if (length === 15 + MIN_MATCH) {
      let more: number;
      do {
        if (ip >= end) throw streamError('lz4: block ends within a length');
        more = source[ip++]!;
        length += more;
      } while (more === 255);
    }
    if (length > limit - op) throw tooLong(limit);
    if (offset >= length && length > 32) {
      target.copyWithin(op, op - offset, op - offset + length);
      op += length;
    } else {
      // Byte by byte: the match may overlap what it writes.
      for (const stop = op + length; op < stop; op++) target[op] = target[op - offset]!;
    }
  }
  throw streamError('lz4: block ends with a match');
}

/** Literals `anchor..start` and a match; `offset` 0: the tail, without match. Returns the new end or -1. */
function writeSequence(
  source: Uint8Array,
  anchor: number,
  start: number,
  offset: number,
  matchLength: number,
  target: Uint8Array,
  op: number,
): number {
  const literals = start - anchor;
  const extra = offset === 0 ? 0 : matchLength - MIN_MATCH;
  const needed = 1 + lengthBytes(literals) + literals + (offset === 0 ? 0 : 2 + lengthBytes(extra));
  if (needed > target.length - op) return -1;
  target[op++] = (Math.min(literals, 15) << 4) | Math.min(extra, 15);
  op = writeLength(target, op, literals);
  if (literals <= 16) {
    for (let i = 0; i < literals; i++) target[op + i] = source[anchor + i]!;
  } else {
    target.set(source.subarray(anchor, start), op);
  }
  op += literals;
  if (offset === 0) return op;
  target[op++] = offset & 0xff;
  target[op++] = offset >>> 8;
  return writeLength(target, op, extra);
}

/** Bytes after a nibble. */
function lengthBytes(length: number): number {
  return length < 15 ? 0 : 1 + Math.floor((length - 15) / 255);
}

function writeLength(target: Uint8Array, op: number, length: number): number {
  if (length < 15) return op;
  let rest = length - 15;
  for (; rest >= 255; rest -= 255) target[op++] = 255;
  target[op++] = rest;
  return op;
}

function read32(b: Uint8Array, p: number): number {
  return b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24);
}

function tooLong(limit: number) {
  return streamError(`lz4: block of more than ${limit} bytes`);
}
