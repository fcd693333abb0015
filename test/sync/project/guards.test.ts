import { describe, expect, it } from 'vitest';
import { checkGuards, type GuardInputs } from '../../../src/sync/project/guards.ts';
import { type PlanPolicy, planPull, planPush } from '../../../src/sync/project/plan.ts';
import { compareTrees } from '../../../src/sync/project/three-way.ts';
import type { Tree } from '../../../src/sync/project/tree.ts';
import { POLICY, treeOf } from './trees.ts';

function files(count: number, version = 1): Tree {
  return treeOf(Object.fromEntries(Array.from({ length: count }, (_, k) => [`f${100 + k}`, version])));
}

const THERE = { local: 'directory', remote: 'directory' } as const;

function inputs(
  base: Tree | undefined,
  local: Tree,
  remote: Tree,
  more: Partial<GuardInputs> & { push?: boolean; policy?: Partial<PlanPolicy> } = {},
): GuardInputs {
  const comparison = compareTrees(base, local, remote);
  const plan = (more.push ? planPush : planPull)(comparison, { ...POLICY, ...more.policy });
  return { comparison, plan, roots: THERE, ...more };
}

const names = (...args: Parameters<typeof inputs>) => checkGuards(inputs(...args)).map(({ name }) => name);

describe('guards', () => {
  it('let an ordinary run go on', () => {
    expect(names(files(20), files(20), files(18))).toEqual([]);
    expect(names(undefined, new Map(), files(20))).toEqual([]);
    expect(names(undefined, files(20), new Map(), { push: true })).toEqual([]);
  });

  it('stop at a root that was emptied on one side, but not on both, and not for one file', () => {
    const [found] = checkGuards(inputs(files(20), files(20), new Map()));
    expect(found).toEqual({
      name: 'root-emptied',
      weight: 'stop',
      sentence: 'The remote root is empty, and there were 20 paths in it at the last sync.',
      remedy: 'Is a disk not mounted? Go on with --force only if it was emptied on purpose.',
      count: 0,
      examples: [],
      more: 0,
    });
    expect(names(files(20), new Map(), files(20))).toEqual(['root-emptied']);
    expect(names(files(20), new Map(), new Map())).toEqual([]);
    expect(names(files(1), files(1), new Map())).toEqual([]);
    expect(names(undefined, files(20), new Map())).toEqual([]);
  });

  it('stop at a root that vanished or is no directory any more', () => {
    const gone = { roots: { local: 'directory', remote: 'missing' } } as const;
    expect(names(files(20), files(20), new Map(), gone)).toEqual(['root-vanished']);
    expect(names(undefined, files(20), new Map(), gone)).toEqual(['root-vanished']);
    // The first push makes it.
    expect(names(undefined, files(20), new Map(), { ...gone, push: true })).toEqual([]);
    const other = { roots: { local: 'other', remote: 'directory' } } as const;
    expect(names(undefined, new Map(), files(20), other)).toEqual(['root-type']);
  });

  it('stop where every file changed, but not in a small tree or where one did not', () => {
    expect(names(files(20), files(20), files(20, 2))).toEqual(['everything-changed']);
    expect(names(files(20), files(20, 2), files(20), { push: true })).toEqual(['everything-changed']);
    expect(names(files(5), files(5), files(5, 2))).toEqual([]);
    const one = files(20, 2).set('f100', files(1).get('f100')!);
    expect(names(files(20), files(20), one)).toEqual([]);
  });

  it('stop deletions that are too many, by share or by number, and not in a small tree', () => {
    const [found] = checkGuards(inputs(files(30), files(30), files(14)));
    expect(found).toMatchObject({ name: 'many-deletions', weight: 'no-deletions', count: 16, more: 11 });
    expect(found!.sentence).toBe('16 of 30 paths (53 %) would be deleted here.');
    expect(found!.examples).toEqual(['f114', 'f115', 'f116', 'f117', 'f118']);
    expect(names(files(30), files(30), files(15))).toEqual([]);
    expect(names(files(11), files(11), files(1))).toEqual([]);
    expect(names(files(30), files(30), files(25), { limits: { deleteCount: 4 } })).toEqual([
      'many-deletions',
    ]);
    expect(names(files(30), files(30), files(25), { limits: { deleteShare: 0.1, floor: 1 } })).toEqual([
      'many-deletions',
    ]);
    expect(names(files(30), files(14), files(30), { push: true })).toEqual(['many-deletions']);
  });

  it('ask before they delete under other filter rules than the last time', () => {
    const hashes = { filterHash: 'b', lastFilterHash: 'a' };
    expect(names(files(20), files(20), files(19), hashes)).toEqual(['filter-changed']);
    expect(names(files(20), files(20), files(19), { ...hashes, lastFilterHash: 'b' })).toEqual([]);
    expect(names(files(20), files(20), files(19), { filterHash: 'b' })).toEqual([]);
    // Nothing is deleted: nothing to ask.
    expect(names(files(20), files(20), files(21), hashes)).toEqual([]);
  });

  it('regression 3 (A3): an exclude file that this pull replaces: nothing is deleted by this run', () => {
    const base = treeOf({ '.rsync-exclude': 1, old: 1, code: 1 });
    const remote = treeOf({ '.rsync-exclude': 2, code: 1 });
    const more = { filterFiles: ['.rsync-exclude'] };
    const [found] = checkGuards(inputs(base, base, remote, more));
    expect(found).toMatchObject({ name: 'filter-in-transfer', weight: 'no-deletions' });
    expect(found!.examples).toEqual(['.rsync-exclude']);
    const without = inputs(base, base, remote, { ...more, policy: { deletions: false } });
    expect(checkGuards(without)).toEqual([]);
    expect(without.plan.transfer.map(({ path }) => path)).toEqual(['.rsync-exclude']);
    expect(without.plan.keep).toEqual([{ path: 'old', reason: 'deletions-off' }]);
    // It is not forgotten either: the next run knows it as something that the server deleted.
    expect(without.plan.settled.has('old')).toBe(false);
  });
});
