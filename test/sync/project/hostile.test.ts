/** A project under conditions that nobody would choose: names, servers, and what changes in the middle of a run. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isRsyncError, type RsyncError } from '../../../src/core/errors.ts';
import { windowsNameFault } from '../../../src/files/platform/windows.ts';
import { identityOf } from '../../../src/sync/project/inspect.ts';
import type { Plan } from '../../../src/sync/project/plan.ts';
import { type RealDaemon, startDaemon } from '../../support/daemon.ts';
import { newestPeer, requirePeers, temporaryFolder } from '../../support/peers.ts';
import { removeTree } from '../../support/tree.ts';
import { annaAndBert, contents, Machine, put, remove } from '../support.ts';

const found = requirePeers();
const top = temporaryFolder('hostile');
afterAll(() => removeTree(top));

let count = 0;
let base = '';
let server = '';
let anna: Machine;
let bert: Machine;

async function failure(promise: Promise<unknown>): Promise<RsyncError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isRsyncError(error)) throw new Error(`expected an RsyncError, got ${String(error)}`);
  return error;
}

const all = async (plan: Plan) => new Set([...plan.transfer, ...plan.delete].map(({ path }) => path));

describe.skipIf(found.length === 0 || process.platform === 'win32')('a project', () => {
  beforeEach(() => {
    base = join(top, String(++count));
    server = join(base, 'server');
    mkdirSync(server, { recursive: true });
    [anna, bert] = annaAndBert(base, server, newestPeer());
  });

  const ODD = [
    'two\nlines',
    ' blank ',
    '#hash',
    '; semi',
    '- minus',
    'R risk',
    'back\\slash',
    'a[b]c',
    'q?',
    'w*',
    '***',
  ];

  it.each([
    { protocol: '30', server: 'oldest' },
    { protocol: '29', server: 'newest' },
  ])(
    'of odd names goes over and back, and each is deleted alone ($server server, protocol $protocol)',
    async (row) => {
      if (row.server === 'oldest') {
        [anna, bert] = annaAndBert(base, server, found[0]!);
      }
      for (const { profile } of [anna, bert]) {
        profile.connection = [...profile.connection, `--protocol=${row.protocol}`];
      }
      const raw = Buffer.concat([Buffer.from(`${anna.root}/`), Buffer.from([0x66, 0xff, 0xfe])]);
      writeFileSync(raw, 'no UTF-8\n');
      for (const name of [...ODD, 'abc', 'qx', 'wx', 'backslash']) put(anna.root, `d/${name}`, `${name}\n`);
      expect((await anna.push()).outcome).toBe('ok');
      expect((await bert.pull()).outcome).toBe('ok');
      const names = (folder: string) => readdirSync(folder, { encoding: 'latin1', recursive: true }).sort();
      expect(names(bert.root)).toEqual(names(anna.root));
      for (const name of ODD) remove(anna.root, `d/${name}`);
      rmSync(raw);
      expect((await anna.push({ force: true })).plan.delete).toHaveLength(ODD.length + 1);
      // What others would be under these patterns is there, and what was added meanwhile stays.
      put(bert.root, 'd/q!', 'unpushed\n');
      expect((await bert.pull({ force: true })).outcome).toBe('ok');
      expect(readdirSync(join(server, 'd')).sort()).toEqual(['abc', 'backslash', 'qx', 'wx']);
      expect(readdirSync(join(bert.root, 'd')).sort()).toEqual(['abc', 'backslash', 'q!', 'qx', 'wx']);
    },
  );

  it('keeps both versions of a file whose name is a pattern', async () => {
    for (const name of ['a[b]c *.txt', 'abc x.txt']) put(anna.root, name, 'old\n');
    await anna.push();
    await bert.pull();
    put(anna.root, 'a[b]c *.txt', 'by anna\n');
    await anna.push();
    put(bert.root, 'a[b]c *.txt', 'by bert!\n');
    bert.profile.conflict = 'keep-both';
    expect((await bert.push()).outcome).toBe('ok');
    const [aside] = readdirSync(bert.root).filter((name) => name.includes('.conflict-'));
    expect(readFileSync(join(bert.root, aside!), 'utf8')).toBe('by anna\n');
    expect(readFileSync(join(server, 'a[b]c *.txt'), 'utf8')).toBe('by bert!\n');
  });

  it('of which the server has a file in a deleted folder that no rule lets go: the folder stays, and nobody is blamed', async () => {
    for (const machine of [anna, bert]) machine.profile.rules = [{ kind: 'exclude', text: '*.log' }];
    put(anna.root, 'src/a', 'a\n');
    put(anna.root, 'other', 'other\n');
    await anna.push();
    await bert.pull();
    put(server, 'src/server.log', 'of the server\n');
    remove(anna.root, 'src');
    expect((await anna.push()).outcome).toBe('ok');
    expect(contents(server)).toEqual({ other: 'other\n', 'src/': '', 'src/server.log': 'of the server\n' });
    put(anna.root, 'next', 'next\n');
    const next = await anna.push();
    expect([next.outcome, next.plan.refused]).toEqual(['ok', []]);
    expect((await bert.pull()).outcome).toBe('ok');
    expect((await bert.push()).outcome).toBe('ok');
  });

  it('whose server is gone between the listing and the transfer loses nothing, and the next run stops', async () => {
    for (const name of ['a', 'b']) put(anna.root, name, 'old\n');
    await anna.push();
    await bert.pull();
    put(anna.root, 'a', 'newer\n');
    remove(anna.root, 'b');
    await anna.push();
    const pulled = await bert.pull({
      onStage: (stage) => {
        if (stage === 'transfer') removeTree(server);
      },
    });
    expect([pulled.outcome, pulled.exitCode]).toEqual(['partial', 23]);
    expect(contents(bert.root)).toEqual({ a: 'old\n', b: 'old\n' });
    const next = await bert.pull();
    expect([next.exitCode, next.guards.map(({ name }) => name)]).toEqual([40, ['root-vanished']]);
  });

  it('of which a file goes at the source between the listing and the transfer remembers no more than was done', async () => {
    put(anna.root, 'a', 'old\n');
    await anna.push();
    put(anna.root, 'a', 'changed\n');
    const pushed = await anna.push({
      onStage: (stage) => {
        if (stage === 'transfer') remove(anna.root, 'a');
      },
    });
    expect(pushed.outcome).toBe('ok');
    expect(readFileSync(join(server, 'a'), 'utf8')).toBe('old\n');
    // Deleted here, and unchanged there: no conflict.
    const next = await anna.push();
    expect([next.outcome, next.plan.conflicts, existsSync(join(server, 'a'))]).toEqual(['ok', [], false]);
  });

  it('that changes while a person is asked stops; so does a person who chooses nothing', async () => {
    put(anna.root, 'a', 'old\n');
    await anna.push();
    put(anna.root, 'a', 'changed\n');
    for (const [folder, where] of [
      [anna.root, 'here'],
      [server, 'on the server'],
    ] as const) {
      const stopped = await anna.push({
        choose: (plan) => {
          put(folder, 'meanwhile', `${where}\n`);
          return all(plan);
        },
      });
      expect([stopped.exitCode, stopped.guards.at(-1)?.sentence]).toEqual([
        40,
        `Files changed ${where} while you were asked.`,
      ]);
      remove(folder, 'meanwhile');
    }
    expect((await anna.push({ choose: async () => undefined })).exitCode).toBe(40);
    expect(contents(server)).toEqual({ a: 'old\n' });
    expect((await anna.push({ choose: all })).outcome).toBe('ok');
  });

  it('of which a conflict was not chosen keeps its version under its name', async () => {
    put(anna.root, 'a', 'old\n');
    await anna.push();
    await bert.pull();
    put(anna.root, 'a', 'by anna\n');
    await anna.push();
    put(bert.root, 'a', 'by bert!\n');
    bert.profile.conflict = 'keep-both';
    expect((await bert.pull({ choose: async () => new Set() })).outcome).toBe('ok');
    expect(contents(bert.root)).toEqual({ a: 'by bert!\n' });
  });

  it('of which what is chosen in a folder goes alone, and the folder only with all that is in it', async () => {
    for (const path of ['f/one', 'f/two', 'f/g/three', 'becomes/file']) put(anna.root, path, 'old\n');
    await anna.push();
    for (const path of ['f', 'becomes']) remove(anna.root, path);
    put(anna.root, 'becomes', 'a file now\n');
    const rest = { 'f/': '', 'f/one': 'old\n', 'becomes/': '', 'becomes/file': 'old\n' };
    const first = await anna.push({ choose: async () => new Set(['f/two', 'f/g/three', 'f/g', 'becomes']) });
    // Not the file either: what is in its way was not chosen.
    expect([first.outcome, first.plan.transfer, contents(server)]).toEqual(['ok', [], rest]);
    // rsync would delete a folder that it has emptied.
    const second = await anna.push({ choose: async () => new Set(['f/one']) });
    expect([second.outcome, second.plan.delete, contents(server)]).toEqual(['ok', [], rest]);
    expect((await anna.push({ choose: all })).outcome).toBe('ok');
    expect(contents(server)).toEqual({ becomes: 'a file now\n' });
  });

  it('of which a file has another content, of one size, within one second', async () => {
    const write = (folder: string, content: string, mtime: number): void => {
      put(folder, 'a', content);
      utimesSync(join(folder, 'a'), mtime, mtime);
    };
    write(anna.root, 'one', 1_700_000_000.25);
    await anna.push();
    await bert.pull();
    write(anna.root, 'two', 1_700_000_000.5);
    const dry = await anna.push({ dryRun: true });
    const pushed = await anna.push();
    for (const { outcome, plan, transfer } of [dry, pushed]) {
      expect(plan.transfer.map(({ path }) => path)).toEqual(['a']);
      expect(transfer?.stats.transferredFiles, outcome).toBe(1);
    }
    expect([pushed.outcome, contents(server)]).toEqual(['ok', { a: 'two' }]);
    expect([(await bert.pull()).outcome, contents(bert.root)]).toEqual(['ok', { a: 'two' }]);
    // Both sides know of it: nothing is left to do, and nobody is blamed.
    for (const { plan, outcome } of [await bert.pull(), await bert.push(), await anna.push()]) {
      expect([outcome, plan.transfer, plan.refused]).toEqual(['ok', [], []]);
    }
    write(bert.root, 'ten', 1_700_000_000.75);
    bert.profile.conflict = 'remote';
    write(server, 'six', 1_700_000_000.875);
    expect([(await bert.pull()).outcome, contents(bert.root)]).toEqual(['ok', { a: 'six' }]);
  });

  it('whose root is missing is not pushed; a pull makes it, and it is the same project afterwards', async () => {
    put(anna.root, 'a', 'a\n');
    await anna.push();
    symlinkSync(join(base, 'bert'), join(base, 'link'));
    rmSync(bert.root, { recursive: true });
    bert.profile.root = join(base, 'link/project');
    const pushed = await bert.push();
    expect([pushed.exitCode, pushed.guards.map(({ name }) => name)]).toEqual([40, ['root-vanished']]);
    const before = identityOf(bert.profile);
    expect((await bert.pull()).outcome).toBe('ok');
    expect(identityOf(bert.profile)).toEqual(before);
    remove(bert.root, 'a');
    expect((await bert.push()).plan.delete.map(({ path }) => path)).toEqual(['a']);
  });

  it('with a modify window takes times of a FAT disk for the same', async () => {
    put(anna.root, 'a', 'a\n');
    await anna.push();
    utimesSync(join(server, 'a'), 1_700_000_001, 1_700_000_001);
    utimesSync(join(anna.root, 'a'), 1_700_000_000, 1_700_000_000);
    anna.profile.words = ['--modify-window=2'];
    const { plan } = await anna.push();
    expect([plan.transfer, plan.refused, plan.conflicts]).toEqual([[], [], []]);
  });

  it('pulled to where case does not matter leaves alone what would be one file', async () => {
    for (const name of ['README', 'readme']) put(anna.root, name, `${name}\n`);
    await anna.push();
    const { exitCode, plan } = await bert.pull({ folding: { case: true, unicode: false } });
    const kept = { path: 'readme', reason: 'name-collision' };
    expect([exitCode, plan.keep, readdirSync(bert.root)]).toEqual([23, [kept], ['README']]);
    // And it is in nobody's way.
    const folding = { case: true, unicode: false };
    put(bert.root, 'other', 'of bert\n');
    expect((await bert.push({ folding })).exitCode).toBe(0);
    expect(readdirSync(server).sort()).toEqual(['README', 'other', 'readme']);
  });

  it('what this machine can not have a name for is told by a pull, and in the way of nothing', async () => {
    for (const path of ['a:b', 'aux/deep/c', 'fine']) put(anna.root, path, `${path}\n`);
    await anna.push();
    const asOnWindows = { nameFault: windowsNameFault };
    const { exitCode, plan } = await bert.pull(asOnWindows);
    expect([exitCode, readdirSync(bert.root)]).toEqual([23, ['fine']]);
    expect(plan.keep.map(({ path, reason }) => `${path} ${reason}`)).toEqual([
      'a:b impossible-here',
      'aux impossible-here',
      'aux/deep impossible-here',
      'aux/deep/c impossible-here',
    ]);
    put(bert.root, 'other', 'of bert\n');
    expect((await bert.push(asOnWindows)).exitCode).toBe(0);
    put(anna.root, 'a:b', 'changed\n');
    expect((await anna.pull()).exitCode).toBe(0);
    expect((await anna.push()).exitCode).toBe(0);
    put(bert.root, 'other', 'of bert, later\n');
    expect((await bert.push(asOnWindows)).exitCode).toBe(0);
    expect(contents(server)).toMatchObject({ 'a:b': 'changed\n', other: 'of bert, later\n' });
  });

  it('of two profiles with one root each have a last sync of their own, and delete nothing of the other', async () => {
    const second = join(base, 'second');
    mkdirSync(second);
    put(server, 'one', 'one\n');
    put(second, 'two', 'two\n');
    const other = new Machine(base, 'anna', second, newestPeer());
    other.profile.name = 'other';
    const runs = await Promise.all([anna.pull(), other.pull()]);
    expect(runs.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
    expect(contents(anna.root)).toEqual({ one: 'one\n', two: 'two\n' });
    remove(server, 'one');
    expect((await other.pull()).plan.delete).toEqual([]);
    expect((await anna.pull()).plan.delete.map(({ path }) => path)).toEqual(['one']);
    expect(contents(anna.root)).toEqual({ two: 'two\n' });
  });

  it('whose login shell complains of a missing home is not taken for missing itself', async () => {
    const shell = join(base, 'homeless');
    const said = 'Could not chdir to home directory /home/dev: No such file or directory';
    writeFileSync(
      shell,
      `#!/bin/sh\necho '${said}' >&2\necho 'sh: rsync: command not found' >&2\nexit 127\n`,
      {
        mode: 0o755,
      },
    );
    put(anna.root, 'a', 'a\n');
    anna.profile.connection = ['-e', shell];
    expect((await failure(anna.push())).exitCode).toBe(127);
    const { exitCode } = await failure(anna.pull());
    expect(exitCode).toBe(127);
  });

  describe('with a daemon', () => {
    const shared = join(top, 'shared');
    let daemon: RealDaemon;

    beforeAll(async () => {
      writeFileSync(join(top, 'secrets'), 'anna:hunter2\n', { mode: 0o600 });
      const module = { path: shared, 'read only': 'no' };
      daemon = await startDaemon(newestPeer(), join(top, 'daemon'), {
        open: { ...module, 'munge symlinks': 'yes' },
        closed: { ...module, 'read only': 'yes' },
        asks: { ...module, 'auth users': 'anna', 'secrets file': join(top, 'secrets') },
      });
    });
    afterAll(async () => daemon?.stop());

    beforeEach(() => {
      removeTree(shared);
      mkdirSync(shared);
      server = shared;
      for (const { profile } of [anna, bert]) {
        profile.connection = [];
        profile.location = `${daemon.url}/open/`;
      }
    });

    it('that munges symlinks: they come back as they were', async () => {
      put(anna.root, 'a', 'a\n');
      symlinkSync('../elsewhere', join(anna.root, 'link'));
      const pushed = await anna.push();
      expect(pushed.outcome).toBe('ok');
      expect(readdirSync(server).sort()).toEqual(['a', 'link']);
      expect((await bert.pull()).outcome).toBe('ok');
      expect(readlinkSync(join(bert.root, 'link'))).toBe('../elsewhere');
      expect((await bert.push()).plan.transfer).toEqual([]);
    });

    it('that is read-only is pulled from, and says so to a push', async () => {
      put(server, 'a', 'a\n');
      anna.profile.location = `${daemon.url}/closed/`;
      expect((await anna.pull()).outcome).toBe('ok');
      put(anna.root, 'a', 'changed\n');
      const error = await failure(anna.push());
      expect([error.exitCode, error.origin, error.message]).toEqual([
        expect.any(Number),
        'remote',
        expect.stringContaining('read only'),
      ]);
      expect(contents(server)).toEqual({ a: 'a\n' });
    });

    it('that asks for a password is answered by a person once, and the password is kept nowhere', async () => {
      put(anna.root, 'a', 'a\n');
      anna.profile.location = daemon.url.replace('//', '//anna@').concat('/asks/');
      const asked: string[] = [];
      const { RSYNC_PASSWORD: _, ...env } = process.env;
      const pushed = await anna.push({
        connect: {
          env: { ...env, HOME: anna.home },
          onPrompt: ({ message }) => {
            asked.push(message);
            return 'hunter2';
          },
        },
      });
      expect([pushed.outcome, asked]).toEqual(['ok', ['Password: ']]);
      const kept = readdirSync(anna.state, { recursive: true, encoding: 'utf8' }).filter((name) =>
        /\.(?:json|jsonl)$/.test(name),
      );
      expect(kept).toHaveLength(2);
      for (const name of kept) expect(readFileSync(join(anna.state, name), 'utf8')).not.toContain('hunter2');
    });
  });
});
