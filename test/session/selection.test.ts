/** What is selected, with our client and our server: what a comparison with C rsync cannot show. */
import { existsSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfinedPlaces } from '../../src/files/places.ts';
import type { OptionsInput } from '../../src/options/resolve.ts';
import { deletedNames, messages, type PairOutcome, runPair, snapshot, Workspace } from '../support/pair.ts';
import type { EntrySpec } from '../support/tree.ts';

let space: Workspace;
beforeEach(() => {
  space = new Workspace();
});
afterEach(() => space.remove());

const SOURCE: EntrySpec[] = [
  { path: 'top', content: 'top' },
  { path: 'a/g', content: 'g' },
  { path: 'a/b/c/f', content: 'f' },
  { path: 'a/other', content: 'other' },
  { path: 'd/e/h', content: 'h' },
  { path: 'la', type: 'symlink', target: 'a' },
  { path: '#x', content: 'x' },
];

const names = (tree: string): string[] =>
  [...snapshot(space.at(tree)).keys()].filter((name) => name !== '.').sort();

const RUNS = (['pull', 'push'] as const).flatMap((direction) =>
  (
    [
      [29, false],
      [30, false],
      [32, true],
    ] as const
  ).map(([protocol, incRecurse]) => ({ direction, protocol, incRecurse })),
);

describe.each(RUNS)('$direction, protocol $protocol, incremental $incRecurse', (run) => {
  const go = (options: OptionsInput, sources: readonly string[]): Promise<PairOutcome> =>
    runPair({
      direction: run.direction,
      options: { protocol: run.protocol, incRecurse: run.incRecurse, recursive: true, ...options },
      sources,
      destination: space.at('dst'),
    });

  it('-R keeps the path of each source; deletion stays out of what is only above it', async () => {
    const src = space.make('src', SOURCE);
    space.make('dst', [{ path: 'a/surplus', content: 'beside a source' }]);
    const options = { relative: true, deleteMode: 'default' as const };
    const { result, error } = await go(options, [`${src}/./a/b`, `${src}/./d/e/h`]);
    expect(error).toBeUndefined();
    expect(result?.exitCode).toBe(0);
    expect(names('dst')).toEqual(['a', 'a/b', 'a/b/c', 'a/b/c/f', 'a/surplus', 'd', 'd/e', 'd/e/h']);
  });

  it('-R with an absolute source puts the whole of it below the destination', async () => {
    const src = space.make('src', SOURCE);
    space.make('dst', []);
    const { result } = await go({ relative: true }, [`${src}/d/e`]);
    expect(result?.exitCode).toBe(0);
    expect(readFileSync(`${space.at('dst')}${src}/d/e/h`, 'latin1')).toBe('h');
  });

  it.each(['here', 'remote'] as const)(
    'a list that is %s leads neither out of the source nor of the destination',
    async (where) => {
      const src = space.make('src', SOURCE);
      const list = space.at('list');
      writeFileSync(list, 'a/g\r\n/../d/../d/e/h\n../../../top\n\nla/b\n');
      const filesFrom = where === 'here' ? list : `:${list}`;
      const { result, error } = await go({ filesFrom, recursive: false }, [src]);
      expect(error).toBeUndefined();
      expect(result?.exitCode).toBe(0);
      expect(names('dst')).toEqual(['a', 'a/g', 'd', 'd/e', 'd/e/h', 'la', 'la/b', 'top']);
      expect(existsSync(space.at('top'))).toBe(false);
    },
  );

  it('a list of many names crosses while the file list does', async () => {
    const many = Array.from(
      { length: 1500 },
      (_, i) => `directory-${i % 50}/file-with-a-long-name-${'x'.repeat(60)}-${i}`,
    );
    const src = space.make(
      'src',
      many.map((path) => ({ path, content: '' })),
    );
    const list = space.at('list');
    writeFileSync(list, `${many.join('\0')}\0`);
    const filesFrom = run.direction === 'pull' ? list : `:${list}`;
    const { result, error } = await go({ filesFrom, from0: true, dryRun: true }, [src]);
    expect(error).toBeUndefined();
    expect(result?.stats.files.regular).toBe(1500);
  });

  it('comments in a list are those of a sender who reads it itself', async () => {
    const src = space.make('src', SOURCE);
    const list = space.at('list');
    space.make('dst', []);
    writeFileSync(list, '#x\ntop\n');
    const { result } = await go({ filesFrom: list }, [src]);
    expect(result?.exitCode).toBe(0);
    expect(names('dst')).toEqual(run.direction === 'pull' ? ['#x', 'top'] : ['top']);
  });

  it('a remote list that cannot be read ends the run before anything is made', async () => {
    const src = space.make('src', SOURCE);
    const { result, error } = await go({ filesFrom: `:${space.at('none')}` }, [src]);
    // Before protocol 31 a server cannot say with what it ends.
    expect(run.protocol < 31 ? [1, 12] : [1]).toContain(error?.exitCode ?? result?.exitCode);
    expect(existsSync(space.at('dst'))).toBe(false);
  });

  it('sizes: what is left out, and why', async () => {
    const src = space.make('src', [
      { path: 'small', content: 'x' },
      { path: 'right', content: 'xxx' },
      { path: 'large', content: 'xxxxx' },
    ]);
    const { events } = await go({ minSize: 2, maxSize: 4, verbose: 2 }, [`${src}/`]);
    expect(names('dst')).toEqual(['right']);
    expect(messages(events)).toEqual(
      expect.arrayContaining(['large is over max-size', 'small is under min-size']),
    );
  });

  it('what is missing at the source is deleted, unless it is protected', async () => {
    const src = space.make('src', SOURCE);
    space.make('dst', [
      { path: 'gone', content: 'gone' },
      { path: 'kept', content: 'kept' },
      { path: 'full/x', content: 'x' },
    ]);
    const filters = [{ kind: 'filter' as const, text: 'P kept' }];
    const options = { deleteMissingArgs: true, filters, deleteMode: 'during' as const };
    const { result, events } = await go(
      options,
      ['gone', 'kept', 'full'].map((name) => `${src}/${name}`),
    );
    expect(result?.exitCode).toBe(0);
    expect(deletedNames(events).sort()).toEqual(['full', 'full/x', 'gone']);
    expect(names('dst')).toEqual(['kept']);
  });

  it('-K keeps a symlink to a directory, and sets what it leads to', async () => {
    const src = space.make('src', [
      { path: 'a/f', content: 'f' },
      { path: 'a', type: 'dir', mode: 0o711, mtime: 1_000_000_000 },
    ]);
    space.make('dst', [
      { path: 'real/old', content: 'old' },
      { path: 'a', type: 'symlink', target: 'real' },
    ]);
    const { result } = await go({ keepDirlinks: true, perms: true, times: true }, [`${src}/`]);
    expect(result?.exitCode).toBe(0);
    expect(readlinkSync(`${space.at('dst')}/a`)).toBe('real');
    expect(snapshot(space.at('dst')).get('real')).toMatchObject({
      mode: '0711',
      mtime: '1000000000.000000000',
    });
    expect(names('dst')).toEqual(['a', 'real', 'real/f', 'real/old']);
  });

  it('without -K a symlink in the place of an implied directory gives way', async () => {
    const src = space.make('src', [{ path: 'a/f', content: 'f' }]);
    space.make('outside', []);
    space.make('dst', [{ path: 'a', type: 'symlink', target: '../outside' }]);
    await go({ relative: true }, [`${src}/./a/f`]);
    expect(names('dst')).toEqual(['a', 'a/f']);
    expect(names('outside')).toEqual([]);
  });
});

describe('a server that may reach one tree alone', () => {
  const confined = (
    direction: 'pull' | 'push',
    options: OptionsInput,
    paths: string[],
    destination: string,
  ): Promise<PairOutcome> => {
    const places = ConfinedPlaces.open(space.at('module'));
    return runPair({ direction, options, sources: paths, destination, places }).finally(() => places.close());
  };

  beforeEach(() => {
    space.make('dst', []);
    space.make('outside', [{ path: 'secret', content: 'secret' }]);
    space.make('module', SOURCE);
    symlinkSync('../outside', space.at('module/out'));
    symlinkSync(space.at('outside/secret'), space.at('module/d/file'));
    symlinkSync('../../a', space.at('module/d/e/in'));
  });

  it.each<[string, OptionsInput, string[]]>([
    ['-L', { copyLinks: true, recursive: true }, ['/']],
    ['-k', { copyDirlinks: true, recursive: true }, ['/']],
    ['--copy-unsafe-links', { copyUnsafeLinks: true, recursive: true }, ['/']],
    ['-R', { relative: true, recursive: true }, ['/out/secret', '/out/', '/d/file']],
    ['-L of a file', { copyLinks: true }, ['/d/file']],
  ])('%s follows no symlink out of it', async (_, options, paths) => {
    const secret = snapshot(space.at('outside')).get('secret')!.content;
    const { result, error } = await confined('pull', { links: true, ...options }, paths, space.at('dst'));
    expect(error).toBeUndefined();
    expect([0, 23]).toContain(result?.exitCode);
    const found = [...snapshot(space.at('dst'))].filter(
      ([name, { content }]) => content === secret || /secret/.test(name),
    );
    expect(found).toEqual([]);
  });

  it('symlinks that stay inside are followed, also out of the source', async () => {
    const { result } = await confined(
      'pull',
      { copyLinks: true, recursive: true },
      ['/d/e'],
      space.at('dst'),
    );
    expect(result?.exitCode).toBe(0);
    expect(names('dst')).toEqual([
      'e',
      'e/h',
      'e/in',
      'e/in/b',
      'e/in/b/c',
      'e/in/b/c/f',
      'e/in/g',
      'e/in/other',
    ]);
  });

  it.each(['../outside/secret', '/../outside/secret', 'out/secret', 'd/file'])(
    'a list with %s fetches nothing from outside',
    async (name) => {
      writeFileSync(space.at('list'), `${name}\ntop\n`);
      const options = { filesFrom: space.at('list'), copyLinks: true };
      const { error } = await confined('pull', options, ['/'], space.at('dst'));
      expect(error).toBeUndefined();
      const files = [...snapshot(space.at('dst'))].filter(([, { type }]) => type === 'file');
      expect(files.map(([found]) => found)).toEqual(['top']);
    },
  );

  it('a list that the server reads is in the tree', async () => {
    writeFileSync(space.at('list'), 'top\n');
    const { result, error } = await confined('pull', { filesFrom: ':../list' }, ['/'], space.at('dst'));
    expect(error?.exitCode ?? result?.exitCode).toBe(1);
    writeFileSync(space.at('module/list'), 'top\n');
    const second = await confined('pull', { filesFrom: ':../../list' }, ['/'], space.at('dst'));
    expect(second.result?.exitCode).toBe(0);
    expect(names('dst')).toEqual(['top']);
  });

  it.each<[string, OptionsInput, string]>([
    ['-K', { recursive: true, keepDirlinks: true }, 'out/'],
    ['--no-implied-dirs', { relative: true, impliedDirs: false }, './out/new'],
  ])('%s writes through no symlink out of it', async (_, options, source) => {
    const src = space.make('src', [{ path: 'out/out/new', content: 'new' }]);
    await confined('push', options, [options.relative ? `${src}/out/${source}` : `${src}/${source}`], '/');
    expect(names('outside')).toEqual(['secret']);
  });
});
