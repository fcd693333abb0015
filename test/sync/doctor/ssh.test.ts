/** A setup over ssh, with a real sshd: what is well, and each thing that is not, told by the check that it belongs to. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setupExitCode } from '../../../src/sync/doctor/run.ts';
import { forceCommand, sshWords } from '../../support/forced-keys.ts';
import { newestPeer, requirePeers, temporaryFolder } from '../../support/peers.ts';
import { freePort, makeKey, type Sshd, sshdMissing, startSshd } from '../../support/sshd.ts';
import { removeTree } from '../../support/tree.ts';
import { check, makeProject, type SetupRun, skipped } from './support.ts';

const newest = newestPeer();

describe.skipIf(requirePeers().length === 0 || sshdMissing() !== undefined)('a setup over ssh', () => {
  const base = temporaryFolder('setup-ssh');
  const env = { ...process.env, HOME: base };
  const root = makeProject(join(base, 'here'));
  const there = makeProject(join(base, 'there'));
  let sshd: Sshd;

  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(async () => {
    await sshd?.stop();
    removeTree(base);
  });

  interface Way {
    shell?: string;
    path?: string;
    rsync?: string;
    readOnly?: boolean;
  }

  const run = ({
    shell = sshWords(sshd),
    path = there,
    rsync = newest.path,
    readOnly = false,
  }: Way): Promise<SetupRun> =>
    check(
      {
        origin: 'a test',
        location: `127.0.0.1:${path}`,
        root,
        connect: ['-e', shell, `--rsync-path=${rsync}`],
        readOnly,
      },
      { env },
    );

  it('that is well says so, and leaves nothing behind', async () => {
    const found = await run({});
    expect(found.grades()).toEqual([
      'configuration: ok',
      'exclude-file: info',
      'local-root: ok',
      'git: info',
      'name-resolution: ok',
      'tcp: ok',
      'host-key: ok',
      'login: ok',
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
    const fingerprintOf = (file: string): string =>
      execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' }).split(' ')[1]!;
    expect(found.of('host-key').details).toMatchObject({
      type: 'ED25519',
      fingerprint: fingerprintOf(sshd.knownHostsPath),
      known: `${sshd.knownHostsPath}:1`,
    });
    expect(found.of('login').details).toMatchObject({ user: sshd.user, method: 'publickey' });
    expect(found.of('login').details.key).toContain(fingerprintOf(`${sshd.userKeyPath}.pub`));
    expect(found.of('rsync').details).toMatchObject({
      flavour: 'rsync',
      version: newest.version.replace(/-.*/, ''),
      limits: [],
    });
    expect(setupExitCode(found.results)).toBe(0);
    expect([readdirSync(root), readdirSync(there)]).toEqual([['a.txt'], ['a.txt']]);
    // One login for everything.
    expect(sshd.log().match(/Accepted publickey/g)).toHaveLength(1);
  });

  it('regression 7 (A7, A8): a remote without rsync, a noisy shell and a missing path are three different errors', async () => {
    const noisy = forceCommand(sshd, 'noisy', 'echo Welcome; eval "$SSH_ORIGINAL_COMMAND"');
    const [without, noise, missing] = await Promise.all([
      run({ rsync: '/nowhere/rsync' }),
      run({ shell: noisy.shell }),
      run({ path: join(base, 'missing') }),
    ]);
    const errors = [without, noise, missing].map(({ results }) =>
      results.filter(({ grade }) => grade === 'error'),
    );
    expect(errors.map((list) => list.map(({ name, exitCode }) => [name, exitCode]))).toEqual([
      [['rsync', 127]],
      [['shell', 2]],
      [['path', 23]],
    ]);
    expect(without.of('rsync').sentence).toContain(
      '/nowhere/rsync, named by --rsync-path, was not found there',
    );
    expect(noise.of('shell').sentence).toContain('"Welcome\\n"');
    expect(missing.of('path').sentence).toContain('is not there');
    expect(missing.of('path').remedy).toContain(`ssh 127.0.0.1 mkdir -p ${join(base, 'missing')}`);
    expect(skipped(without).map(([, because]) => because)).toEqual(Array(6).fill('rsync'));
    expect(skipped(noise).map(([, because]) => because)).toEqual(Array(8).fill('shell'));
    expect(skipped(missing).map(([, because]) => because)).toEqual(Array(5).fill('path'));
    expect(setupExitCode(noise.results)).toBe(2);
    expect(existsSync(join(base, 'missing'))).toBe(false);
  });

  it('a host that is not known, a key that is refused and a closed port are told where they belong', async () => {
    const other = makeKey(join(sshd.dir, 'other'));
    const port = await freePort();
    const unknown = sshWords(sshd).replaceAll(sshd.knownHostsPath, join(base, 'empty'));
    const [first, refused, closed, accepted, proxied] = await Promise.all([
      run({ shell: `${unknown} -o BatchMode=yes` }),
      run({ shell: sshWords(sshd, other.path) }),
      run({ shell: sshWords(sshd).replace(`-p ${sshd.port}`, `-p ${port}`) }),
      run({
        shell: `${sshWords(sshd).replaceAll(sshd.knownHostsPath, join(base, 'new'))} -o StrictHostKeyChecking=accept-new`,
      }),
      run({ shell: `${sshWords(sshd)} -o "ProxyCommand=false"` }),
    ]);
    expect(proxied.of('tcp').grade).toBe('info');
    expect(proxied.of('host-key')).toMatchObject({ grade: 'error', exitCode: 255 });
    expect(proxied.of('host-key').sentence).toContain('proxy command ended with status 1');
    const error = ({ results }: SetupRun) => {
      const { name, exitCode, details } = results.find(({ grade }) => grade === 'error')!;
      return [name, exitCode, details.code];
    };
    expect(error(first)).toEqual(['host-key', 255, 'RSYNC_HOST_KEY']);
    expect(error(refused)).toEqual(['login', 255, 'RSYNC_AUTH']);
    expect(error(closed)).toEqual(['tcp', 255, 'RSYNC_CONNECT']);
    expect(first.of('host-key').remedy).toContain('ssh-ed25519');
    expect(refused.of('login').sentence).toContain('keys offered and refused');
    expect(refused.of('host-key').grade).toBe('ok');
    expect(
      skipped(closed)
        .map(([name]) => name)
        .slice(0, 3),
    ).toEqual(['host-key', 'login', 'shell']);
    expect(new Set(skipped(closed).map(([, because]) => because))).toEqual(new Set(['tcp']));
    expect(closed.of('local-root').grade).toBe('ok');
    expect(accepted.of('host-key')).toMatchObject({
      grade: 'info',
      details: { known: null, file: join(base, 'new') },
    });
    expect(existsSync(join(base, 'new'))).toBe(true);
    expect(setupExitCode(accepted.results)).toBe(0);
  });

  it.skipIf(newest.rrsync === undefined)('keys that are restricted by rrsync', async () => {
    const key = (mode: string): string =>
      forceCommand(sshd, `rrsync${mode.trim()}${mode.length}`, `${newest.rrsync} ${mode} ${there}`).shell;
    const [reads, readOnly, keeps] = await Promise.all([
      run({ shell: key('-ro'), path: '', rsync: 'rsync', readOnly: true }),
      run({ shell: key('-ro '), path: '', rsync: 'rsync' }),
      run({ shell: key('-no-del'), path: '', rsync: 'rsync' }),
    ]);
    for (const found of [reads, readOnly, keeps]) {
      expect(found.of('key')).toMatchObject({ grade: 'info', details: { restricted: 'rrsync' } });
      expect(found.of('shell').grade).toBe('info');
      expect(found.of('path').grade).toBe('ok');
    }
    expect(reads.of('writable').grade).toBe('omitted');
    expect(setupExitCode(reads.results)).toBe(0);
    expect(readOnly.of('writable')).toMatchObject({
      grade: 'error',
      details: { code: 'RSYNC_REMOTE_SHELL' },
    });
    expect(readOnly.of('writable').sentence).toMatch(/read-only/);
    expect(keeps.of('writable').grade).toBe('warning');
    expect(keeps.of('writable').sentence).toMatch(/nothing may be deleted there/);
    expect(readdirSync(there)).toEqual(['a.txt']);
  });
});
