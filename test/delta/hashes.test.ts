import { createHash as createCryptoHash } from 'node:crypto';
import fc from 'fast-check';
import { createMD4, createXXHash3, createXXHash64, createXXHash128, type IHasher } from 'hash-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ChecksumName } from '../../src/core/algorithms.ts';
import { createHash, type Hash, loadHashes } from '../../src/delta/hashes.ts';
import { ENGINES, hex, loadLibraries, noise, pieces, unhex, vectors, withEngine } from './support.ts';

const NAMES = ['md4', 'md5', 'sha1', 'xxh64', 'xxh3', 'xxh128'] as const;
type Name = (typeof NAMES)[number];

const { checksums } = vectors<{
  checksums: {
    data: Record<string, string>;
    whole: ({ data: string } & Record<Name | 'none', string>)[];
    block: ({ data: string; seed: number } & Record<'xxh64' | 'xxh3' | 'xxh128', string>)[];
  };
}>('primitives');

const SEEDS = [0, 1, -1, 0x7fffffff, -0x80000000];
const hashers = new Map<string, IHasher>();

beforeAll(async () => {
  await loadHashes();
  await loadHashes();
  await loadLibraries([...SEEDS, ...checksums.block.map(({ seed }) => seed)]);
  hashers.set('md4', await createMD4());
  hashers.set('xxh64', await createXXHash64());
  hashers.set('xxh3', await createXXHash3());
  hashers.set('xxh128', await createXXHash128());
});

/** The same digest by somebody else's code, in wire order. */
function reference(name: Name, data: Uint8Array): string {
  if (name === 'md5' || name === 'sha1') return createCryptoHash(name).update(data).digest('hex');
  const digest = hashers.get(name)!.init().update(data).digest('binary');
  return hex(name === 'md4' ? digest : digest.reverse());
}

function digest(name: ChecksumName, data: Uint8Array, cuts: readonly number[] = [], seed = 0): string {
  const hash = createHash(name, seed);
  for (const piece of pieces(data, cuts)) hash.update(piece);
  return hex(hash.digest());
}

describe.each(ENGINES)('digests, %s', (_, kernel) => {
  it('are those of the wire', () => {
    withEngine(kernel, () => {
      for (const row of checksums.whole) {
        const data = unhex(checksums.data[row.data]!);
        for (const name of [...NAMES, 'none'] as const)
          expect([name, digest(name, data)]).toEqual([name, row[name]]);
      }
      for (const row of checksums.block) {
        const data = unhex(checksums.data[row.data]!);
        for (const name of ['xxh64', 'xxh3', 'xxh128'] as const) {
          expect([name, row.seed, digest(name, data, [], row.seed)]).toEqual([name, row.seed, row[name]]);
        }
      }
    });
  });

  it.each(NAMES)('%s of every short length, and around every length at which it changes its ways', (name) => {
    const data = noise(70_000, 5);
    const lengths = [
      ...Array(300).keys(),
      511,
      512,
      513,
      1023,
      1024,
      1025,
      1087,
      1088,
      1089,
      2047,
      2048,
      2049,
    ];
    withEngine(kernel, () => {
      for (const length of [...lengths, 16_383, 16_384, 65_536, 65_537, 70_000]) {
        const part = data.subarray(0, length);
        expect([length, digest(name, part)]).toEqual([length, reference(name, part)]);
      }
    });
  });

  it.each(NAMES)('%s does not depend on the pieces', (name) => {
    const data = noise(5_000, 6);
    const expected = reference(name, data);
    withEngine(kernel, () => {
      for (const cuts of [
        [1],
        [63, 1],
        [64],
        [65],
        [240, 1],
        [1024],
        [1023, 2],
        [1025],
        [4000, 1],
        [17, 3000],
      ]) {
        expect([cuts, digest(name, data, cuts)]).toEqual([cuts, expected]);
      }
    });
  });

  it('may be alive in any number, side by side', () => {
    withEngine(kernel, () => {
      const live: { name: Name; hash: Hash; data: Uint8Array; at: number }[] = [];
      for (let i = 0; i < 24; i++) {
        const name = NAMES[i % NAMES.length]!;
        live.push({ name, hash: createHash(name), data: noise(1_500 + 997 * i, i + 1), at: 0 });
      }
      for (let round = 0; live.some(({ data, at }) => at < data.length); round++) {
        for (const one of live) {
          const to = Math.min(one.data.length, one.at + 100 + ((round * 391) % 3_000));
          if (one.at < to) one.hash.update(one.data.subarray(one.at, to));
          one.at = to;
        }
      }
      for (const { name, hash, data } of live) expect(hex(hash.digest())).toBe(reference(name, data));
    });
  });

  it('may begin, go on and end in any order, seeded or not', () => {
    const data = noise(2_000, 8);
    const step = fc.record({
      slot: fc.nat(4),
      what: fc.constantFrom('update' as const, 'update' as const, 'digest' as const),
      name: fc.constantFrom(...NAMES),
      seed: fc.constantFrom(...SEEDS),
      length: fc.nat(600),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
        const slots: ({ name: Name; seed: number; hash: Hash; at: number } | undefined)[] = [];
        for (const { slot, what, name, seed, length } of steps) {
          withEngine(kernel, () => {
            slots[slot] ??= { name, seed, hash: createHash(name, seed), at: 0 };
          });
          const one = slots[slot]!;
          if (what === 'update') {
            const to = Math.min(data.length, one.at + length);
            one.hash.update(data.subarray(one.at, to));
            one.at = to;
          } else {
            // The other engine's, in one piece.
            const whole = (): string => digest(one.name, data.subarray(0, one.at), [], one.seed);
            expect([one.name, one.seed, hex(one.hash.digest())]).toEqual([
              one.name,
              one.seed,
              withEngine(!kernel, whole),
            ]);
            slots[slot] = undefined;
          }
        }
      }),
    );
  });

  it('of a digest that was given up leave no trace', () => {
    withEngine(kernel, () => {
      createHash('xxh128').update(noise(3_000));
      const data = noise(100, 9);
      expect(digest('xxh128', data)).toBe(reference('xxh128', data));
    });
  });
});
