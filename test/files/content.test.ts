import { closeSync, constants, openSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BasisFile } from '../../src/files/basis.ts';
import { CHUNK } from '../../src/files/buffers.ts';
import { FileSource } from '../../src/files/reader.ts';
import { Root } from '../../src/files/root.ts';
import { dataRanges } from '../../src/files/sparse.ts';
import { FileSink, type FileSinkOptions } from '../../src/files/writer.ts';
import { drain, isLinux, isWindows, tempDir } from './temp-dir.ts';

/** Content without repetition, so that a block in the wrong place is seen. */
function content(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

const SIZES = [0, 1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 7 * CHUNK + 12345];

describe('reading a file', () => {
  const base = tempDir();
  const root = Root.open(base);

  it.each(SIZES)('gives all %i bytes', async (size) => {
    const data = content(size);
    writeFileSync(join(base, 'f'), data);
    const source = FileSource.open(root, 'f');
    expect(source.size).toBe(size);
    expect((await drain(source)).equals(data)).toBe(true);
    expect([source.missing, source.error]).toEqual([0, undefined]);
    expect(await source.read()).toBeNull();
    source.close();
    source.close();
  });

  it.each([1000, 6 * CHUNK])('stops at the size at open: %i bytes, growing', async (size) => {
    const data = content(size);
    writeFileSync(join(base, 'f'), data);
    const source = FileSource.open(root, 'f');
    writeFileSync(join(base, 'f'), content(100), { flag: 'a' });
    expect((await drain(source)).equals(data)).toBe(true);
    source.close();
  });

  it.each([
    [1000, 10],
    [6 * CHUNK, 3],
    [6 * CHUNK, 0],
  ])('tells what is missing: %i bytes, cut to %i', async (size, left) => {
    const data = content(size);
    writeFileSync(join(base, 'f'), data);
    const source = FileSource.open(root, 'f');
    truncateSync(join(base, 'f'), left);
    expect((await drain(source)).equals(data.subarray(0, left))).toBe(true);
    expect(source.missing).toBe(size - left);
    source.close();
  });

  it('can be closed with reads under way', async () => {
    writeFileSync(join(base, 'f'), content(8 * CHUNK));
    for (let i = 0; i < 20; i++) {
      const source = FileSource.open(root, 'f');
      const pending = source.read();
      source.close();
      expect(await pending).toBeNull();
      expect(source.read()).toBeNull();
    }
  });

  it('takes regular files only', () => {
    expect(() => FileSource.open(root, '.')).toThrow();
    expect(() => FileSource.open(root, 'nope')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});

describe('writing a file', () => {
  const base = tempDir();
  let count = 0;

  /** Writes in pieces and gives back what is on the disk. */
  async function writeAll(
    data: Buffer,
    pieces: () => number,
    options: Partial<FileSinkOptions> = {},
    old?: Buffer,
  ): Promise<string> {
    const path = join(base, `w${count++}`);
    if (old !== undefined) writeFileSync(path, old);
    const fd = openSync(path, old === undefined ? 'wx+' : 'r+');
    const sink = new FileSink(fd, { path, ...options });
    for (let at = 0; at < data.length; ) {
      const piece = data.subarray(at, at + Math.max(1, pieces()));
      const copy = Buffer.from(piece);
      const pending = sink.write(copy);
      // Written bytes are the sink's own: the caller may do with its buffer what it likes.
      copy.fill(0xee);
      await pending;
      at += piece.length;
      expect(sink.position).toBe((options.position ?? 0) + at);
    }
    await sink.finish();
    closeSync(fd);
    return path;
  }

  it.each(SIZES)('writes %i bytes, in pieces of any size', async (size) => {
    const data = content(size);
    for (const piece of [977, 32768, CHUNK, CHUNK + 1, 3 * CHUNK]) {
      if (size / piece > 2000) continue;
      const path = await writeAll(data, () => piece);
      expect(readFileSync(path).equals(data)).toBe(true);
    }
  });

  it('writes small files at once, without a promise', () => {
    const fd = openSync(join(base, 'small'), 'wx+');
    const sink = new FileSink(fd, { path: 'small' });
    expect(sink.write(content(CHUNK))).toBeUndefined();
    expect(sink.finish()).toBeUndefined();
    expect(statSync(join(base, 'small')).size).toBe(CHUNK);
    closeSync(fd);
  });

  it('makes the caller wait when the disk is behind', async () => {
    const fd = openSync(join(base, 'behind'), 'wx+');
    const sink = new FileSink(fd, { path: 'behind' });
    const data = content(CHUNK);
    let waited = 0;
    for (let i = 0; i < 40; i++) {
      const pending = sink.write(data);
      if (pending === undefined) continue;
      waited++;
      await pending;
    }
    expect(waited).toBeGreaterThan(0);
    await sink.finish();
    expect(statSync(join(base, 'behind')).size).toBe(40 * CHUNK);
    await sink.fsync();
    closeSync(fd);
  });

  it('in place: skips what is there, cuts what is left', async () => {
    const old = content(5 * CHUNK);
    for (const size of [3 * CHUNK + 77, 5 * CHUNK, 5 * CHUNK + 1000]) {
      const path = join(base, `inplace${size}`);
      writeFileSync(path, old);
      const fd = openSync(path, 'r+');
      const sink = new FileSink(fd, { path });
      const fresh = content(size, 7);
      const expected = Buffer.from(fresh);
      for (let at = 0, turn = 0; at < size; turn++) {
        const length = Math.min(40_000, size - at);
        if (turn % 3 === 1 && at + length <= old.length) {
          old.copy(expected, at, at, at + length);
          await sink.skip(length);
        } else await sink.write(fresh.subarray(at, at + length));
        at += length;
      }
      await sink.finish();
      closeSync(fd);
      expect(readFileSync(path).equals(expected)).toBe(true);
    }
  });

  it('ends a file where a skip ends', async () => {
    const path = join(base, 'skipped');
    const fd = openSync(path, 'wx+');
    const sink = new FileSink(fd, { path });
    await sink.skip(10_000);
    await sink.finish();
    closeSync(fd);
    expect(statSync(path).size).toBe(10_000);
  });

  it('appends at a position', async () => {
    const old = content(1000);
    const path = await writeAll(content(5000, 3), () => 700, { position: 1000 }, old);
    expect(readFileSync(path).equals(Buffer.concat([old, content(5000, 3)]))).toBe(true);
  });

  it('sparse: the content is the same, whatever the zeros', async () => {
    const run = fc.record({ length: fc.integer({ min: 1, max: 30_000 }), zero: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(run, { maxLength: 12 }),
        fc.integer({ min: 1, max: 60_000 }),
        async (runs, piece) => {
          const data = Buffer.concat(
            runs.map(({ length, zero }) => (zero ? Buffer.alloc(length) : content(length))),
          );
          const path = await writeAll(data, () => piece, { sparse: true });
          expect(readFileSync(path).equals(data)).toBe(true);
          const over = await writeAll(data, () => piece, { sparse: true }, content(20_000, 9));
          expect(readFileSync(over).equals(data)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it.skipIf(!isLinux)('sparse: zeros take no room on the disk', async () => {
    const data = Buffer.concat([
      content(5000),
      Buffer.alloc(3_000_000),
      content(5000),
      Buffer.alloc(500_000),
    ]);
    const holes = statSync(await writeAll(data, () => 100_000, { sparse: true }));
    const full = statSync(await writeAll(data, () => 100_000));
    expect([holes.size, full.size]).toEqual([data.length, data.length]);
    expect(full.blocks * 512).toBeGreaterThanOrEqual(data.length);
    expect(holes.blocks * 512).toBeLessThan(64 * 1024);
  });

  it.skipIf(!isLinux)('a full disk is the fatal error 11, now and later', async () => {
    for (const size of [1000, 20 * CHUNK]) {
      const fd = openSync('/dev/full', constants.O_WRONLY);
      const sink = new FileSink(fd, { path: '/d/f' });
      const work = async (): Promise<void> => {
        const data = content(32768);
        for (let at = 0; at < size; at += data.length) await sink.write(data);
        await sink.finish();
      };
      const failure = expect.objectContaining({
        code: 'RSYNC_FILE_IO',
        exitCode: 11,
        message: 'write failed on "/d/f": No space left on device (28)',
      });
      await expect(work()).rejects.toEqual(failure);
      expect(() => sink.write(content(1))).toThrow(failure);
      expect(() => sink.finish()).toThrow(failure);
      await sink.abort();
      closeSync(fd);
    }
  });

  it('an abort waits for the writes under way, and can keep the rest', async () => {
    for (const keep of [true, false]) {
      const path = join(base, `abort${keep}`);
      const fd = openSync(path, 'wx+');
      const sink = new FileSink(fd, { path });
      const data = content(CHUNK);
      for (let i = 0; i < 3; i++) sink.write(data);
      sink.write(content(5));
      await sink.abort(keep);
      closeSync(fd);
      if (keep) expect(statSync(path).size).toBe(3 * CHUNK + 5);
      expect(() => sink.write(data)).toThrow(/aborted/);
    }
  });
});

describe('ranges of data', () => {
  it('leave out whole aligned blocks of zeros only', () => {
    const buffer = Buffer.alloc(40_000);
    expect(dataRanges(buffer, 40_000, 0)).toEqual([]);
    buffer[10_000] = 1;
    expect(dataRanges(buffer, 40_000, 0)).toEqual([8192, 12_288]);
    expect(dataRanges(buffer, 40_000, 100)).toEqual([8092, 12_188]);
    buffer[39_999] = 1;
    expect(dataRanges(buffer, 40_000, 0)).toEqual([8192, 12_288, 36_864, 40_000]);
    expect(dataRanges(buffer, 40_000, 0, 5000)).toEqual([0, 12_288, 36_864, 40_000]);
  });
});

describe('reading the basis', () => {
  const base = tempDir();
  const root = Root.open(base);
  const data = content(1_000_000);
  writeFileSync(join(base, 'f'), data);

  it('gives any piece, in any order', () => {
    const basis = BasisFile.open(root, 'f');
    fc.assert(
      fc.property(fc.nat(data.length), fc.nat(400_000), (offset, wanted) => {
        const length = Math.min(wanted, data.length - offset);
        expect(data.subarray(offset, offset + length).equals(basis.read(offset, length))).toBe(true);
      }),
    );
    for (let at = 0; at < data.length; at += 700) {
      const length = Math.min(700, data.length - at);
      expect(data.subarray(at, at + length).equals(basis.read(at, length))).toBe(true);
    }
    basis.close();
    basis.close();
  });

  it('refuses pieces outside the file', () => {
    const basis = BasisFile.open(root, 'f');
    const failure = expect.objectContaining({ code: 'RSYNC_FILE_IO', exitCode: 23 });
    for (const [offset, length] of [
      [data.length, 1],
      [0, data.length + 1],
      [-1, 1],
      [5, -1],
      [2 ** 50, 10],
    ] as const)
      expect(() => basis.read(offset, length)).toThrow(failure);
    expect(basis.read(data.length, 0).length).toBe(0);
    basis.close();
  });

  it.skipIf(isWindows)('tells that the file shrank', () => {
    writeFileSync(join(base, 'g'), data);
    const basis = BasisFile.open(root, 'g');
    truncateSync(join(base, 'g'), 1000);
    expect(basis.read(0, 1000).length).toBe(1000);
    expect(() => basis.read(900, 700)).toThrow(/^read errors mapping ".*g"/);
    basis.close();
  });
});
