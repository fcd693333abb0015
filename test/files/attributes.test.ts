import { closeSync, mkdirSync, openSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { applyAttributes, type WantedAttributes } from '../../src/files/attributes.ts';
import { Root } from '../../src/files/root.ts';
import { isLinux, isRoot, isWindows, tempDir } from './temp-dir.ts';

const nothing: WantedAttributes = {
  mode: undefined,
  uid: undefined,
  gid: undefined,
  mtime: undefined,
  mtimeNsec: 0,
};

describe.skipIf(isWindows)('applying attributes', () => {
  let base: string;
  let root: Root;
  beforeEach(() => {
    base = tempDir();
    writeFileSync(join(base, 'f'), 'x', { mode: 0o644 });
    mkdirSync(join(base, 'd'), { mode: 0o755 });
    symlinkSync('f', join(base, 'l'));
    root = Root.open(base);
  });

  it.each(['by name', 'by descriptor'])('sets mode and time %s', (way) => {
    const fd = way === 'by name' ? undefined : openSync(join(base, 'f'), 'r+');
    const wanted = { ...nothing, mode: 0o4710, mtime: 1_600_000_000, mtimeNsec: 250_000_000 };
    expect(applyAttributes(root, 'f', root.lstat('f')!, wanted, fd)).toEqual([]);
    const stat = root.lstat('f')!;
    expect([stat.mode & 0o7777, stat.mtime, Math.floor(stat.mtimeNsec / 1000)]).toEqual([
      0o4710, 1_600_000_000, 250_000,
    ]);
    if (fd !== undefined) closeSync(fd);
  });

  it('touches nothing that is right already', () => {
    const before = root.lstat('f')!;
    const wanted = {
      mode: before.mode,
      uid: before.uid,
      gid: before.gid,
      mtime: before.mtime,
      mtimeNsec: before.mtimeNsec,
    };
    const ctime = statSync(join(base, 'f'), { bigint: true }).ctimeNs;
    expect(applyAttributes(root, 'f', before, wanted)).toEqual([]);
    expect(applyAttributes(root, 'f', before, nothing)).toEqual([]);
    expect(statSync(join(base, 'f'), { bigint: true }).ctimeNs).toBe(ctime);
  });

  it('sets the time of a symlink, not of what it leads to, and no mode', () => {
    const before = root.lstat('f')!;
    expect(applyAttributes(root, 'l', root.lstat('l')!, { ...nothing, mode: 0o600, mtime: 7 })).toEqual([]);
    expect(root.lstat('l')!.mtime).toBe(7);
    expect(root.lstat('f')).toEqual(before);
  });

  it('sets times and mode of a directory', () => {
    expect(applyAttributes(root, 'd', root.lstat('d')!, { ...nothing, mode: 0o1700, mtime: 9 })).toEqual([]);
    expect([root.lstat('d')!.mode & 0o7777, root.lstat('d')!.mtime]).toEqual([0o1700, 9]);
  });

  it.skipIf(!isRoot)('changes the owner before the mode, so that set-id bits stay (root only)', () => {
    root.chmod('f', 0o4755);
    const wanted = { ...nothing, mode: 0o4755, uid: 12, gid: 34 };
    for (const fd of [undefined, openSync(join(base, 'f'), 'r+')]) {
      expect(applyAttributes(root, 'f', root.lstat('f')!, wanted, fd)).toEqual([]);
      const stat = root.lstat('f')!;
      expect([stat.uid, stat.gid, stat.mode & 0o7777]).toEqual([12, 34, 0o4755]);
      root.lchown('f', 0, 0);
      root.chmod('f', 0o4755);
      if (fd !== undefined) closeSync(fd);
    }
  });

  it.skipIf(!isLinux || isRoot)('reports what it may not do, and does the rest (not root)', () => {
    const failures = applyAttributes(root, 'f', root.lstat('f')!, {
      ...nothing,
      mode: 0o600,
      uid: 0,
      mtime: 5,
    });
    expect(failures.map(({ what, text }) => [what, text.replace(base, '')])).toEqual([
      ['owner', 'chown "/f" failed: Operation not permitted (1)'],
    ]);
    expect([root.lstat('f')!.mode & 0o777, root.lstat('f')!.mtime]).toEqual([0o600, 5]);
  });

  it('reports every step that failed', () => {
    const gone = root.lstat('f')!;
    root.unlink('f');
    const failures = applyAttributes(root, 'f', gone, { ...nothing, mode: 0o600, mtime: 5 });
    expect(failures.map(({ what }) => what)).toEqual(['times', 'mode']);
    expect(failures[0]!.text).toMatch(
      /^failed to set times on ".*\/f" failed: No such file or directory \(2\)$/,
    );
  });
});
