/** A hub run that is ended in the middle: by Ctrl-C, and by a kill that leaves its lock; and one that meets another. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readState, stateOf } from '../../../src/sync/state/state-file.ts';
import { MAIN, newestPeer, requirePeers, run, temporaryFolder } from '../../support/peers.ts';
import { killAll, start, until } from '../../support/processes.ts';
import { type Sshd, sshdMissing, startSshd } from '../../support/sshd.ts';
import { noise, removeTree } from '../../support/tree.ts';
import { Hub } from './machines.ts';

const found = requirePeers();

describe.skipIf(found.length === 0 || sshdMissing() !== undefined)('a hub run that is ended', () => {
  const base = temporaryFolder('ended');
  const hub = new Hub(base);
  const folders = [base];
  const there = join(base, 'spoke');
  const here = join(hub.home, 'copy');
  const content = noise(3_000_000);
  const source = `server:${there}`;
  const identity = { profile: 'spoke web', localRoot: here, remote: source };
  let sshd: Sshd;

  beforeAll(async () => {
    sshd = await startSshd({ config: [`SetEnv PATH=${dirname(newestPeer().path)}:/usr/bin:/bin`] });
    hub.knows('server', sshd);
    mkdirSync(there);
    writeFileSync(join(there, 'big.jsonl'), content);
    hub.configure([
      { name: 'web', sync_method: 'rsync', source, path: here, rsync_options: { bw_limit: 400 } },
      { name: 'next', sync_method: 'rsync', source: `${source}/none`, path: join(hub.home, 'none') },
    ]);
  });
  afterAll(async () => {
    killAll();
    await sshd?.stop();
    for (const folder of folders) removeTree(folder);
  });

  const locks = (): string[] =>
    readdirSync(hub.state, { recursive: true, encoding: 'utf8' }).filter((name) => /\.lock/.test(name));
  /** Bytes that have come: into a temporary file, or, of a transfer that goes on, into what was kept. */
  const arrived = (): number => {
    if (!existsSync(here)) return 0;
    const names = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter((name) => /big/.test(name));
    return Math.max(
      0,
      ...names.map((name) => statSync(join(here, name), { throwIfNoEntry: false })?.size ?? 0),
    );
  };

  /** Begins a run, and waits until the file is arriving. */
  async function begun() {
    const env = Object.entries(hub.env).map(([name, value]) => `${name}=${value}`);
    const words = ['hub', 'run', '--jobs', '1', '--config', hub.file];
    const program = start('env', [...env, process.execPath, MAIN, ...words]);
    const before = arrived();
    await until(() => arrived() > before + 200_000);
    return program;
  }

  test('regressions 17 and 22: by Ctrl-C: exit 20, no lock, and what came is kept (B9)', async () => {
    const running = await begun();
    // Another run finds it busy, and says with what.
    const busy = await hub.run('--spoke web');
    expect([busy.code, busy.of.web!.outcome]).toEqual([41, 'busy']);
    expect(busy.of.web!.error!.message).toMatch(/^locked by process \d+ on .* \(sync of web, since /);
    // What is remembered is the other one's to write.
    expect(readState(hub.state, identity).kind).toBe('none');
    running.kill('SIGINT');
    expect(await running.ended).toBe(20);
    expect(running.lines).toEqual([
      'Starting sync...',
      'Syncing web...',
      'web: failed: interrupted',
      'next: skipped: the run was ended before its turn',
      'Some syncs failed.',
    ]);
    expect(locks()).toEqual([]);
    expect(readdirSync(here)).toEqual(['.rsyncjs-partial']);
    const kept = readFileSync(join(here, '.rsyncjs-partial/big.jsonl'));
    expect(kept.equals(content.subarray(0, kept.length))).toBe(true);
    expect((await hub.hub('status --spoke web')).out).toMatch(
      / {2}Last sync: never synced\n {2}Attempt: {3}just now: interrupted\n/,
    );
  });

  test('regression 22: by a kill: its lock is stale, the next run takes it over and goes on (B9)', async () => {
    const running = await begun();
    running.kill('SIGKILL');
    expect(await running.ended).toBe(137);
    expect(locks()).toHaveLength(1);
    const ran = await hub.run('--spoke web --bwlimit 0');
    expect([ran.code, ran.of.web]).toEqual([
      0,
      expect.objectContaining({ outcome: 'ok', files: 1, bytes: 3_000_000 }),
    ]);
    expect(readFileSync(join(here, 'big.jsonl')).equals(content)).toBe(true);
    expect(locks()).toEqual([]);
    const { lastSuccess } = stateOf(readState(hub.state, identity), identity).pull;
    // What the first run had kept was not sent again.
    expect(lastSuccess!.matched).toBeGreaterThan(150_000);
  });

  test('by a kill that leaves a file half written: it is gone after the next run', async () => {
    rmSync(join(here, 'big.jsonl'));
    const running = await begun();
    running.kill('SIGKILL');
    await running.ended;
    expect(readdirSync(here)).toEqual(['.rsyncjs-tmp']);
    const ran = await hub.run('--spoke web --bwlimit 0');
    expect([ran.code, readdirSync(here)]).toEqual([0, ['big.jsonl']]);
  });

  test('regression 18: 100,000 files in a heap of 48 MiB (B10)', async () => {
    // In memory, where there is such a place: so many files take a disk longer than all the rest.
    const many = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : base, 'rsyncjs-many-'));
    folders.push(many);
    const long = 'x'.repeat(100);
    execFileSync('sh', ['-c', `seq 100000 | sed 's/^/${long}/' | xargs touch`], { cwd: many });
    hub.configure([
      { name: 'many', sync_method: 'rsync', source: `server:${many}`, path: join(hub.home, 'many') },
    ]);
    const { code, stdout, stderr } = await run(
      process.execPath,
      ['--max-old-space-size=48', MAIN, 'hub', 'run', '--dry-run', '--json', '--config', hub.file],
      { env: hub.env as Record<string, string>, timeout: 100_000 },
    );
    expect([code, stderr.toString().split('\n')[0]]).toEqual([0, 'Syncing many...']);
    expect(JSON.parse(stdout.toString()).outcomes).toMatchObject([{ outcome: 'dry', files: 100_000 }]);
    expect(stdout.length).toBeLessThan(1000);
    // And so many in a copy: counted, and listed.
    const listed = `${join(hub.home, 'listed.yaml')}`;
    const phones = ['a', 'b'].map((name) => ({
      name,
      sync_method: 'syncthing',
      path: join(many, name),
      match: '*',
    }));
    mkdirSync(join(many, 'b'));
    mkdirSync(join(many, 'a'));
    execFileSync('sh', ['-c', `seq 50000 | sed 's/^/${'y'.repeat(20)}/' | xargs touch`], {
      cwd: join(many, 'a'),
    });
    execFileSync('sh', ['-c', `seq 50000 | sed 's/^/${'y'.repeat(20)}/' | xargs touch`], {
      cwd: join(many, 'b'),
    });
    writeFileSync(listed, JSON.stringify({ spokes: phones }));
    for (const [words, wanted] of [
      ['status', 'Total files of spokes: 100000'],
      ['list', 'b (syncthing): 50000 files'],
    ] as const) {
      const { stdout: out, code: status } = await run(
        process.execPath,
        ['--max-old-space-size=40', MAIN, 'hub', words, '--config', listed],
        { env: hub.env as Record<string, string>, timeout: 100_000 },
      );
      expect([status, out.includes(wanted)]).toEqual([0, true]);
    }
  }, 120_000);
});
