import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Root } from '../../src/files/root.ts';
import { scanDirectory } from '../../src/files/scan.ts';
import { isRoot, isWindows, tempDir } from './temp-dir.ts';

describe('scanning a directory', () => {
  it('gives every name with its stat, symlinks not followed', () => {
    const base = tempDir();
    mkdirSync(join(base, 'd/sub'), { recursive: true });
    writeFileSync(join(base, 'd/f'), '123');
    if (!isWindows) symlinkSync('/nowhere', join(base, 'd/l'));
    for (const options of [{}, { handles: false }, { follow: 'anywhere' }] as const) {
      const root = Root.open(base, options);
      const scan = scanDirectory(root, 'd');
      const kinds = scan.names.map((name, i) => {
        const stat = scan.stats[i]!;
        return `${name} ${stat.isDirectory ? 'dir' : stat.isSymlink ? 'link' : stat.size}`;
      });
      expect(kinds.sort()).toEqual(isWindows ? ['f 3', 'sub dir'] : ['f 3', 'l link', 'sub dir']);
      expect([scan.errors, scan.failure]).toEqual([[], undefined]);
      expect(scanDirectory(root, '.').names).toEqual(['d']);
      expect(scanDirectory(root, 'd', (name) => name !== 'f').names.sort()).not.toContain('f');
      root.close();
    }
  });

  it('reports names that vanish meanwhile, and goes on', () => {
    const base = tempDir();
    for (const name of ['a', 'b', 'c']) writeFileSync(join(base, name), '');
    const root = Root.open(base);
    const scan = scanDirectory(root, '', (name) => {
      if (name === 'b') rmSync(join(base, 'b'));
      return true;
    });
    expect(scan.names.sort()).toEqual(['a', 'c']);
    expect(scan.errors).toEqual([
      expect.objectContaining({ name: 'b', kind: 'vanished', text: 'No such file or directory (2)' }),
    ]);
    root.close();
  });

  it('reports a directory that is not there, or none', () => {
    const base = tempDir();
    writeFileSync(join(base, 'f'), '');
    const root = Root.open(base);
    expect(scanDirectory(root, 'x').failure).toMatchObject({ name: 'x', kind: 'vanished' });
    expect(scanDirectory(root, 'f').failure).toMatchObject({ kind: 'general', text: 'Not a directory (20)' });
    expect(scanDirectory(root, '../x').failure).toMatchObject({ kind: 'general' });
    root.close();
  });

  it.skipIf(isWindows || isRoot)('reports a directory that may not be read (root may read all)', () => {
    const base = tempDir();
    mkdirSync(join(base, 'd'));
    chmodSync(join(base, 'd'), 0o300);
    const root = Root.open(base);
    expect(scanDirectory(root, 'd').failure).toMatchObject({
      kind: 'general',
      text: 'Permission denied (13)',
    });
    chmodSync(join(base, 'd'), 0o700);
    root.close();
  });

  it.skipIf(isWindows)('reports names that make the path too long to be sent', () => {
    const base = tempDir();
    const root = Root.open(base);
    const part = 'x'.repeat(250);
    let directory = part;
    root.mkdir(directory, 0o755);
    for (let i = 0; i < 15; i++) {
      directory += `/${part}`;
      root.mkdir(directory, 0o755);
    }
    // 16 * 250 + 15 slashes = 4015 bytes; with a slash and 79 more it is 4095, the longest that can be sent.
    root.mkdir(`${directory}/${'y'.repeat(79)}`, 0o755);
    root.mkdir(`${directory}/${'z'.repeat(80)}`, 0o755);
    const scan = scanDirectory(root, directory);
    expect(scan.names).toEqual(['y'.repeat(79)]);
    expect(scan.errors).toEqual([
      expect.objectContaining({ name: 'z'.repeat(80), kind: 'general', text: 'File name too long (36)' }),
    ]);
    // The tree is deeper than rm by path can reach.
    for (const name of root.readdir(directory)) root.rmdir(`${directory}/${name}`);
    for (; directory.includes('/'); directory = directory.slice(0, -part.length - 1)) root.rmdir(directory);
    root.close();
  });

  it('gives the names that the system gives', () => {
    const base = tempDir();
    for (let i = 0; i < 500; i++) writeFileSync(join(base, `f${i}`), '');
    const root = Root.open(base);
    expect(scanDirectory(root, '').names.sort()).toEqual(readdirSync(base).sort());
    root.close();
  });
});
