import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sshd, sshdMissing, startSshd } from '../../../support/sshd.ts';
import { failure, open, script, temporaryFolder } from '../../support.ts';

const dir = temporaryFolder();
const home = join(dir, 'home');
mkdirSync(join(home, '.ssh'), { recursive: true });

describe.skipIf(sshdMissing())('ssh host key', () => {
  let sshd: Sshd;
  let other: Sshd;
  beforeAll(async () => {
    sshd = await startSshd({ hostKeyTypes: ['ed25519', 'rsa', 'ecdsa'] });
    other = await startSshd();
  });
  afterAll(async () => {
    await sshd.stop();
    await other.stop();
  });

  const fresh = () => join(dir, `kh-${Math.random().toString(36).slice(2)}`);

  it('refuses an unknown host if nobody can be asked', async () => {
    const knownHosts = fresh();
    const error = await failure(open(sshd, home, 'true', { knownHosts }));
    expect(error).toMatchObject({ code: 'RSYNC_HOST_KEY', exitCode: 255 });
    expect(error.message).toMatch(/\[127\.0\.0\.1\]:\d+ \(ED25519 SHA256:[\w+/]{43}\) is not known/);
    expect(error.hint).toContain(`ssh-keyscan -p ${sshd.port} 127.0.0.1`);
    expect(existsSync(knownHosts)).toBe(false);
  });

  it('refuses it with a person there, too, if told to be strict, or in batch mode', async () => {
    for (const args of ['-o StrictHostKeyChecking=yes', '-o BatchMode=yes']) {
      const prompts = script([], [true]);
      const error = await failure(open(sshd, home, 'true', { knownHosts: fresh(), args, prompts }));
      expect(error.code).toBe('RSYNC_HOST_KEY');
      expect(prompts.asked).toEqual([]);
    }
  });

  it('asks, and remembers a yes', async () => {
    const knownHosts = fresh();
    const no = script([], [false]);
    expect((await failure(open(sshd, home, 'true', { knownHosts, prompts: no }))).code).toBe(
      'RSYNC_HOST_KEY',
    );
    expect(no.asked[0]).toContain('SHA256:');
    expect(existsSync(knownHosts)).toBe(false);

    const yes = script([], [true]);
    (await open(sshd, home, 'true', { knownHosts, prompts: yes })).destroy();
    expect(readFileSync(knownHosts, 'utf8')).toBe(`[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`);
    expect(statSync(knownHosts).mode & 0o777).toBe(0o600);
    (await open(sshd, home, 'true', { knownHosts })).destroy();
  });

  it('refuses a changed key whatever the settings, with the line and the remedy', async () => {
    const knownHosts = fresh();
    writeFileSync(knownHosts, `# note\n[127.0.0.1]:${sshd.port} ${other.hostKey}\n`);
    const before = readFileSync(knownHosts, 'utf8');
    for (const how of ['yes', 'no', 'ask', 'accept-new', 'off']) {
      const prompts = script([], [true]);
      const args = `-o StrictHostKeyChecking=${how}`;
      const error = await failure(open(sshd, home, 'true', { knownHosts, args, prompts }));
      expect(error).toMatchObject({ code: 'RSYNC_HOST_KEY', exitCode: 255, path: `${knownHosts}:2` });
      expect(error.message).toContain('has changed');
      expect(error.hint).toContain(`ssh-keygen -f ${knownHosts} -R '[127.0.0.1]:${sshd.port}'`);
      expect(prompts.asked).toEqual([]);
    }
    expect(readFileSync(knownHosts, 'utf8')).toBe(before);
  });

  it('refuses a revoked key', async () => {
    const knownHosts = fresh();
    writeFileSync(knownHosts, `[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n@revoked * ${sshd.hostKey}\n`);
    const error = await failure(
      open(sshd, home, 'true', { knownHosts, args: '-o StrictHostKeyChecking=no' }),
    );
    expect(error.message).toContain('revoked');
  });

  it.each(['no', 'off', 'accept-new'])('takes and remembers a new host with %s', async (how) => {
    const knownHosts = fresh();
    (await open(sshd, home, 'true', { knownHosts, args: `-o StrictHostKeyChecking=${how}` })).destroy();
    expect(readFileSync(knownHosts, 'utf8')).toContain(sshd.hostKey);
  });

  it('remembers hashed names if the configuration says so', async () => {
    const knownHosts = fresh();
    const args = '-o StrictHostKeyChecking=accept-new -o HashKnownHosts=yes';
    (await open(sshd, home, 'true', { knownHosts, args })).destroy();
    expect(readFileSync(knownHosts, 'utf8')).toMatch(/^\|1\|/);
    (await open(sshd, home, 'true', { knownHosts })).destroy();
  });

  it('does not take a host on file with other key types for a new one', async () => {
    const single = await startSshd({ hostKeyTypes: ['ecdsa'] });
    const knownHosts = fresh();
    writeFileSync(knownHosts, `[127.0.0.1]:${single.port} ${sshd.hostKeys[1]}\n`);
    const error = await failure(
      open(single, home, 'true', { knownHosts, args: '-o StrictHostKeyChecking=accept-new' }),
    );
    expect(error.message).toContain('on file: RSA');
    await single.stop();
  });

  it.each([0, 1, 2])('asks the server for the type that is on file (key %i)', async (which) => {
    const knownHosts = fresh();
    writeFileSync(knownHosts, `[127.0.0.1]:${sshd.port} ${sshd.hostKeys[which]}\n`);
    (await open(sshd, home, 'true', { knownHosts })).destroy();
  });

  it('fails closed if the known hosts can not be read', async () => {
    const error = await failure(
      open(sshd, home, 'true', { knownHosts: dir, args: '-o StrictHostKeyChecking=no' }),
    );
    expect(error).toMatchObject({ code: 'RSYNC_HOST_KEY', path: dir });
  });

  it('verifies under HostKeyAlias', async () => {
    const knownHosts = fresh();
    writeFileSync(knownHosts, `[vault]:${sshd.port} ${sshd.hostKey}\n`);
    (await open(sshd, home, 'true', { knownHosts, args: '-o HostKeyAlias=vault' })).destroy();
  });
});
