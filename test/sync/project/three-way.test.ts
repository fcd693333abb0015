import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntryDetails } from '../../../src/core/events.ts';
import { compareTrees, type PathState } from '../../../src/sync/project/three-way.ts';
import { addListed, sameEntry, type Tree } from '../../../src/sync/project/tree.ts';
import { anyTriple, directory, file, symlink, treeOf } from './trees.ts';

function rows(base: Tree | undefined, local: Tree, remote: Tree) {
  return compareTrees(base, local, remote).paths.map(
    ({ path, local: here, remote: there, agreed, conflict, within }) =>
      [path, here, there, agreed ? 'agreed' : (conflict ?? within ?? '')].join(' ').trim(),
  );
}

describe('entries of a tree', () => {
  it('come from listed events, less the root', () => {
    const tree: Tree = new Map();
    const details = (name: string, mode: number, target?: string): EntryDetails => ({
      name,
      mode,
      size: 5,
      mtime: -3,
      mtimeNsec: 7000,
      uid: undefined,
      gid: undefined,
      target,
      checksum: undefined,
    });
    addListed(tree, details('.', 0o40755));
    addListed(tree, details('d', 0o40755));
    addListed(tree, details('d/f', 0o100600));
    addListed(tree, details('l', 0o120777, 'd/f'));
    addListed(tree, details('p', 0o10600));
    expect([...tree].map(([path, { kind }]) => `${path} ${kind}`)).toEqual([
      'd directory',
      'd/f file',
      'l symlink',
      'p other',
    ]);
    expect(tree.get('d/f')).toEqual({ kind: 'file', size: 5, mtime: -3, mtimeNsec: 7000, mode: 0o100600 });
    expect(tree.get('l')?.target).toBe('d/f');
  });

  it('are the same by kind, size and time; directories by kind, symlinks by target', () => {
    expect(sameEntry(file(1), { ...file(1), mode: 0o100755 })).toBe(true);
    expect(sameEntry(file(1), { ...file(1), size: 2 })).toBe(false);
    expect(sameEntry(file(1), { ...file(1), mtime: 2 })).toBe(false);
    expect(sameEntry({ ...file(1), mtime: 10 }, { ...file(1), mtime: 12 }, 2)).toBe(true);
    expect(sameEntry({ ...file(1), mtime: 10 }, { ...file(1), mtime: 13 }, 2)).toBe(false);
    expect(sameEntry(directory(), { ...directory(), mtime: 9 })).toBe(true);
    expect(sameEntry(symlink('a'), symlink('b'))).toBe(false);
    expect(sameEntry(symlink('a'), { ...symlink('a'), mtime: 9 })).toBe(true);
    expect(sameEntry(file(1), symlink('a'))).toBe(false);
  });

  it('differ by microseconds that both know', () => {
    const at = (mtimeNsec: number) => ({ ...file(1), mtimeNsec });
    expect(sameEntry(at(0), at(5_000))).toBe(true);
    expect(sameEntry(at(5_999), at(5_001))).toBe(true);
    expect(sameEntry(at(5_999), at(6_000))).toBe(false);
  });
});

describe('three trees', () => {
  it('tell what changed here and there', () => {
    const base = treeOf({
      same: 1,
      here: 1,
      there: 1,
      'gone-here': 1,
      'gone-there': 1,
      'gone-both': 1,
      both: 1,
    });
    const local = treeOf({
      same: 1,
      here: 2,
      there: 1,
      'gone-there': 1,
      'new-here': 1,
      'new-both': 3,
      both: 2,
    });
    const remote = treeOf({
      same: 1,
      here: 1,
      there: 2,
      'gone-here': 1,
      'new-there': 1,
      'new-both': 3,
      both: 2,
    });
    expect(rows(base, local, remote)).toEqual([
      'both changed changed agreed',
      'gone-both deleted deleted agreed',
      'gone-here deleted same',
      'gone-there same deleted',
      'here changed same',
      'new-both added added agreed',
      'new-here added absent',
      'new-there absent added',
      'there same changed',
    ]);
  });

  it('conflict in every way there is', () => {
    const base = treeOf({ v: 1, d: 1, e: 1, k: 1 });
    const local = treeOf({ v: 2, d: 2, n: 1, k: 2 });
    const remote = treeOf({ v: 3, e: 2, n: 2, k: 'target' });
    expect(rows(base, local, remote)).toEqual([
      'd changed deleted changed-deleted',
      'e deleted changed changed-deleted',
      'k changed changed kind',
      'n added added both-added',
      'v changed changed both-changed',
    ]);
  });

  it('are agreed where both sides are equal, whatever the base has', () => {
    expect(rows(treeOf({ a: 1 }), treeOf({ a: 2 }), treeOf({ a: 2 }))).toEqual(['a changed changed agreed']);
  });

  it('without a base call everything added', () => {
    expect(rows(undefined, treeOf({ a: 1, b: 1, c: 1 }), treeOf({ b: 1, c: 2, d: 1 }))).toEqual([
      'a added absent',
      'b added added agreed',
      'c added added both-added',
      'd absent added',
    ]);
    expect(compareTrees(undefined, new Map(), new Map()).hasBase).toBe(false);
  });

  it('conflict where a directory was deleted with something new in it: told once, of the topmost', () => {
    const base = treeOf({ 'd/e/f': 1, 'd/g': 1 });
    expect(rows(base, treeOf({ 'd/e/f': 1, 'd/e/new': 1, 'd/g': 2 }), treeOf({}))).toEqual([
      'd same deleted directory-deleted',
      'd/e same deleted',
      'd/e/f same deleted',
      'd/e/new added absent',
      'd/g changed deleted changed-deleted',
    ]);
    expect(rows(base, base, treeOf({}))).toEqual([
      'd same deleted',
      'd/e same deleted',
      'd/e/f same deleted',
      'd/g same deleted',
    ]);
  });

  it('do not conflict where a directory became a file that nobody was at work in', () => {
    const base = treeOf({ 'd/f': 1 });
    expect(rows(base, base, treeOf({ d: 1 }))).toEqual(['d same changed', 'd/f same deleted d']);
  });

  it('conflict where a directory became a file while something in it changed', () => {
    const base = treeOf({ 'd/f': 1, 'd/e/g': 1 });
    const changed = treeOf({ 'd/f': 2, 'd/e/g': 1 });
    expect(rows(base, changed, treeOf({ d: 1 }))).toEqual([
      'd same changed kind',
      'd/e same deleted d',
      'd/e/g same deleted d',
      'd/f changed deleted d',
    ]);
  });

  it('are seen alike from both sides', () => {
    const swapped = ({ local, remote, localEntry, remoteEntry, ...rest }: PathState) => ({
      ...rest,
      local: remote,
      remote: local,
      localEntry: remoteEntry,
      remoteEntry: localEntry,
    });
    fc.assert(
      fc.property(anyTriple, fc.boolean(), ({ base, local, remote }, hasBase) => {
        const known = hasBase ? base : undefined;
        const there = compareTrees(known, remote, local).paths;
        expect(compareTrees(known, local, remote).paths.map(swapped)).toEqual(there);
      }),
      { numRuns: 300 },
    );
  });

  it('give no row to what is the same in all three, and one to everything else', () => {
    fc.assert(
      fc.property(anyTriple, ({ base, local, remote }) => {
        const { byPath } = compareTrees(base, local, remote);
        for (const path of new Set([...base.keys(), ...local.keys(), ...remote.keys()])) {
          const entries = [base.get(path), local.get(path), remote.get(path)];
          const first = entries[0];
          const equal = first !== undefined && entries.every((entry) => entry && sameEntry(first, entry));
          expect([path, byPath.has(path)]).toEqual([path, !equal]);
        }
      }),
      { numRuns: 300 },
    );
  });
});
