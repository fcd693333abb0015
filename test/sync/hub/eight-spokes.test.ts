/** A hub and eight spokes, each with a trouble of its own, over a real sshd and a real rsync. */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Attempt, ProfileState, Success } from '../../../src/sync/state/profile-state.ts';
import { readState, stateOf } from '../../../src/sync/state/state-file.ts';
import { TestDaemon } from '../../support/daemons.ts';
import { newestPeer, requirePeers, temporaryFolder } from '../../support/peers.ts';
import { freePort, type Sshd, sshdMissing, startSshd } from '../../support/sshd.ts';
import { noise, removeTree } from '../../support/tree.ts';
import { put } from '../support.ts';
import { Hub, Stalling } from './machines.ts';

interface SpokeStatus {
  name: string;
  peer: ProfileState['peer'] | null;
  lastAttempt: Attempt | null;
  lastSuccess: Success | null;
  stale: boolean;
  counts: { files: number; bytes: number };
}

const found = requirePeers();
const peer = newestPeer();

describe.skipIf(found.length === 0 || sshdMissing() !== undefined)('a hub with eight spokes', () => {
  const base = temporaryFolder('eight');
  const hub = new Hub(base);
  const there = (name: string) => join(base, 'spokes', name);
  const here = (name: string) => join(hub.home, 'copies', name);
  const copy = (path: string) => readFileSync(join(hub.home, 'copies', path), 'utf8');
  const config = (): string => readFileSync(hub.file, 'utf8');
  let sshd: Sshd;
  let stalling: Stalling;
  let daemon: TestDaemon;

  beforeAll(async () => {
    sshd = await startSshd({ config: [`SetEnv PATH=${dirname(peer.path)}:/usr/bin:/bin`] });
    stalling = await Stalling.start(sshd.port, 200_000);
    for (const name of ['dead', 'slow', 'restricted', 'old', 'off', 'daemon', 'archive'])
      put(there(name), 'a/one.jsonl', `of ${name}\n`);
    writeFileSync(join(there('slow'), 'big.jsonl'), noise(2_000_000));
    put(here('by-syncthing'), 'x.jsonl', 'x\n');
    put(here('by-syncthing'), 'x.sync-conflict-20260301-120000-ABCDEFG.jsonl', 'x\n');
    mkdirSync(join(base, 'daemon'));
    daemon = await TestDaemon.start({
      peer,
      folder: join(base, 'daemon'),
      tree: there('daemon'),
      config: `use chroot = no\n[data]\npath = ${there('daemon')}\n`,
    });
    hub.knows('server', sshd);
    hub.knows('dead', sshd, { port: await freePort() });
    hub.knows('slow', sshd, { port: stalling.port });
    const key = await hub.command([
      ...['hub', 'keys', 'restricted', '--host', `${sshd.user}@127.0.0.1`, '--port', String(sshd.port)],
      ...['--dir', there('restricted'), '--server', 'rrsync', '--write'],
    ]);
    expect([key.code, key.err]).toEqual([0, '']);
    const line = key.out.split('\n').find((text) => text.startsWith('restrict,command='))!;
    sshd.authorize(line.replace('"rrsync ', `"${peer.rrsync} `));
    const spoke = (name: string, more: object = {}) => ({
      name,
      sync_method: 'rsync',
      source: `server:${there(name)}`,
      path: here(name),
      ...more,
    });
    hub.configure(
      [
        spoke('dead', { source: `dead:${there('dead')}`, tags: ['far'], retries: 1 }),
        spoke('slow', { source: `slow:${there('slow')}`, rsync_options: { timeout_seconds: 1 } }),
        spoke('restricted', {
          source: 'restricted:',
          restricted: true,
          tags: ['near'],
          ssh: { known_hosts_file: sshd.knownHostsPath },
        }),
        spoke('old', { tags: ['near'], rsync_options: { extra_args: ['--protocol=29'] } }),
        spoke('off', { enabled: false }),
        { name: 'by-syncthing', sync_method: 'syncthing', path: here('by-syncthing') },
        spoke('daemon', { source: daemon.url('data'), tags: ['near', 'far'] }),
        spoke('archive', { append_only: true }),
      ],
      { jobs: 4, retries: 0, connect_timeout: '5s', sessions_dir: join(hub.home, 'own') },
    );
  });
  afterAll(async () => {
    stalling?.stop();
    await daemon?.stop();
    await sshd?.stop();
    removeTree(base);
  });

  test('a dry run tells what a run would do, and changes nothing', async () => {
    const ran = await hub.run('--dry-run --tag near');
    expect(ran.code).toBe(0);
    expect(Object.keys(ran.of)).toEqual(['restricted', 'old', 'daemon']);
    for (const { outcome, files } of Object.values(ran.of)) expect([outcome, files]).toEqual(['dry', 1]);
    expect(readdirSync(join(hub.home, 'copies'))).toEqual(['by-syncthing']);
    const { out } = await hub.hub('status --spoke old');
    expect(out).toContain('Last sync: never synced\n');
  });

  test('a run: each has its outcome, and the worst is the exit status', async () => {
    const ran = await hub.run();
    const { of } = ran;
    const told = Object.fromEntries(
      Object.entries(of).map(([name, { outcome, exitCode, attempts }]) => [
        name,
        [outcome, exitCode, attempts],
      ]),
    );
    expect(told).toEqual({
      dead: ['failed', 255, 2],
      slow: ['failed', 30, 1],
      restricted: ['ok', 0, 1],
      old: ['ok', 0, 1],
      off: ['skipped', 0, 0],
      'by-syncthing': ['skipped', 0, 0],
      daemon: ['ok', 0, 1],
      archive: ['ok', 0, 1],
    });
    expect(ran.code).toBe(255);
    for (const name of ['restricted', 'old', 'daemon', 'archive'])
      expect(copy(`${name}/a/one.jsonl`)).toBe(`of ${name}\n`);
    expect(of.dead!.error).toMatchObject({ code: 'RSYNC_CONNECT' });
    expect(of.slow!.error).toMatchObject({ code: 'RSYNC_TIMEOUT' });
    // What came of the slow one is kept for the next run, and is no file of the spoke yet.
    expect(readdirSync(join(here('slow'), '.rsyncjs-partial'))).toEqual(['big.jsonl']);
    const { spokes } = JSON.parse((await hub.hub('list --spoke slow --json')).out);
    expect(spokes[0].files.map(({ path }: { path: string }) => path)).toEqual([]);
  });

  test('what is remembered: who was reached, how, and what failed', async () => {
    const { out } = await hub.hub('status --json');
    const { spokes } = JSON.parse(out) as { spokes: SpokeStatus[] };
    const of = Object.fromEntries(spokes.map((spoke) => [spoke.name, spoke]));
    expect(of.old!.peer).toMatchObject({ protocol: 29, checksum: 'md4' });
    expect(of.restricted!.peer!.protocol).toBeGreaterThanOrEqual(31);
    expect(of.archive!.lastSuccess!.counts).toMatchObject({ transferred: 1 });
    expect(of.dead!).toMatchObject({ lastSuccess: null, lastAttempt: { exitCode: 255 }, stale: true });
    expect(of.off!).toMatchObject({ lastSuccess: null, lastAttempt: null, stale: false });
    // The copy of a conflict is no session.
    expect(of['by-syncthing']!.counts).toEqual({ files: 1, bytes: 2, problem: null });
  });

  test('a second run goes on where the first one ended, and takes nothing twice', async () => {
    rmSync(join(there('archive'), 'a'), { recursive: true });
    put(there('restricted'), 'a/two.jsonl', 'two\n');
    const whole = config();
    writeFileSync(hub.file, whole.replace(`slow:${there('slow')}`, `server:${there('slow')}`));
    const ran = await hub.run(
      '--jobs 2 --spoke slow --spoke restricted --spoke old --spoke archive --spoke off',
    );
    writeFileSync(hub.file, whole);
    expect(ran.err).toContain('Syncing off...');
    const told = Object.fromEntries(
      Object.entries(ran.of).map(([name, { outcome, files, deleted }]) => [name, [outcome, files, deleted]]),
    );
    expect(told).toEqual({
      slow: ['ok', 2, 0],
      restricted: ['ok', 1, 0],
      old: ['ok', 0, 0],
      // By its name a disabled one is run all the same.
      off: ['ok', 1, 0],
      archive: ['failed', 0, 0],
    });
    expect(ran.of.archive!.error!.message).toContain('spokes/archive/ is empty');
    expect(copy('archive/a/one.jsonl')).toBe('of archive\n');
    expect(readFileSync(join(here('slow'), 'big.jsonl')).equals(noise(2_000_000))).toBe(true);
    expect(readdirSync(here('slow')).sort()).toEqual(['a', 'big.jsonl']);
    const identity = { profile: 'spoke slow', localRoot: here('slow'), remote: `server:${there('slow')}` };
    const { lastSuccess } = stateOf(readState(hub.state, identity), identity).pull;
    expect(lastSuccess!.matched).toBeGreaterThan(50_000);
  });

  test('--force over an emptied spoke deletes nothing either, if its copy is append-only', async () => {
    const ran = await hub.run('--spoke archive --force --delete');
    expect([ran.code, ran.of.archive!.outcome]).toEqual([0, 'ok']);
    expect(copy('archive/a/one.jsonl')).toBe('of archive\n');
  });

  test('shards share the spokes out, each to one of them', async () => {
    const runs = await Promise.all(
      [1, 2, 3].map((index) => hub.run(`--dry-run --tag near --shard ${index}/3`)),
    );
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    const dry = runs.map(({ of }) => Object.keys(of).filter((name) => of[name]!.outcome === 'dry'));
    expect(dry.flat().sort()).toEqual(['daemon', 'old', 'restricted']);
  });
});
