import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromText } from '../../src/core/bytes.ts';
import { S_IFBLK, S_IFCHR, S_IFIFO, S_IFREG, S_IFSOCK } from '../../src/core/mode.ts';
import { removeAllTemps, tempCount } from '../../src/files/cleanup.ts';
import { platform } from '../../src/files/platform/index.ts';
import { FD_PATH } from '../../src/files/proc.ts';
import { Root, type RootOptions } from '../../src/files/root.ts';
import { isLinux, isRoot, isWindows, tempDir } from './temp-dir.ts';

const refusal = expect.objectContaining({ code: 'RSYNC_UNSAFE_PATH', exitCode: 23 });
const errno = (code: string) => expect.objectContaining({ code });

it.skipIf(!isLinux)('holds directories by handles on Linux', () => {
  expect(FD_PATH).toMatch(/^\/proc\/\d+\/fd\/$/);
});

describe.each([
  ['handles', {}],
  ['checked parents', { handles: false }],
] as [string, RootOptions][])('a root with %s', (_, options) => {
  let base: string;
  let tree: string;
  let root: Root;
  beforeEach(() => {
    base = tempDir();
    tree = join(base, 'tree');
    mkdirSync(join(tree, 'd/e'), { recursive: true });
    mkdirSync(join(base, 'outside'));
    writeFileSync(join(base, 'outside/secret'), 'secret');
    writeFileSync(join(tree, 'd/f'), 'data');
    root = Root.open(tree, options);
  });
  afterEach(() => root.close());

  describe('confinement', () => {
    /** Every way to reach a name; each must refuse. */
    const ways: [string, (root: Root, name: string) => void][] = [
      ['lstat', (r, n) => void r.lstat(n)],
      ['stat', (r, n) => void r.stat(n)],
      ['readlink', (r, n) => void r.readlink(n)],
      ['mkdir', (r, n) => r.mkdir(n, 0o755)],
      ['rmdir', (r, n) => r.rmdir(n)],
      ['unlink', (r, n) => r.unlink(n)],
      ['rename from', (r, n) => r.rename(n, 'd/new')],
      ['rename to', (r, n) => r.rename('d/f', n)],
      ['link from', (r, n) => r.link(n, 'd/new')],
      ['link to', (r, n) => r.link('d/f', n)],
      ['symlink', (r, n) => r.symlink('t', n)],
      ['mknod', (r, n) => r.mknod(n, S_IFIFO | 0o600, 0, 0)],
      ['chmod', (r, n) => r.chmod(n, 0o600)],
      ['lchown', (r, n) => r.lchown(n, -1, -1)],
      ['utimes', (r, n) => r.utimes(n, 1, 0)],
      ['openRead', (r, n) => closeSync(r.openRead(n))],
      ['openInplace', (r, n) => closeSync(r.openInplace(n, true))],
      ['createTemp', (r, n) => closeSync(r.createTemp(n, 0o600).fd)],
    ];
    const names = [
      '..',
      '../outside/secret',
      'd/..',
      'd/../../outside/secret',
      '/etc/passwd',
      '//x',
      'd//f',
      'd/./f',
    ];
    const names2 = ['d/f/', 'a\0b', 'd\0/f', './d/f', '/', 'd/e/../../../outside/secret'];

    it.each(ways)('%s refuses names that are not plain', (_way, go) => {
      const before = readdirSync(base, { recursive: true }).sort();
      for (const name of [...names, ...names2]) {
        expect(() => go(root, name), JSON.stringify(name)).toThrow(refusal);
      }
      expect(readdirSync(base, { recursive: true }).sort()).toEqual(before);
    });

    it('refuses to list such directories', () => {
      for (const name of ['..', '/', 'd/..', '/etc', 'd//e', 'a\0b']) {
        expect(() => root.readdir(name), JSON.stringify(name)).toThrow(refusal);
        expect(() => root.statterOf(name), JSON.stringify(name)).toThrow(refusal);
      }
    });

    it('does not make, remove or move the root itself', () => {
      for (const name of ['', '.']) {
        expect(() => root.rmdir(name)).toThrow(refusal);
        expect(() => root.unlink(name)).toThrow(refusal);
        expect(() => root.rename(name, 'x')).toThrow(refusal);
        expect(() => root.rename('d', name)).toThrow(refusal);
      }
    });

    it.skipIf(isWindows).each(ways)('%s does not go through a symlinked parent', (_way, go) => {
      symlinkSync('../outside', join(tree, 'out'));
      symlinkSync('d', join(tree, 'in'));
      for (const name of ['out/secret', 'in/f', 'in/e/x']) expect(() => go(root, name)).toThrow(refusal);
      expect(readFileSync(join(base, 'outside/secret'), 'utf8')).toBe('secret');
      expect(readdirSync(join(base, 'outside'))).toEqual(['secret']);
    });

    it.skipIf(isWindows)('does not list a symlinked directory', () => {
      symlinkSync('../outside', join(tree, 'out'));
      expect(() => root.readdir('out')).toThrow(refusal);
    });

    it.skipIf(isWindows)('does not go through a symlink that the same peer made', () => {
      root.rmdir('d/e');
      root.symlink('../../outside', 'd/e');
      expect(() => root.createTemp('d/e/planted', 0o644)).toThrow(refusal);
      expect(readdirSync(join(base, 'outside'))).toEqual(['secret']);
    });

    it.skipIf(isWindows)(
      'does not go through a symlink put in the place of a directory it knows',
      async () => {
        expect(root.lstat('d/e/x')).toBeUndefined();
        root.rename('d/e', 'd/old');
        root.symlink('../../outside', 'd/e');
        expect(() => root.mkdir('d/e/planted', 0o755)).toThrow(refusal);
      },
    );

    it.skipIf(isWindows)('does not go through a symlink that another process swaps in', async () => {
      root.createTemp('d/e/warm', 0o600);
      renameSync(join(tree, 'd/e'), join(tree, 'd/moved'));
      symlinkSync('../../outside', join(tree, 'd/e'));
      if (options.handles === false) await new Promise((wake) => setTimeout(wake, 60));
      try {
        root.mkdir('d/e/planted', 0o755);
        // The handle still is the directory it was: the new item is there, not behind the symlink.
        expect(existsSync(join(tree, 'd/moved/planted'))).toBe(true);
      } catch (error) {
        expect(error).toEqual(refusal);
      }
      expect(readdirSync(join(base, 'outside'))).toEqual(['secret']);
    });

    it.skipIf(isWindows)('never opens, changes or replaces what a symlink leads to', () => {
      symlinkSync('../outside/secret', join(tree, 'l'));
      const before = statSync(join(base, 'outside/secret'));
      expect(() => root.openRead('l')).toThrow(errno('ELOOP'));
      expect(() => root.openInplace('l', true)).toThrow(errno('ELOOP'));
      expect(() => root.chmod('l', 0o777)).toThrow();
      expect(() => root.stat('l')).toThrow(refusal);
      root.utimes('l', 5, 0);
      expect(root.lstat('l')!.mtime).toBe(5);
      root.rename('d/f', 'l');
      expect(readFileSync(join(base, 'outside/secret'), 'utf8')).toBe('secret');
      const after = statSync(join(base, 'outside/secret'));
      expect([after.mode, after.mtimeMs]).toEqual([before.mode, before.mtimeMs]);
    });
  });

  describe('following by policy', () => {
    it.skipIf(isWindows)('inside: symlinks that stay in the root, others not', () => {
      symlinkSync('../outside', join(tree, 'out'));
      symlinkSync('d', join(tree, 'in'));
      symlinkSync('../in/e', join(tree, 'd/chain'));
      symlinkSync('../..', join(tree, 'd/up'));
      symlinkSync('f', join(tree, 'd/lf'));
      symlinkSync('gone', join(tree, 'd/dangling'));
      symlinkSync('loop', join(tree, 'loop'));
      const inside = Root.open(tree, { ...options, follow: 'inside' });
      expect(inside.lstat('in/f')!.size).toBe(4);
      inside.mkdir('d/chain/new', 0o755);
      expect(existsSync(join(tree, 'd/e/new'))).toBe(true);
      expect(() => inside.lstat('out/secret')).toThrow(refusal);
      expect(() => inside.lstat('d/up/outside/secret')).toThrow(refusal);
      expect(inside.stat('in/lf')!.isRegular).toBe(true);
      expect(inside.stat('in')!.isDirectory).toBe(true);
      expect(inside.stat('d/dangling')).toBeUndefined();
      expect(() => inside.stat('out')).toThrow(refusal);
      expect(() => inside.stat('loop')).toThrow(errno('ELOOP'));
      const fd = inside.openRead('in/lf', true);
      expect(readFileSync(fd, 'utf8')).toBe('data');
      closeSync(fd);
      expect(() => inside.openRead('in/lf')).toThrow(errno('ELOOP'));
      inside.close();
    });

    it.skipIf(isWindows)('anywhere: as the system does, but no other names', () => {
      symlinkSync('../outside', join(tree, 'out'));
      const any = Root.open(tree, { ...options, follow: 'anywhere' });
      expect(any.lstat('out/secret')!.size).toBe(6);
      expect(any.stat('out')!.isDirectory).toBe(true);
      expect(any.readdir('out')).toEqual(['secret']);
      expect(() => any.lstat('../outside/secret')).toThrow(refusal);
      expect(() => any.lstat('/etc/passwd')).toThrow(refusal);
      any.close();
    });
  });

  describe('operations', () => {
    it('finds nothing where nothing is', () => {
      expect(root.lstat('nope')).toBeUndefined();
      expect(root.lstat('nope/x/y')).toBeUndefined();
      expect(root.lstat('d/f/x')).toBeUndefined();
      expect(root.lstat('.')!.isDirectory).toBe(true);
      expect(root.lstat('')!.isDirectory).toBe(true);
    });

    it('makes, lists, moves and removes', () => {
      root.mkdir('d/new', 0o700);
      writeFileSync(join(tree, 'd/new/x'), '12345');
      expect(root.lstat('d/new/x')!.size).toBe(5);
      root.rename('d/new', 'moved');
      expect(root.lstat('d/new/x')).toBeUndefined();
      expect(root.readdir('moved')).toEqual(['x']);
      expect(root.readdir('').sort()).toEqual(['d', 'moved']);
      expect(root.readdir('.').sort()).toEqual(['d', 'moved']);
      expect(() => root.rmdir('moved')).toThrow(errno('ENOTEMPTY'));
      root.unlink('moved/x');
      root.rmdir('moved');
      expect(root.lstat('moved')).toBeUndefined();
      expect(() => root.readdir('moved')).toThrow(errno('ENOENT'));
      expect(() => root.readdir('d/f')).toThrow(errno('ENOTDIR'));
    });

    it('links, also from another root', () => {
      root.link('d/f', 'd/g');
      expect(root.lstat('d/g')!.nlink).toBe(2);
      expect(root.lstat('d/g')!.sameItem(root.lstat('d/f')!)).toBe(true);
      const other = Root.open(join(base, 'outside'), options);
      other.link('secret', 'd/s', root);
      other.rename('secret', 'd/t', root);
      expect(root.lstat('d/t')!.nlink).toBe(2);
      expect(other.lstat('secret')).toBeUndefined();
      other.close();
    });

    it.skipIf(isWindows)('keeps names and targets that are not UTF-8', () => {
      const name = 'd/\xff\xe9\x01 \\:*?';
      root.mkdir(name, 0o755);
      root.symlink('\xfe/..//\xc3', `${name}/\x80`);
      expect(root.readlink(`${name}/\x80`)).toBe('\xfe/..//\xc3');
      expect(root.readdir(name)).toEqual(['\x80']);
      expect(root.readdir('d').sort()).toEqual(['e', 'f', '\xff\xe9\x01 \\:*?']);
      expect(readdirSync(join(tree, 'd'), { encoding: 'buffer' }).map((b) => b.toString('latin1'))).toContain(
        '\xff\xe9\x01 \\:*?',
      );
      const temp = root.createTemp(`${name}/\xff`, 0o644);
      writeSync(temp.fd, 'x');
      closeSync(temp.fd);
      root.rename(temp.name, `${name}/\xff`);
      expect(root.lstat(`${name}/\xff`)!.size).toBe(1);
      const far = Root.open(Buffer.from(`${tree}/${name}`, 'latin1'), options);
      expect(far.lstat('\xff')!.size).toBe(1);
      expect(far.path).toBe(`${fromText(tree)}/${name}`);
      far.close();
    });

    it('keeps names of several bytes a character', () => {
      const name = fromText('é日本');
      root.mkdir(name, 0o755);
      expect(readdirSync(tree)).toContain('é日本');
      expect(root.readdir('')).toContain(name);
    });

    it.skipIf(isWindows)('sees a directory that was replaced by another', async () => {
      root.createTemp('d/e/a', 0o600);
      rmSync(join(tree, 'd/e'), { recursive: true });
      mkdirSync(join(tree, 'd/e'));
      root.mkdir('d/e/b', 0o755);
      expect(existsSync(join(tree, 'd/e/b'))).toBe(true);
    });

    it('does not run out of handles', () => {
      for (let i = 0; i < 300; i++) {
        root.mkdir(`d/e/${i}`, 0o755);
        root.mkdir(`d/e/${i}/x`, 0o755);
      }
      for (let i = 0; i < 300; i++) expect(root.lstat(`d/e/${i}/x`)!.isDirectory).toBe(true);
      const deep = Array.from({ length: 100 }, () => 'y');
      for (let i = 1; i <= deep.length; i++) root.mkdir(deep.slice(0, i).join('/'), 0o755);
      expect(root.lstat(deep.join('/'))!.isDirectory).toBe(true);
      if (isLinux && options.handles !== false) {
        const held = readdirSync('/proc/self/fd').length;
        expect(held).toBeLessThan(150);
      }
    });

    it.skipIf(isWindows || isRoot)(
      'works in a directory that may be entered but not read (not root: root may all)',
      () => {
        root.mkdir('d/x', 0o755);
        root.mkdir('d/x/y', 0o755);
        root.chmod('d/x', 0o311);
        expect(root.lstat('d/x/y')!.isDirectory).toBe(true);
        root.mkdir('d/x/z', 0o755);
        expect(() => root.readdir('d/x')).toThrow(errno('EACCES'));
        root.chmod('d/x', 0o755);
      },
    );

    it.skipIf(isWindows)('sets permission bits, set-id bits too', () => {
      root.chmod('d/f', 0o4751);
      expect(statSync(join(tree, 'd/f')).mode & 0o7777).toBe(0o4751);
      root.chmod('d/f', 0);
      root.chmod('d/f', 0o640);
      expect(root.lstat('d/f')!.mode).toBe(S_IFREG | 0o640);
    });

    it.skipIf(!isRoot)('changes owners, of a symlink too (root only)', () => {
      root.symlink('f', 'd/l');
      root.lchown('d/l', 12, 34);
      expect([root.lstat('d/l')!.uid, root.lstat('d/l')!.gid]).toEqual([12, 34]);
      expect(root.lstat('d/f')!.uid).toBe(process.getuid!());
    });

    it('writes a file in place', () => {
      expect(() => root.openInplace('d/missing', false)).toThrow(errno('ENOENT'));
      closeSync(root.openInplace('d/missing', true));
      if (!isWindows) expect(root.lstat('d/missing')!.mode & 0o777).toBe(0o600);
      const fd = root.openInplace('d/f', true);
      writeSync(fd, 'XY', 1);
      closeSync(fd);
      expect(readFileSync(join(tree, 'd/f'), 'utf8')).toBe('dXYa');
    });

    it.skipIf(isWindows)('does not hang on a fifo in the place of a file', () => {
      root.mknod('d/p', S_IFIFO | 0o600, 0, 0);
      const fd = root.openRead('d/p');
      expect(root.fstat(fd).isRegular).toBe(false);
      closeSync(fd);
      expect(() => root.openInplace('d/p', false)).toThrow(errno('ENXIO'));
    });
  });

  describe.skipIf(isWindows)('nodes', () => {
    it.each([
      ['fifo', S_IFIFO],
      ['socket', S_IFSOCK],
    ])('makes a %s', async (_kind, type) => {
      for (const name of ['d/node', 'd/\xff']) {
        root.mknod(name, type | 0o640, 0, 0);
        expect(root.lstat(name)!.mode).toBe(type | 0o640);
        expect(() => root.mknod(name, type | 0o640, 0, 0)).toThrow(errno('EEXIST'));
      }
      await new Promise((wake) => setTimeout(wake, 20));
      expect(root.readdir('d').sort()).toEqual(['e', 'f', 'node', '\xff']);
    });

    it.skipIf(!isRoot)('makes devices (root only)', () => {
      for (const [name, type] of [
        ['c', S_IFCHR],
        ['b', S_IFBLK],
      ] as const) {
        try {
          root.mknod(name, type | 0o600, 259, 70000);
        } catch (error) {
          // A container may forbid it even to root: then it must say so in the usual way.
          expect(error).toEqual(errno('EPERM'));
          continue;
        }
        const stat = root.lstat(name)!;
        expect(stat.mode).toBe(type | 0o600);
        expect([platform.rdevMajor(stat.rdev), platform.rdevMinor(stat.rdev)]).toEqual([259, 70000]);
      }
    });

    it.skipIf(isRoot)('says that it may not make devices (not root)', () => {
      expect(() => root.mknod('c', S_IFCHR | 0o600, 1, 3)).toThrow(errno('EPERM'));
      expect(root.readdir('').sort()).toEqual(['d']);
    });
  });

  describe('temporary files', () => {
    it('stand next to their target, for the owner alone', () => {
      const temp = root.createTemp('d/f', 0o444);
      expect(temp.name).toMatch(/^d\/\.f\.[A-Za-z0-9]{6}$/);
      if (!isWindows) expect(root.lstat(temp.name)!.mode).toBe(S_IFREG | 0o600);
      expect(tempCount(root)).toBe(1);
      closeSync(temp.fd);
      root.rename(temp.name, 'd/f');
      expect(tempCount(root)).toBe(0);
      expect(root.readdir('d').sort()).toEqual(['e', 'f']);
    });

    it('have no dot in a temp-dir', () => {
      const temp = root.createTemp('d/.f', 0o644, 'temp-dir');
      expect(temp.name).toMatch(/^f\.[A-Za-z0-9]{6}$/);
      closeSync(temp.fd);
      root.unlink(temp.name);
      expect(tempCount(root)).toBe(0);
    });

    it('fit where the target just fits', () => {
      const temp = root.createTemp(`d/${'n'.repeat(255)}`, 0o644);
      closeSync(temp.fd);
      root.rename(temp.name, `d/${'n'.repeat(255)}`);
      expect(() => root.createTemp('nope/f', 0o644)).toThrow(errno('ENOENT'));
      expect(tempCount(root)).toBe(0);
    });

    it('are all removed by an abort, or kept if they are to be', () => {
      const gone = root.createTemp('d/a', 0o644);
      const kept = root.createTemp('d/b', 0o644);
      const stuck = root.createTemp('d/c', 0o644);
      for (const temp of [gone, kept, stuck]) closeSync(temp.fd);
      kept.onAbort = () => root.rename(kept.name, 'd/b');
      stuck.onAbort = () => {
        throw new Error('no');
      };
      removeAllTemps();
      expect(root.readdir('d').sort()).toEqual(['e', 'f', 'b', stuck.name.slice(2)].sort());
      expect(tempCount()).toBe(0);
    });

    it('go with their root', () => {
      closeSync(root.createTemp('d/a', 0o644).fd);
      root.close();
      expect(readdirSync(join(tree, 'd')).sort()).toEqual(['e', 'f']);
    });

    it('have free names for links and nodes', () => {
      const name = root.tempName('d/f');
      expect(name).toMatch(/^d\/\.f\.\d+$/);
      writeFileSync(join(tree, name), '');
      expect(root.tempName('d/f')).not.toBe(name);
    });
  });
});

describe('opening a root', () => {
  it('fails with exit 3 on what is no directory', () => {
    const path = join(tempDir(), 'x');
    expect(() => Root.open(path)).toThrow(
      expect.objectContaining({
        code: 'RSYNC_FILE_SELECT',
        exitCode: 3,
        message: expect.stringMatching(/^change_dir ".*x" failed: No such file or directory \(2\)$/),
      }),
    );
    writeFileSync(path, '');
    expect(() => Root.open(path)).toThrow(/Not a directory \(20\)/);
  });

  it.skipIf(isWindows)('follows symlinks in the path that the user gave', () => {
    const base = tempDir();
    mkdirSync(join(base, 'real'));
    symlinkSync('real', join(base, 'link'));
    for (const options of [{}, { handles: false }]) {
      const root = Root.open(join(base, 'link'), options);
      root.mkdir('x', 0o755);
      expect(lstatSync(join(base, 'real/x')).isDirectory()).toBe(true);
      rmSync(join(base, 'real/x'), { recursive: true });
      expect(root.display('a/b')).toBe(fromText(join(base, 'link/a/b')));
      root.close();
    }
  });

  it.skipIf(isWindows)('takes the root of the file system', () => {
    const root = Root.open('/');
    expect(root.lstat('tmp')!.isDirectory).toBe(true);
    expect(root.display('tmp')).toBe('/tmp');
    expect(root.display('.')).toBe('/');
    root.close();
  });
});
