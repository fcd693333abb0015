import { describe, expect, it } from 'vitest';
import type { ChecksumName } from '../../src/core/algorithms.ts';
import {
  blockHash,
  blockSums,
  fileSum,
  listSum,
  type StrongContext,
  strongSum,
} from '../../src/delta/strong.ts';
import { type BlockSumsFile, inputBytes } from './block-sums.ts';
import {
  context,
  ENGINES,
  hex,
  loadLibraries,
  noise,
  pieces,
  unhex,
  vectors,
  withEngine,
} from './support.ts';

const { inputs } = vectors<BlockSumsFile>('transfer/block-sums');
const { checksums } = vectors<{
  checksums: {
    data: Record<string, string>;
    block: ({ data: string; seed: number } & Record<string, string>)[];
    whole: { data: string; md4_before_30_by_seed: Record<string, string> }[];
  };
}>('primitives');

await loadLibraries([
  -77,
  5,
  ...inputs.flatMap(({ strong }) => strong.map(({ seed }) => seed)),
  ...checksums.block.map(({ seed }) => seed),
]);

function ofVector(algorithm: string, seed: number): StrongContext {
  if (algorithm === 'md5-old') return context('md5', seed, { md5SeedFirst: false });
  return context(algorithm as ChecksumName, seed);
}

function wire(ctx: StrongContext, data: Uint8Array, blength: number, s2length: number): string {
  const out = new Uint8Array(Math.floor(data.length / blength) * (4 + s2length));
  expect(blockSums(ctx, data, blength, s2length, out, 0)).toBe(out.length);
  return hex(out);
}

describe.each(ENGINES)('strong sums, %s', (_, kernel) => {
  it.each(inputs.map((input) => [input.name, input] as const))(
    'of %s are what a generator sent',
    (_name, input) => {
      const data = inputBytes(input);
      const rolling = Buffer.alloc(4);
      rolling.writeUInt32LE(Number(input.rolling_sum_u32));
      withEngine(kernel, () => {
        for (const { algorithm, seed, digest } of input.strong) {
          const ctx = ofVector(algorithm, seed);
          const label = `${algorithm} ${seed} `;
          expect(label + hex(strongSum(ctx, data))).toBe(label + digest);
          const hash = blockHash(ctx);
          for (const piece of pieces(data, [50, 1, 1000])) hash.update(piece);
          expect(label + hex(hash.digest())).toBe(label + digest);
          // Nine equal blocks: two rounds of four side by side, and one alone.
          const nine = Buffer.concat(Array(9).fill(data));
          const record = rolling.toString('hex') + digest;
          expect(label + wire(ctx, nine, data.length, digest.length / 2)).toBe(label + record.repeat(9));
          const short = rolling.toString('hex') + digest.slice(0, 4);
          expect(wire(ctx, nine, data.length, 2)).toBe(short.repeat(9));
        }
        for (const { algorithm, seed, digest } of input.whole_file) {
          const name = algorithm.split(' ')[0] as ChecksumName;
          const classicMd4 = algorithm.includes('protocol 27-29');
          const hash = fileSum(context(name, seed ?? 777, { classicMd4 }));
          hash.update(data);
          expect(`${algorithm} ${hex(hash.digest())}`).toBe(`${algorithm} ${digest}`);
          if (classicMd4) continue;
          const unseeded = listSum(name);
          unseeded.update(data);
          expect(hex(unseeded.digest())).toBe(digest);
        }
      });
    },
  );

  it('of the primitives, seed 0 and negative seeds too', () => {
    withEngine(kernel, () => {
      for (const row of checksums.block) {
        const data = unhex(checksums.data[row.data]!);
        for (const name of ['md4', 'sha1', 'xxh64', 'xxh3', 'xxh128'] as const) {
          expect(hex(strongSum(context(name, row.seed), data))).toBe(row[name]);
        }
        for (const md5SeedFirst of [true, false]) {
          const ctx = context('md5', row.seed, { md5SeedFirst });
          expect(hex(strongSum(ctx, data))).toBe(row[md5SeedFirst ? 'md5_seed_first' : 'md5_seed_last']);
        }
      }
      for (const row of checksums.whole) {
        for (const [seed, digest] of Object.entries(row.md4_before_30_by_seed)) {
          const hash = fileSum(context('md4', Number(seed), { classicMd4: true }));
          hash.update(unhex(checksums.data[row.data]!));
          expect(hex(hash.digest())).toBe(digest);
        }
      }
    });
  });
});

describe('the kernel and what is used without it', () => {
  it('have the same block sums, for every length of block around a chunk and for long ones', () => {
    const data = noise(1_400_000, 11);
    for (const name of ['md4', 'md5', 'sha1', 'xxh64', 'xxh3', 'xxh128'] as const) {
      for (const ctx of [context(name), context(name, -77), context(name, 5, { md5SeedFirst: false })]) {
        for (const blength of [
          1, 2, 51, 52, 55, 56, 57, 59, 60, 61, 63, 64, 65, 119, 120, 124, 128, 241, 700,
        ]) {
          const part = data.subarray(0, 6 * blength);
          const expected = withEngine(false, () => wire(ctx, part, blength, 7));
          expect(`${name} ${blength} ${wire(ctx, part, blength, 7)}`).toBe(`${name} ${blength} ${expected}`);
        }
      }
    }
    for (const blength of [131_072, 262_145, 600_000]) {
      const ctx = context('md5', 1);
      const expected = withEngine(false, () => wire(ctx, data, blength, 16));
      expect(wire(ctx, data, blength, 16)).toBe(expected);
    }
  });
});
