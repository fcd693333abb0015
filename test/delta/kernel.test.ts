import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ChecksumName } from '../../src/core/algorithms.ts';
import { KERNEL_SOURCES } from '../../src/delta/kernel.generated.ts';
import { acquireKernel, releaseKernel } from '../../src/delta/kernel-instance.ts';
import { rollingSum } from '../../src/delta/rolling.ts';
import { makeSearcher, type Searcher, type TagTable } from '../../src/delta/searcher.ts';
import { context, hex, noise, vectors, withEngine } from './support.ts';

describe('the kernel', () => {
  it('is compiled from the sources that are here (else: node scripts/build-kernel.mjs)', () => {
    const folder = new URL('../../src/delta/kernel/', import.meta.url);
    const hash = createHash('sha256');
    for (const name of readdirSync(folder).sort()) {
      if (!name.endsWith('.ts')) continue;
      hash.update(`${name}\n`);
      hash.update(readFileSync(new URL(name, folder), 'utf8').replaceAll('\r\n', '\n'));
    }
    expect(KERNEL_SOURCES).toBe(hash.digest('hex'));
  });

  it('is there on this host, so that the other tests compare something', () => {
    const kernel = acquireKernel();
    expect(kernel).toBeDefined();
    releaseKernel(kernel!);
  });
});

describe('without the kernel', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  type Hashes = typeof import('../../src/delta/hashes.ts');

  /** The modules anew, on a host whose WebAssembly is `api`. */
  async function freshHashes(api: object | undefined): Promise<Hashes> {
    vi.stubGlobal('WebAssembly', api);
    vi.resetModules();
    const { acquireKernel: acquire } = await import('../../src/delta/kernel-instance.ts');
    expect(acquire()).toBeUndefined();
    return import('../../src/delta/hashes.ts');
  }

  const real = (globalThis as unknown as { WebAssembly: object }).WebAssembly;
  const noSimd = Object.create(
    {},
    { ...Object.getOwnPropertyDescriptors(real), validate: { value: () => false } },
  ) as object;

  const { checksums } = vectors<{
    checksums: {
      whole: ({ data: string } & Record<string, string>)[];
      block: ({ data: string; seed: number } & Record<string, string>)[];
    };
  }>('primitives');
  const ofAbc = checksums.whole.find(({ data }) => data === 'abc')!;

  function digest({ createHash: fresh }: Hashes, name: ChecksumName, seed = 0): string {
    const hash = fresh(name, seed);
    hash.update(Buffer.from('abc'));
    return hex(hash.digest());
  }

  const NAMES = ['md4', 'md5', 'sha1', 'xxh64', 'xxh3', 'xxh128'] as const;

  it.each(NAMES)('no SIMD: a library has %s', async (name) => {
    const hashes = await freshHashes(noSimd);
    await Promise.all([hashes.loadHashes(), hashes.loadHashes()]);
    expect(hashes.hashAvailable(name)).toBe(true);
    expect(digest(hashes, name)).toBe(ofAbc[name]);
  });

  it.each(['md4', 'xxh64', 'xxh3', 'xxh128'] as const)(
    '%s is not there before it is loaded',
    async (name) => {
      const hashes = await freshHashes(noSimd);
      expect(() => hashes.createHash(name)).toThrow(
        expect.objectContaining({
          code: 'RSYNC_INTERNAL',
          message: `checksum ${name} is used before it was loaded`,
        }),
      );
      await hashes.loadHashes();
      expect(digest(hashes, name)).toBe(ofAbc[name]);
    },
  );

  it.each(['xxh3', 'xxh128'] as const)('%s takes the seeds that were loaded, and no other', async (name) => {
    const hashes = await freshHashes(noSimd);
    const rows = checksums.block.filter(({ data, seed }) => data === 'abc' && seed !== 0);
    expect(rows.length).toBeGreaterThan(0);
    for (const { seed } of rows) await hashes.loadHashes(seed);
    for (const row of rows) expect(digest(hashes, name, row.seed)).toBe(row[name]);
    expect(() => hashes.createHash(name, 4711)).toThrow(
      expect.objectContaining({
        code: 'RSYNC_INTERNAL',
        message: `checksum ${name} with seed 4711 is used before it was loaded`,
      }),
    );
  });

  it('a process of many sessions keeps the latest thousand seeds', async () => {
    const hashes = await freshHashes(noSimd);
    for (let seed = 1; seed <= 1024; seed++) await hashes.loadHashes(seed);
    await hashes.loadHashes(1);
    await hashes.loadHashes(1025);
    const row = checksums.block.find(({ data, seed }) => data === 'abc' && seed === 1)!;
    expect(digest(hashes, 'xxh3', 1)).toBe(row.xxh3);
    expect(() => hashes.createHash('xxh3', 2)).toThrow(/seed 2 is used before/);
    expect(digest(hashes, 'xxh3')).toBe(ofAbc.xxh3);
  });

  it('no WebAssembly (--jitless): md5 and sha1 are left, the others are a typed error', async () => {
    const hashes = await freshHashes(undefined);
    await hashes.loadHashes(5);
    expect(NAMES.filter(hashes.hashAvailable)).toEqual(['md5', 'sha1']);
    for (const name of ['md5', 'sha1'] as const) expect(digest(hashes, name)).toBe(ofAbc[name]);
    for (const name of ['md4', 'xxh64', 'xxh3', 'xxh128'] as const) {
      expect(() => hashes.createHash(name)).toThrow(
        expect.objectContaining({ code: 'RSYNC_UNSUPPORTED', exitCode: 4, origin: 'local' }),
      );
    }
  });

  it('a host with the kernel does not load the libraries', async () => {
    const imported: string[] = [];
    for (const name of ['hash-wasm', 'xxhash-wasm']) {
      vi.doMock(name, () => {
        imported.push(name);
        return {};
      });
    }
    vi.resetModules();
    const { loadHashes } = await import('../../src/delta/hashes.ts');
    await loadHashes(5);
    for (const name of ['hash-wasm', 'xxhash-wasm']) vi.doUnmock(name);
    expect(imported).toEqual([]);
  });

  it('memory that cannot be had is a typed error', () => {
    const kernel = acquireKernel()!;
    expect(() => kernel.ensure(2 ** 33)).toThrow(
      expect.objectContaining({ code: 'RSYNC_LIMIT', exitCode: 22, origin: 'local' }),
    );
    releaseKernel(kernel);
  });
});

/** A searcher for the sums of some windows of `data`, which is in its buffer. */
function searcherFor(kernel: boolean, data: Uint8Array, window: number, tags: readonly number[]): Searcher {
  const shape = { count: tags.length, filterBits: 8, bucketBits: 3, multiplier: 0x9e3779b1 | 0 };
  const fill = (table: TagTable): void => {
    const slots = tags
      .map((tag) => ({ tag, hash: Math.imul(tag, shape.multiplier) >>> 0 }))
      .sort((x, y) => x.hash - y.hash);
    slots.forEach(({ tag, hash }, i) => {
      table.tags[i] = tag;
      table.filter[(hash >>> 24) + ((hash & 31) >>> 3)]! |= 1 << (hash & 7);
      for (let b = (hash >>> 29) + 1; b < table.starts.length; b++) table.starts[b]!++;
    });
  };
  const searcher = withEngine(kernel, () => makeSearcher(context('xxh64'), window, shape, fill));
  searcher.reserve(data.length);
  searcher.data.set(data, searcher.base);
  return searcher;
}

/** Every offset at which the searcher stops. */
function stops(searcher: Searcher, length: number, window: number, step: number): number[] {
  const found: number[] = [];
  let at = 0;
  if (searcher.contains(searcher.seek(0))) found.push(0);
  while (at < length - window) {
    const slides = Math.min(step, length - window - at);
    const n = searcher.scan(at, slides);
    at += n === 0 ? slides : n;
    if (n !== 0) found.push(at);
  }
  return found;
}

describe('the kernel and its twin', () => {
  it('have the same rolling sum of any bytes, wherever they begin', () => {
    const data = noise(70_000, 3);
    const kernel = searcherFor(true, data, 8, [1]);
    fc.assert(
      fc.property(fc.nat(60_000), fc.oneof(fc.nat(100), fc.nat(9_999)), (at, length) => {
        expect(kernel.rollingSum(at, length)).toBe(rollingSum(data, at, at + length));
      }),
    );
    kernel.release();
  });

  it('stop at the same offsets, which are those of the table', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 40, maxLength: 600 }),
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.nat(599), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 70 }),
        (data, window, wanted, step) => {
          const last = data.length - window;
          const tags = wanted.map((at) => rollingSum(data, at % (last + 1), (at % (last + 1)) + window));
          const expected: number[] = [];
          for (let at = 0; at <= last; at++) {
            if (tags.includes(rollingSum(data, at, at + window))) expected.push(at);
          }
          for (const kernel of [true, false]) {
            const searcher = searcherFor(kernel, data, window, tags);
            expect(stops(searcher, data.length, window, step)).toEqual(expected);
            searcher.release();
          }
        },
      ),
    );
  });
});
