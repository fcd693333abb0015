import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reader } from '../../src/protocol/reader.ts';
import {
  availableCompressors,
  createTokenReader,
  createTokenWriter,
  TOKEN,
} from '../../src/protocol/token.ts';
import { Writer } from '../../src/protocol/writer.ts';
import { ZstdFrames } from '../../src/protocol/zstd-frames.ts';
import { decodeFile, sample } from './token-decode.ts';

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const zstd = { compressor: 'zstd', level: undefined, protocol: 32 } as const;

/** `zstd -c`, version 1.5.4. */
const FRAMES: [string, Uint8Array, string][] = [
  [
    '--no-check',
    sample('text', 300),
    '28b52ffd00587503009402666f7874726f7420627261766f636861726c69652064656c74610a656368616c70686120616c7068611b002b043c' +
      '4320e8008321b87ae1660cc41cc0a80c29fbe00b32fc388cd8e0c7180ecf810903a622c02b0e3107c82941e983283c780a0151ada4c2b04240' +
      '9b7b4956be',
  ],
  [
    '--check',
    sample('text', 300),
    '28b52ffd04587503009402666f7874726f7420627261766f636861726c69652064656c74610a656368616c70686120616c7068611b002b043c' +
      '4320e8008321b87ae1660cc41cc0a80c29fbe00b32fc388cd8e0c7180ecf810903a622c02b0e3107c82941e983283c780a0151ada4c2b04240' +
      '9b7b4956bea600c2e1',
  ],
  [
    'several blocks',
    new Uint8Array(400000),
    '28b52ffd04585400001000000100fbff39c002020010000200100003d40000dacaa0c2',
  ],
  ['no bytes', new Uint8Array(0), '28b52ffd240001000099e9d851'],
];

describe('the borders of a zstd stream', () => {
  it.each(FRAMES)('%s: a frame ends where it ends, in whatever pieces it comes', (_, _data, hex) => {
    const bytes = bytesOf(`${hex}${hex}`);
    const length = bytes.length / 2;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 })), (pieces) => {
        const frames = new ZstdFrames();
        const ends: number[] = [];
        let at = 0;
        let end = 0;
        for (const piece of [...pieces, bytes.length]) {
          end = Math.min(bytes.length, end + piece);
          while (at < end) {
            const taken = frames.advance(bytes.subarray(at, end));
            expect(taken).toBeGreaterThan(0);
            at += taken;
            if (at < end) ends.push(at);
          }
        }
        expect(frames.atBorder).toBe(true);
        for (const cut of ends) expect(cut).toBe(length);
      }),
    );
  });

  it('is no border within a header, a block or a checksum', () => {
    const bytes = bytesOf(FRAMES[1]![2]);
    const borders: number[] = [];
    const frames = new ZstdFrames();
    for (let at = 0; at < bytes.length; at++) {
      if (frames.atBorder) borders.push(at);
      expect(frames.advance(bytes.subarray(at, at + 1))).toBe(1);
    }
    // The start, and after the frame header: descriptor 04, window 58.
    expect(borders).toEqual([0, 6]);
    expect(frames.atBorder).toBe(true);
  });

  it('skips skippable frames', () => {
    const frames = new ZstdFrames();
    expect(frames.advance(bytesOf('5e2a4d18 03000000 010203 50'))).toBe(11);
    expect(frames.advance(bytesOf('502a4d18 00000000'))).toBe(8);
    expect(frames.atBorder).toBe(true);
  });

  it('gives a few blocks at a time', () => {
    const frames = new ZstdFrames();
    const repetition = '02 00 10 55'.repeat(100);
    expect(frames.advance(bytesOf(`28b52ffd 0058 ${repetition}`))).toBe(6 + 8 * 4);
    expect(frames.advance(bytesOf(repetition))).toBe(8 * 4);
  });

  it.each([
    ['no magic', '28b52ffe'],
    ['zlib', '78da0300'],
    ['a reserved block type', '28b52ffd 0058 060000'],
    ['a compressed block of no bytes', '28b52ffd 0058 040000'],
  ])('refuses %s', (_, hex) => {
    expect(() => new ZstdFrames().advance(bytesOf(hex))).toThrow(expect.objectContaining({ exitCode: 12 }));
  });
});

const present = availableCompressors().includes('zstd');
const reason = present ? '' : ` (Node ${process.versions.node} has no zstd)`;

describe.skipIf(!present)(`zstd tokens${reason}`, () => {
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
  const stream = (...parts: (Uint8Array | number)[]) =>
    Buffer.concat(parts.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : frame(part))));

  it.each(FRAMES.slice(0, 3))('a frame made by zstd %s is read, twice', (_, data, hex) => {
    const bytes = stream(bytesOf(hex), 0x80, bytesOf(hex), 0x00);
    const decoded = decodeFile(createTokenReader(zstd), bytes, { blockCount: 1 });
    expect(decoded.parts.length).toBe(3);
    expect(Buffer.from(decoded.parts[0] as Uint8Array).equals(data)).toBe(true);
    expect(Buffer.from(decoded.parts[2] as Uint8Array).equals(data)).toBe(true);
  });

  it('frames may share a DATA frame, also with a skippable one', () => {
    const [, data, hex] = FRAMES[1]!;
    const bytes = stream(bytesOf(`${hex} 532a4d18 02000000 0102 ${hex}`), 0x00);
    for (let split = 0; split < bytes.length; split++) {
      const decoded = decodeFile(createTokenReader(zstd), bytes, { pieces: [split] });
      expect(decoded.parts).toEqual([new Uint8Array(Buffer.concat([data, data]))]);
    }
  });

  it('one stream goes over all files', () => {
    const out = new Writer();
    const writer = createTokenWriter(zstd);
    const reader = createTokenReader(zstd);
    const data = sample('noise', 3000);
    writer.literal(out, data);
    writer.end(out);
    const first = out.take();
    writer.literal(out, data);
    writer.end(out);
    const second = out.take();
    // The second file refers to the first.
    expect(second.length).toBeLessThan(100);
    expect(decodeFile(reader, first).parts).toEqual([data]);
    expect(decodeFile(reader, second).parts).toEqual([data]);
  });

  it("what is written is read by Node's decompressor as one stream", async () => {
    const out = new Writer();
    const writer = createTokenWriter({ ...zstd, level: 19 });
    const files = [sample('text', 300000), sample('noise', 40000), sample('text', 10)];
    for (const file of files) {
      writer.literal(out, file);
      writer.end(out);
    }
    const data: Uint8Array[] = [];
    for (const r = new Reader(out.take()); r.remaining > 0; ) {
      const high = r.byte();
      if (high !== 0) data.push(r.view(((high & 0x3f) << 8) | r.byte()));
    }
    const { createZstdDecompress } = zlib as unknown as { createZstdDecompress(): zlib.Gunzip };
    const decompress = createZstdDecompress();
    const got: Buffer[] = [];
    decompress.on('data', (piece: Buffer) => got.push(piece));
    await new Promise<void>((resolve, reject) => {
      decompress.on('error', reject);
      decompress.write(Buffer.concat(data), () => setImmediate(resolve));
    });
    expect(Buffer.concat(got).equals(Buffer.concat(files))).toBe(true);
  });

  it.each([-999999, -5, 0, 1, 22, 99])('takes level %i as near as it can', (level) => {
    const out = new Writer();
    const writer = createTokenWriter({ ...zstd, level });
    const data = sample('text', 5000);
    writer.literal(out, data);
    writer.end(out);
    expect(decodeFile(createTokenReader(zstd), out.view()).parts).toEqual([data]);
  });

  it.each([
    ['garbage', stream(sample('noise', 100), 0x00)],
    ['a run that ends within a block', stream(bytesOf(FRAMES[0]![2]).subarray(0, 60), 0x00)],
    ['a damaged block', stream(bytesOf(FRAMES[0]![2].replace('1b002b', 'ffffff')), 0x00)],
    ['a wrong checksum', stream(bytesOf(FRAMES[1]![2].replace(/e1$/, 'e0')), 0x00)],
    ['a window of 256 MB', stream(bytesOf('28b52ffd 0090 080000 ff'), 0x00)],
    ['a frame within a frame', stream(bytesOf(`28b52ffd 0058 ${FRAMES[0]![2]}`), 0x00)],
    ['no data', Uint8Array.of(0x40, 0x00)],
  ])('%s is a stream error', (_, bytes) => {
    expect(() => decodeFile(createTokenReader(zstd), bytes)).toThrow(
      expect.objectContaining({ exitCode: 12, code: 'RSYNC_STREAM' }),
    );
  });

  it('a bomb is handed out a few blocks at a time', () => {
    const blocks = 4000;
    const bomb = bytesOf(`28b52ffd 0058 ${'02 00 10 55'.repeat(blocks)}`);
    const reader = createTokenReader(zstd);
    reader.begin(0);
    const source = new Reader(stream(bomb, 0x00));
    let length = 0;
    let sinceInput = 0;
    for (let at = source.pos; reader.next(source) === TOKEN.LITERAL; ) {
      sinceInput = source.pos === at ? sinceInput + reader.data.length : reader.data.length;
      at = source.pos;
      expect(sinceInput).toBeLessThanOrEqual(9 * 131072);
      length += reader.data.length;
    }
    expect(length).toBe(blocks * 131072);
  });
});
