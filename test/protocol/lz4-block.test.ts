import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRsyncError } from '../../src/core/errors.ts';
import { compressLz4Block, decompressLz4Block } from '../../src/protocol/lz4-block.ts';
import { NEED_MORE, Reader } from '../../src/protocol/reader.ts';
import { createTokenReader, createTokenWriter, TOKEN } from '../../src/protocol/token.ts';
import { Writer } from '../../src/protocol/writer.ts';
import { decodeFile, joined, sample } from './token-decode.ts';

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const lz4 = { compressor: 'lz4', level: undefined, protocol: 32 } as const;

function decompress(block: Uint8Array, limit = 32912): Uint8Array {
  const target = new Uint8Array(limit);
  return target.slice(0, decompressLz4Block(block, target));
}

function compress(data: Uint8Array, limit = 20000): Uint8Array | undefined {
  const target = new Uint8Array(limit);
  const length = compressLz4Block(data, target);
  return length < 0 ? undefined : target.slice(0, length);
}

/** `lz4 -l -c LEVEL`, version 1.9.4, less the 8 bytes of the frame. */
const BLOCKS_OF_LZ4: [string, Uint8Array, string][] = [
  [
    'lz4 -1',
    sample('text', 300),
    'd3666f7874726f7420627261766f0600f602636861726c69652064656c74610a6563681300041b00022f0061616c706861202100022c00044e' +
      '000427000a1600020e00083b00043000024900021a00020600022c00015b00010500021600020600021c000206000442000125000477000408' +
      '000a2300020e00026b00012f00010500044100021e00043a000c080050616c706861',
  ],
  [
    'lz4 -9',
    sample('text', 300),
    'd3666f7874726f7420627261766f0600f602636861726c69652064656c74610a656368130004080002290061616c706861202100022c00044e' +
      '000a4200041600020e00083b00041a00020e00088400077c000105000e1c000a5c000ea6000f7f000407b4000105000a1e000c4200044a0050' +
      '616c706861',
  ],
  ['a repetition', new Uint8Array(1000), '1f000100ffffffd2500000000000'],
];

describe('lz4 blocks', () => {
  it.each(BLOCKS_OF_LZ4)('of %s are read', (_, data, hex) => {
    expect(decompress(bytesOf(hex))).toEqual(data);
  });

  it.each([
    ['no bytes', '00', ''],
    ['literals alone', '30 010203', '010203'],
    ['15 literals, an extension of 0', `f0 00 ${'07'.repeat(15)}`, '07'.repeat(15)],
    ['270 literals, an extension of ff 00', `f0 ff00 ${'07'.repeat(270)}`, '07'.repeat(270)],
    ['an overlapping match', '23 0102 0200 10 09', '010201020102010201' + '09'],
    ['a match of 19, an extension of 0', '1f 05 0100 00 10 06', `${'05'.repeat(20)}06`],
  ])('by hand: %s', (_, hex, expected) => {
    expect(Buffer.from(decompress(bytesOf(hex))).toString('hex')).toBe(expected);
  });

  it.each([
    ['literals that are not there', '30 0102'],
    ['a literal length that does not end', 'f0 ff'],
    ['no offset', '10 05 01'],
    ['offset 0', '10 05 0000 00'],
    ['an offset before the start', '10 05 0200 00'],
    ['a match at the very start', '00 0100 00'],
    ['a match length that does not end', '1f 05 0100 ff'],
    ['a match at the end', '10 05 0100'],
    ['more literals than there is room', `f0 04 ${'07'.repeat(19)}`],
    ['a match past the room', '1f 05 0100 00 00'],
    ['a match of 100 MB', `1f 05 0100 ${'ff'.repeat(400000)} 00 00`],
    ['nothing at all', ''],
  ])('%s: a stream error', (_, hex) => {
    const storage = new Uint8Array(100).fill(0xee);
    expect(() => decompressLz4Block(bytesOf(hex), storage.subarray(0, 16))).toThrow(
      expect.objectContaining({ exitCode: 12, code: 'RSYNC_STREAM' }),
    );
    expect(storage.subarray(16).every((byte) => byte === 0xee)).toBe(true);
  });

  it('any bytes are read or refused, within the room', () => {
    const storage = new Uint8Array(600);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (block) => {
        storage.fill(0xee);
        try {
          expect(decompressLz4Block(block, storage.subarray(0, 500))).toBeLessThanOrEqual(500);
        } catch (error) {
          if (!isRsyncError(error)) throw error;
        }
        expect(storage.subarray(500).every((byte) => byte === 0xee)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('every truncated prefix is refused or a start of the data', () => {
    for (const [, data, hex] of BLOCKS_OF_LZ4) {
      const block = bytesOf(hex);
      for (let length = 0; length < block.length; length++) {
        try {
          const part = decompress(block.subarray(0, length));
          expect(part).toEqual(data.subarray(0, part.length));
          expect(part.length).toBeLessThan(data.length);
        } catch (error) {
          expect(error).toMatchObject({ exitCode: 12 });
        }
      }
    }
  });

  it('round trip, and the rules of the end: 5 literals, no match within the last 12 bytes', () => {
    const data = fc
      .array(fc.record({ byte: fc.nat({ max: 3 }), count: fc.integer({ min: 1, max: 300 }) }), {
        maxLength: 40,
      })
      .map((runs) => new Uint8Array(Buffer.concat(runs.map(({ byte, count }) => Buffer.alloc(count, byte)))));
    fc.assert(
      fc.property(fc.oneof(data, fc.uint8Array({ maxLength: 2000 })), (bytes) => {
        const block = compress(bytes)!;
        expect(decompress(block)).toEqual(bytes);
        const { lastMatch, tail } = ending(block);
        if (lastMatch !== undefined) {
          expect(tail).toBeGreaterThanOrEqual(5);
          expect(lastMatch).toBeLessThanOrEqual(bytes.length - 12);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('compress as lz4 does, more or less', () => {
    const data = sample('text', 300);
    expect(compress(data)!.length).toBeLessThan(bytesOf(BLOCKS_OF_LZ4[0]![2]).length * 1.1);
    expect(compress(new Uint8Array(16383))!.length).toBeLessThan(100);
  });

  it('tell when there is no room', () => {
    const data = sample('noise', 16383);
    expect(compress(data, 16383)).toBeUndefined();
    const block = compress(data)!;
    expect(compress(data, block.length)).toEqual(block);
    expect(compress(data, block.length - 1)).toBeUndefined();
  });

  const hasLz4 = spawnSync('lz4', ['--version']).status === 0;
  it.skipIf(!hasLz4)(`ours are read by the lz4 command${hasLz4 ? '' : ' (not installed)'}`, () => {
    const samples = [0, 12, 13, 14, 19, 270, 16383].flatMap((n) => [sample('text', n), sample('noise', n)]);
    samples.push(new Uint8Array(13), new Uint8Array(16383));
    for (const data of samples) {
      const block = compress(data)!;
      // The legacy frame: magic, length, block.
      const frame = Buffer.alloc(8);
      frame.writeUInt32LE(0x184c2102, 0);
      frame.writeUInt32LE(block.length, 4);
      const { stdout } = spawnSync('lz4', ['-d', '-c'], { input: Buffer.concat([frame, block]) });
      expect(stdout.equals(data)).toBe(true);
    }
  });
});

describe('lz4 tokens', () => {
  const frame = (block: Uint8Array): Uint8Array => {
    const w = new Writer();
    w.byte(0x40 | (block.length >>> 8));
    w.byte(block.length);
    w.bytes(block);
    return w.take();
  };
  /** A block that becomes `length` zeros. */
  const zeros = (length: number): Uint8Array => {
    const extra = length - 1 - 5 - 4 - 15;
    const more = [...new Array(Math.floor(extra / 255)).fill(255), extra % 255];
    return Uint8Array.of(0x1f, 0, 1, 0, ...more, 0x50, 0, 0, 0, 0, 0);
  };

  it.each([
    ['text', 100000],
    ['noise', 100000],
    ['noise', 16383],
  ] as const)('%s: frames hold at most 16383 bytes, before and after', (kind, length) => {
    const out = new Writer();
    const writer = createTokenWriter(lz4);
    const data = sample(kind, length);
    writer.literal(out, data);
    writer.end(out);
    const reader = new Reader(out.take());
    const literals: Uint8Array[] = [];
    while (reader.peek() !== 0) {
      const high = reader.byte();
      expect(high & 0xc0).toBe(0x40);
      const block = reader.view(((high & 0x3f) << 8) | reader.byte());
      literals.push(decompress(block, 16383));
    }
    expect(joined(literals)).toEqual([data]);
  });

  it('up to 32912 bytes a frame are read, and no more', () => {
    const ok = Buffer.concat([frame(zeros(32912)), Uint8Array.of(0)]);
    expect(decodeFile(createTokenReader(lz4), ok).parts).toEqual([new Uint8Array(32912)]);
    const tooLong = frame(zeros(32913));
    expect(() => decodeFile(createTokenReader(lz4), tooLong)).toThrow(
      expect.objectContaining({ exitCode: 12 }),
    );
  });

  it('a frame of no bytes is refused', () => {
    expect(() => decodeFile(createTokenReader(lz4), frame(Uint8Array.of(0)))).toThrow(
      expect.objectContaining({ exitCode: 12 }),
    );
  });

  it('a frame is taken whole or not at all', () => {
    const bytes = frame(zeros(100));
    const reader = createTokenReader(lz4);
    reader.begin(0);
    const source = new Reader(bytes, 0, 2);
    for (; source.end < bytes.length; source.end++) {
      expect(() => reader.next(source)).toThrow(NEED_MORE as never);
      expect(source.pos).toBe(2);
    }
    expect(reader.next(source)).toBe(TOKEN.LITERAL);
    expect(reader.data).toEqual(new Uint8Array(100));
  });
});

/** Where the last match starts, and how many literals follow it: a walk over the sequences. */
function ending(block: Uint8Array): { lastMatch: number | undefined; tail: number } {
  let lastMatch: number | undefined;
  let at = 0;
  for (let p = 0; ; ) {
    const token = block[p++]!;
    const extended = (nibble: number): number => {
      let length = nibble;
      if (nibble === 15) {
        do length += block[p]!;
        while (block[p++] === 255);
      }
      return length;
    };
    const literals = extended(token >>> 4);
    at += literals;
    p += literals;
    if (p >= block.length) return { lastMatch, tail: literals };
    p += 2;
    lastMatch = at;
    at += extended(token & 15) + 4;
  }
}
