import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONFLICT_POLICIES } from '../../../src/sync/project/conflict-policy.ts';
import {
  agreedBase,
  baseAfter,
  type Plan,
  type PlanPolicy,
  planPull,
  planPush,
} from '../../../src/sync/project/plan.ts';
import { compareTrees } from '../../../src/sync/project/three-way.ts';
import { sameEntry, type Tree } from '../../../src/sync/project/tree.ts';
import { anyTriple, apply, file, POLICY, type Triple, treeOf } from './trees.ts';

type Direction = Plan['direction'];

function planOf(
  direction: Direction,
  base: Tree | undefined,
  { local, remote }: Omit<Triple, 'base'>,
  policy: Partial<PlanPolicy> = {},
) {
  const comparison = compareTrees(base, local, remote);
  const plan = (direction === 'pull' ? planPull : planPush)(comparison, { ...POLICY, ...policy });
  return { comparison, plan };
}

/** A plan in a few lines. */
function told(plan: Plan): string[] {
  return [
    ...plan.aside.map(({ path, to, side }) => `aside ${side} ${path} -> ${to}`),
    ...plan.delete.map(({ path, lost }) => `delete ${path}${lost ? ' (lost)' : ''}`),
    ...plan.transfer.map(({ path, lost }) => `transfer ${path}${lost ? ' (lost)' : ''}`),
    ...plan.keep.map(({ path, reason }) => `keep ${path}: ${reason}`),
    ...plan.refused.map(({ path, change }) => `refused ${path}: ${change}`),
    ...plan.conflicts.map(
      ({ path, kind, resolution }) => `conflict ${path}: ${kind}, ${resolution ?? 'open'}`,
    ),
    ...(plan.blocked ? ['blocked'] : []),
  ];
}

const pull = (base: Tree | undefined, local: Tree, remote: Tree, policy?: Partial<PlanPolicy>) =>
  told(planOf('pull', base, { local, remote }, policy).plan);
const push = (base: Tree | undefined, local: Tree, remote: Tree, policy?: Partial<PlanPolicy>) =>
  told(planOf('push', base, { local, remote }, policy).plan);

const RUNS = process.env.RSYNCJS_ALL === '1' ? 10_000 : 300;

describe('pull', () => {
  it('takes what changed there and keeps what changed here', () => {
    const base = treeOf({ a: 1, b: 1, c: 1, d: 1, e: 1 });
    const local = treeOf({ a: 1, b: 2, c: 1, e: 1, 'new-here': 1 });
    const remote = treeOf({ a: 2, b: 1, d: 1, e: 1, 'new-there': 1 });
    expect(pull(base, local, remote)).toEqual([
      'delete c',
      'transfer a',
      'transfer new-there',
      'keep b: unpushed-change',
      'keep d: unpushed-deletion',
      'keep new-here: unpushed-addition',
    ]);
  });

  it('regression 2 (A2): a file that was never pushed stays; what another machine pushed is not wiped by our push', () => {
    const base = treeOf({ shared: 1 });
    const local = treeOf({ shared: 1, 'local-only.env': 1 });
    const remote = treeOf({ shared: 1, 'pushed-by-another': 1 });
    expect(pull(base, local, remote)).toEqual([
      'transfer pushed-by-another',
      'keep local-only.env: unpushed-addition',
    ]);
    const { plan } = planOf('push', base, { local, remote });
    expect(told(plan)).toEqual(['transfer local-only.env', 'refused pushed-by-another: added', 'blocked']);
    expect(plan.delete).toEqual([]);
    expect(push(base, local, remote, { force: true })).toEqual([
      'transfer local-only.env',
      'keep pushed-by-another: not-pulled',
    ]);
  });

  it('regression 3 (A3): a file excluded since is not deleted, by this pull or the next', () => {
    // The user excluded .env.local here; the server still has the old rules, and never had the file.
    const base = treeOf({ '.rsync-exclude': 1, code: 1 });
    const local = treeOf({ '.rsync-exclude': 2, code: 1 });
    const remote = treeOf({ '.rsync-exclude': 1, code: 1 });
    const { comparison, plan } = planOf('pull', base, { local, remote });
    expect(told(plan)).toEqual(['keep .rsync-exclude: unpushed-change']);
    expect(told(planOf('pull', baseAfter(comparison, plan), { local, remote }).plan)).toEqual(told(plan));
    // Seen with the rules that hide nothing, it is something that was never pushed.
    const seen = new Map([...local, ['.env.local', file(1)] as const]);
    expect(planOf('pull', base, { local: seen, remote }).plan.delete).toEqual([]);
  });

  it('deletes a directory from within, and keeps it for what was never pushed', () => {
    const base = treeOf({ 'd/e/f': 1, 'd/g': 1 });
    expect(pull(base, base, treeOf({}))).toEqual(['delete d/g', 'delete d/e/f', 'delete d/e', 'delete d']);
    const local = treeOf({ 'd/e/f': 1, 'd/e/new': 1, 'd/g': 1 });
    expect(pull(base, local, treeOf({}))).toEqual([
      'delete d/g',
      'delete d/e/f',
      'keep d: conflict',
      'keep d/e: holds-kept',
      'keep d/e/new: unpushed-addition',
      'conflict d: directory-deleted, open',
      'blocked',
    ]);
    expect(pull(base, local, treeOf({}), { conflict: 'remote' })).toEqual([
      'delete d/g',
      'delete d/e/f',
      'keep d: holds-kept',
      'keep d/e: holds-kept',
      'keep d/e/new: unpushed-addition',
      'conflict d: directory-deleted, remote',
    ]);
  });

  it('does not bring back a directory that was deleted here, but for what changed in it there', () => {
    const base = treeOf({ 'd/f': 1, 'd/g': 1 });
    expect(pull(base, treeOf({}), base)).toEqual([
      'keep d: unpushed-deletion',
      'keep d/f: unpushed-deletion',
      'keep d/g: unpushed-deletion',
    ]);
    const remote = treeOf({ 'd/f': 2, 'd/g': 1 });
    expect(pull(base, treeOf({}), remote, { conflict: 'newer' })).toEqual([
      'transfer d',
      'transfer d/f',
      'keep d/g: unpushed-deletion',
      'conflict d: directory-deleted, remote',
      'conflict d/f: changed-deleted, remote',
    ]);
    expect(pull(base, treeOf({}), remote, { conflict: 'local' })).toEqual([
      'keep d: conflict',
      'keep d/f: conflict',
      'keep d/g: unpushed-deletion',
      'conflict d: directory-deleted, local',
      'conflict d/f: changed-deleted, local',
    ]);
  });

  it('puts a file where a directory was that nobody was at work in', () => {
    const base = treeOf({ 'd/f': 1 });
    expect(pull(base, base, treeOf({ d: 2 }))).toEqual(['delete d/f', 'transfer d']);
    expect(pull(base, base, treeOf({ d: 2 }), { deletions: false })).toEqual(['keep d: deletions-off']);
    expect(pull(base, treeOf({ d: 2 }), base)).toEqual(['keep d: unpushed-change']);
    expect(pull(treeOf({ d: 2 }), treeOf({ d: 2 }), base)).toEqual(['transfer d', 'transfer d/f']);
  });

  it('puts a directory aside that loses to a file, whatever the policy', () => {
    const base = treeOf({ 'd/f': 1 });
    const local = treeOf({ 'd/f': 2 });
    for (const policy of [{ conflict: 'remote' }, { conflict: 'keep-both' }, { force: true }] as const) {
      const [first, second] = pull(base, local, treeOf({ d: 1 }), policy);
      expect([first, second]).toEqual(['aside local d -> d.conflict-20260304-050607-desk', 'transfer d']);
    }
    expect(pull(base, local, treeOf({ d: 1 }), { conflict: 'newer' })).toContain('blocked');
  });

  it('leaves alone what collides at a destination that folds names', () => {
    const folding = { case: true, unicode: true };
    const base = treeOf({ readme: 1 });
    const both = treeOf({ readme: 1, README: 2 });
    expect(pull(base, base, both, { folding })).toEqual(['keep README: name-collision']);
    expect(pull(base, base, both)).toEqual(['transfer README']);
    // Two names of the source that are one: the first comes.
    expect(
      pull(new Map(), new Map(), treeOf({ 'a\xcc\x81': 1, '\xc3\xa1': 1, A: 1, a: 1 }), { folding }),
    ).toEqual([
      'transfer A',
      'transfer a\xcc\x81',
      'keep a: name-collision',
      'keep \xc3\xa1: name-collision',
    ]);
  });

  it('takes two runs for a name that changed its case alone, where the two are one', () => {
    const folding = { case: true, unicode: false };
    const base = treeOf({ readme: 1 });
    const remote = treeOf({ README: 1 });
    const { comparison, plan } = planOf('pull', base, { local: base, remote }, { folding });
    expect(told(plan)).toEqual(['delete readme', 'keep README: name-collision']);
    const { local } = apply({ local: base, remote }, plan);
    expect(told(planOf('pull', baseAfter(comparison, plan), { local, remote }, { folding }).plan)).toEqual([
      'transfer README',
    ]);
  });

  it('has nothing left to do about what came deep in a directory whose deletion here has won', () => {
    const base = treeOf({ 'd/e': '/' });
    const sides = { local: treeOf({}), remote: treeOf({ 'd/e/new': '/' }) };
    const { comparison, plan } = planOf('pull', base, sides, { conflict: 'local' });
    const again = planOf('pull', baseAfter(comparison, plan), apply(sides, plan), {}).plan;
    expect(again.conflicts).toEqual([]);
  });

  it('has nothing left to do about a directory that came in place of what is gone there', () => {
    const base = treeOf({ d: 'x' });
    const sides = { local: treeOf({ 'd/own': 1 }), remote: treeOf({}) };
    const { comparison, plan } = planOf('pull', base, sides, { conflict: 'remote' });
    expect(told(plan)).toContain('keep d: holds-kept');
    const after = apply(sides, plan);
    const again = planOf('pull', baseAfter(comparison, plan), after, {}).plan;
    expect(told(again)).toEqual(['keep d: unpushed-addition', 'keep d/own: unpushed-addition']);
  });
});

describe('push', () => {
  it('is not stopped by what no pull can bring to this machine', () => {
    const base = treeOf({ 'Dir/a': 1 });
    const remote = treeOf({ 'Dir/a': 1, 'dir/b': 1, 'x:y/z': 1, 'DIR/A': 1 });
    const policy = {
      folding: { case: true, unicode: false },
      nameFault: (name: string) => (name.includes(':') ? 'colon' : undefined),
    };
    expect(push(base, treeOf({ 'Dir/a': 2 }), remote, policy)).toEqual([
      'transfer Dir/a',
      'keep DIR: name-collision',
      'keep DIR/A: name-collision',
      'keep dir: name-collision',
      'keep dir/b: name-collision',
      'keep x:y: impossible-here',
      'keep x:y/z: impossible-here',
    ]);
  });

  it('takes there what changed here', () => {
    const base = treeOf({ a: 1, b: 1, c: 1 });
    expect(push(base, treeOf({ a: 2, b: 1, new: 1 }), base)).toEqual([
      'delete c',
      'transfer a',
      'transfer new',
    ]);
  });

  it('stops at what somebody else pushed, and goes on by force without deleting it', () => {
    const base = treeOf({ a: 1, b: 1, c: 1 });
    const remote = treeOf({ a: 2, c: 1, d: 1 });
    expect(push(base, base, remote)).toEqual([
      'refused a: changed',
      'refused b: deleted',
      'refused d: added',
      'blocked',
    ]);
    expect(push(base, base, remote, { force: true })).toEqual([
      'transfer a (lost)',
      'transfer b',
      'keep d: not-pulled',
    ]);
  });

  it('fetches the version of the server that loses', () => {
    const base = treeOf({ 'x/a.txt': 1 });
    const local = treeOf({ 'x/a.txt': 2 });
    const remote = treeOf({ 'x/a.txt': 3 });
    expect(push(base, local, remote, { conflict: 'keep-both' })).toEqual([
      'aside remote x/a.txt -> x/a.conflict-20260304-050607-server.txt',
      'transfer x/a.txt',
      'conflict x/a.txt: both-changed, both',
    ]);
  });
});

describe('a first run', () => {
  const local = treeOf({ here: 1, same: 1, both: 1 });
  const remote = treeOf({ there: 1, same: 1, both: 2 });

  it('deletes nothing and stops where the sides differ', () => {
    expect(pull(undefined, local, remote)).toEqual([
      'transfer there',
      'keep both: conflict',
      'keep here: unpushed-addition',
      'conflict both: both-added, open',
      'blocked',
    ]);
    expect(push(undefined, local, remote)).toContain('refused there: added');
    expect(pull(undefined, treeOf({}), remote)).toEqual(['transfer both', 'transfer same', 'transfer there']);
    expect(push(undefined, local, treeOf({}))).toEqual(['transfer both', 'transfer here', 'transfer same']);
  });

  it('makes one side like the other if that was confirmed', () => {
    expect(pull(undefined, local, remote, { mirror: true })).toEqual([
      'delete here',
      'transfer both (lost)',
      'transfer there',
      'conflict both: both-added, remote',
    ]);
    // With a base it means nothing.
    expect(planOf('pull', new Map(), { local, remote }, { mirror: true }).plan.delete).toEqual([]);
  });
});

describe('conflicts', () => {
  const base = treeOf({ v: 1, d: 1, e: 1 });
  const local = treeOf({ v: 2, d: 2 });
  const remote = treeOf({ v: 3, e: 2 });
  const resolved = (policy: Partial<PlanPolicy>, direction: Direction = 'pull') =>
    planOf(direction, base, { local, remote }, policy).plan.conflicts.map(
      ({ path, resolution }) => `${path} ${resolution}`,
    );

  it('go by the policy', () => {
    expect(resolved({})).toEqual(['d undefined', 'e undefined', 'v undefined']);
    expect(resolved({ conflict: 'local' })).toEqual(['d local', 'e local', 'v local']);
    expect(resolved({ conflict: 'remote' })).toEqual(['d remote', 'e remote', 'v remote']);
    expect(resolved({ conflict: 'newer' })).toEqual(['d local', 'e remote', 'v remote']);
    expect(resolved({ conflict: 'keep-both' })).toEqual(['d local', 'e remote', 'v both']);
    expect(resolved({ force: true })).toEqual(['d local', 'e remote', 'v remote']);
    expect(resolved({ force: true }, 'push')).toEqual(['d local', 'e remote', 'v local']);
  });

  it('are decided once: the version that lost is known', () => {
    const { comparison, plan } = planOf('pull', base, { local, remote }, { conflict: 'local' });
    const after = compareTrees(baseAfter(comparison, plan), local, remote);
    expect(told(planPush(after, POLICY))).toEqual(['delete e', 'transfer d', 'transfer v']);
  });

  it('of the same time are left open by the policy newer', () => {
    const there = new Map([['v', { ...file(2), size: 9 }]]);
    expect(pull(treeOf({ v: 1 }), treeOf({ v: 2 }), there, { conflict: 'newer' })).toContain('blocked');
    const nsec = (mtimeNsec: number) => new Map([['v', { ...file(2), mtimeNsec }]]);
    expect(pull(treeOf({ v: 1 }), nsec(1000), nsec(2000), { conflict: 'newer' })).toContain(
      'transfer v (lost)',
    );
  });
});

describe('append-only', () => {
  it('regression 21 (B15): an emptied or shrunken spoke takes nothing from the hub', () => {
    const base = treeOf({ 'log.jsonl': 3, old: 3, d: 1 });
    const emptied = planOf('pull', base, { local: base, remote: new Map() }, { appendOnly: true });
    expect(told(emptied.plan)).toEqual([
      'keep d: append-only',
      'keep log.jsonl: append-only',
      'keep old: append-only',
    ]);
    const remote = treeOf({ 'log.jsonl': 4, old: 2, 'd/f': 1, new: 1 });
    expect(pull(base, base, remote, { appendOnly: true })).toEqual([
      'transfer log.jsonl',
      'transfer new',
      'keep d: append-only',
      'keep old: append-only',
    ]);
    // The hub never forgets what it has: the same again.
    const after = baseAfter(emptied.comparison, emptied.plan);
    expect(after).toEqual(base);
  });
});

describe('any plan', () => {
  const anyPolicy = fc.record({
    conflict: fc.constantFrom(...CONFLICT_POLICIES),
    force: fc.boolean(),
    appendOnly: fc.boolean(),
    deletions: fc.boolean(),
    mirror: fc.boolean(),
    folding: fc.record({ case: fc.boolean(), unicode: fc.boolean() }),
  });
  const anyRun = fc.record({
    triple: anyTriple,
    hasBase: fc.boolean(),
    direction: fc.constantFrom('pull' as const, 'push' as const),
    policy: anyPolicy,
  });

  it('can be done, and then both sides are equal but for what it says is kept', () => {
    fc.assert(
      fc.property(anyRun, ({ triple, hasBase, direction, policy }) => {
        const { comparison, plan } = planOf(direction, hasBase ? triple.base : undefined, triple, policy);
        const after = apply(triple, plan);
        const kept = new Set([...plan.keep, ...plan.refused].map(({ path }) => path));
        const isKept = (path: string): boolean => {
          const { byPath } = comparison;
          return kept.has(path) || kept.has(byPath.get(path)?.within ?? '');
        };
        const asides = plan.aside.map(({ to }) => to);
        for (const path of new Set([...after.local.keys(), ...after.remote.keys()])) {
          const [here, there] = [after.local.get(path), after.remote.get(path)];
          if (here !== undefined && there !== undefined && sameEntry(here, there)) continue;
          if (asides.some((to) => path === to || path.startsWith(`${to}/`))) continue;
          expect([path, isKept(path)]).toEqual([path, true]);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('deletes nothing that changed since the base, unless the policy names the side that deleted it', () => {
    fc.assert(
      fc.property(anyRun, ({ triple, hasBase, direction, policy }) => {
        const base = hasBase ? triple.base : undefined;
        const { plan } = planOf(direction, base, triple, policy);
        const side = direction === 'pull' ? 'remote' : 'local';
        const saved = new Set(plan.aside.map(({ path }) => path));
        for (const { path, entry, lost } of plan.delete) {
          const known = base?.get(path);
          const isSaved = [...saved].some((above) => path.startsWith(`${above}/`));
          if (isSaved || (known !== undefined && sameEntry(known, entry))) continue;
          const named = known !== undefined && lost && policy.conflict === side;
          expect([path, named || (policy.mirror && !hasBase)]).toEqual([path, true]);
        }
        if (policy.appendOnly || !policy.deletions) expect(plan.delete).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('touches nothing twice: after it, the same run has nothing left to do', () => {
    fc.assert(
      fc.property(anyRun, ({ triple, hasBase, direction, policy }) => {
        const first = planOf(direction, hasBase ? triple.base : undefined, triple, policy);
        if (first.plan.blocked) return;
        const after = apply(triple, first.plan);
        // Default filters leave out what was put aside.
        for (const { to } of first.plan.aside) {
          for (const path of [...after.local.keys()]) {
            if (path === to || path.startsWith(`${to}/`)) after.local.delete(path);
          }
        }
        // What comes in the next run, because of a name that only changed its case, is known to come later; and what was
        // decided but may not be done has to be decided again.
        const later = ['name-collision', 'append-only', 'deletions-off'];
        if (first.plan.keep.some(({ reason }) => later.includes(reason))) return;
        const base = baseAfter(first.comparison, first.plan);
        const second = planOf(direction, base, after, { ...policy, conflict: 'stop', force: false }).plan;
        // A push that gave way to the server is not the last word: the server's version is now to be pulled.
        const gaveWay = first.plan.conflicts.some(({ resolution }) => resolution === 'remote');
        const idle = direction === 'pull' || !(policy.force || gaveWay);
        if (idle) expect(told(second).filter((line) => !line.startsWith('keep '))).toEqual([]);
        else expect([...second.transfer, ...second.delete, ...second.conflicts]).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('of a run that failed in the middle loses nothing: what is equal on both sides is agreed', () => {
    fc.assert(
      fc.property(anyTriple, fc.nat(), (triple, cut) => {
        const { plan } = planOf('pull', triple.base, triple, { conflict: 'newer' });
        if (plan.blocked || plan.aside.length > 0) return;
        const done = plan.delete.slice(0, cut % (plan.delete.length + 1));
        const after = apply(triple, { ...plan, delete: done, transfer: [] });
        const base = agreedBase(compareTrees(triple.base, after.local, after.remote));
        const next = planOf('pull', base, after, { conflict: 'newer' }).plan;
        const left = plan.delete.slice(done.length).map(({ path }) => path);
        expect(next.delete.map(({ path }) => path)).toEqual(left);
        expect(next.transfer.map(({ path }) => path)).toEqual(plan.transfer.map(({ path }) => path));
      }),
      { numRuns: 300 },
    );
  });
});
