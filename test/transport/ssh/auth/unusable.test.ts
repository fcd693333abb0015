import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wireString } from '../../../../src/transport/ssh/auth/wire.ts';
import { fingerprint } from '../../../../src/transport/ssh/host/public-key.ts';
import { makeKey, type Sshd, sshdMissing, startSshd } from '../../../support/sshd.ts';
import { failure, open, script, temporaryFolder, text } from '../../support.ts';
import { agentMissing, blobOf, listingAgent, realAgent } from './agent-support.ts';

const dir = temporaryFolder();

describe.skipIf(sshdMissing() ?? agentMissing())('a failed ssh login', () => {
  let sshd: Sshd;
  const agent = realAgent(dir);
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd.stop());

  const refused = (more: Parameters<typeof open>[3]) =>
    failure(open(sshd, dir, 'true', { key: null, ...more }));

  it('names the keys of the agent that can not be used', async () => {
    const sk = (name: string) => Buffer.concat([wireString(name), wireString('rest')]);
    const fake = await listingAgent(join(dir, 'odd.sock'), [
      { blob: sk('sk-ssh-ed25519@openssh.com'), comment: 'token\u001b[2J' },
      { blob: sk('ssh-new\u0007'), comment: 'bell' },
      { blob: Buffer.from('junk'), comment: 'junk' },
      { blob: sk('ssh-ed25519'), comment: 'cut' },
      { blob: sk('sk-ecdsa-sha2-nistp256@openssh.com'), comment: 'second' },
    ]);
    const trace: string[] = [];
    const error = await refused({
      env: { HOME: dir, SSH_AUTH_SOCK: fake.path },
      trace: (line) => trace.push(line),
    });
    expect(error.message).toContain(
      'the agent offers 3 keys that the built-in ssh can not use: ' +
        'sk-ssh-ed25519@openssh.com (token[2J), unknown (bell), sk-ecdsa-sha2-nistp256@openssh.com (second)',
    );
    expect(error.message).toContain('a key of the agent (junk): damaged');
    expect(error.message).toContain('a key of the agent (cut): damaged');
    expect(error.hint).toContain('--rsh-spawn');
    expect(trace.join('')).not.toMatch(/[\u0007\u001b]/);
    fake.close();
  });

  it('names certificates, of the agent and beside key files', async () => {
    const authority = makeKey(join(dir, 'authority'));
    const { path } = makeKey(join(dir, 'certified'));
    execFileSync('ssh-keygen', ['-q', '-s', authority.path, '-I', 'id', '-n', sshd.user, `${path}.pub`]);
    // ssh-add takes FILE-cert.pub along.
    agent.clear();
    agent.add(path);
    const type = 'ssh-ed25519-cert-v01@openssh.com';
    const held = await refused({ env: { HOME: dir, SSH_AUTH_SOCK: agent.socket } });
    expect(held.message).toContain(`the agent offers 1 key that the built-in ssh can not use: ${type} (`);
    expect(held.hint).toContain('--rsh-spawn');
    const filed = await refused({ key: path });
    expect(filed.message).toContain(`${type} (${path}-cert.pub)`);
    expect(filed.hint).toContain('--rsh-spawn');
    const named = await refused({ key: `${path}-cert.pub` });
    expect(named.message).toContain(`${type} (${path}-cert.pub)`);
  });

  it('says exactly what is wrong with a key file', async () => {
    const key = readFileSync(sshd.userKeyPath, 'utf8');
    const files = {
      missing: [undefined, 'no such file'],
      words: ['not a key', 'not a key file'],
      cut: [key.slice(0, key.length / 2), 'a damaged private key: its last line (-----END ...) is missing'],
      holed: [key.replace(/\n.{40}/, '\n'), 'a damaged private key'],
      huge: ['x'.repeat(2 * 1024 * 1024), 'too large for a key'],
    } as const;
    for (const [name, [content, reason]] of Object.entries(files)) {
      const path = join(dir, `file-${name}`);
      if (content !== undefined) writeFileSync(path, content);
      const error = await refused({ key: path });
      expect(error.message, name).toContain(`not usable: ${path}: ${reason}; the server`);
      expect(error.message).toContain('no key was offered');
    }
    const folder = join(dir, 'folder');
    mkdirSync(folder);
    expect((await refused({ key: folder })).message).toContain(`${folder}: a folder, not a key file`);
    if (process.getuid?.() !== 0) {
      const secret = join(dir, 'unreadable');
      writeFileSync(secret, key, { mode: 0 });
      expect((await refused({ key: secret })).message).toContain(
        `${secret}: can not be read (permission denied)`,
      );
    }
    const { path, publicKey } = makeKey(join(dir, 'stranger'));
    const stranger = await refused({ key: path });
    expect(stranger.message).toContain(
      `keys offered and refused: ED25519 ${fingerprint(blobOf(publicKey))} (${path})`,
    );
    expect((await refused({ key: `${path}.pub` })).message).toContain(
      `${path}.pub: a public key, and no agent has its private half`,
    );
  });

  it('says which text is no key', async () => {
    const error = await refused({ ssh: { privateKey: ['-----BEGIN OPENSSH PRIVATE KEY-----', 'words'] } });
    expect(error.message).toContain('ssh.privateKey: a damaged private key');
    expect(error.message).toContain('ssh.privateKey[1]: not a key file');
  });

  it('says that the passphrase given is wrong, or that FILE.pub belongs to another key', async () => {
    const { path, publicKey } = makeKey(join(dir, 'locked'), 'ed25519', { passphrase: 'open sesame' });
    sshd.authorize(publicKey);
    const wrong = await refused({ key: path, ssh: { passphrase: 'wrong' } });
    expect(wrong.message).toContain(`${path}: encrypted, and the passphrase given does not open it`);
    expect(wrong.message).toContain(`keys that the server knows, but that did not sign: ED25519 SHA256:`);
    expect(wrong.message).not.toContain('no key was offered');
    expect(wrong.hint).toContain('passphrase');
    const channel = await open(sshd, dir, 'echo in', { key: path, ssh: { passphrase: 'open sesame' } });
    expect(await text(channel.input)).toBe('in\n');
    const onPrompt = script(['open sesame']);
    (await open(sshd, dir, 'true', { key: path, ssh: { passphrase: 'wrong' }, onPrompt })).destroy();
    expect(onPrompt.requests).toEqual([
      { kind: 'passphrase', message: `Enter passphrase for key '${path}': `, secret: true, keyFile: path },
    ]);

    const pem = makeKey(join(dir, 'pem'), 'ecdsa', { passphrase: 'open sesame', format: 'PEM' });
    writeFileSync(`${pem.path}.pub`, publicKey);
    const mixed = await refused({ key: pem.path, ssh: { passphrase: 'open sesame' } });
    expect(mixed.message).toContain(`${pem.path}.pub beside it is the public half of another key`);
  });

  it('tells loose modes of a key file, and uses it', async () => {
    if (process.platform === 'win32') return;
    const { path, publicKey } = makeKey(join(dir, 'loose'));
    sshd.authorize(publicKey);
    const traceOf = async () => {
      const trace: string[] = [];
      (await open(sshd, dir, 'true', { key: path, trace: (line) => trace.push(line) })).destroy();
      return trace.filter((line) => line.includes('warning'));
    };
    expect(await traceOf()).toEqual([]);
    chmodSync(path, 0o644);
    expect(await traceOf()).toEqual([expect.stringContaining(`${path} may be read by others (mode 0644)`)]);
  });
});
