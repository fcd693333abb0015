/** What hubs were known to get wrong, over a real sshd and a real rsync (../REGRESSIONS.md has the whole table). */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forceCommand } from '../../support/forced-keys.ts';
import { newestPeer, peersWithRrsync, requirePeers, temporaryFolder } from '../../support/peers.ts';
import { until } from '../../support/processes.ts';
import { type Sshd, sshdMissing, startSshd } from '../../support/sshd.ts';
import { noise, removeTree } from '../../support/tree.ts';
import { put } from '../support.ts';
import { Hub } from './machines.ts';

const found = requirePeers();
const peer = newestPeer();
const scripts = peersWithRrsync();

describe.skipIf(found.length === 0 || sshdMissing() !== undefined)('a hub', () => {
  const base = temporaryFolder('regressions');
  const hub = new Hub(base);
  const there = (name: string) => join(base, 'spokes', name);
  const here = (name: string) => join(hub.home, 'copies', name);
  const log = join(base, 'log');
  const spoke = (name: string, more: object = {}) => ({
    name,
    sync_method: 'rsync',
    source: `server:${there(name)}`,
    path: here(name),
    retries: 0,
    ...more,
  });
  /** A file is being written. */
  const arriving = (folder: string): boolean =>
    existsSync(folder) &&
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) => /a\.jsonl\.\w{6}$/.test(name));
  const lastSync = async (name: string): Promise<string> =>
    / {2}Last sync: (.*)/.exec((await hub.hub(`status --spoke ${name}`)).out)![1]!;
  let sshd: Sshd;

  beforeAll(async () => {
    sshd = await startSshd({ config: [`SetEnv PATH=${dirname(peer.path)}:/usr/bin:/bin`] });
    // Every command that the server is asked for is noted before it is run.
    const key = forceCommand(
      sshd,
      'noted',
      `echo "$SSH_ORIGINAL_COMMAND" >>'${log}'; exec sh -c "$SSH_ORIGINAL_COMMAND"`,
    );
    hub.knows('server', sshd, { key: key.path });
  });
  afterAll(async () => {
    await sshd?.stop();
    removeTree(base);
  });

  test('regressions 11 and 12: the last sync is a matter of success, not of times of files (B1, B2)', async () => {
    put(there('clock'), 'x.jsonl', 'x');
    hub.configure([spoke('clock'), spoke('gone')]);
    // A failed first run and a dry one leave it as it was: never synced.
    const [dry, gone] = [await hub.run('--dry-run --spoke clock'), await hub.run('--spoke gone')];
    expect([dry.code, gone.of.gone!.outcome, gone.code]).toEqual([0, 'failed', 23]);
    expect(gone.of.gone!.error!.message).toContain('spokes/gone/ is not there');
    mkdirSync(here('clock'), { recursive: true });
    expect(await lastSync('clock')).toBe('never synced');
    expect(await lastSync('gone')).toBe('never synced');
    expect((await hub.hub('status')).out).toMatch(
      /^ {2}Attempt: {3}just now: server:.*\/gone\/ is not there/m,
    );
    for (const year of ['2020', '2090']) {
      utimesSync(there('clock'), new Date(year), new Date(year));
      const ran = await hub.run('--spoke clock');
      expect(ran.code).toBe(0);
      expect(await lastSync('clock')).toBe('just now');
    }
    utimesSync(here('clock'), new Date('2020'), new Date('2020'));
    expect(await lastSync('clock')).toBe('just now');
  });

  test('regression 13: a flag before the spoke, the spoke before the default; 0 and no are values (B3)', async () => {
    put(there('rates'), 'x.jsonl', 'x');
    hub.configure(
      [
        spoke('rates', {
          rsync_options: { bw_limit: 100, extra_args: ['--bwlimit=7'], timeout_seconds: 9 },
          compress: false,
        }),
      ],
      { compress: true },
    );
    const asked = async (words: string): Promise<string[]> => {
      writeFileSync(log, '');
      expect((await hub.run(words)).code).toBe(0);
      return readFileSync(log, 'latin1').split(/\s/);
    };
    const usual = await asked('');
    expect(usual).toEqual(expect.arrayContaining(['--bwlimit=100', '--timeout=9']));
    expect(usual.find((word) => /^-[a-z]*z/.test(word))).toBeUndefined();
    expect(await asked('--bwlimit 50')).toContain('--bwlimit=50');
    expect((await asked('--bwlimit 0')).filter((word) => word.startsWith('--bwlimit'))).toEqual([]);
    put(here('rates'), 'surplus.jsonl', 'surplus');
    hub.configure([spoke('rates', { rsync_options: { delete: true } })]);
    expect((await hub.run('--no-delete')).of.rates!.deleted).toBe(0);
    expect((await hub.run('')).of.rates!.deleted).toBe(1);
  });

  test('regression 21: append_only holds against what happens to a spoke after it was looked at (B15)', async () => {
    const [folder, copy] = [there('rotated'), here('rotated')];
    put(folder, 'a.jsonl', 'first line\n');
    put(folder, 'b.jsonl', 'first line\n');
    const { path } = forceCommand(
      sshd,
      'rotating',
      // The first command of a run is the look.
      `if test -e '${base}/rotate'; then : >'${folder}/a.jsonl'; fi; touch '${base}/rotate'; exec sh -c "$SSH_ORIGINAL_COMMAND"`,
    );
    hub.knows('rotating', sshd, { key: path });
    hub.configure([spoke('rotated', { source: `rotating:${folder}`, append_only: true })]);
    put(copy, 'a.jsonl', 'first line\n');
    put(folder, 'b.jsonl', 'first line\nsecond line\n');
    const { code, of } = await hub.run();
    expect([code, of.rotated!.outcome, of.rotated!.files]).toEqual([0, 'ok', 1]);
    expect(readFileSync(join(folder, 'a.jsonl'), 'utf8')).toBe('');
    expect(readFileSync(join(copy, 'a.jsonl'), 'utf8')).toBe('first line\n');
    expect(readFileSync(join(copy, 'b.jsonl'), 'utf8')).toBe('first line\nsecond line\n');
  });

  test('regression 14: 1,200 files are 1200 (B4)', async () => {
    for (let i = 0; i < 1200; i++) put(there('many'), `${i % 10}/${i}.jsonl`, 'x');
    hub.configure([spoke('many')]);
    const { code, out, err } = await hub.hub('run');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('many: ok: Synced 1200 files (1.2 KB)');
    expect((await hub.hub('status')).out).toContain('Files:     1200 (1.2 KB)');
    expect((await hub.hub('list')).out).toContain('many (rsync): 1200 files\n');
  });

  test('regressions 16 and 17: longer than the idle time-out, and a file that vanishes: 24, partial (B8, B9)', async () => {
    mkdirSync(there('rotates'), { recursive: true });
    writeFileSync(join(there('rotates'), 'a.jsonl'), noise(450_000));
    put(there('rotates'), 'z.jsonl', 'gone before its turn');
    // 450 kB at 200 KiB a second are more than two seconds.
    const limits = { bw_limit: 200, timeout_seconds: 1 };
    hub.configure([spoke('rotates', { rsync_options: limits })]);
    const running = hub.run();
    await until(() => arriving(here('rotates')));
    rmSync(join(there('rotates'), 'z.jsonl'));
    const { code, of, err } = await running;
    expect([code, of.rotates]).toEqual([
      24,
      expect.objectContaining({
        outcome: 'partial',
        files: 1,
        vanished: { paths: [join(there('rotates'), 'z.jsonl')], more: 0 },
      }),
    ]);
    expect(err).toContain('1 vanished');
    // All that is there has come.
    expect(await lastSync('rotates')).toBe('just now');
    expect(readFileSync(join(here('rotates'), 'a.jsonl')).length).toBe(450_000);
  });

  test('regression 16: what could not be written is named: 23, partial (B8)', async () => {
    put(there('partly'), 'a.jsonl', 'a');
    put(there('partly'), 'b.jsonl', 'b');
    put(here('partly'), 'b.jsonl/in the way', '');
    hub.configure([spoke('partly')]);
    const { code, out, err } = await hub.hub('run');
    expect([code, out]).toEqual([23, expect.stringContaining('partly: partial: Synced 1 file (1 B)')]);
    expect(err).toMatch(/^partly: failed: .*b\.jsonl$/m);
    expect(readdirSync(here('partly'))).toEqual(['a.jsonl', 'b.jsonl']);
    expect(await lastSync('partly')).toBe('never synced');
    expect((await hub.hub('status')).out).toMatch(/^ {2}Attempt: {3}just now: failed: .*b\.jsonl$/m);
  });

  test.skipIf(scripts.length === 0)(
    'regression 20: rrsync of all releases, its root and a folder below, read and write alone (B14)',
    async () => {
      put(there('kept'), 'top.jsonl', 'top');
      put(there('kept'), 'sub/below.jsonl', 'below');
      const restricted = (name: string, source: string) =>
        spoke(name, { source, restricted: true, tags: [name.split('-')[0]] });
      const spokes = scripts.flatMap(({ version, rrsync }) =>
        // They refuse alike: of the keys that only write one will do.
        (version === scripts.at(-1)!.version ? ['ro', 'wo'] : ['ro']).flatMap((access) => {
          const host = `${access}-${version}`;
          const { path } = forceCommand(sshd, host, `${rrsync} -${access} '${there('kept')}'`);
          hub.knows(host, sshd, { key: path });
          return [restricted(`${host}-root`, `${host}:`), restricted(`${host}-sub`, `${host}:/sub/`)];
        }),
      );
      hub.configure(spokes, { jobs: 8 });
      const { of, code } = await hub.run();
      for (const { version } of scripts) {
        const outcome = (name: string) => [name, of[name]!.outcome, of[name]!.error?.message];
        const [root, sub] = [`ro-${version}-root`, `ro-${version}-sub`];
        expect(outcome(root)).toEqual([root, 'ok', undefined]);
        expect(outcome(sub)).toEqual([sub, 'ok', undefined]);
        expect(readFileSync(join(here(root), 'sub/below.jsonl'), 'utf8')).toBe('below');
        expect(readdirSync(here(sub))).toEqual(['below.jsonl']);
      }
      const { version } = scripts.at(-1)!;
      for (const name of [`wo-${version}-root`, `wo-${version}-sub`]) {
        expect([name, of[name]!.outcome, of[name]!.error?.message]).toEqual([
          name,
          'failed',
          expect.stringContaining('write-only'),
        ]);
        expect(existsSync(join(here(name), 'top.jsonl'))).toBe(false);
      }
      expect(code).not.toBe(0);
      // And again: an incremental run that is one.
      const again = await hub.run('--tag ro');
      expect([again.code, Object.values(again.of).map(({ files }) => files)]).toEqual([
        0,
        scripts.flatMap(() => [0, 0]),
      ]);
    },
  );
});
