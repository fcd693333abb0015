import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromText } from '../../src/core/bytes.ts';
import type { OptionsInput } from '../../src/options/resolve.ts';
import {
  ARCHIVE_H,
  deletedNames,
  differences,
  items,
  messages,
  type PairOutcome,
  runPair,
  snapshot,
  temporaries,
  Workspace,
} from '../support/pair.ts';
import { compareTrees, DEFAULT_TIME, type EntrySpec, noise } from '../support/tree.ts';

let space: Workspace;
beforeEach(() => {
  space = new Workspace();
});
afterEach(() => space.remove());

const SOURCE: EntrySpec[] = [
  { path: 'changed', content: 'new content', mtime: DEFAULT_TIME + 100 },
  { path: 'same', content: 'same' },
  { path: 'dir/inside', content: 'inside' },
  { path: 'dir/fresh', content: noise(5000, 3) },
  { path: 'link', type: 'symlink', target: 'same' },
];
const DESTINATION: EntrySpec[] = [
  { path: 'changed', content: 'old' },
  { path: 'same', content: 'same' },
  { path: 'dir/inside', content: 'inside' },
  { path: 'dir/surplus', content: 'surplus' },
  { path: 'surplus-dir/a/b', content: 'deep surplus' },
  { path: 'surplus', content: 'surplus' },
];
const SURPLUS = ['dir/surplus', 'surplus', 'surplus-dir', 'surplus-dir/a', 'surplus-dir/a/b'];

const RUNS = (['pull', 'push'] as const).flatMap((direction) =>
  (
    [
      [29, false],
      [31, false],
      [32, true],
    ] as const
  ).map(([protocol, incRecurse]) => ({ direction, protocol, incRecurse })),
);

describe.each(RUNS)('$direction, protocol $protocol, incremental $incRecurse', (run) => {
  const go = (options: OptionsInput, sources: readonly string[], destination: string): Promise<PairOutcome> =>
    runPair({
      direction: run.direction,
      options: { ...ARCHIVE_H, protocol: run.protocol, incRecurse: run.incRecurse, ...options },
      sources,
      destination,
    });
  const both = (source = SOURCE, destination = DESTINATION): [string, string] => [
    space.make('src', source),
    space.make('dst', destination),
  ];

  it.each(['default', 'before', 'during', 'after'] as const)('deletes: %s', async (deleteMode) => {
    const [src, dst] = both();
    const { result, events } = await go({ deleteMode }, [`${src}/`], dst);
    expect(result?.exitCode).toBe(0);
    expect(deletedNames(events).sort()).toEqual(SURPLUS);
    expect(result?.stats.deleted.total).toBe(run.direction === 'push' && run.protocol < 31 ? 0 : 5);
    expect(differences(src, dst)).toEqual([]);
  });

  it('deletes nothing unless asked to', async () => {
    const [src, dst] = both();
    const { result, events } = await go({}, [`${src}/`], dst);
    expect(result?.exitCode).toBe(0);
    expect(deletedNames(events)).toEqual([]);
    expect(differences(src, dst).sort()).toEqual(
      SURPLUS.map((name) => expect.stringContaining(`"${name}": only in actual`)),
    );
  });

  it('a dry run tells everything and writes nothing', async () => {
    const [src, dst] = both();
    const before = [snapshot(src), snapshot(dst)] as const;
    const dry = await go({ dryRun: true, deleteMode: 'default' }, [`${src}/`], dst);
    expect(dry.result?.exitCode).toBe(0);
    expect(compareTrees(before[0], snapshot(src))).toEqual([]);
    expect(compareTrees(before[1], snapshot(dst))).toEqual([]);
    const real = await go({ deleteMode: 'default' }, [`${src}/`], dst);
    // What is deleted first changes the time of its folder, which a dry run cannot see.
    const told = (lines: string[]): string[] => lines.filter((line) => !/^0008 (\.|dir)$/.test(line));
    expect(told(items(dry.events))).toEqual(told(items(real.events)));
    expect(items(dry.events).length).toBeGreaterThan(2);
    expect(deletedNames(dry.events)).toEqual(deletedNames(real.events));
  });

  it('a dry run to a missing destination makes nothing', async () => {
    const src = space.make('src', SOURCE);
    const dry = await go({ dryRun: true }, [`${src}/`], space.at('none'));
    expect(dry.result?.exitCode).toBe(0);
    expect(snapshot(space.at('none')).size).toBe(0);
    expect(items(dry.events).map((line) => line.slice(5))).toContain('dir/fresh');
  });

  it('-c finds a change that size and time hide, and takes no other for one', async () => {
    const [src, dst] = both(
      [
        { path: 'hidden', content: 'aaaa' },
        { path: 'touched', content: 'bbbb', mtime: DEFAULT_TIME + 9 },
      ],
      [
        { path: 'hidden', content: 'AAAA' },
        { path: 'touched', content: 'bbbb' },
      ],
    );
    const { result } = await go({ checksum: true }, [`${src}/`], dst);
    expect(result?.stats.transferredFiles).toBe(1);
    expect(differences(src, dst)).toEqual([]);
  });

  it('-u leaves newer files alone', async () => {
    const [src, dst] = both(
      [
        { path: 'newer', content: 'from the source' },
        { path: 'older', content: 'from the source' },
      ],
      [
        { path: 'newer', content: 'x', mtime: DEFAULT_TIME + 50 },
        { path: 'older', content: 'y', mtime: DEFAULT_TIME - 50 },
      ],
    );
    const { result } = await go({ update: true }, [`${src}/`], dst);
    expect(result?.stats.transferredFiles).toBe(1);
    expect(readFileSync(`${dst}/newer`, 'latin1')).toBe('x');
    expect(readFileSync(`${dst}/older`, 'latin1')).toBe('from the source');
  });

  it('--existing makes nothing new', async () => {
    const [src, dst] = both();
    const { result } = await go({ existing: true }, [`${src}/`], dst);
    expect(result?.exitCode).toBe(0);
    expect(readFileSync(`${dst}/changed`, 'latin1')).toBe('new content');
    expect([...snapshot(dst).keys()].sort()).toEqual(
      ['.', 'changed', 'dir', 'dir/inside', 'same', ...SURPLUS].sort(),
    );
  });

  it('--ignore-existing changes nothing that is there', async () => {
    const [src, dst] = both();
    const { result } = await go({ ignoreExisting: true }, [`${src}/`], dst);
    expect(result?.stats.transferredFiles).toBe(1);
    expect(readFileSync(`${dst}/changed`, 'latin1')).toBe('old');
    expect(readFileSync(`${dst}/dir/fresh`).equals(noise(5000, 3))).toBe(true);
  });

  it('--inplace writes into the same inode, blocks in any order', async () => {
    const [head, tail] = [noise(70_000, 1), noise(70_000, 2)];
    const [src, dst] = both(
      [{ path: 'f', content: Buffer.concat([tail, Buffer.from('in between'), head]), mtime: 1 }],
      [{ path: 'f', content: Buffer.concat([head, tail]) }],
    );
    const { ino } = statSync(`${dst}/f`);
    const { result } = await go({ inplace: true }, [`${src}/`], dst);
    expect(result?.exitCode).toBe(0);
    expect(statSync(`${dst}/f`).ino).toBe(ino);
    expect(differences(src, dst)).toEqual([]);
    expect(result?.stats.matchedData).toBeGreaterThan(50_000);
  });

  it('--partial and a clean run leave nothing behind', async () => {
    const [src, dst] = both();
    const { result } = await go({ partial: true, deleteMode: 'default' }, [`${src}/`], dst);
    expect(result?.exitCode).toBe(0);
    expect(differences(src, dst)).toEqual([]);
    expect(temporaries(dst)).toEqual([]);
  });

  it('-W sends whole files', async () => {
    const content = noise(50_000, 4);
    const [src, dst] = both(
      [{ path: 'f', content: Buffer.concat([content, Buffer.from('!')]) }],
      [{ path: 'f', content }],
    );
    const { result } = await go({ wholeFile: true }, [`${src}/`], dst);
    expect(result?.stats).toMatchObject({ literalData: 50_001, matchedData: 0 });
    expect(differences(src, dst)).toEqual([]);
  });

  it('--size-only looks at the size alone', async () => {
    const [src, dst] = both(
      [
        { path: 'same-size', content: 'abc', mtime: 1 },
        { path: 'other-size', content: 'abcd' },
      ],
      [
        { path: 'same-size', content: 'xyz', mtime: 2 },
        { path: 'other-size', content: 'xyz' },
      ],
    );
    const { result } = await go({ sizeOnly: true }, [`${src}/`], dst);
    expect(result?.stats.transferredFiles).toBe(1);
    expect(readFileSync(`${dst}/same-size`, 'latin1')).toBe('xyz');
    expect(statSync(`${dst}/same-size`).mtimeMs).toBe(1000);
    expect(readFileSync(`${dst}/other-size`, 'latin1')).toBe('abcd');
  });

  it('-I asks for everything again', async () => {
    const [src, dst] = both(SOURCE, SOURCE);
    const { result } = await go({ ignoreTimes: true }, [`${src}/`], dst);
    expect(result?.stats.transferredFiles).toBe(4);
    expect(differences(src, dst)).toEqual([]);
  });

  it('--max-delete stops deleting and ends with 25', async () => {
    const [src, dst] = both();
    const { result, events } = await go({ deleteMode: 'default', maxDelete: 2 }, [`${src}/`], dst);
    expect(result?.exitCode).toBe(25);
    expect(deletedNames(events)).toHaveLength(2);
    expect(messages(events).some((text) => text.includes('--max-delete'))).toBe(true);
    const left = SURPLUS.filter((name) => snapshot(dst).has(name));
    expect(left).toHaveLength(3);
  });

  it('filters hide from the transfer and protect from deletion, unless --delete-excluded', async () => {
    const source: EntrySpec[] = [
      { path: 'a.o', content: 'object' },
      { path: 'keep/b.o', content: 'object' },
      { path: 'keep/b.c', content: 'source' },
      { path: 'drop/c', content: 'c' },
    ];
    const [src, dst] = both(source, [
      { path: 'old.o', content: 'object' },
      { path: 'old.c', content: 'source' },
    ]);
    const filters: OptionsInput['filters'] = [
      { kind: 'include', text: fromText('b.o') },
      { kind: 'exclude', text: fromText('*.o') },
      { kind: 'filter', text: fromText('- /drop/') },
    ];
    const first = await go({ filters, deleteMode: 'default' }, [`${src}/`], dst);
    expect(first.result?.exitCode).toBe(0);
    expect(deletedNames(first.events)).toEqual(['old.c']);
    expect([...snapshot(dst).keys()]).toEqual(['.', 'keep', 'keep/b.c', 'keep/b.o', 'old.o']);
    const second = await go({ filters, deleteExcluded: true }, [`${src}/`], dst);
    expect(second.result?.exitCode).toBe(0);
    expect(deletedNames(second.events)).toEqual(['old.o']);
  });

  it('-x goes through where there is one file system', async () => {
    const [src, dst] = both();
    const { result } = await go({ oneFileSystem: 1, deleteMode: 'default' }, [`${src}/`], dst);
    expect(result?.exitCode).toBe(0);
    expect(differences(src, dst)).toEqual([]);
  });

  it('merges directories of the same name from several sources; the first of two files wins', async () => {
    const one = space.make('one', [
      { path: 'shared/file', content: 'from one' },
      { path: 'shared/only-one', content: '1' },
      { path: 'shared/sub/x', content: 'x' },
    ]);
    const two = space.make('two', [
      { path: 'shared/file', content: 'from two', mtime: DEFAULT_TIME + 5 },
      { path: 'shared/only-two', content: '2' },
      { path: 'shared/sub/y', content: 'y' },
    ]);
    const dst = space.make('dst', [{ path: 'shared/sub/surplus', content: 'z' }]);
    const { result } = await go({ deleteMode: 'default' }, [`${one}/shared`, `${two}/shared`], dst);
    expect(result?.exitCode).toBe(0);
    const expected = space.make('expected', [
      { path: 'shared/file', content: 'from one' },
      { path: 'shared/only-one', content: '1' },
      { path: 'shared/only-two', content: '2' },
      { path: 'shared/sub/x', content: 'x' },
      { path: 'shared/sub/y', content: 'y' },
    ]);
    expect(differences(expected, dst)).toEqual([]);
  });

  it('a missing source is an error of the run: 23, nothing written', async () => {
    const dst = space.make('dst', DESTINATION);
    const before = snapshot(dst);
    const { result } = await go({ deleteMode: 'default' }, [space.at('no-such-file')], dst);
    expect(result?.exitCode).toBe(23);
    expect(compareTrees(before, snapshot(dst))).toEqual([]);
  });

  it('an empty directory is a list like any other', async () => {
    const [src, dst] = both([], DESTINATION);
    const { result } = await go({ deleteMode: 'default' }, [`${src}/`], dst);
    expect(result?.exitCode).toBe(0);
    expect([...snapshot(dst).keys()]).toEqual(['.']);
  });

  it('a single file goes to a name', async () => {
    const src = space.make('src', SOURCE);
    const target = space.at('renamed');
    const { result } = await go({}, [`${src}/changed`], target);
    expect(result?.exitCode).toBe(0);
    expect(readFileSync(target, 'latin1')).toBe('new content');
    expect(statSync(target).mtimeMs).toBe((DEFAULT_TIME + 100) * 1000);
    writeFileSync(target, 'something else');
    const again = await go({}, [`${src}/changed`], target);
    expect(again.result?.exitCode).toBe(0);
    expect(readFileSync(target, 'latin1')).toBe('new content');
  });

  it('an item of another kind makes way', async () => {
    const [src, dst] = both(
      [
        { path: 'was-file/now-dir', content: '1' },
        { path: 'was-dir', content: 'now a file' },
        { path: 'was-link', content: 'now a file' },
        { path: 'now-link', type: 'symlink', target: 'was-dir' },
      ],
      [
        { path: 'was-file', content: 'x' },
        { path: 'was-dir/deep/file', content: 'y' },
        { path: 'was-link', type: 'symlink', target: '/etc/passwd' },
        { path: 'now-link/deep', content: 'z' },
      ],
    );
    const { result } = await go({ deleteMode: 'default' }, [`${src}/`], dst);
    expect(result?.exitCode).toBe(0);
    expect(differences(src, dst)).toEqual([]);
  });

  it.each([
    ['--ignore-existing', { ignoreExisting: true }, 0],
    ['-u', { update: true }, 50],
  ] as const)('%s: a group whose last name is skipped still gets its others', async (_name, options, age) => {
    const [src, dst] = both(
      [
        { path: 'a', content: 'linked', mtime: DEFAULT_TIME },
        { path: 'b', type: 'hardlink', target: 'a' },
        { path: 'd/c', type: 'hardlink', target: 'a' },
      ],
      [{ path: 'd/c', content: 'there already', mtime: DEFAULT_TIME + age }],
    );
    const { result, error } = await go(options, [`${src}/`], dst);
    expect(error).toBeUndefined();
    expect(result?.exitCode).toBe(0);
    expect(readFileSync(`${dst}/d/c`, 'latin1')).toBe('there already');
    expect(readFileSync(`${dst}/a`, 'latin1')).toBe('linked');
    expect(statSync(`${dst}/a`).ino).toBe(statSync(`${dst}/b`).ino);
  });

  it('--bwlimit slows down and loses nothing', async () => {
    const [src, dst] = both([{ path: 'f', content: noise(60_000, 5) }], []);
    const started = performance.now();
    const { result, error } = await go({ bwlimit: 200 }, [`${src}/`], dst);
    expect(error).toBeUndefined();
    expect(result?.exitCode).toBe(0);
    expect(differences(src, dst)).toEqual([]);
    // Only a client that sends is slowed: 60,000 bytes at 200 KiB/s, the first tenth of a second free.
    if (run.direction === 'push') expect(performance.now() - started).toBeGreaterThan(100);
  });
});

describe.each([29, 30, 31, 32])('listing at protocol %i', (protocol) => {
  it('tells every entry and writes nothing', async () => {
    const src = space.make('src', SOURCE);
    const { result, events } = await runPair({
      direction: 'list',
      options: { recursive: true, links: true, times: true, listOnly: true, protocol },
      sources: [`${src}/`],
    });
    expect(result?.exitCode).toBe(0);
    const names = events.flatMap((event) => (event.type === 'listed' ? [event.entry.name] : []));
    expect(names.sort()).toEqual(['.', 'changed', 'dir', 'dir/fresh', 'dir/inside', 'link', 'same']);
  });
});
