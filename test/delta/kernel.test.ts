import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
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

  async function digestOfAbc(): Promise<string> {
    vi.resetModules();
    const { createHash: fresh, loadHashes } = await import('../../src/delta/hashes.ts');
    const { acquireKernel: acquire } = await import('../../src/delta/kernel-instance.ts');
    await loadHashes();
    expect(acquire()).toBeUndefined();
    const hash = fresh('xxh128');
    hash.update(Buffer.from('abc'));
    return hex(hash.digest());
  }

  it.each([
    ['no WebAssembly (--jitless)', undefined],
    ['no SIMD', { validate: () => false }],
  ])('%s: plain TypeScript does it', async (_, api) => {
    const { checksums } = vectors<{ checksums: { whole: { data: string; xxh128: string }[] } }>('primitives');
    vi.stubGlobal('WebAssembly', api);
    expect(await digestOfAbc()).toBe(checksums.whole.find(({ data }) => data === 'abc')!.xxh128);
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
