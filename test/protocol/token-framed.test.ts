import { describe, expect, it } from 'vitest';
import { NEED_MORE, Reader } from '../../src/protocol/reader.ts';
import { createTokenReader, createTokenWriter, TOKEN, type TokenWriter } from '../../src/protocol/token.ts';
import { Writer } from '../../src/protocol/writer.ts';
import { decodeFile } from './token-decode.ts';

const codec = { compressor: 'zlibx', level: undefined, protocol: 31 } as const;

function written(use: (writer: TokenWriter, out: Writer) => void): string {
  const out = new Writer();
  use(createTokenWriter(codec), out);
  return Buffer.from(out.take()).toString('hex');
}

function read(hex: string, blockCount: number) {
  const bytes = new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  return decodeFile(createTokenReader(codec), bytes, { blockCount });
}

const NONE = new Uint8Array(0);

/** Matches of the blocks, in order, and the end. */
function matches(...blocks: number[]): string {
  return written((writer, out) => {
    for (const block of blocks) writer.match(out, block, NONE);
    writer.end(out);
  });
}

const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

describe('frames of block tokens', () => {
  it.each([
    ['the first block', [0], '80 00'],
    ['relative to 0 at the start', [63], 'bf 00'],
    ['too far for the short form', [64], '20 40000000 00'],
    ['a run, as captured', [0, 1], 'c0 0100 00'],
    ['two runs, as captured (zlib-delta)', [0, 1, 3, 4, 5, 6], 'c0 0100 c2 0300 00'],
    ['backwards', [5, 2], '85 20 02000000 00'],
    ['the same block again', [5, 5, 5], '85 80 80 00'],
    ['a run far away', range(1000, 3), '21 e8030000 0200 00'],
    ['the longest run, and one more', range(0, 65537), 'c0 ffff 81 00'],
  ])('%s', (_, blocks, hex) => {
    expect(matches(...blocks)).toBe(hex.replaceAll(' ', ''));
    expect(read(hex, 70000).parts).toEqual(blocks);
  });

  it('start again from 0 with every file', () => {
    const files = written((writer, out) => {
      writer.match(out, 40, NONE);
      writer.end(out);
      writer.match(out, 41, NONE);
      writer.end(out);
    });
    expect(files).toBe('a800a900');
    const reader = createTokenReader(codec);
    const bytes = new Uint8Array(Buffer.from(files, 'hex'));
    expect(decodeFile(reader, bytes, { blockCount: 50 }).parts).toEqual([40]);
    expect(decodeFile(reader, bytes.subarray(2), { blockCount: 50 }).parts).toEqual([41]);
  });

  it('tell a run at once', () => {
    const reader = createTokenReader(codec);
    reader.begin(65536);
    expect(reader.next(new Reader(Uint8Array.of(0xc0, 0xff, 0xff)))).toBe(TOKEN.BLOCKS);
    expect([reader.block, reader.run]).toEqual([0, 65536]);
  });

  it('wait on every truncated token, and are read whole afterwards', () => {
    for (const hex of ['2005000000', '21050000000300', 'c50300', '85']) {
      const bytes = new Uint8Array(Buffer.from(hex, 'hex'));
      const reader = createTokenReader(codec);
      reader.begin(100);
      const source = new Reader(bytes, 0, 0);
      for (source.end = 0; source.end < bytes.length; source.end++) {
        expect(() => reader.next(source)).toThrow(NEED_MORE as never);
        expect(source.pos).toBe(0);
      }
      expect(reader.next(source)).toBe(TOKEN.BLOCKS);
      expect([reader.block, source.remaining]).toEqual([5, 0]);
    }
  });
});

describe('hostile frames', () => {
  it.each([
    ['an unknown flag below the long forms', '01', 100],
    ['an unknown flag', '1f', 100],
    ['an unknown flag above the long forms', '22', 100],
    ['the last unknown flag', '3f', 100],
    ['a block of no basis', '80', 0],
    ['a block at the count', '85', 5],
    ['a long block at the count', '20 64000000', 100],
    ['a negative block', '20 ffffffff', 100],
    ['a run past the end', 'c0 0500', 5],
    ['a long run past the end', '21 00000000 6400', 100],
    ['a run of no further block', 'c0 0000', 100],
    ['a long run of no further block', '21 00000000 0000', 100],
    ['a run past the last number', '21 fdffff7f ffff', 0x7fffffff],
    ['the last number', '20 ffffff7f', 0x7fffffff],
    ['relative steps past the end', '20 60000000 bf', 100],
    ['a run after a negative one', '21 ffffffff 0200', 100],
  ])('%s is a protocol error', (_, hex, blockCount) => {
    expect(() => read(hex, blockCount)).toThrow(
      expect.objectContaining({ exitCode: 2, code: 'RSYNC_PROTOCOL' }),
    );
  });

  it.each(['zlib', 'zlibx', 'lz4'] as const)('a %s frame without data is a stream error', (compressor) => {
    const bytes = Uint8Array.of(0x40, 0x00, 0x00);
    expect(() => decodeFile(createTokenReader({ ...codec, compressor }), bytes)).toThrow(
      expect.objectContaining({ exitCode: 12 }),
    );
  });
});
