import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFolders } from '../../src/files/make-folders.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'rsyncjs-folders-')));
afterAll(() => rmSync(base, { recursive: true }));

describe('makeFolders', () => {
  it('makes what is missing, and says whether it did', () => {
    const path = join(base, 'a/b/c');
    expect([makeFolders(path, 0o700), makeFolders(path), makeFolders(join(base, 'a'))]).toEqual([
      true,
      false,
      false,
    ]);
    if (process.platform !== 'win32')
      expect(['a', 'a/b', 'a/b/c'].map((name) => statSync(join(base, name)).mode & 0o777)).toEqual([
        0o700, 0o700, 0o700,
      ]);
  });

  it('takes a root for one that is there', () => {
    expect(makeFolders(process.platform === 'win32' ? 'C:\\' : '/')).toBe(false);
  });

  it('does not take a file for a folder', () => {
    writeFileSync(join(base, 'file'), '');
    expect(() => makeFolders(join(base, 'file'))).toThrow('EEXIST');
    expect(() => makeFolders(join(base, 'file/below'))).toThrow(/ENOTDIR|ENOENT/);
  });

  it.skipIf(process.platform === 'win32')(
    'follows a symlink to a folder, and none that leads nowhere',
    () => {
      mkdirSync(join(base, 'real'));
      symlinkSync('real', join(base, 'link'));
      symlinkSync('nowhere', join(base, 'dangling'));
      expect(makeFolders(join(base, 'link'))).toBe(false);
      expect(makeFolders(join(base, 'link/new'))).toBe(true);
      expect(() => makeFolders(join(base, 'dangling'))).toThrow('EEXIST');
      expect(() => makeFolders(join(base, 'dangling/new'))).toThrow('EEXIST');
    },
  );

  it.skipIf(process.platform !== 'linux')('ends where nothing can be made (/proc, Linux alone)', () => {
    expect(() => makeFolders('/proc/rsyncjs/state')).toThrow('ENOENT');
  });
});
