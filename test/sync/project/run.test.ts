/** A project on several machines and a server with C rsync: what goes where, and that nothing is lost silently. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { toText } from '../../../src/core/bytes.ts';
import type { RunResult } from '../../../src/sync/project/run.ts';
import { newestPeer, requirePeers, temporaryFolder } from '../../support/peers.ts';
import { removeTree } from '../../support/tree.ts';
import { annaAndBert, contents, type Machine, put, remove } from '../support.ts';

const found = requirePeers();
const top = temporaryFolder('project');
afterAll(() => removeTree(top));

let count = 0;
let server = '';
let anna: Machine;
let bert: Machine;

const kept = ({ plan }: RunResult) => plan.keep.map(({ path, reason }) => `${toText(path)}: ${reason}`);
const conflicts = ({ plan }: RunResult) => plan.conflicts.map(({ path }) => toText(path));

describe.skipIf(found.length === 0 || process.platform === 'win32')('a project', () => {
  beforeEach(() => {
    const base = join(top, String(++count));
    server = join(base, 'server');
    mkdirSync(base);
    [anna, bert] = annaAndBert(base, server, newestPeer());
  });

  it('goes to a server that has nothing, and from there to another machine', async () => {
    put(anna.root, '.env', 'SECRET=1\n', 0o600);
    put(anna.root, 'config/local.json', '{}\n');
    const pushed = await anna.push();
    expect([pushed.outcome, pushed.exitCode, pushed.transfer?.stats.transferredFiles]).toEqual(['ok', 0, 2]);
    expect(contents(server)).toEqual({ '.env': 'SECRET=1\n', 'config/': '', 'config/local.json': '{}\n' });
    expect(statSync(join(server, '.env')).mode & 0o777).toBe(0o600);
    expect((await bert.pull()).outcome).toBe('ok');
    expect(contents(bert.root)).toEqual(contents(server));
    const again = await bert.pull();
    expect([again.plan.transfer, again.plan.delete, again.transfer?.stats.transferredFiles]).toEqual([
      [],
      [],
      0,
    ]);
  });

  it('two machines that push at once to a folder that is not there yet: one of them does', async () => {
    put(anna.root, 'a', 'of anna\n');
    put(bert.root, 'b', 'of bert\n');
    const outcomes = await Promise.allSettled([anna.push(), bert.push()]);
    const [ofAnna, ofBert] = outcomes.map((end) =>
      end.status === 'fulfilled' ? end.value.outcome : (end.reason as { code?: string }).code,
    );
    const [loser, pushed] = ofAnna === 'ok' ? [ofBert, 'a'] : [ofAnna, 'b'];
    // That somebody is at it, or that somebody was.
    expect(loser).toMatch(/^(?:RSYNC_BUSY|stopped)$/);
    expect([ofAnna, ofBert]).toContain('ok');
    expect(readdirSync(server)).toEqual([pushed]);
  });

  /** Both machines and the server have `a`, `b` and `folder/c`. */
  async function inStep(): Promise<void> {
    for (const path of ['a', 'b', 'folder/c']) put(anna.root, path, `${path} of anna\n`);
    expect((await anna.push()).outcome).toBe('ok');
    expect((await bert.pull()).outcome).toBe('ok');
  }

  it('regression 2 (A2): a pull keeps a file that was never pushed, and deletes what another machine deleted', async () => {
    await inStep();
    put(bert.root, 'unpushed.env', 'mine\n');
    remove(anna.root, 'b');
    put(anna.root, 'new', 'new\n');
    expect((await anna.push()).outcome).toBe('ok');
    expect(existsSync(join(server, 'b'))).toBe(false);
    const pulled = await bert.pull();
    expect(kept(pulled)).toEqual(['unpushed.env: unpushed-addition']);
    expect(contents(bert.root)).toEqual({
      a: 'a of anna\n',
      'folder/': '',
      'folder/c': 'folder/c of anna\n',
      new: 'new\n',
      'unpushed.env': 'mine\n',
    });
  });

  it('a pull that replaces the exclude file deletes nothing, and asks nobody about deletions', async () => {
    put(anna.root, '.rsync-exclude', '*.log\n');
    for (let i = 0; i < 15; i++) put(anna.root, `many/${i}`, 'x\n');
    await inStep();
    put(anna.root, '.rsync-exclude', '*.log\n*.tmp\n');
    remove(anna.root, 'many');
    expect((await anna.push({ force: true })).outcome).toBe('ok');
    const ask = () => Promise.reject(new Error('somebody was asked'));
    const pulled = await bert.pull({ ask });
    expect([pulled.outcome, pulled.plan.delete, pulled.guards.map(({ name }) => name)]).toEqual([
      'ok',
      [],
      ['filter-in-transfer'],
    ]);
    expect(readdirSync(join(bert.root, 'many'))).toHaveLength(15);
  });

  it('a push over what another machine has pushed stops, and lists it; after a pull it goes', async () => {
    await inStep();
    put(anna.root, 'a', 'a of anna, later\n');
    put(anna.root, 'hers', 'hers\n');
    expect((await anna.push()).outcome).toBe('ok');
    put(bert.root, 'b', 'b of bert\n');
    const stopped = await bert.push();
    expect([stopped.outcome, stopped.exitCode]).toEqual(['stopped', 40]);
    expect(stopped.plan.refused.map(({ path, change }) => `${toText(path)} ${change}`)).toEqual([
      'a changed',
      'hers added',
    ]);
    expect(readFileSync(join(server, 'b'), 'utf8')).toBe('b of anna\n');
    expect(kept(await bert.pull())).toEqual(['b: unpushed-change']);
    expect((await bert.push()).outcome).toBe('ok');
    expect(contents(server)).toEqual(contents(bert.root));
    expect(contents(server)).toMatchObject({ a: 'a of anna, later\n', b: 'b of bert\n', hers: 'hers\n' });
  });

  it('a deletion goes from machine to machine, and a push deletes nothing that is unknown', async () => {
    await inStep();
    remove(bert.root, 'folder');
    put(server, 'uploaded', 'by somebody with another tool\n');
    const pushed = await bert.push({ force: true });
    expect(pushed.outcome).toBe('ok');
    expect(contents(server)).toEqual({
      a: 'a of anna\n',
      b: 'b of anna\n',
      uploaded: 'by somebody with another tool\n',
    });
    await anna.pull();
    expect(contents(anna.root)).toEqual(contents(server));
  });

  describe('a file that changed on both sides', () => {
    beforeEach(async () => {
      await inStep();
      put(anna.root, 'a', 'a, changed by anna\n');
      await anna.push();
      put(bert.root, 'a', 'a, changed by bert\n');
    });

    it('stops a pull and a push', async () => {
      for (const run of [await bert.pull(), await bert.push()]) {
        expect([run.outcome, run.exitCode, conflicts(run)]).toEqual(['stopped', 40, ['a']]);
      }
      expect(readFileSync(join(bert.root, 'a'), 'utf8')).toBe('a, changed by bert\n');
      expect(readFileSync(join(server, 'a'), 'utf8')).toBe('a, changed by anna\n');
    });

    it.each([
      ['local', 'bert', 'anna'],
      ['remote', 'anna', 'anna'],
      ['newer', 'bert', 'anna'],
    ] as const)('--conflict %s on a pull', async (conflict, here, there) => {
      bert.profile = { ...bert.profile, conflict };
      expect((await bert.pull()).outcome).toBe('ok');
      expect(readFileSync(join(bert.root, 'a'), 'utf8')).toBe(`a, changed by ${here}\n`);
      expect(readFileSync(join(server, 'a'), 'utf8')).toBe(`a, changed by ${there}\n`);
    });

    it.each(['pull', 'push'] as const)('--conflict keep-both on a %s', async (direction) => {
      bert.profile = { ...bert.profile, conflict: 'keep-both' };
      expect((await bert.run(direction)).outcome).toBe('ok');
      const [winner, loser] = direction === 'pull' ? ['anna', 'bert'] : ['bert', 'anna'];
      expect(readFileSync(join(bert.root, 'a'), 'utf8')).toBe(`a, changed by ${winner}\n`);
      expect(readFileSync(join(server, 'a'), 'utf8')).toBe(`a, changed by ${winner}\n`);
      const aside = readdirSync(bert.root).filter((name) => name.includes('.conflict-'));
      expect(aside).toHaveLength(1);
      expect(readFileSync(join(bert.root, aside[0]!), 'utf8')).toBe(`a, changed by ${loser}\n`);
    });

    it('the version that loses is kept with --backup', async () => {
      bert.profile = { ...bert.profile, conflict: 'remote', backup: true };
      await bert.pull();
      const folder = join(bert.root, '.rsyncjs-backup');
      const [stamp] = readdirSync(folder);
      expect(readFileSync(join(folder, stamp!, 'a'), 'utf8')).toBe('a, changed by bert\n');
      expect((await bert.push()).plan.transfer).toEqual([]);
      expect(existsSync(join(server, '.rsyncjs-backup'))).toBe(false);
    });
  });

  it('two files of one content are no conflict, whatever their times', async () => {
    await inStep();
    for (const { root } of [anna, bert]) put(root, 'sub/same', 'the same on both\n');
    put(bert.root, 'sub/size', 'as long\n');
    put(anna.root, 'sub/size', 'as wide\n');
    expect((await anna.push()).outcome).toBe('ok');
    const stopped = await bert.pull();
    expect(conflicts(stopped)).toEqual(['sub/size']);
    remove(bert.root, 'sub/size');
    expect((await bert.pull()).outcome).toBe('ok');
    expect(statSync(join(bert.root, 'sub/same')).mtimeMs).toBe(statSync(join(anna.root, 'sub/same')).mtimeMs);
  });

  it('rules that a pull has brought are new to the next run', async () => {
    for (const machine of [anna, bert]) {
      const file = join(machine.root, '.rsync-exclude');
      machine.profile = { ...machine.profile, rules: [{ kind: 'exclude-from', file }] };
      put(machine.root, '.rsync-exclude', '*.log\n');
    }
    await inStep();
    put(anna.root, '.rsync-exclude', '*.tmp\n');
    await anna.push();
    expect((await bert.pull()).outcome).toBe('ok');
    expect(readFileSync(join(bert.root, '.rsync-exclude'), 'utf8')).toBe('*.tmp\n');
    remove(anna.root, 'b');
    await anna.push();
    const stopped = await bert.pull();
    expect([stopped.exitCode, stopped.guards.map(({ name }) => name)]).toEqual([40, ['filter-changed']]);
    expect(existsSync(join(bert.root, 'b'))).toBe(true);
  });

  it('an emptied root stops; so do many deletions without a person to ask', async () => {
    for (let i = 0; i < 30; i++) put(anna.root, `f${i}`, `${i}\n`);
    await anna.push();
    await bert.pull();
    for (let i = 0; i < 30; i++) remove(bert.root, `f${i}`);
    const emptied = await bert.push();
    expect([emptied.exitCode, emptied.guards.map(({ name }) => name)]).toEqual([40, ['root-emptied']]);
    put(bert.root, 'left', 'one\n');
    const many = await bert.push();
    expect([many.exitCode, many.guards.map(({ name }) => name)]).toEqual([40, ['many-deletions']]);
    expect(readdirSync(server)).toHaveLength(30);
    const asked: string[] = [];
    const agreed = await bert.push({
      ask: async ({ sentence }) => {
        asked.push(sentence);
        return true;
      },
    });
    expect([agreed.outcome, asked.length]).toEqual(['ok', 1]);
    expect(readdirSync(server)).toEqual(['left']);
  });

  it('a dry run changes nothing and remembers no success', async () => {
    put(anna.root, 'a', 'a\n');
    const dry = await anna.push({ dryRun: true });
    expect([dry.outcome, dry.plan.transfer.length]).toEqual(['dry', 1]);
    expect(existsSync(server)).toBe(false);
  });

  it('what is chosen is done, and the rest is there the next time', async () => {
    await inStep();
    for (const path of ['a', 'b']) put(anna.root, path, `${path}, changed\n`);
    remove(anna.root, 'folder');
    await anna.push({ choose: async () => new Set(['a']) });
    expect(contents(server)).toEqual({
      a: 'a, changed\n',
      b: 'b of anna\n',
      'folder/': '',
      'folder/c': 'folder/c of anna\n',
    });
    expect((await anna.push()).plan.delete).toHaveLength(2);
    expect(contents(server)).toEqual(contents(anna.root));
  });
});
