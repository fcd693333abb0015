import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OptionsInput } from '../../src/options/resolve.ts';
import { availableCompressors } from '../../src/protocol/token.ts';
import { modified, ODD_TREE } from '../support/odd-tree.ts';
import { ARCHIVE_H, differences, items, runPair, temporaries, Workspace } from '../support/pair.ts';
import type { EntrySpec } from '../support/tree.ts';

const DIRECTIONS = ['pull', 'push'] as const;
const FORMS: [number, boolean][] = [
  [29, false],
  [30, true],
  [30, false],
  [31, true],
  [31, false],
  [32, true],
  [32, false],
];

/** At protocol 29 a time is an unsigned 32-bit number, docs/protocol/2-file-list.md, 2.3: other times are not in it. */
function timesOf29(entries: readonly EntrySpec[]): EntrySpec[] {
  return entries.filter((entry) => !/^times\/(1901|19|21|24)/.test(String(entry.path)));
}

/** The large file costs time and shows nothing that the others do not. */
const TREE = ODD_TREE.filter((entry) => entry.path !== 'sizes/3000000');
const LATER = modified(TREE);

let trees: Workspace;
const made: Record<string, string> = {};
beforeAll(() => {
  trees = new Workspace();
  made.first = trees.make('first', TREE);
  made.second = trees.make('second', LATER);
  made.first29 = trees.make('first29', timesOf29(TREE));
  made.second29 = trees.make('second29', timesOf29(LATER));
});
afterAll(() => trees.remove());

let space: Workspace;
beforeEach(() => {
  space = new Workspace();
});
afterEach(() => space.remove());

describe.each(DIRECTIONS)('%s of the odd tree', (direction) => {
  it.each(FORMS)('protocol %i, incremental recursion %s', async (protocol, incRecurse) => {
    const form: OptionsInput = { ...ARCHIVE_H, protocol, incRecurse, sparse: true };
    const first = protocol === 29 ? made.first29! : made.first!;
    const second = protocol === 29 ? made.second29! : made.second!;
    const dst = space.at('dst');
    const full = await runPair({ direction, options: form, sources: [`${first}/`], destination: dst });
    expect(full.error).toBeUndefined();
    expect(full.result).toMatchObject({ exitCode: 0, protocol });
    const told = full.events.find((event) => event.type === 'negotiated');
    expect(told).toMatchObject({ protocol, incremental: incRecurse });
    expect(differences(first, dst)).toEqual([]);

    const options = { ...form, deleteMode: 'default' } as const;
    const delta = await runPair({ direction, options, sources: [`${second}/`], destination: dst });
    expect(delta.result?.exitCode).toBe(0);
    expect(differences(second, dst)).toEqual([]);
    expect(temporaries(dst)).toEqual([]);
    expect(delta.result!.stats.matchedData).toBeGreaterThan(400_000);

    const idle = await runPair({ direction, options, sources: [`${second}/`], destination: dst });
    expect(items(idle.events)).toEqual([]);
    expect(idle.result).toMatchObject({ exitCode: 0, stats: { transferredFiles: 0, literalData: 0 } });
  });
});

describe.each(DIRECTIONS)('%s with every algorithm', (direction) => {
  const old: EntrySpec[] = TREE.filter(({ path }) => /^sizes\//.test(String(path)));
  const now = modified(old.filter(({ type }) => type !== 'hardlink'));

  const algorithms: [string, OptionsInput, string, string][] = [
    ...(['md4', 'md5', 'sha1', 'xxh64', 'xxh3', 'xxh128', 'none'] as const).map(
      (name): [string, OptionsInput, string, string] => [
        `checksum ${name}`,
        { checksumChoice: name },
        name,
        'none',
      ],
    ),
    ...availableCompressors().map((name): [string, OptionsInput, string, string] => [
      `compressor ${name}`,
      { compressChoice: name },
      'xxh128',
      name,
    ]),
    ['compression as negotiated', { compress: true }, 'xxh128', availableCompressors()[0]!],
    ['plain -z at protocol 29', { compress: true, protocol: 29 }, 'md4', 'zlib'],
    [
      'compression level 0 of zlib',
      { compress: true, compressLevel: 0, compressChoice: 'zlib' },
      'xxh128',
      'zlib',
    ],
    ['blocks of 100,000 bytes and zlib at protocol 30', { ...zlib30() }, 'xxh128', 'zlib'],
    ['-c with a digest of its own', { checksum: true, checksumChoice: 'xxh64,sha1' }, 'xxh64', 'none'],
    ['a negative seed', { checksumSeed: -5 }, 'xxh128', 'none'],
  ];

  it.each(algorithms)('%s', async (_name, options, checksum, compressor) => {
    const src = space.make('src', now);
    const dst = space.make('dst', old);
    const { result, error } = await runPair({
      direction,
      options: { ...ARCHIVE_H, ...options },
      sources: [`${src}/`],
      destination: dst,
    });
    expect(error).toBeUndefined();
    expect(result).toMatchObject({ exitCode: 0, checksum, compressor });
    expect(differences(src, dst)).toEqual([]);
    if (checksum === 'none') expect(result!.stats.matchedData).toBe(0);
    else expect(result!.stats.matchedData).toBeGreaterThan(90_000);
  });
});

function zlib30(): OptionsInput {
  return { compressChoice: 'zlib', blockSize: 100_000, protocol: 30 };
}
