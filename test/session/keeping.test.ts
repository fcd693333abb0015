import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromText } from '../../src/core/bytes.ts';
import { ConfinedPlaces } from '../../src/files/places.ts';
import type { OptionsInput } from '../../src/options/resolve.ts';
import type { ModulePolicy } from '../../src/roles/policy.ts';
import {
  deletedNames,
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

const OLDER = DEFAULT_TIME - 100;
const BASE = noise(80_000, 5);
const CHANGED = Buffer.concat([BASE, noise(3000, 6)]);

const text = (path: string): string => readFileSync(space.at(path), 'latin1');
const inode = (path: string): number => statSync(space.at(path)).ino;
const names = (path: string): string[] => readdirSync(space.at(path)).sort();

/** A directory on another file system than the workspace; undefined if this machine has none at hand. */
function elsewhere(): string | undefined {
  const memory = '/dev/shm';
  if (!existsSync(memory) || statSync(memory).dev === statSync(tmpdir()).dev) return undefined;
  return mkdtempSync(`${memory}/rsyncjs-keeping-`);
}

const RUNS = (['pull', 'push'] as const).flatMap((direction) =>
  [29, 32].map((protocol) => ({ direction, protocol })),
);

describe.each(RUNS)('$direction, protocol $protocol', ({ direction, protocol }) => {
  const go = (
    options: OptionsInput,
    more: Partial<Parameters<typeof runPair>[0]> = {},
  ): Promise<PairOutcome> =>
    runPair({
      direction,
      options: { archive: true, protocol, ...options },
      sources: [`${space.at('src')}/`],
      destination: space.at('dst'),
      ...more,
    });
  const make = (trees: Record<string, EntrySpec[]>): void => {
    for (const [name, entries] of Object.entries({ dst: [], ...trees })) space.make(name, entries);
  };

  it('--link-dest over an existing file, with --backup: the old content is kept', async () => {
    make({
      src: [{ path: 'f', content: 'new\n' }],
      alt: [{ path: 'f', content: 'new\n' }],
      dst: [{ path: 'f', content: 'old\n', mtime: OLDER }],
    });
    const { result } = await go({ linkDest: ['../alt'], backup: true });
    expect(result?.exitCode).toBe(0);
    expect(inode('dst/f')).toBe(inode('alt/f'));
    expect(text('dst/f~')).toBe('old\n');
    expect(names('dst')).toEqual(['f', 'f~']);
  });

  it('--compare-dest with -H, where it lacks a member of a group: the run ends', async () => {
    make({
      src: [
        { path: 'a', content: 'linked\n' },
        { path: 'b', type: 'hardlink', target: 'a' },
        { path: 'c', type: 'hardlink', target: 'a' },
      ],
      alt: [
        { path: 'a', content: 'linked\n' },
        { path: 'c', content: 'linked\n' },
      ],
    });
    const { result } = await go({ compareDest: ['../alt'], hardLinks: true });
    expect(result?.exitCode).toBe(0);
    expect(names('dst')).toEqual(['b']);
    expect(text('dst/b')).toBe('linked\n');
  });

  it('an alternate directory on another file system: what cannot be linked is copied', async (test) => {
    const other = elsewhere();
    if (other === undefined) return test.skip('needs a second file system');
    try {
      make({ src: [{ path: 'd/f', content: CHANGED, mode: 0o640 }] });
      mkdirSync(`${other}/d`);
      const { result } = await go({ copyDest: [space.at('src')] });
      expect(result?.exitCode).toBe(0);
      // The destination of the next run is elsewhere.
      const second = await go({ linkDest: [space.at('dst')] }, { destination: other });
      expect(second.result?.exitCode).toBe(0);
      expect(second.result?.stats.literalData).toBe(0);
      expect(
        compareTrees(snapshot(space.at('src')), snapshot(other), { skip: (path) => path === '.' }),
      ).toEqual([]);
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it('a directory with something in it does not make way for a backup', async () => {
    make({
      src: [
        { path: 'f', content: 'new\n' },
        { path: 'g', content: 'new\n' },
      ],
      dst: [
        { path: 'f', content: 'old\n', mtime: OLDER },
        { path: 'f~/precious', content: 'precious\n' },
        { path: 'g', content: 'old\n', mtime: OLDER },
        { path: 'g~', type: 'dir' },
      ],
    });
    const { result, events } = await go({ backup: true });
    expect(result?.exitCode).toBe(23);
    expect(messages(events).join('\n')).toContain('it is left as it is');
    expect([text('dst/f'), text('dst/f~/precious')]).toEqual(['old\n', 'precious\n']);
    expect([text('dst/g'), text('dst/g~')]).toEqual(['new\n', 'old\n']);
    expect(temporaries(space.at('dst'))).toEqual([]);
  });

  it.each([{}, { inplace: true }, { delayUpdates: true }])(
    'a backup that cannot be made, %j: nothing is replaced or deleted',
    async (options) => {
      const long = 'x'.repeat(250);
      make({
        src: [
          { path: long, content: 'new\n' },
          { path: `l${long}`, type: 'symlink', target: 'new' },
        ],
        dst: [
          { path: long, content: 'old\n', mtime: OLDER },
          { path: `l${long}`, type: 'symlink', target: 'old' },
          { path: `d${long}`, content: 'surplus\n' },
        ],
      });
      const before = snapshot(space.at('dst'));
      const { result } = await go({ backup: true, suffix: '.backup', deleteMode: 'default', ...options });
      expect(result?.exitCode).toBe(23);
      const skip = (path: string): boolean => path === '.' || path.startsWith('.~tmp~');
      expect(compareTrees(before, snapshot(space.at('dst')), { skip })).toEqual([]);
      expect(temporaries(space.at('dst'))).toEqual([]);
    },
  );

  it('--backup-dir on another file system: of what is replaced and of what is deleted', async (test) => {
    const other = elsewhere();
    if (other === undefined) return test.skip('needs a second file system');
    try {
      make({
        src: [{ path: 'd/f', content: CHANGED }],
        dst: [
          { path: 'd/f', content: BASE, mtime: OLDER, mode: 0o600 },
          { path: 'd/gone', content: BASE, mtime: OLDER },
          { path: 'd/link', type: 'symlink', target: 'x', mtime: OLDER },
        ],
      });
      const { d, ...old } = Object.fromEntries(snapshot(space.at('dst')));
      expect(d).toBeDefined();
      const { result, events } = await go({ backupDir: `${other}/kept/all`, deleteMode: 'during' });
      expect(result?.exitCode).toBe(0);
      expect(deletedNames(events).sort()).toEqual(['d/gone', 'd/link']);
      const kept = Object.fromEntries(snapshot(`${other}/kept/all`));
      for (const name of ['d/f', 'd/gone', 'd/link']) expect(kept[name], name).toEqual(old[name]);
      expect(readFileSync(space.at('dst/d/f')).equals(CHANGED)).toBe(true);
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it.each([{}, { delayUpdates: true }, { partialDir: '.pd' }, { partial: true }])(
    '--temp-dir on another file system, %j',
    async (options) => {
      const other = elsewhere();
      // A second directory of the same file system is the other half of the code: renamed, not copied.
      const temporary = other ?? space.make('temp', []);
      try {
        make({
          src: [
            { path: 'd/f', content: CHANGED, mode: 0o640 },
            { path: 'small', content: 'small\n' },
          ],
          dst: [{ path: 'd/f', content: BASE, mtime: OLDER }],
        });
        const { result } = await go({ tempDir: temporary, ...options });
        expect(result?.exitCode).toBe(0);
        expect(readdirSync(temporary)).toEqual([]);
        const skip = (path: string): boolean => path === '.' || path === 'd';
        expect(compareTrees(snapshot(space.at('src')), snapshot(space.at('dst')), { skip })).toEqual([]);
      } finally {
        rmSync(temporary, { recursive: true });
      }
    },
  );

  it('--partial-dir: the next run goes on from what is there, and leaves nothing behind', async () => {
    make({
      src: [{ path: 'd/f', content: CHANGED }],
      dst: [{ path: 'd/.pd/f', content: BASE, mtime: OLDER, mode: 0o600 }],
    });
    const { result, events } = await go({ partialDir: '.pd', wholeFile: false });
    expect(result?.exitCode).toBe(0);
    expect(result!.stats.literalData).toBeLessThan(5000);
    expect(names('dst/d')).toEqual(['f']);
    expect(readFileSync(space.at('dst/d/f')).equals(CHANGED)).toBe(true);
    expect(items(events)).toContain('a800 d/f');
  });

  it('--partial-dir outside of the destination: one level up, and absolute', async () => {
    make({
      src: [
        { path: 'f', content: CHANGED },
        { path: 'd/g', content: CHANGED },
      ],
      dst: [{ path: 'd', type: 'dir' }],
      pd: [{ path: 'f', content: BASE, mtime: OLDER }],
    });
    const first = await go({ partialDir: '../pd', wholeFile: false });
    expect(first.result?.exitCode).toBe(0);
    expect(names('pd')).toEqual([]);
    // For a file in a directory, one level up is in the destination.
    expect(first.result!.stats.literalData).toBeLessThan(CHANGED.length + 5000);
    rmSync(space.at('dst'), { recursive: true });
    mkdirSync(space.at('dst'));
    writeFileSync(space.at('pd/g'), BASE);
    const second = await go({ partialDir: space.at('pd'), wholeFile: false });
    expect(second.result?.exitCode).toBe(0);
    expect(second.result!.stats.literalData).toBeLessThan(CHANGED.length + 5000);
    expect(names('pd')).toEqual([]);
    expect(readFileSync(space.at('dst/d/g')).equals(CHANGED)).toBe(true);
  });

  it('--fuzzy starts from a namesake', async () => {
    make({
      src: [{ path: 'report-2021.txt', content: CHANGED }],
      dst: [{ path: 'report-2020.txt', content: BASE, mtime: OLDER }],
    });
    const { result } = await go({ fuzzy: 1, wholeFile: false });
    expect(result?.exitCode).toBe(0);
    expect(result!.stats.literalData).toBeLessThan(5000);
    expect(readFileSync(space.at('dst/report-2021.txt')).equals(CHANGED)).toBe(true);
  });

  it.each([1, 2])('--append, level %i: a start that differs', async (append) => {
    make({
      src: [{ path: 'f', content: CHANGED }],
      dst: [{ path: 'f', content: noise(60_000, 9), mtime: OLDER }],
    });
    const { result } = await go({ append });
    expect(result?.exitCode).toBe(0);
    const verifies = append > 1 || protocol < 30;
    expect(readFileSync(space.at('dst/f')).equals(CHANGED)).toBe(verifies);
    expect(statSync(space.at('dst/f')).size).toBe(CHANGED.length);
  });

  it('--remove-source-files: a source that has changed meanwhile stays', async () => {
    make({
      src: [
        { path: 'a', content: 'a\n' },
        { path: 'b', content: 'b\n' },
        { path: 'd/c', type: 'symlink', target: 'x' },
      ],
    });
    let touched = false;
    const { result, events } = await go(
      { removeSourceFiles: true },
      {
        onEvent: (event) => {
          if (touched || event.type !== 'item' || event.entry.name !== 'b') return;
          touched = true;
          writeFileSync(space.at('src/b'), 'something else\n');
        },
      },
    );
    expect(touched).toBe(true);
    expect(result?.exitCode).toBe(23);
    expect(messages(events).join('\n')).toContain('Skipping sender remove for changed file: b');
    expect(names('src')).toEqual(['b', 'd']);
    expect(names('src/d')).toEqual([]);
    expect(names('dst')).toEqual(['a', 'b', 'd']);
  });

  it('a dry run with all of it changes nothing anywhere', async () => {
    make({
      src: [
        { path: 'f', content: CHANGED },
        { path: 'same', content: 'same\n' },
        { path: 'new/x', content: 'x\n' },
        { path: 'link', type: 'symlink', target: 'new' },
      ],
      alt: [{ path: 'same', content: 'same\n' }],
      temp: [],
      dst: [
        { path: 'f', content: BASE, mtime: OLDER },
        { path: '.pd/f', content: BASE, mtime: OLDER },
        { path: 'link', type: 'symlink', target: 'old' },
        { path: 'gone/x', content: 'x\n' },
      ],
    });
    const before = snapshot(space.path);
    const { result } = await go({
      dryRun: true,
      linkDest: ['../alt'],
      backupDir: '../store',
      partialDir: '.pd',
      delayUpdates: true,
      tempDir: '../temp',
      deleteMode: 'delay',
      fuzzy: 2,
      removeSourceFiles: true,
      force: true,
    });
    expect(result?.exitCode).toBe(0);
    expect(result?.stats.transferredFiles).toBe(2);
    expect(compareTrees(before, snapshot(space.path))).toEqual([]);
  });

  it('a --temp-dir that is missing ends the run before anything is written: exit 1', async () => {
    make({ src: [{ path: 'f', content: 'new\n' }] });
    const { result, error } = await go({ tempDir: 'missing' });
    expect(error?.exitCode ?? result?.exitCode).toBe(1);
    expect(names('dst')).toEqual([]);
  });
});

describe.each(['pull', 'push'] as const)('%s, broken off', (direction) => {
  const SIZE = 48 << 20;
  const abortIn = async (name: string, options: OptionsInput, old: EntrySpec[]): Promise<PairOutcome> => {
    space.make('src', [
      { path: 'a-first', content: 'first\n' },
      { path: 'big', sparse: { size: SIZE, extents: [{ at: 0, data: Buffer.from('start') }] } },
    ]);
    space.make('dst', old);
    const stop = new AbortController();
    return runPair({
      direction,
      options: { archive: true, progress: true, wholeFile: true, ...options },
      sources: [`${space.at('src')}/`],
      destination: space.at('dst'),
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'progress' && event.name === name && event.done >= 4 << 20) stop.abort();
      },
    });
  };
  const OLD: EntrySpec[] = [{ path: 'big', content: 'old\n', mtime: OLDER }];

  it('--partial-dir has what has come, the destination what it had', async () => {
    const { error } = await abortIn('big', { partialDir: '.pd', backup: true }, OLD);
    expect(error?.exitCode).toBe(20);
    expect(text('dst/big')).toBe('old\n');
    expect(names('dst')).toEqual(['.pd', 'a-first', 'big']);
    expect(names('dst/.pd')).toEqual(['big']);
    const { size } = statSync(space.at('dst/.pd/big'));
    expect(size).toBeGreaterThan(0);
    expect(size).toBeLessThan(SIZE);
    expect(readFileSync(space.at('dst/.pd/big')).subarray(0, 5).toString()).toBe('start');
  });

  it('--delay-updates: finished files wait, none has its place', async () => {
    const { error } = await abortIn('big', { delayUpdates: true }, OLD);
    expect(error?.exitCode).toBe(20);
    expect(names('dst')).toEqual(['.~tmp~', 'big']);
    expect(names('dst/.~tmp~')).toEqual(['a-first', 'big']);
    expect([text('dst/big'), text('dst/.~tmp~/a-first')]).toEqual(['old\n', 'first\n']);
  });

  it('--delete-delay and --backup: nothing was deleted, the old file is whole', async () => {
    const surplus: EntrySpec = { path: 'surplus/x', content: 'x\n' };
    const { error } = await abortIn('big', { deleteMode: 'delay', backup: true }, [...OLD, surplus]);
    expect(error?.exitCode).toBe(20);
    expect(names('dst')).toEqual(['a-first', 'big', 'surplus']);
    expect([text('dst/big'), text('dst/surplus/x')]).toEqual(['old\n', 'x\n']);
  });

  it('--temp-dir elsewhere: nothing is left there', async () => {
    const temporary = elsewhere() ?? space.make('temp', []);
    try {
      const { error } = await abortIn('big', { tempDir: temporary }, OLD);
      expect(error?.exitCode).toBe(20);
      expect(readdirSync(temporary)).toEqual([]);
      expect(text('dst/big')).toBe('old\n');
    } finally {
      rmSync(temporary, { recursive: true });
    }
  });
});

describe('a server that may reach one tree only', () => {
  const run = (options: OptionsInput, policy?: ModulePolicy): Promise<PairOutcome> => {
    const places = ConfinedPlaces.open(space.at('tree'));
    return runPair({
      direction: 'push',
      options: { archive: true, ...options },
      sources: [`${space.at('src')}/`],
      destination: 'dst',
      places,
      ...(policy === undefined ? {} : { policy }),
    }).finally(() => places.close());
  };
  beforeEach(() => {
    space.make('src', [{ path: 'f', content: 'new\n' }]);
    space.make('tree', [
      { path: 'dst/f', content: 'old\n', mtime: OLDER },
      { path: 'alt/f', content: 'new\n' },
      { path: 'temp', type: 'dir' },
    ]);
    space.make('outside', [{ path: 'f', content: 'new\n' }]);
    symlinkSync(space.at('outside'), space.at('tree/out'));
  });

  it('finds directories of options in it, as if it were the disk', async () => {
    const { result } = await run({ linkDest: ['/alt'], backupDir: '/store/deep', tempDir: '../../../temp' });
    expect(result?.exitCode).toBe(0);
    expect(inode('tree/dst/f')).toBe(inode('tree/alt/f'));
    expect(text('tree/store/deep/f')).toBe('old\n');
  });

  it.each(['../../outside', '../out', '/out', '/../outside'])(
    '--link-dest=%s leads nowhere',
    async (path) => {
      const { result, events } = await run({ linkDest: [path] });
      expect(result?.exitCode).toBe(0);
      expect(messages(events).join('\n')).toContain('--link-dest arg does not exist');
      expect(statSync(space.at('outside/f')).nlink).toBe(1);
      expect(text('tree/dst/f')).toBe('new\n');
    },
  );

  it.each<OptionsInput>([
    { backupDir: '../out/kept' },
    { backupDir: '/out' },
    { partialDir: '/out', delayUpdates: true },
    { partialDir: '../out', delayUpdates: true },
    { tempDir: '/out' },
    { tempDir: '../../outside' },
  ])('%j writes nothing outside', async (options) => {
    const before = snapshot(space.at('outside'));
    await run(options);
    expect(compareTrees(before, snapshot(space.at('outside')))).toEqual([]);
    expect(['old\n', 'new\n']).toContain(text('tree/dst/f'));
    expect(temporaries(space.at('tree'))).toEqual([]);
  });

  it('munged symlinks are refused where their directory exists: exit 4', async () => {
    symlinkSync('x', space.at('src/link'));
    const munged = await run({ mungeLinks: true });
    // The client has the option too, and takes off no prefix that is not there.
    expect(munged.result?.exitCode).toBe(0);
    expect(snapshot(space.at('tree')).get('dst/link')).toMatchObject({ target: '/rsyncd-munged/x' });
    mkdirSync(space.at('tree/rsyncd-munged'));
    const refused = await run({ mungeLinks: true });
    expect(refused.error?.exitCode ?? refused.result?.exitCode).toBe(4);
  });

  const hiding = (hidden: RegExp): ModulePolicy => ({
    hides: (path) => hidden.test(path),
    ignoresErrors: false,
    sanitizesSymlinks: false,
    receivesInto: () => {},
    skipsNonreadable: false,
  });

  it('what the filters of a daemon hide in an alternate directory is not there', async () => {
    const { result } = await run({ linkDest: ['../alt'] }, hiding(/^\/alt\/f$/));
    expect(result?.exitCode).toBe(0);
    expect(text('tree/dst/f')).toBe('new\n');
    expect(statSync(space.at('tree/alt/f')).nlink).toBe(1);
  });

  it('what the filters of a daemon hide is no namesake', async () => {
    space.make('src', [{ path: 'd/g-2', content: CHANGED }]);
    space.make('tree', [{ path: 'dst/d/g-1', content: CHANGED, mtime: OLDER }]);
    const open = await run({ fuzzy: 1, wholeFile: false, dryRun: true });
    const hidden = await run({ fuzzy: 1, wholeFile: false, dryRun: true }, hiding(/^\/dst\/d\/g-1$/));
    expect(items(open.events)).toContain('b800 d/g-2');
    expect(items(hidden.events)).toContain('a000 d/g-2');
  });

  // Other file systems want names to be text.
  it.runIf(process.platform === 'linux')('bytes that are no text come through options', async () => {
    const { result } = await run({ backupDir: `../${fromText('caf\u00e9')}`, suffix: '\xff' });
    expect(result?.exitCode).toBe(0);
    expect(readdirSync(space.at('tree/caf\u00e9'), 'latin1')).toEqual(['f\xff']);
  });
});

it('a hard link beside the destination is no way into a backup', async () => {
  space.make('src', [{ path: 'f', content: 'new\n' }]);
  space.make('dst', [{ path: 'f', content: 'old\n', mtime: OLDER }]);
  linkSync(space.at('dst/f'), space.at('dst/f~'));
  const { result } = await runPair({
    direction: 'pull',
    options: { archive: true, backup: true },
    sources: [`${space.at('src')}/`],
    destination: space.at('dst'),
  });
  expect(result?.exitCode).toBe(0);
  expect([text('dst/f'), text('dst/f~')]).toEqual(['new\n', 'old\n']);
  expect(names('dst')).toEqual(['f', 'f~']);
});
