import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copy } from '../../../src/client/api.ts';
import { isRsyncError } from '../../../src/core/errors.ts';
import { FilterSet, type Side } from '../../../src/filter/filter-list.ts';
import { type MatchRule, parseRule } from '../../../src/filter/rule.ts';
import { type Plan, planPull } from '../../../src/sync/project/plan.ts';
import { anchoredPattern, planRules } from '../../../src/sync/project/plan-rules.ts';
import { compareTrees } from '../../../src/sync/project/three-way.ts';
import type { Tree } from '../../../src/sync/project/tree.ts';
import { Workspace } from '../../support/pair.ts';
import { requirePeers, runRsync } from '../../support/peers.ts';
import { snapshotTree } from '../../support/tree.ts';
import { anyTriple, apply, POLICY, type Triple, treeOf } from './trees.ts';

const onWindows = process.platform === 'win32';

function filterOf(rules: readonly string[], side: Side): FilterSet {
  const parsed = rules.map((text) => parseRule(text, { kind: 'option' }) as MatchRule);
  return new FilterSet(parsed, { side, rootPath: '/some/root' });
}

/** As a walk sees it: what is in an excluded directory is excluded. `enters`: directories that are not asked about. */
function isExcluded(
  filter: FilterSet,
  path: string,
  isDirectory: boolean,
  enters: (directory: string) => boolean = () => false,
): boolean {
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const above = path.slice(0, slash);
    if (!enters(above) && filter.isExcluded(above, true)) return true;
  }
  return filter.isExcluded(path, isDirectory);
}

function planOf({ base, local, remote }: Triple): Plan {
  return planPull(compareTrees(base, local, remote), { ...POLICY, conflict: 'newer' });
}

function make(root: string, tree: Tree): string {
  mkdirSync(root, { recursive: true });
  for (const [path, entry] of [...tree].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const at = join(root, path);
    if (entry.kind === 'directory') mkdirSync(at);
    else if (entry.kind === 'symlink') symlinkSync(entry.target!, at);
    else {
      writeFileSync(at, 'x'.repeat(entry.size));
      utimesSync(at, entry.mtime, entry.mtime);
    }
  }
  return root;
}

/** Sizes alone: they are the versions. */
function found(root: string): Record<string, string> {
  return Object.fromEntries(
    [...snapshotTree(root)].map(([path, { type, size }]) => [path, `${type} ${size}`]),
  );
}

const NOTHING = { leave: [], opened: [], delete: [], transfer: [] };

describe('the pattern of one path', () => {
  const odd = fc
    .string({
      unit: fc.constantFrom(
        'a',
        'b',
        '*',
        '?',
        '[',
        ']',
        '\\',
        '!',
        '^',
        '-',
        ' ',
        '#',
        ';',
        '\n',
        '\xff',
        '{',
        '.',
      ),
      minLength: 1,
      maxLength: 8,
    })
    .filter((name) => name !== '.' && name !== '..');
  const path = fc.array(odd, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));

  it('matches it, as a file and as a directory, and no other', () => {
    fc.assert(
      fc.property(path, path, (a, b) => {
        const filter = filterOf([`- ${anchoredPattern(a)}`], 'sender');
        expect(filter.isExcluded(a, false)).toBe(true);
        expect(filter.isExcluded(a, true)).toBe(true);
        expect(filter.isExcluded(b, false)).toBe(a === b);
        expect(filter.isExcluded(`x/${a}`, false)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('that would be too long for rsync is refused: it would be dropped, and the path deleted', () => {
    let thrown: unknown;
    try {
      planRules({ ...NOTHING, leave: ['['.repeat(2100)] });
    } catch (error) {
      thrown = error;
    }
    expect(isRsyncError(thrown) && thrown.code).toBe('RSYNC_LIMIT');
    expect(planRules({ ...NOTHING, leave: ['x'.repeat(4094)] }).rules).toHaveLength(1);
  });
});

describe('the rules of a plan', () => {
  it('hide what is left alone, and let go what is to be deleted and nothing else', () => {
    fc.assert(
      fc.property(anyTriple, (triple) => {
        const plan = planOf(triple);
        const { rules, deletes } = planRules(plan);
        const sender = filterOf(rules, 'sender');
        const receiver = filterOf(rules, 'receiver');
        const going = new Set(plan.delete.map(({ path }) => path));
        const coming = new Set(plan.transfer.map(({ path }) => path));
        expect(deletes).toBe(going.size > 0);
        for (const [path, { kind }] of triple.remote) {
          const local = triple.local.get(path);
          const hidden = isExcluded(sender, path, kind === 'directory');
          if (coming.has(path)) expect([path, hidden]).toEqual([path, false]);
          if (plan.leave.includes(path)) expect([path, hidden]).toEqual([path, true]);
          if (local === undefined && !hidden) expect([path, coming.has(path)]).toEqual([path, true]);
        }
        if (!deletes) return;
        const isListed = (path: string) => {
          const entry = triple.remote.get(path);
          return entry !== undefined && !isExcluded(sender, path, entry.kind === 'directory');
        };
        const enters = (path: string) => isListed(path) && triple.remote.get(path)!.kind === 'directory';
        for (const [path, { kind }] of triple.local) {
          if (isListed(path)) continue;
          const risked = !isExcluded(receiver, path, kind === 'directory', enters);
          expect([path, risked]).toEqual([path, going.has(path) || plan.opened.includes(path)]);
        }
      }),
      { numRuns: process.env.RSYNCJS_ALL === '1' ? 3000 : 200 },
    );
  });

  it('need no --delete where nothing is deleted', () => {
    expect(planRules({ ...NOTHING, leave: ['a*'] })).toEqual({ rules: ['- /a\\*'], deletes: false });
  });

  const rich: Triple = {
    base: treeOf({
      same: 1,
      upd: 1,
      mine: 1,
      'gone/a': 1,
      'gone/b/c': 1,
      'part/a': 1,
      'd2f/x': 1,
      f2d: 1,
      'was/here': 1,
      'q?': 1,
    }),
    local: treeOf({
      same: 1,
      upd: 1,
      mine: 2,
      'gone/a': 1,
      'gone/b/c': 1,
      'part/a': 1,
      'part/unpushed': 1,
      'd2f/x': 1,
      f2d: 1,
      'q?': 1,
      qx: 1,
      'w*': 5,
      '-x': 1,
      both: 3,
    }),
    remote: treeOf({
      same: 1,
      upd: 2,
      mine: 1,
      d2f: 4,
      'f2d/x': 1,
      'was/here': 1,
      'w*': 1,
      wx: 1,
      both: 2,
      'new/deep/er': 1,
      link: 'same',
    }),
  };

  it.skipIf(onWindows)('make one run of ours do the plan', async () => {
    await fc.assert(
      fc.asyncProperty(anyTriple, async (triple) => {
        const plan = planOf(triple);
        if (plan.blocked || plan.aside.length > 0) return;
        const space = new Workspace();
        try {
          const remote = make(space.at('remote'), triple.remote);
          const local = make(space.at('local'), triple.local);
          const { rules, deletes } = planRules(plan);
          const { exitCode } = await copy(`${remote}/`, local, {
            recursive: true,
            links: true,
            times: true,
            delete: deletes ? 'delay' : false,
            filters: rules,
          });
          expect(exitCode).toBe(0);
          expect(found(local)).toEqual(found(make(space.at('expected'), apply(triple, plan).local)));
        } finally {
          space.remove();
        }
      }),
      { numRuns: process.env.RSYNCJS_ALL === '1' ? 50 : 5, examples: [[rich]] },
    );
  });

  it.skipIf(requirePeers().length === 0)('make one run of any C rsync do the plan', async () => {
    const plan = planOf(rich);
    expect([plan.blocked, plan.aside, plan.delete.length > 0]).toEqual([false, [], true]);
    const all = requirePeers();
    for (const peer of [all[0]!, all.at(-1)!]) {
      const space = new Workspace();
      try {
        const remote = make(space.at('remote'), rich.remote);
        const local = make(space.at('local'), rich.local);
        const filters = planRules(plan).rules.map((rule) => `--filter=${rule}`);
        const result = await runRsync(peer, ['-rlt', '--delete-delay', ...filters, `${remote}/`, local]);
        expect([peer.version, result.code, String(result.stderr)]).toEqual([peer.version, 0, '']);
        expect(found(local)).toEqual(found(make(space.at('expected'), apply(rich, plan).local)));
      } finally {
        space.remove();
      }
    }
  });
});
