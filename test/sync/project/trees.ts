import fc from 'fast-check';
import { S_IFDIR, S_IFLNK, S_IFREG } from '../../../src/core/mode.ts';
import type { Plan, PlanPolicy } from '../../../src/sync/project/plan.ts';
import { parentOf, type Tree, type TreeEntry } from '../../../src/sync/project/tree.ts';

/** The `version` decides size and time: two files are the same if their versions are. */
export function file(version: number): TreeEntry {
  return { kind: 'file', size: version, mtime: 1000 + version, mtimeNsec: 0, mode: S_IFREG | 0o644 };
}

export function directory(): TreeEntry {
  return { kind: 'directory', size: 0, mtime: 1, mtimeNsec: 0, mode: S_IFDIR | 0o755 };
}

export function symlink(target: string): TreeEntry {
  return { kind: 'symlink', size: target.length, mtime: 1, mtimeNsec: 0, mode: S_IFLNK | 0o777, target };
}

/** Numbers are files of that version, `'/'` a directory, other strings symlinks; parents are made. */
export function treeOf(spec: Readonly<Record<string, number | string>>): Tree {
  const tree: Tree = new Map();
  for (const [path, what] of Object.entries(spec)) {
    put(tree, path, typeof what === 'number' ? file(what) : what === '/' ? directory() : symlink(what));
  }
  return tree;
}

export function put(tree: Tree, path: string, entry: TreeEntry): void {
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const above = path.slice(0, slash);
    if (tree.get(above)?.kind !== 'directory') tree.set(above, directory());
  }
  if (entry.kind !== 'directory' || tree.get(path)?.kind !== 'directory') take(tree, path);
  tree.set(path, entry);
}

/** Removes a path and all below it. */
export function take(tree: Tree, path: string): void {
  for (const name of [...tree.keys()]) if (name === path || name.startsWith(`${path}/`)) tree.delete(name);
}

export const POLICY: PlanPolicy = {
  now: new Date('2026-03-04T05:06:07Z'),
  hosts: { local: 'desk', remote: 'server' },
};

export interface Triple {
  base: Tree;
  local: Tree;
  remote: Tree;
}

/**
 * Does a plan as a run would, with the demands of a file system: nothing is made in what is no directory, no directory is
 * removed that has something in it.
 */
export function apply({ local, remote }: Omit<Triple, 'base'>, plan: Plan): { local: Tree; remote: Tree } {
  const after = { local: new Map(local), remote: new Map(remote) };
  const target = plan.direction === 'pull' ? after.local : after.remote;
  for (const { path, to, side } of plan.aside) {
    const from = after[side];
    for (const [name, entry] of [...from]) {
      if (name !== path && !name.startsWith(`${path}/`)) continue;
      after.local.set(to + name.slice(path.length), entry);
      if (side === 'local') from.delete(name);
    }
  }
  for (const { path } of plan.delete) {
    for (const name of target.keys())
      if (name.startsWith(`${path}/`)) throw new Error(`${path} is not empty`);
    if (!target.delete(path)) throw new Error(`${path} is not there to be deleted`);
  }
  for (const { path, entry } of plan.transfer) {
    const parent = parentOf(path);
    if (parent !== '' && target.get(parent)?.kind !== 'directory')
      throw new Error(`no directory for ${path}`);
    if (entry.kind !== 'directory') {
      for (const name of target.keys())
        if (name.startsWith(`${path}/`)) throw new Error(`${path} is not empty`);
    }
    target.set(path, entry);
  }
  return after;
}

const component = fc.constantFrom('a', 'b', 'B', 'c.d', '[x]', 'w*', 'q?', '\\');
const anyPath = fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const anyEntry = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 4 }).map(file) },
  { weight: 2, arbitrary: fc.constant(null).map(directory) },
  { weight: 1, arbitrary: fc.constantFrom('a', 'b').map(symlink) },
);
const anyEdit = fc.record({ path: anyPath, entry: fc.option(anyEntry, { freq: 2, nil: undefined }) });
const anyEdits = fc.array(anyEdit, { maxLength: 6 });

/** A base, and two sides that each went on from it. */
export const anyTriple: fc.Arbitrary<Triple> = fc
  .tuple(fc.array(fc.tuple(anyPath, anyEntry), { maxLength: 12 }), anyEdits, anyEdits)
  .map(([entries, here, there]) => {
    const base: Tree = new Map();
    for (const [path, entry] of entries) put(base, path, entry);
    return { base, local: edited(base, here), remote: edited(base, there) };
  });

function edited(base: Tree, edits: readonly { path: string; entry: TreeEntry | undefined }[]): Tree {
  const tree = new Map(base);
  for (const { path, entry } of edits) {
    if (entry === undefined) take(tree, path);
    else put(tree, path, entry);
  }
  return tree;
}
