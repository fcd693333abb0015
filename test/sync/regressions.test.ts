/** What was wrong with two published setups: REGRESSIONS.md has the whole table, which is held against the tests here. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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

describe('the table of regressions', () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
  const table = read('REGRESSIONS.md')
    .split('\n')
    .filter((line) => /^\| (?!\|)/.test(line));
  const rows = table.map((line) =>
    /^\| ((?:\d+ ?)?)(?:\(.*\) )?\| .* \| `(test\/.*\.test\.ts)`: (.*) \|$/.exec(line),
  );

  it('has all of them, each row with a test', () => {
    expect(table.filter((_, index) => rows[index] === null)).toEqual([]);
    const numbers = new Set(rows.map((row) => Number(row![1])));
    expect([...Array(24).keys()].filter((index) => !numbers.has(index + 1))).toEqual([]);
  });

  it('names tests that are there', () => {
    const missing = rows.filter((row) => {
      const [, , file, title] = row!;
      const escaped = title!.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      return !new RegExp(`\\(\\s*(['"])${escaped}`).test(read(`../../${file}`));
    });
    expect(missing.map((row) => row![0])).toEqual([]);
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
