/** Other sides that are no plain rsync over ssh: another rsync, another file system, a daemon, a folder. */
import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { setupExitCode } from '../../../src/sync/doctor/run.ts';
import { freePort, startDaemon } from '../../support/daemon.ts';
import { fakeShell, newestPeer, requirePeers, temporaryFolder } from '../../support/peers.ts';
import { removeTree } from '../../support/tree.ts';
import { check, makeProject, type SetupRun, script, skipped } from './support.ts';

const newest = newestPeer();

describe.skipIf(requirePeers().length === 0)('the other side of a setup', () => {
  const base = temporaryFolder('setup-remote');
  const env = { ...process.env, HOME: base };
  const root = makeProject(join(base, 'here'));
  const there = makeProject(join(base, 'there'));
  afterAll(() => removeTree(base));

  const shell = fakeShell(base);
  /** Through a remote shell that is a program, with a script in place of rsync. */
  const through = (rsync: string): Promise<SetupRun> =>
    check(
      { origin: 'a test', location: `host:${there}`, root, connect: ['-e', shell, `--rsync-path=${rsync}`] },
      { env },
    );

  it('openrsync: what it can not do is told, and nothing is tried out', async () => {
    const found = await through(
      script(
        join(base, 'openrsync'),
        `[ "$1" = --version ] && { echo 'openrsync: protocol version 29'; echo 'rsync version 2.6.9 compatible'; exit; }
         exec '${newest.path}' --protocol=29 "$@"`,
      ),
    );
    expect(found.of('rsync')).toMatchObject({
      grade: 'info',
      details: { flavour: 'openrsync', protocol: 29 },
    });
    expect(found.of('rsync').sentence).toMatch(/^openrsync \(as rsync 2\.6\.9\), protocol 29: no ACLs/);
    expect(found.of('writable')).toMatchObject({ grade: 'info', details: { tried: false } });
    expect(skipped(found)).toEqual(['clock', 'names', 'times', 'symlinks'].map((name) => [name, 'writable']));
    const omitted = found.results.filter(({ grade }) => grade === 'omitted').map(({ name }) => name);
    expect(omitted).toEqual(['name-resolution', 'tcp', 'host-key', 'login']);
    expect(readdirSync(there)).toEqual(['a.txt']);
  });

  it('rsyncjs itself', async () => {
    const connect = ['-e', fakeShell(base, 'ours')];
    const found = await check({ origin: 'a test', location: `host:${there}`, root, connect }, { env });
    expect(found.of('rsync')).toMatchObject({ grade: 'ok', details: { flavour: 'rsyncjs', protocol: 32 } });
    expect(found.grades().slice(4)).toEqual([
      'shell: ok',
      'rsync: ok',
      'key: ok',
      'path: ok',
      'writable: ok',
      'clock: ok',
      'names: ok',
      'times: ok',
      'symlinks: ok',
    ]);
    expect(readdirSync(there)).toEqual(['a.txt']);
  });

  it('a FAT disk whose clock is an hour ahead', async () => {
    // What such a disk would make of the probe, done to it by whoever starts rsync.
    const found = await through(
      script(
        join(base, 'fat'),
        `'${newest.path}' "$@"
         status=$?
         cd '${there}' || exit 99
         for probe in .rsyncjs-check-*/; do
           [ -e "$probe/time" ] || continue
           rm -f "$probe/link"
           cp "$probe/case" "$probe/CASE"
           cp "$probe/$(printf '\\303\\251')" "$probe/$(printf 'e\\314\\201')"
           touch -d @1000000002 "$probe/time"
           touch -d "@$(($(date +%s) + 3600))" "$probe"
         done
         exit $status`,
      ),
    );
    expect(found.of('writable').grade).toBe('ok');
    expect(found.of('clock').grade).toBe('warning');
    expect(Math.abs(Number(found.of('clock').details.aheadSeconds) - 3600)).toBeLessThan(30);
    expect(found.of('names')).toMatchObject({
      grade: 'warning',
      details: { here: { caseSensitive: true }, there: { caseSensitive: false, tellsForms: false } },
    });
    expect(found.of('times')).toMatchObject({ grade: 'warning', details: { there: 'two seconds' } });
    expect(found.of('times').remedy).toContain('--modify-window=1');
    expect(found.of('symlinks')).toMatchObject({ grade: 'warning', details: { symlinks: false } });
    expect(setupExitCode(found.results)).toBe(0);
    expect(readdirSync(there)).toEqual(['a.txt']);
  });

  it('a file in place of the folder', async () => {
    const location = `host:${join(there, 'a.txt')}`;
    const connect = ['-e', shell, `--rsync-path=${newest.path}`];
    const found = await check({ origin: 'a test', location, root, connect }, { env });
    expect(found.of('path')).toMatchObject({
      grade: 'error',
      sentence: expect.stringContaining('is no folder'),
      remedy: expect.stringContaining('A file is in the way'),
    });
  });

  it('a folder that may not be written to', async () => {
    // Root may write everywhere: rsync there runs as somebody else.
    const isRoot = process.getuid?.() === 0;
    const rsync = isRoot
      ? script(join(base, 'nobody'), `exec setpriv --reuid 65534 --clear-groups '${newest.path}' "$@"`)
      : newest.path;
    chmodSync(base, 0o755);
    chmodSync(there, 0o555);
    try {
      const found = await through(rsync);
      expect(found.of('path').grade).toBe('ok');
      expect(found.of('writable')).toMatchObject({ grade: 'error', exitCode: 23 });
      expect(found.of('writable').sentence).toMatch(/nothing can be written there: .*Permission denied/);
    } finally {
      chmodSync(there, 0o755);
    }
  });

  it('daemons: a module, one that is read-only, one that is not there, and no daemon', async () => {
    const daemon = await startDaemon(newest, join(base, 'daemon'), {
      open: { path: there, 'read only': 'no' },
      closed: { path: there },
    });
    const at = (url: string, readOnly = false): Promise<SetupRun> =>
      check({ origin: 'a test', location: url, root, readOnly }, { env });
    try {
      const [open, closed, reads, absent, nobody] = await Promise.all([
        at(`${daemon.url}/open`),
        at(`${daemon.url}/closed`),
        at(`${daemon.url}/closed`, true),
        at(`${daemon.url}/absent`),
        at(`rsync://127.0.0.1:${await freePort()}/open`),
      ]);
      expect(open.grades().slice(4)).toEqual([
        'name-resolution: ok',
        'tcp: ok',
        'rsync: ok',
        'path: ok',
        'writable: ok',
        'clock: ok',
        'names: ok',
        'times: ok',
        'symlinks: ok',
      ]);
      expect(closed.of('writable')).toMatchObject({ grade: 'error' });
      expect(closed.of('writable').sentence).toMatch(/read.only/);
      expect(setupExitCode(reads.results)).toBe(0);
      expect(absent.of('rsync').sentence).toMatch(/absent/);
      expect(setupExitCode(absent.results)).toBe(5);
      expect(nobody.of('tcp')).toMatchObject({ grade: 'error', exitCode: 10 });
      expect(readdirSync(there)).toEqual(['a.txt']);
    } finally {
      await daemon.stop();
    }
  });

  it('a folder of this machine has no way to it, and the rest is looked at', async () => {
    const [found, absent] = await Promise.all(
      [there, join(base, 'absent')].map((location) => check({ origin: 'a test', location, root }, { env })),
    );
    expect(found!.grades().slice(4)).toEqual([
      'path: ok',
      'writable: ok',
      'clock: ok',
      'names: ok',
      'times: ok',
      'symlinks: ok',
    ]);
    expect(absent!.of('path')).toMatchObject({ grade: 'error', exitCode: 23 });
    expect(readdirSync(there)).toEqual(['a.txt']);
  });
});
