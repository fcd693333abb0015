import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  readDeleteStats,
  readStatistics,
  writeDeleteStats,
  writeStatistics,
} from '../../src/protocol/goodbye.ts';
import { NDX_DEL_STATS, NdxReader, NdxWriter } from '../../src/protocol/ndx.ts';
import { NEED_MORE, Reader } from '../../src/protocol/reader.ts';
import { Writer } from '../../src/protocol/writer.ts';

const vectors = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/primitives.json', import.meta.url), 'utf8'),
) as {
  del_stats: { counts: Record<'files' | 'dirs' | 'symlinks' | 'devices' | 'specials', number>; hex: string };
  stats: { values: string[]; protocol_30_up: string; protocol_29: string };
};

const STATS = {
  bytesRead: Number(vectors.stats.values[0]),
  bytesWritten: Number(vectors.stats.values[1]),
  totalSize: Number(vectors.stats.values[2]),
  fileListBuildTime: Number(vectors.stats.values[3]),
  fileListTransferTime: Number(vectors.stats.values[4]),
};

function expectNeedsMore(bytes: Buffer, read: (r: Reader) => unknown): void {
  for (let length = 0; length < bytes.length; length++) {
    let thrown: unknown;
    try {
      read(new Reader(bytes.subarray(0, length)));
    } catch (error) {
      thrown = error;
    }
    expect(thrown, `${length} of ${bytes.length} bytes`).toBe(NEED_MORE);
  }
}

describe('statistics', () => {
  it.each([
    [29, vectors.stats.protocol_29],
    [30, vectors.stats.protocol_30_up],
    [31, vectors.stats.protocol_30_up],
    [32, vectors.stats.protocol_30_up],
  ])('protocol %i', (protocol, hex) => {
    const bytes = Buffer.from(hex, 'hex');
    const reader = new Reader(bytes);
    expect(readStatistics(reader, protocol)).toEqual(STATS);
    expect(reader.remaining).toBe(0);
    const w = new Writer();
    writeStatistics(w, protocol, STATS);
    expect(Buffer.from(w.take()).toString('hex')).toBe(hex);
    expectNeedsMore(bytes, (r) => readStatistics(r, protocol));
  });

  it('a run of 5 TB', () => {
    const big = { ...STATS, totalSize: 5e12, bytesRead: 2 ** 40 };
    for (const protocol of [29, 32]) {
      const w = new Writer();
      writeStatistics(w, protocol, big);
      expect(readStatistics(new Reader(w.take()), protocol)).toEqual(big);
    }
  });

  it.each([
    [29, 'ffffffffffffffffffffffff'],
    [32, 'fcffffffffffffffff'],
  ])('a negative number at protocol %i', (protocol, hex) => {
    for (let k = 0; k < 5; k++) {
      const zero = protocol === 29 ? '00000000' : '000000';
      const bytes = Buffer.from(zero.repeat(k) + hex + zero.repeat(4 - k), 'hex');
      expect(() => readStatistics(new Reader(bytes), protocol)).toThrow(
        expect.objectContaining({ code: 'RSYNC_PROTOCOL', exitCode: 2 }),
      );
    }
  });
});

describe('deletion statistics', () => {
  const { files: regular, dirs: directories, ...others } = vectors.del_stats.counts;
  const counts = { regular, directories, ...others };
  const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const bytes = Buffer.from(vectors.del_stats.hex, 'hex');

  it('the captured record, index included', () => {
    const reader = new Reader(bytes);
    expect(new NdxReader(32).read(reader)).toBe(NDX_DEL_STATS);
    expect(readDeleteStats(reader)).toEqual({ total, ...counts });
    expect(reader.remaining).toBe(0);
    const w = new Writer();
    new NdxWriter(32).write(w, NDX_DEL_STATS);
    writeDeleteStats(w, { total, ...counts });
    expect(Buffer.from(w.take())).toEqual(bytes);
    expectNeedsMore(bytes.subarray(2), readDeleteStats);
  });

  it.each([
    ['-1', 'f0ffffffff'],
    ['2^28 + 1', 'f001000010'],
  ])('a count of %s', (_name, hex) => {
    for (let k = 0; k < 5; k++) {
      const record = Buffer.from('00'.repeat(k) + hex + '00'.repeat(4 - k), 'hex');
      expect(() => readDeleteStats(new Reader(record))).toThrow(
        expect.objectContaining({ code: 'RSYNC_PROTOCOL', exitCode: 2 }),
      );
    }
  });

  it('2^28 is the most', () => {
    const record = Buffer.from('f00000001000000000', 'hex');
    expect(readDeleteStats(new Reader(record))).toMatchObject({ regular: 2 ** 28, total: 2 ** 28 });
  });
});
