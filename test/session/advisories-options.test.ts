/**
 * Directories that options name, and sources that go: CVE-2026-53795, 53800 and 70460 (docs/security.md). Each against our
 * client and against our server.
 */
import { existsSync, readFileSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfinedPlaces } from '../../src/files/places.ts';
import type { OptionsInput } from '../../src/options/resolve.ts';
import { messages, type PairOutcome, runPair, snapshot, temporaries } from '../support/pair.ts';
import { int, type ScriptedPeer, TAG } from '../support/scripted-peer.ts';
import { compareTrees, DEFAULT_TIME, type EntrySpec, type Tree } from '../support/tree.ts';
import { expectRefusal, expectUntouched, spaces } from './hostile.ts';
import { newSpace, quiet, serve } from './hostile-client.ts';

let space: ReturnType<typeof newSpace>;
let outside: Tree;
beforeEach(() => {
  space = newSpace();
  // What a quick check takes for the same file, and is not.
  space.make('outside', [{ path: 'f', content: 'secret\n' }]);
  outside = snapshot(space.at('outside'));
});
afterEach(() => {
  for (const used of spaces.splice(0)) used.remove();
});

const OLDER = DEFAULT_TIME - 100;
const content = (path: string): string => readFileSync(space.at(path), 'latin1');

function expectNothingOutside(): void {
  expect(compareTrees(outside, snapshot(space.at('outside')))).toEqual([]);
  expect(statSync(space.at('outside/f')).nlink).toBe(1);
}

describe.each(['pull', 'push'] as const)('%s', (direction) => {
  const run = (options: OptionsInput, onEvent = (): void => {}): Promise<PairOutcome> =>
    runPair({
      direction,
      options: { archive: true, ...options },
      sources: [`${space.at('src')}/`],
      destination: space.at('dst'),
      onEvent,
    });

  describe('CVE-2026-70460, the sender puts a symlink where a directory of an option is to be', () => {
    const inside = (name: string): string => space.at(`dst/${name}`);
    it.each<[string, () => OptionsInput]>([
      ['--backup-dir, relative', () => ({ backupDir: '.x' })],
      ['--backup-dir, absolute', () => ({ backupDir: inside('.x') })],
      ['--backup-dir, out and in again', () => ({ backupDir: '../dst/.x' })],
      ['--backup-dir, below the symlink', () => ({ backupDir: '.x/deep/er' })],
      ['--partial-dir, relative', () => ({ partialDir: '.x', delayUpdates: true })],
      ['--partial-dir, absolute', () => ({ partialDir: inside('.x'), delayUpdates: true })],
      ['--partial-dir, out and in again', () => ({ partialDir: '../dst/.x', delayUpdates: true })],
      ['--link-dest', () => ({ linkDest: ['.x'] })],
      ['--copy-dest', () => ({ copyDest: [inside('.x')] })],
    ])('%s', async (_, options) => {
      space.make('src', [
        { path: '.x', type: 'symlink', target: '../outside' },
        { path: 'f', content: 'public\n' },
      ]);
      space.make('dst', [{ path: 'f', content: 'old\n', mtime: OLDER }]);
      const { result } = await run(options());
      expect(result?.exitCode).toBe(0);
      expect(content('dst/f')).toBe('public\n');
      if (options().backupDir !== undefined)
        expect(content(`dst/${options().backupDir!.includes('deep') ? '.x/deep/er' : '.x'}/f`)).toBe('old\n');
      expectNothingOutside();
    });

    it('a symlink that was there before is the user’s own, as with rsync', async () => {
      space.make('src', [{ path: 'f', content: 'public\n' }]);
      space.make('dst', [{ path: 'f', content: 'old\n', mtime: OLDER }]);
      space.make('store', []);
      symlinkSync('../store', space.at('dst/.x'));
      const { result } = await run({ backupDir: '.x' });
      expect(result?.exitCode).toBe(0);
      expect([content('dst/f'), content('store/f')]).toEqual(['public\n', 'old\n']);
    });
  });

  describe('CVE-2026-53800, --remove-source-files', () => {
    it('a directory that is swapped for a symlink: what is behind it stays', async () => {
      space.make('src', [{ path: 'd/f', content: 'public\n' }]);
      space.make('dst', []);
      let swapped = false;
      await run({ removeSourceFiles: true }, () => {
        if (swapped || !existsSync(space.at('dst/d'))) return;
        swapped = true;
        renameSync(space.at('src/d'), space.at('src/moved'));
        symlinkSync('../outside', space.at('src/d'));
      });
      expect(swapped).toBe(true);
      expectNothingOutside();
    });

    it('a symlink whose content was sent goes itself', async () => {
      space.make('src', [{ path: 'f', type: 'symlink', target: '../outside/f' }]);
      space.make('dst', []);
      const { result } = await run({ removeSourceFiles: true, copyLinks: true });
      expect(result?.exitCode).toBe(0);
      expect(content('dst/f')).toBe('secret\n');
      expect(existsSync(space.at('src/f'))).toBe(false);
      expectNothingOutside();
    });
  });
});

describe('CVE-2026-53795, a client of a server that may reach one tree only names a directory outside', () => {
  const run = (options: OptionsInput): Promise<PairOutcome> => {
    const places = ConfinedPlaces.open(space.at('tree'));
    return runPair({
      direction: 'push',
      options: { archive: true, ...options },
      sources: [`${space.at('src')}/`],
      destination: 'dst',
      places,
    }).finally(() => places.close());
  };
  beforeEach(() => {
    space.make('src', [{ path: 'f', content: 'public\n' }]);
    space.make('tree', [{ path: 'dst', type: 'dir' }]);
    symlinkSync(space.at('outside'), space.at('tree/out'));
    symlinkSync('../../outside', space.at('tree/dst/in'));
  });
  const PATHS = ['../../outside', '/../outside', '/out', '../out', 'in', '/dst/in', '../out/../out'];

  it.each(['linkDest', 'copyDest', 'compareDest'] as const)('%s: it is not there', async (kind) => {
    for (const path of PATHS) {
      const { result, events } = await run({ [kind]: [path], fuzzy: 2, ignoreTimes: true });
      expect(result?.exitCode, path).toBe(0);
      expect(messages(events).join('\n'), path).toContain('-dest arg');
      expect(content('tree/dst/f')).toBe('public\n');
      expectNothingOutside();
    }
  });

  it.each<[string, (path: string) => OptionsInput]>([
    ['--backup-dir', (path) => ({ backupDir: path })],
    ['--backup-dir, deeper', (path) => ({ backupDir: `${path}/new/one` })],
    ['--partial-dir', (path) => ({ partialDir: path, delayUpdates: true })],
    ['--temp-dir', (path) => ({ tempDir: path })],
  ])('%s: nothing is written there', async (_, options) => {
    for (const path of PATHS) {
      space.make('src', [{ path: 'f', content: `public ${path}\n` }]);
      space.make('tree', [{ path: 'dst/f', content: 'old\n', mtime: OLDER }]);
      await run({ ...options(path), ignoreTimes: true });
      expectNothingOutside();
      expect(['old\n', `public ${path}\n`]).toContain(content('tree/dst/f'));
      expect(temporaries(space.at('tree'))).toEqual([]);
    }
  });
});

describe('CVE-2026-53800, a client tells a server which of its sources have arrived', () => {
  const TREE: readonly EntrySpec[] = [
    { path: 'd/x', content: 'x' },
    { path: 'f', content: 'content' },
  ];
  const success = (ndx: number, options: OptionsInput) =>
    serve(
      { role: 'sender', tree: TREE, options: { incRecurse: false, ...options } },
      async (peer: ScriptedPeer) => {
        peer.data(int(0));
        await quiet(peer);
        peer.message(TAG.SUCCESS, int(ndx));
        await quiet(peer);
        peer.finish(0);
      },
    );

  it.each([
    [0, /has done with directory \./],
    [2, /has done with directory d/],
    [4, /success for index 4, which is in no list/],
    [-1, /success for index -1/],
    [0x7fffffff, /success for index 2147483647/],
  ])('index %i', async (ndx, message) => {
    expectRefusal(await success(ndx, { removeSourceFiles: true }), 'RSYNC_PROTOCOL', 2, message);
  });

  it('nothing goes that was not to', async () => {
    expectUntouched(await success(1, {}));
    const met = await success(1, { removeSourceFiles: true });
    expectUntouched(met, ['here/f']);
    expect(existsSync(met.space.at('here/f'))).toBe(false);
  });
});
