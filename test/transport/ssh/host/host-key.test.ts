import { execFileSync, execSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OnPrompt, PromptRequest } from '../../../../src/transport/ssh/auth/prompts.ts';
import { fingerprint } from '../../../../src/transport/ssh/host/public-key.ts';
import { type Sshd, sshdMissing, startSshd } from '../../../support/sshd.ts';
import { failure, open, script, temporaryFolder } from '../../support.ts';

const dir = temporaryFolder();
const home = join(dir, 'home');
mkdirSync(join(home, '.ssh'), { recursive: true });
const ACCEPT_NEW = '-o StrictHostKeyChecking=accept-new';

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
  const printOf = (line: string) => fingerprint(Buffer.from(line.split(' ')[1]!, 'base64'));

  it('refuses an unknown host if nobody can be asked, and tells the line that would make it known', async () => {
    const knownHosts = fresh();
    const error = await failure(open(sshd, home, 'true', { knownHosts }));
    expect(error).toMatchObject({ code: 'RSYNC_HOST_KEY', exitCode: 255 });
    expect(error.message).toMatch(/\[127\.0\.0\.1\]:\d+ \(ED25519 SHA256:[\w+/]{43}\) is not known/);
    expect(error.hint).toContain('accept-new');
    expect(existsSync(knownHosts)).toBe(false);
    const [, file, line] = /add this line to (\S+): (\S+ \S+ \S+)/.exec(error.hint!)!;
    expect(file).toBe(knownHosts);
    appendFileSync(file!, `${line}\n`);
    (await open(sshd, home, 'true', { knownHosts })).destroy();
  });

  it('refuses an RSA key of fewer bits than RequiredRSASize, known or not', async () => {
    const args = '-o HostKeyAlgorithms=rsa-sha2-512 -o RequiredRSASize=';
    (await open(sshd, home, 'true', { args: `${args}2048` })).destroy();
    const error = await failure(open(sshd, home, 'true', { args: `${args}3072` }));
    expect(error).toMatchObject({ code: 'RSYNC_HOST_KEY', exitCode: 255 });
    expect(error.message).toContain('has 2048 bits, and RequiredRSASize is 3072');
  });

  it('refuses it with a person there, too, if told to be strict, or in batch mode', async () => {
    for (const args of ['-o StrictHostKeyChecking=yes', '-o BatchMode=yes']) {
      const onPrompt = script([], [true]);
      const error = await failure(open(sshd, home, 'true', { knownHosts: fresh(), args, onPrompt }));
      expect(error.code).toBe('RSYNC_HOST_KEY');
      expect(onPrompt.asked).toEqual([]);
    }
  });

  it('asks, and remembers a yes', async () => {
    const knownHosts = fresh();
    const no = script([], [false]);
    expect((await failure(open(sshd, home, 'true', { knownHosts, onPrompt: no }))).code).toBe(
      'RSYNC_HOST_KEY',
    );
    expect(no.requests[0]).toMatchObject({
      kind: 'host-key',
      secret: false,
      host: '127.0.0.1',
      fingerprint: printOf(sshd.hostKey),
    });
    expect(no.asked[0]).toContain(`ED25519 ${printOf(sshd.hostKey)}`);
    expect(existsSync(knownHosts)).toBe(false);

    const yes = script([], [true]);
    (await open(sshd, home, 'true', { knownHosts, onPrompt: yes })).destroy();
    expect(readFileSync(knownHosts, 'utf8')).toBe(`[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`);
    expect(statSync(knownHosts).mode & 0o777).toBe(0o600);
    (await open(sshd, home, 'true', { knownHosts })).destroy();
  });

  it('takes the fingerprint for a yes, and nothing else', async () => {
    const answering =
      (answer: string | undefined): OnPrompt =>
      () =>
        answer;
    for (const answer of ['', 'y', 'no', undefined, printOf(other.hostKey), 'yes please']) {
      const refused = open(sshd, home, 'true', { knownHosts: fresh(), onPrompt: answering(answer) });
      expect((await failure(refused)).message, String(answer)).toContain('was not accepted');
    }
    const print = (request: PromptRequest) => ` ${request.fingerprint} `;
    for (const onPrompt of [answering('YES'), print]) {
      (await open(sshd, home, 'true', { knownHosts: fresh(), onPrompt })).destroy();
    }
  });

  it('refuses a changed key whatever the settings, with the line and the remedy', async () => {
    const knownHosts = fresh();
    writeFileSync(knownHosts, `# note\n[127.0.0.1]:${sshd.port} ${other.hostKey}\n`);
    const before = readFileSync(knownHosts, 'utf8');
    for (const how of ['yes', 'no', 'ask', 'accept-new', 'off']) {
      const onPrompt = script([], [true]);
      const args = `-o StrictHostKeyChecking=${how}`;
      const error = await failure(open(sshd, home, 'true', { knownHosts, args, onPrompt }));
      expect(error).toMatchObject({ code: 'RSYNC_HOST_KEY', exitCode: 255, path: `${knownHosts}:2` });
      expect(error.message).toContain('has changed');
      expect(error.hint).toContain(`ssh-keygen -f ${knownHosts} -R '[127.0.0.1]:${sshd.port}'`);
      expect(onPrompt.asked).toEqual([]);
    }
    expect(readFileSync(knownHosts, 'utf8')).toBe(before);
  });

  it.each([
    ['plain', (name: string, line: string) => `# note\n${name} ${line}\n`],
    ['with CRLF', (name: string, line: string) => `# note\r\n${name} ${line}\r\nalpha ${line}\r\n`],
    ['twice', (name: string, line: string) => `${name} ${line}\n${name} ${line}\nalpha ${line}`],
    ['in a list', (name: string, line: string) => `alpha,${name},beta ${line}\n`],
    ['hashed', (name: string, line: string) => `${name} ${line}\n`],
  ])('is mended by the command that the hint tells: %s', async (how, make) => {
    // A name that a shell would take apart.
    const folder = join(dir, `it's ${how}`);
    mkdirSync(folder);
    const file = join(folder, 'known hosts');
    writeFileSync(file, make(`[127.0.0.1]:${sshd.port}`, other.hostKey));
    if (how === 'hashed') execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'pipe' });
    const config = join(folder, 'config');
    writeFileSync(config, `UserKnownHostsFile "${file}"\n`);
    const target = { ssh: { configFile: config, knownHostsFile: file } };
    const error = await failure(open(sshd, home, 'true', { ...target, args: ACCEPT_NEW }));
    const command = /forget the old one: (.*)$/.exec(error.hint!)![1]!;
    execSync(command, { stdio: 'pipe' });
    (await open(sshd, home, 'true', { ...target, args: ACCEPT_NEW })).destroy();
    (await open(sshd, home, 'true', target)).destroy();
  });

  it('refuses a revoked key', async () => {
    const knownHosts = fresh();
    writeFileSync(knownHosts, `[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n@revoked * ${sshd.hostKey}\n`);
    const error = await failure(
      open(sshd, home, 'true', { knownHosts, args: '-o StrictHostKeyChecking=no' }),
    );
    expect(error.message).toContain('revoked');
  });

  it('names the certificate authority that would have vouched for the host', async () => {
    const knownHosts = fresh();
    writeFileSync(knownHosts, `# note\n@cert-authority *,[127.0.0.1]:* ${other.hostKey}\n`);
    const trace: string[] = [];
    const error = await failure(open(sshd, home, 'true', { knownHosts, trace: (line) => trace.push(line) }));
    expect(error).toMatchObject({ code: 'RSYNC_HOST_KEY', path: `${knownHosts}:2` });
    expect(error.message).toContain(`${knownHosts}:2 leaves it to a certificate`);
    expect(error.hint).toContain('--rsh-spawn');
    expect(trace.join('\n')).toContain(`${knownHosts}:2: host certificates are not supported`);
    const onPrompt = script([], [true]);
    (await open(sshd, home, 'true', { knownHosts, onPrompt })).destroy();
    expect(onPrompt.asked[0]).toContain(`${knownHosts}:2`);
  });

  it.each(['no', 'off', 'accept-new'])('takes and remembers a new host with %s', async (how) => {
    const knownHosts = fresh();
    (await open(sshd, home, 'true', { knownHosts, args: `-o StrictHostKeyChecking=${how}` })).destroy();
    expect(readFileSync(knownHosts, 'utf8')).toContain(sshd.hostKey);
  });

  it('remembers hashed names if the configuration says so', async () => {
    const knownHosts = fresh();
    (await open(sshd, home, 'true', { knownHosts, args: `${ACCEPT_NEW} -o HashKnownHosts=yes` })).destroy();
    expect(readFileSync(knownHosts, 'utf8')).toMatch(/^\|1\|/);
    (await open(sshd, home, 'true', { knownHosts })).destroy();
    const name = `[127.0.0.1]:${sshd.port}`;
    expect(execFileSync('ssh-keygen', ['-f', knownHosts, '-F', name], { encoding: 'utf8' })).toContain(
      'found',
    );
    execFileSync('ssh-keygen', ['-f', knownHosts, '-R', name], { stdio: 'pipe' });
    expect(readFileSync(knownHosts, 'utf8')).toBe('');
  });

  it('goes on if the new key can not be remembered, and says so', async () => {
    const trace: string[] = [];
    const knownHosts = join(sshd.userKeyPath, 'below', 'a-file');
    (
      await open(sshd, home, 'true', { knownHosts, args: ACCEPT_NEW, trace: (line) => trace.push(line) })
    ).destroy();
    expect(trace.join('\n')).toContain(`could not add the host key to ${knownHosts}`);
  });

  it('does not take a host on file with other key types for a new one', async () => {
    const single = await startSshd({ hostKeyTypes: ['ecdsa'] });
    const knownHosts = fresh();
    writeFileSync(knownHosts, `[127.0.0.1]:${single.port} ${sshd.hostKeys[1]}\n`);
    const error = await failure(open(single, home, 'true', { knownHosts, args: ACCEPT_NEW }));
    expect(error.message).toContain('on file: RSA');
    await single.stop();
  });

  it.each([0, 1, 2])('asks the server for the type that is on file (key %i)', async (which) => {
    const knownHosts = fresh();
    writeFileSync(knownHosts, `[127.0.0.1]:${sshd.port} ${sshd.hostKeys[which]}\n`);
    (await open(sshd, home, 'true', { knownHosts })).destroy();
  });

  it('fails closed if the known hosts can not be read', async () => {
    const args = '-o StrictHostKeyChecking=no';
    const error = await failure(open(sshd, home, 'true', { knownHosts: dir, args }));
    expect(error).toMatchObject({ code: 'RSYNC_HOST_KEY', path: dir });
    if (process.getuid?.() !== 0) {
      const knownHosts = fresh();
      writeFileSync(knownHosts, '');
      chmodSync(knownHosts, 0);
      expect(await failure(open(sshd, home, 'true', { knownHosts, args }))).toMatchObject({
        path: knownHosts,
      });
    }
  });

  it('verifies under HostKeyAlias', async () => {
    const knownHosts = fresh();
    writeFileSync(knownHosts, `vault ${sshd.hostKey}\n`);
    (await open(sshd, home, 'true', { knownHosts, args: '-o HostKeyAlias=vault' })).destroy();
  });
});
