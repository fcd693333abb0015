import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reader } from '../../src/protocol/reader.ts';
import { createTokenReader, createTokenWriter, TOKEN } from '../../src/protocol/token.ts';
import { Writer } from '../../src/protocol/writer.ts';
import { assemble, decodeFile, joined, type Part, sample } from './token-decode.ts';

const SYNC = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const NONE = Buffer.alloc(0);

/** The history that both ends keep of a block, written anew from docs/protocol/3-transfer.md, 7.3. */
function insertion(block: Uint8Array, protocol: number): Buffer {
  if (protocol >= 31) return Buffer.from(block);
  const pieces: Uint8Array[] = [];
  for (let left = block.length; left > 0; left -= 65535)
    pieces.push(block.subarray(0, Math.min(left, 65535)));
  return Buffer.concat(pieces);
}

interface Format {
  compressor: 'zlib' | 'zlibx';
  protocol: number;
}

/**
 * Reads a file with Node's own zlib: every run of literals by itself, the history as dictionary. Frames and tokens
 * are taken apart here, by hand.
 */
function referenceRead(stream: Uint8Array, blocks: readonly Uint8Array[], format: Format): Buffer {
  let history = NONE;
  let data = NONE;
  let last = 0;
  const out: Buffer[] = [];
  const endRun = () => {
    if (data.length === 0) return;
    const literal = inflateRawSync(Buffer.concat([data, SYNC]), {
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(history.length > 0 ? { dictionary: history.subarray(-32768) } : {}),
    });
    data = NONE;
    out.push(literal);
    history = Buffer.concat([history, literal]);
  };
  const b = Buffer.from(stream);
  for (let p = 0; ; ) {
    const flag = b[p++]!;
    if ((flag & 0xc0) === 0x40) {
      const length = ((flag & 0x3f) << 8) + b[p++]!;
      expect(length).toBeGreaterThan(0);
      data = Buffer.concat([data, b.subarray(p, p + length)]);
      p += length;
      continue;
    }
    endRun();
    if (flag === 0) {
      expect(p).toBe(b.length);
      return Buffer.concat(out);
    }
    let first = last + (flag & 0x3f);
    if (flag < 0x80) {
      first = b.readInt32LE(p);
      p += 4;
    }
    let more = 0;
    if (flag >= 0xc0 || flag === 0x21) {
      more = b.readUInt16LE(p);
      p += 2;
    }
    for (last = first; ; last++) {
      out.push(Buffer.from(blocks[last]!));
      if (format.compressor === 'zlib')
        history = Buffer.concat([history, insertion(blocks[last]!, format.protocol)]);
      if (last === first + more) break;
    }
  }
}

/** A sender made with Node's own zlib, which uses the history as C does. */
function referenceWrite(parts: readonly Part[], blocks: readonly Uint8Array[], format: Format): Uint8Array {
  const out = new Writer();
  let history = NONE;
  for (const part of joined(parts)) {
    if (typeof part === 'number') {
      out.byte(0x20);
      out.int(part);
      if (format.compressor === 'zlib')
        history = Buffer.concat([history, insertion(blocks[part]!, format.protocol)]);
      continue;
    }
    const deflated = deflateRawSync(part, {
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(history.length > 0 ? { dictionary: history.subarray(-32768) } : {}),
    });
    history = Buffer.concat([history, part]);
    for (let at = 0; at < deflated.length - 4; at += 16383) {
      const frame = deflated.subarray(at, Math.min(at + 16383, deflated.length - 4));
      out.byte(0x40 | (frame.length >>> 8));
      out.byte(frame.length);
      out.bytes(frame);
    }
  }
  out.byte(0);
  return out.take();
}

function write(
  parts: readonly Part[],
  blocks: readonly Uint8Array[],
  format: Format,
  level?: number,
): Uint8Array {
  const out = new Writer();
  const writer = createTokenWriter({ ...format, level });
  for (const part of parts) {
    if (typeof part === 'number') writer.match(out, part, blocks[part]!);
    else writer.literal(out, part);
  }
  writer.end(out);
  return out.take();
}

const formats: Format[] = [29, 30, 31, 32].flatMap((protocol) => [
  { compressor: 'zlib', protocol },
  { compressor: 'zlibx', protocol },
]);

describe.each(formats)('$compressor at protocol $protocol', (format) => {
  const blocks = [
    ...Array.from({ length: 20 }, (_, i) => sample('noise', 700, i + 1)),
    sample('noise', 40000, 31),
    sample('noise', 65535, 32),
    sample('noise', 65536, 33),
    sample('noise', 100000, 34),
    sample('noise', 131072, 35),
  ];
  /** Literals that are found in a block: good for long references into the history. */
  const quote = fc
    .record({
      block: fc.nat({ max: blocks.length - 1 }),
      at: fc.nat({ max: 100000 }),
      length: fc.integer({ min: 1, max: 4000 }),
    })
    .map(({ block, at, length }) => {
      const data = blocks[block]!;
      const start = at % data.length;
      return data.slice(start, start + length);
    });
  const text = fc.integer({ min: 1, max: 20000 }).map((length) => sample('text', length));
  const parts = fc.array(fc.oneof(quote, text, fc.nat({ max: blocks.length - 1 })), { maxLength: 14 });

  it("what is written is read by Node's zlib", () => {
    fc.assert(
      fc.property(parts, fc.constantFrom(1, 6, 9), (file, level) => {
        const expected = assemble(file, blocks);
        expect(referenceRead(write(file, blocks, format, level), blocks, format).equals(expected)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it("what Node's zlib has written is read", () => {
    fc.assert(
      fc.property(parts, fc.array(fc.nat({ max: 9000 }), { maxLength: 8 }), (file, pieces) => {
        const stream = referenceWrite(file, blocks, format);
        const decoded = decodeFile(createTokenReader(format), stream, { blocks, pieces });
        expect(decoded.used).toBe(stream.length);
        expect(assemble(decoded.parts, blocks).equals(assemble(file, blocks))).toBe(true);
      }),
      { numRuns: 25 },
    );
  });
});

describe.each(['zlib', 'zlibx'] as const)(
  '%s: a run longer than what is deflated at a time',
  (compressor) => {
    it.each([131071, 131072, 131073, 400000])('%i bytes', (length) => {
      const format = { compressor, protocol: 31 };
      const block = sample('noise', 1000);
      const parts = [sample('text', length), 0, sample('noise', length, 2), 0];
      const stream = write(parts, [block], format);
      const expected = assemble(parts, [block]);
      expect(referenceRead(stream, [block], format).equals(expected)).toBe(true);
      const decoded = decodeFile(createTokenReader(format), stream, { blocks: [block] });
      expect(assemble(decoded.parts, [block]).equals(expected)).toBe(true);
    });
  },
);

describe('zlib history', () => {
  const block = sample('noise', 2000, 5);
  const long = sample('noise', 100000, 6);

  it('a literal that repeats a matched block costs next to nothing, with zlib alone', () => {
    const size = (compressor: 'zlib' | 'zlibx') =>
      write([0, block], [block], { compressor, protocol: 31 }).length;
    expect(size('zlib')).toBeLessThan(60);
    expect(size('zlibx')).toBeGreaterThan(2000);
  });

  it('before protocol 31 a block of 100000 bytes ends, in the history, with its bytes up to 34464', () => {
    const near = long.slice(34465 - 3000, 34465);
    const end = long.slice(100000 - 3000);
    const size = (literal: Uint8Array, protocol: number) =>
      write([0, literal], [long], { compressor: 'zlib', protocol }).length;
    expect(size(near, 30)).toBeLessThan(100);
    expect(size(end, 30)).toBeGreaterThan(3000);
    expect(size(near, 31)).toBeGreaterThan(3000);
    expect(size(end, 31)).toBeLessThan(100);
  });

  it('a new file starts without history', () => {
    const format = { compressor: 'zlib', protocol: 31 } as const;
    const out = new Writer();
    const writer = createTokenWriter({ ...format, level: undefined });
    const files: Part[][] = [[0, block], [block], [1, block], [block, 0]];
    const blocks = [block, long];
    for (const parts of files) {
      for (const part of parts) {
        if (typeof part === 'number') writer.match(out, part, blocks[part]!);
        else writer.literal(out, part);
      }
      writer.end(out);
      expect(referenceRead(out.take(), blocks, format).equals(assemble(parts, blocks))).toBe(true);
    }
  });

  it('discarding works without the basis: any bytes of the right length', () => {
    const format = { compressor: 'zlib', protocol: 29 } as const;
    const quote = long.slice(1000, 1400);
    const parts = [0, quote, 1, quote, 0, 0, 0, quote];
    const stream = referenceWrite(parts, [block, long], format);
    const reader = createTokenReader(format);
    const decoded = decodeFile(reader, stream, {
      blockCount: 2,
      matched: (index) => new Uint8Array([block, long][index]!.length),
    });
    expect(decoded.ended).toBe(true);
    expect(decoded.parts.map((part) => (typeof part === 'number' ? part : part.length))).toEqual(
      parts.map((part) => (typeof part === 'number' ? part : part.length)),
    );
    const next = decodeFile(reader, stream, { blocks: [block, long] });
    expect(assemble(next.parts, [block, long]).equals(assemble(parts, [block, long]))).toBe(true);
  });
});

describe('hostile deflate data', () => {
  const frame = (data: Uint8Array): Uint8Array => {
    const w = new Writer();
    for (let at = 0; at < data.length; at += 16383) {
      const piece = data.subarray(at, at + 16383);
      w.byte(0x40 | (piece.length >>> 8));
      w.byte(piece.length);
      w.bytes(piece);
    }
    return w.take();
  };
  const stream = (data: Uint8Array, ...after: number[]) =>
    Buffer.concat([frame(data), Uint8Array.from(after)]);
  const text = sample('text', 3000);
  const flushed = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
  /** Without any flush: the last symbols, and the end of the block, are missing. */
  const unflushed = deflateRawSync(text).subarray(0, -40);
  const stored = Buffer.from([0x00, 10, 0, 245, 255, 1, 2, 3, 4, 5]);

  const cases: [string, Uint8Array][] = [
    ['garbage', stream(sample('noise', 300, 3), 0x00)],
    ['a reserved block type', stream(Uint8Array.of(0x06, 0, 0), 0x00)],
    [
      'a reference before the start of the file',
      stream(deflateRawSync(text, { dictionary: text, finishFlush: 2 }).subarray(0, -4), 0x00),
    ],
    ['no sync point at the end of the file', stream(unflushed, 0x00)],
    ['no sync point before a block', stream(unflushed, 0x80, 0x00)],
    ['an unfinished stored block', stream(stored, 0x00)],
    ['an unfinished stored block before a block', stream(stored, 0x80, 0x00)],
    ['a final block', stream(deflateRawSync(text), 0x00)],
    ['a final block and more', stream(Buffer.concat([deflateRawSync(text), flushed]), 0x00)],
  ];
  for (const compressor of ['zlib', 'zlibx'] as const) {
    it.each(cases)(`${compressor}: %s is a stream error`, (_, bytes) => {
      const reader = createTokenReader({ compressor, protocol: 31 });
      expect(() => decodeFile(reader, bytes, { blocks: [text] })).toThrow(
        expect.objectContaining({ exitCode: 12, code: 'RSYNC_STREAM' }),
      );
    });
  }

  it('every cut of a run is a stream error', () => {
    for (let length = 1; length < flushed.length; length++) {
      const reader = createTokenReader({ compressor: 'zlibx', protocol: 31 });
      expect(() => decodeFile(reader, stream(flushed.subarray(0, length), 0x00)), `${length}`).toThrow(
        expect.objectContaining({ exitCode: 12 }),
      );
    }
  });

  it('the same cases are fine when they are not broken', () => {
    const reader = createTokenReader({ compressor: 'zlib', protocol: 31 });
    const bytes = stream(flushed, 0x80, 0x00);
    expect(decodeFile(reader, bytes, { blocks: [text] }).parts).toEqual([text, 0]);
  });

  it('a bomb is handed out in pieces, and no more of it is held than 4096 bytes become', () => {
    const zeros = 16 * 1024 * 1024;
    const bomb = deflateRawSync(Buffer.alloc(zeros), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
    expect(bomb.length).toBeLessThan(2 * 16383);
    const reader = createTokenReader({ compressor: 'zlibx', protocol: 31 });
    reader.begin(0);
    const source = new Reader(stream(bomb, 0x00));
    let length = 0;
    let sinceInput = 0;
    let held = 0;
    for (let at = source.pos; reader.next(source) === TOKEN.LITERAL; ) {
      expect(reader.data.length).toBeLessThanOrEqual(65536);
      sinceInput = source.pos === at ? sinceInput + reader.data.length : reader.data.length;
      at = source.pos;
      held = Math.max(held, sinceInput);
      length += reader.data.length;
    }
    expect(length).toBe(zeros);
    expect(held).toBeLessThan(4.3e6);
  });
});
