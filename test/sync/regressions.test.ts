/**
 * What was wrong with the two published setups that rsyncjs takes the place of, and which test holds it off:
 *
 *     1   `.env` had no effect unless it was exported               config/project
 *     2   a pull deleted what was never pushed                      project/plan, project/run
 *     3   an exclude file in the tree deleted what it named         project/plan, project/guards
 *     4   `.git` as a file was deleted or pushed                    here
 *     5   unanchored rules hid source folders                       project/guards
 *     6   a missing exclude file ended with rsync's words           config/project
 *     7   set-up looked at a bare login alone                       doctor/ssh
 *     8   hosts were cut out at the first colon                     config/remote
 *     9   options ran commands                                      config/option-policy, config/hub
 *     10  a mistyped verb did nothing, successfully                 here
 *     11  the time of a folder was taken for that of the last sync  state/state-file
 *     12  a failed or dry run counted as a sync                     state/state-file
 *     13  0 and false were no values                                config/project, config/hub
 *     14  1,200 files were reported as 1                            hub
 *     15  `enabled: false` was not heeded                           config/hub
 *     16  one vanished file made a failure of a run                 hub
 *     17  long transfers were cut off, and began anew               hub
 *     18  the listing was held in memory                            hub
 *     19  `/data/a` was the owner of `/data/ab`                     config/hub
 *     20  restricted keys of five releases                          hub
 *     21  an emptied spoke emptied the hub                          project/plan
 *     22  nothing kept two runs apart                               state/lock, here
 *     23  three shapes of one file                                  config/hub
 *     24  types were not checked                                    config/hub
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { transfer } from '../../src/client/transfer.ts';
import { fromText } from '../../src/core/bytes.ts';
import { BUILT_IN_EXCLUDES } from '../../src/sync/config/built-in-excludes.ts';
import { newestPeer, requirePeers, temporaryFolder } from '../support/peers.ts';
import { removeTree } from '../support/tree.ts';
import { Machine, put } from './support.ts';

const base = temporaryFolder('regressions');
afterAll(() => removeTree(base));
const found = requirePeers();

/** As the table has them; those of hubs alone are kept together beside their tests. */
const PLACES: Readonly<Record<number, readonly string[]>> = {
  1: ['config/project'],
  2: ['project/plan', 'project/run'],
  3: ['project/plan', 'project/guards'],
  4: ['regressions'],
  5: ['doctor/hidden-tracked'],
  6: ['config/project'],
  7: ['doctor/ssh'],
  8: ['config/remote'],
  9: ['config/option-policy', 'config/hub'],
  10: ['regressions'],
  11: ['state/state-file'],
  12: ['state/state-file'],
  13: ['config/project', 'config/hub'],
  15: ['config/hub'],
  19: ['config/hub'],
  21: ['project/plan'],
  22: ['state/lock', 'regressions'],
  23: ['config/hub'],
  24: ['config/hub'],
};

describe('each regression has a test of its name', () => {
  it.each(Object.entries(PLACES))('%s', (number, places) => {
    for (const place of places) {
      const file = fileURLToPath(new URL(`./${place}.test.ts`, import.meta.url));
      const named = new RegExp(
        `(?:it|test|describe)(?:\\.\\w+)*\\(\\s*'(?:regression |5\\.6\\.)${number}\\b`,
      );
      expect(readFileSync(file, 'utf8'), place).toMatch(named);
    }
  });
});

describe.skipIf(found.length === 0 || process.platform === 'win32')('of a project', () => {
  const machine = (name: string, server: string): Machine => {
    const one = new Machine(join(base, server), name, join(base, server, 'server'), newestPeer());
    one.profile.rules = BUILT_IN_EXCLUDES.map((pattern) => ({ kind: 'exclude', text: fromText(pattern) }));
    return one;
  };

  it('regression 4: .git stays where it is, a folder or a file (A4)', async () => {
    const [anna, bert, carl] = ['anna', 'bert', 'carl'].map((name) => machine(name, 'git')) as [
      Machine,
      Machine,
      Machine,
    ];
    put(anna.root, '.git', 'gitdir: /of/anna\n');
    put(anna.root, 'a', 'a\n');
    put(bert.root, '.git/HEAD', 'ref: of/bert\n');
    put(carl.root, '.git', 'gitdir: /of/carl\n');
    put(carl.root, 'module/.git', 'gitdir: ../of/carl\n');
    expect((await anna.push()).outcome).toBe('ok');
    for (const one of [bert, carl]) expect((await one.pull()).outcome).toBe('ok');
    expect((await carl.push()).outcome).toBe('ok');
    expect(readdirSync(join(base, 'git/server')).sort()).toEqual(['a', 'module']);
    expect(readdirSync(join(base, 'git/server/module'))).toEqual([]);
    expect(readFileSync(join(bert.root, '.git/HEAD'), 'utf8')).toBe('ref: of/bert\n');
    expect(readFileSync(join(carl.root, '.git'), 'utf8')).toBe('gitdir: /of/carl\n');
  });

  it('regression 22: two pushes at once: one goes, the other is told who is at it', async () => {
    const [anna, bert] = ['anna', 'bert'].map((name) => machine(name, 'lock')) as [Machine, Machine];
    mkdirSync(join(base, 'lock/server'));
    put(anna.root, 'a', 'a\n');
    let other: unknown;
    const pushed = await anna.push({
      choose: async ({ transfer: planned }) => {
        other = await bert.push().catch((error: unknown) => error);
        return new Set(planned.map(({ path }) => path));
      },
    });
    expect(pushed.outcome).toBe('ok');
    expect(other).toMatchObject({
      code: 'RSYNC_BUSY',
      exitCode: 41,
      message: expect.stringContaining(`me@anna (process ${process.pid})`),
    });
    expect(readdirSync(join(base, 'lock/server'))).toEqual(['a']);
    expect((await bert.pull()).outcome).toBe('ok');
  });
});

describe('regression 10: a verb that nobody knows is an error (A11)', () => {
  it.each(['sync-psh', 'psuh', 'statsu'])('%s', async (verb) => {
    const said: string[] = [];
    const sink = {
      write: (chunk: Uint8Array, done?: () => void) => {
        said.push(Buffer.from(chunk).toString());
        done?.();
      },
    };
    const code = await run({ argv: [verb], env: {}, stdout: sink, stderr: sink, transfer });
    expect([code, said.join('')]).toEqual([1, expect.stringContaining(verb)]);
  });
});
