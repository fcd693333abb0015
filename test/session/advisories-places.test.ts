/** Files of a daemon that somebody else may have a hand in: its logs and the roots of its modules. docs/security.md. */
import { existsSync, lchownSync, mkdirSync, readFileSync, symlinkSync, unlinkSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfinedPlaces } from '../../src/files/places.ts';
import { FileSink } from '../../src/server/daemon/log/sink.ts';
import { Workspace } from '../support/pair.ts';
import { isRoot } from '../support/tree.ts';
import { spaces } from './hostile.ts';

afterEach(() => {
  for (const space of spaces.splice(0)) space.remove();
});

describe.skipIf(process.platform === 'win32')('CVE-2026-53803, a symlink in the place of a log', () => {
  it('is followed if it is our own, wherever it leads', () => {
    const space = newSpace();
    symlinkSync('second', space.at('log'));
    symlinkSync('logs/real', space.at('second'));
    const sink = FileSink.open(space.at('log')) as FileSink;
    sink.write('a line');
    sink.close();
    expect(readFileSync(space.at('logs/real'), 'latin1')).toBe('a line\n');
  });

  it.skipIf(!isRoot)("is not followed if it is somebody else's", () => {
    const space = newSpace();
    symlinkSync('logs/real', space.at('log'));
    symlinkSync('log', space.at('mine'));
    lchownSync(space.at('log'), 65_534, 65_534);
    for (const name of ['log', 'mine'])
      expect(FileSink.open(space.at(name))).toBe('Too many levels of symbolic links (40)');
    expect(existsSync(space.at('logs/real'))).toBe(false);
  });

  const newSpace = (): Workspace => {
    const space = new Workspace();
    spaces.push(space);
    mkdirSync(space.at('logs'));
    return space;
  };
});

describe('CVE-2026-53784 and CVE-2026-53793, a module whose root is reached through a symlink', () => {
  it('is what the symlink led to when it was opened; nothing in it leads out', () => {
    const space = new Workspace();
    spaces.push(space);
    space.make('outside', [{ path: 'secret', content: 'secret' }]);
    space.make('real', [
      { path: 'inner/file', content: 'file' },
      { path: 'inner/up', type: 'symlink', target: '..' },
      { path: 'inner/out', type: 'symlink', target: '../../outside' },
      { path: 'inner/away', type: 'symlink', target: '/etc' },
    ]);
    symlinkSync('real', space.at('module'));
    const places = ConfinedPlaces.open(`${space.at('module')}/inner`);
    try {
      unlinkSync(space.at('module'));
      symlinkSync('outside', space.at('module'));
      expect(places.stat('/file')?.isRegular).toBe(true);
      expect(places.stat('/../../outside/secret')).toBeUndefined();
      for (const name of ['up', 'out', 'away']) {
        expect(() => places.stat(`/${name}`)).toThrow(/symlink leads out of the root/);
        expect(() => places.open(`/${name}`)).toThrow(expect.objectContaining({ name: 'RsyncError' }));
        expect(() => places.stat(`/${name}/secret`)).toThrow(/symlink leads out of the root/);
      }
    } finally {
      places.close();
    }
  });
});
