import { describe, expect, it } from 'vitest';
import { marks } from '../../../src/cli/sync/marks.ts';
import { blockedLines, guardLines, keptLines, resolvedLines } from '../../../src/cli/sync/plan-text.ts';
import { statusJson, statusLines } from '../../../src/cli/sync/status-text.ts';
import { toText } from '../../../src/core/bytes.ts';
import { planPull, planPush } from '../../../src/sync/project/plan.ts';
import type { ProjectStatus } from '../../../src/sync/project/status.ts';
import { compareTrees } from '../../../src/sync/project/three-way.ts';
import type { Tree, TreeEntry } from '../../../src/sync/project/tree.ts';

const now = new Date('2026-03-10T12:00:00Z');
const file = (time: number): TreeEntry => ({
  kind: 'file',
  size: 1,
  mtime: time,
  mtimeNsec: 0,
  mode: 0o100644,
});
const tree = (files: Record<string, number>): Tree =>
  new Map(Object.entries(files).map(([path, time]) => [path, file(time)]));
const policy = { now, hosts: { local: 'laptop', remote: 'server' } };
const comparison = compareTrees(
  tree({ both: 1, mine: 1, theirs: 1, gone: 1, same: 1 }),
  tree({ both: 2, mine: 2, theirs: 1, gone: 1, same: 1, new: 1 }),
  tree({ both: 3, mine: 1, theirs: 2, same: 1 }),
);
const pull = planPull(comparison, policy);
const push = planPush(comparison, policy);

const status: ProjectStatus = {
  profile: 'web',
  root: '/home/anna/web',
  location: 'dev@server:/srv/web/',
  phase: 'conflict',
  stale: true,
  pull: {
    lastAttempt: { at: '2026-03-10T11:48:00.000Z', exitCode: 0 },
    lastSuccess: {
      at: '2026-03-10T11:48:00.000Z',
      duration: 10,
      counts: { transferred: 1, deleted: 0, total: 5 },
      bytes: 1,
      literal: 1,
      matched: 0,
    },
  },
  push: {
    lastAttempt: { at: '2026-03-10T10:00:00.000Z', exitCode: 255, stage: 'connect', error: 'no such host' },
  },
  peer: { protocol: 31, checksum: 'xxh128', compressor: 'zstd' },
  changes: comparison.paths.map(({ path, local, remote, conflict }) => ({
    path,
    local,
    remote,
    conflict: conflict !== undefined,
  })),
  wouldPull: pull,
  wouldPush: push,
  lock: { token: 't', host: 'desktop', user: 'bert', pid: 1, started: now.getTime() - 120_000 },
  problems: ['/state/x.json can not be used: it is damaged. The project is treated as never synced.'],
};

describe('the screen of a status', () => {
  it('has two columns, and what a pull and a push would do', () => {
    const lines = statusLines(status, { marks: marks(true), utf8: true, now }).map(toText);
    expect(lines).toEqual([
      'Project web in /home/anna/web',
      'Remote: dev@server:/srv/web (protocol 31)',
      'Last pull: 12m ago ✓',
      'Last push: never synced, last attempt 2h ago ✗ no such host',
      '⚠ /state/x.json can not be used: it is damaged. The project is treated as never synced.',
      '⚠ stale: the last sync is too long ago',
      '⚠ bert@desktop is pushing (since 2m ago)',
      '',
      'Here since the last sync: 2 changed, 1 new, 0 deleted',
      'Server since the last sync: 2 changed, 0 new, 1 deleted',
      '',
      'HS  path (H: here, S: server)',
      'MM  both  (conflict)',
      ' D  gone',
      'M   mine',
      'A   new',
      ' M  theirs',
      '',
      'A pull would stop: 1 conflict.',
      'A push would stop: 1 conflict.',
    ]);
  });

  it('is plain where nothing can be drawn', () => {
    const lines = statusLines(status, { marks: marks(false), utf8: false, now }).join('\n');
    expect(lines).not.toMatch(/[^\n -~]/);
  });

  it('without the server says what is known', () => {
    const { wouldPull: _, wouldPush: __, lock: ___, ...rest } = status;
    const here: ProjectStatus = { ...rest, wouldPull: undefined, wouldPush: undefined, lock: undefined };
    const lines = statusLines(here, { marks: marks(false), utf8: true, now });
    expect(lines).toContain('Server since the last sync: not checked (use --remote)');
    expect(statusJson(here)).toMatchObject({ server: null, wouldPull: null, lock: null });
  });

  it('of what only others have pushed says that a pull is to come', () => {
    const text = (mine: number) => {
      const compared = compareTrees(
        tree({ mine: 1, a: 1, b: 1 }),
        tree({ mine, a: 1, b: 1 }),
        tree({ mine: 1, a: 2 }),
      );
      const plans = { wouldPull: planPull(compared, policy), wouldPush: planPush(compared, policy) };
      return statusLines({ ...status, ...plans }, { marks: marks(true), utf8: true, now }).at(-1);
    };
    expect(text(1)).toBe('Nothing to push, but to pull: 2 paths were pushed by somebody else.');
    expect(text(2)).toBe('Before a push comes a pull: 2 paths were pushed by somebody else.');
  });

  it('never cuts a list without saying so', () => {
    const changes = Array.from({ length: 45 }, (_, i) => ({
      path: `f${i}`,
      local: 'added' as const,
      remote: 'absent' as const,
      conflict: false,
    }));
    const lines = statusLines({ ...status, changes }, { marks: marks(false), utf8: true, now });
    expect(lines).toContain('and 5 more');
  });

  it('has a twin for programs', () => {
    expect(statusJson(status)).toMatchObject({
      schema: 1,
      profile: 'web',
      phase: 'conflict',
      local: { changed: 2, added: 1, deleted: 0 },
      server: { changed: 2, added: 0, deleted: 1 },
      conflicts: ['both'],
      wouldPush: { blocked: true, refused: expect.arrayContaining([{ path: 'gone', change: 'deleted' }]) },
    });
  });
});

describe('the words about a plan', () => {
  it('tell what stands in its way, and what to do', () => {
    const lines = blockedLines(push, { utf8: true }).map(toText);
    expect(lines).toContain('Somebody else has pushed since your last pull:');
    expect(lines).toContain('  theirs  (changed on the server)');
    expect(lines).toContain('  both  (changed on both sides)');
    // The conflicts come with the pull.
    expect(lines.at(-1)).toBe(
      'Pull first, and say who wins: "rsyncjs pull --conflict newer", local, remote or keep-both.',
    );
    expect(blockedLines(pull, { utf8: true }).map(toText).at(-1)).toBe(
      'Say who wins: "rsyncjs pull --conflict newer", local, remote or keep-both.',
    );
  });

  it('tell what is kept, and who won', () => {
    const newer = planPull(comparison, { ...policy, conflict: 'newer' });
    expect(resolvedLines(newer, { utf8: true })).toContain("  both  (the server's version wins)");
    expect(keptLines(newer, { utf8: true })).toEqual([
      '2 paths stay as they are:',
      '  mine  (changed here, not pushed yet)',
      '  new  (new here, not pushed yet)',
    ]);
  });

  it('tell how many of a guard are left out', () => {
    const guard = {
      name: 'many-deletions' as const,
      weight: 'no-deletions' as const,
      sentence: '7 would go.',
      remedy: 'Look first.',
      count: 7,
      examples: ['a', 'b'],
      more: 5,
    };
    expect(guardLines(guard, { utf8: true })).toEqual([
      '7 would go.',
      '  a',
      '  b',
      '  and 5 more',
      'Look first.',
    ]);
  });
});
