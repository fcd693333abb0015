/** What a hub does, and says, where a spoke, a disk or a configuration is not as it should be. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SpokeOutcome } from '../../../src/sync/hub/outcome.ts';
import { TestDaemon } from '../../support/daemons.ts';
import { newestPeer, requirePeers, temporaryFolder } from '../../support/peers.ts';
import { freePort, type Sshd, sshdMissing, startSshd } from '../../support/sshd.ts';
import { removeTree } from '../../support/tree.ts';
import { put } from '../support.ts';
import { Hub } from './machines.ts';

const found = requirePeers();
const peer = newestPeer();
const isRoot = process.getuid?.() === 0;

describe.skipIf(found.length === 0 || sshdMissing() !== undefined)('a hub with a demanding operator', () => {
  const base = temporaryFolder('operator');
  const hub = new Hub(base);
  const there = (name: string) => join(base, 'spokes', name);
  const here = (name: string) => join(hub.home, 'copies', name);
  const spoke = (name: string, more: object = {}) => ({
    name,
    sync_method: 'rsync',
    source: `server:${there(name)}`,
    path: here(name),
    retries: 0,
    ...more,
  });
  const deletes = { rsync_options: { delete: true } };
  let sshd: Sshd;

  beforeAll(async () => {
    sshd = await startSshd({ config: [`SetEnv PATH=${dirname(peer.path)}:/usr/bin:/bin`] });
    hub.knows('server', sshd);
    hub.knows('dead', sshd, { port: await freePort() });
  });
  afterAll(async () => {
    await sshd?.stop();
    removeTree(base);
  });

  test('one directory that can not be read: the rest comes, nothing is deleted, it is named (B8)', async () => {
    const source = there('closed');
    for (const name of ['closed/x.jsonl', 'open/y.jsonl', 'gone.jsonl']) put(source, name, `of ${name}\n`);
    const folder = join(base, 'daemon');
    mkdirSync(folder);
    for (const path of [base, there(''), source]) chmodSync(path, 0o755);
    // A server that runs as root may read everything, unless it becomes somebody else.
    const account = isRoot ? 'uid = nobody\ngid = nogroup\n' : '';
    const config = `use chroot = no\n[data]\npath = ${source}\n${account}`;
    const daemon = await TestDaemon.start({ peer, folder, tree: source, config });
    try {
      const of = (name: string, more: object) => spoke(name, { source: daemon.url('data'), ...more });
      hub.configure([of('appends', { append_only: true }), of('deletes', deletes)]);
      expect((await hub.run()).code).toBe(0);
      chmodSync(join(source, 'closed'), 0);
      rmSync(join(source, 'gone.jsonl'));
      put(source, 'open/new.jsonl', 'new\n');
      const ran = await hub.run();
      chmodSync(join(source, 'closed'), 0o755);
      expect(ran.code).toBe(23);
      for (const name of ['appends', 'deletes']) {
        expect(ran.of[name]).toMatchObject({ outcome: 'partial', files: 1, deleted: 0 });
        expect(ran.of[name]!.failed.paths.join()).toContain('closed');
        expect(readdirSync(here(name)).sort()).toEqual(['closed', 'gone.jsonl', 'open']);
        expect(readdirSync(join(here(name), 'closed'))).toEqual(['x.jsonl']);
      }
      expect((await hub.hub('status --spoke deletes')).out).toMatch(/Attempt: {3}just now: failed: closed/);
      expect((await hub.run('--spoke deletes')).of.deletes).toMatchObject({ outcome: 'ok', deleted: 1 });
    } finally {
      await daemon.stop();
    }
  });

  test("the hub's own disk is not mounted: nothing is fetched into the empty place", async () => {
    for (const name of ['a', 'b']) put(there('disk'), `${name}.jsonl`, name);
    hub.configure([spoke('disk')]);
    expect((await hub.run()).code).toBe(0);
    renameSync(here('disk'), here('unmounted'));
    for (const place of ['not there', 'empty']) {
      const { of, code } = await hub.run();
      expect([code, of.disk!.error!.message]).toEqual([
        40,
        `${here('disk')} is ${place}, and the spoke had 2 names at the last sync`,
      ]);
      expect(existsSync(here('disk'))).toBe(place === 'empty');
      mkdirSync(here('disk'), { recursive: true });
    }
    expect((await hub.run('--force')).of.disk).toMatchObject({ outcome: 'ok', files: 2 });
    // The spoke's: what says so names it, and whatever its keys are it is the same.
    renameSync(there('disk'), there('unmounted'));
    hub.configure([spoke('disk', deletes)]);
    const { of } = await hub.run('--force');
    expect(of.disk!.error).toMatchObject({
      code: 'RSYNC_FILE_SELECT',
      message: expect.stringContaining(there('disk')),
    });
    expect(readdirSync(here('disk')).sort()).toEqual(['a.jsonl', 'b.jsonl']);
  });

  test('what a cut run has left is nothing of the spoke, and no surplus', async () => {
    put(there('kept'), 'a.jsonl', 'a');
    for (const folder of ['.rsyncjs-partial', '.rsyncjs-tmp', 'sub/.rsyncjs-partial']) {
      put(here('kept'), `${folder}/x.jsonl`, 'x');
      put(there('kept'), `${folder}/theirs.jsonl`, 'theirs');
    }
    hub.configure([spoke('kept', deletes)]);
    expect((await hub.run()).of.kept).toMatchObject({ outcome: 'ok', files: 1, deleted: 0 });
    expect((await hub.hub('list --match * --json')).out).toContain('"files":[{"path":"a.jsonl"');
    expect(readFileSync(join(here('kept'), '.rsyncjs-partial/x.jsonl'), 'utf8')).toBe('x');
    const { out } = await hub.hub('list --match * --spoke kept');
    expect(out).toBe('kept (rsync): 1 file\n  a.jsonl\n');
  });

  test('a first run that brings nothing leaves nothing', async () => {
    hub.configure([spoke('nowhere')]);
    expect((await hub.run()).code).toBe(23);
    expect(existsSync(here('nowhere'))).toBe(false);
  });

  test('a copy that is a file: told, and the other spokes are counted and listed', async () => {
    put(here(''), 'file', 'x');
    put(here('well'), 'w.jsonl', 'w');
    hub.configure([spoke('file'), spoke('well', { source: 'dead:/x' })]);
    const { of } = await hub.run();
    expect(of.file!.error).toMatchObject({
      message: `${here('file')} is no folder`,
      hint: expect.any(String),
    });
    const status = await hub.hub('status');
    expect([status.code, status.out]).toEqual([0, expect.stringContaining(', and not all: opendir')]);
    expect(status.out).toContain('Files:     1 (1 B)');
    const list = await hub.hub('list');
    expect([list.code, list.out]).toEqual([23, 'file (rsync): 0 files\n\nwell (rsync): 1 file\n  w.jsonl\n']);
    expect(list.err).toMatch(/^file: opendir "/);
  });

  test('sixteen at a time and one at a time: the same status, the same outcomes, and each line says whose it is', async () => {
    const names = Array.from({ length: 14 }, (_, i) => `d${i}`);
    hub.configure(names.map((name) => spoke(name, { source: 'dead:/x', tags: ['far'] })));
    const warnings: Error[] = [];
    const hear = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', hear);
    const { signal } = new AbortController();
    const [one, many] = [await hub.run('--jobs 1', signal), await hub.run('--jobs 16', signal)];
    const plain = await hub.hub('run --tag far --jobs 16', signal);
    await new Promise(setImmediate);
    process.off('warning', hear);
    // Node takes many listeners of one signal for a leak, and says so on standard error.
    expect(warnings).toEqual([]);
    const told = ({ of }: { of: Record<string, SpokeOutcome> }) =>
      Object.values(of).map(({ spoke: name, outcome, exitCode, error }) => [name, outcome, exitCode, error]);
    expect(told(many)).toEqual(told(one));
    expect([one.code, many.code, plain.code]).toEqual([255, 255, 255]);
    const lines = plain.out.trimEnd().split('\n').slice(1, -1);
    expect(lines.length).toBe(3 * names.length);
    for (const line of lines) expect(line).toMatch(/^Syncing d\d+\.\.\.$|^d\d+: /);
    const outcomes = JSON.parse(many.out).outcomes as object[];
    for (const outcome of outcomes) {
      expect(outcome).toEqual({
        spoke: expect.any(String),
        outcome: 'failed',
        exitCode: 255,
        startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        durationMs: expect.any(Number),
        attempts: 1,
        files: 0,
        bytes: 0,
        deleted: 0,
        failed: { paths: [], more: 0 },
        vanished: { paths: [], more: 0 },
        error: { code: 'RSYNC_CONNECT', message: expect.any(String), hint: expect.any(String) },
      });
    }
  });

  test('several mistakes of a file: each has its line', async () => {
    writeFileSync(hub.file, 'hub: { jobs: 0 }\nspokes:\n  - { name: a }\n');
    expect((await hub.hub('run')).err).toMatch(
      /^rsyncjs: \d mistakes in the configuration:\n {2}\S+hub\.yaml:1:\d+: /,
    );
  });
});
