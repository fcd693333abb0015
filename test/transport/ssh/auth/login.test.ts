import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import ssh2, { type Server } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RsyncError } from '../../../../src/core/errors.ts';
import { openRemoteShell } from '../../../../src/transport/remote-shell.ts';
import { fingerprint } from '../../../../src/transport/ssh/host/public-key.ts';
import { makeKey, type Sshd, sshdMissing, startSshd } from '../../../support/sshd.ts';
import { failure, open, script, ssh2Key, temporaryFolder, text } from '../../support.ts';
import { agentMissing, realAgent } from './agent-support.ts';

const dir = temporaryFolder();
const fingerprintOf = (publicKey: string) => fingerprint(Buffer.from(publicKey.split(' ')[1]!, 'base64'));

describe.skipIf(sshdMissing())('ssh login', () => {
  let sshd: Sshd;
  const home = join(dir, 'home');
  beforeAll(async () => {
    mkdirSync(join(home, '.ssh'), { recursive: true });
    sshd = await startSshd();
  });
  afterAll(() => sshd.stop());

  const hello = async (more: Parameters<typeof open>[3]) => {
    const channel = await open(sshd, home, 'echo hello', more);
    const said = await text(channel.input);
    expect(await channel.exit).toEqual({ code: 0, signal: null });
    return said;
  };

  describe.each(['ed25519', 'rsa', 'ecdsa'] as const)('%s key', (type) => {
    it.each([undefined, 'PEM', 'PKCS8'] as const)('in format %s', async (format) => {
      const { path, publicKey } = makeKey(
        join(dir, `${type}-${format}`),
        type,
        format === undefined ? {} : { format },
      );
      sshd.authorize(publicKey);
      expect(await hello({ key: path })).toBe('hello\n');
    });

    it.each([undefined, 'PEM', 'PKCS8'] as const)('in format %s with a passphrase', async (format) => {
      const { path, publicKey } = makeKey(join(dir, `${type}-${format}-enc`), type, {
        passphrase: 'open sesame',
        ...(format === undefined ? {} : { format }),
      });
      sshd.authorize(publicKey);
      const trace: string[] = [];
      const prompts = script(['wrong', 'open sesame']);
      expect(await hello({ key: path, onPrompt: prompts, trace: (line) => trace.push(line) })).toBe(
        'hello\n',
      );
      expect(prompts.asked).toEqual([
        `Enter passphrase for key '${path}': `,
        `Enter passphrase for key '${path}': `,
      ]);
      expect(trace.join('\n')).not.toContain('sesame');
      expect(trace.join('\n')).toContain(fingerprintOf(publicKey));
    });
  });

  it('reads ed25519 in PKCS#8, which ssh-keygen does not write', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const path = join(dir, 'pkcs8');
    writeFileSync(path, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    const { readKeyFile } = await import('../../../../src/transport/ssh/auth/private-key.ts');
    const read = readKeyFile(readFileSync(path));
    if (read.kind !== 'private') throw new Error(read.kind);
    sshd.authorize(`ssh-ed25519 ${read.key.getPublicSSH().toString('base64')}`);
    expect(await hello({ key: path })).toBe('hello\n');
  });

  it('reads an encrypted PEM key whose .pub is missing', async () => {
    const { path, publicKey } = makeKey(join(dir, 'lonely'), 'rsa', { passphrase: 'xyzzy', format: 'PEM' });
    sshd.authorize(publicKey);
    const alone = join(dir, 'lonely-copy');
    writeFileSync(alone, readFileSync(path));
    expect(await hello({ key: alone, onPrompt: script(['xyzzy']) })).toBe('hello\n');
  });

  it('reads a key that was pasted with CRLF, a byte order mark and no last newline', async () => {
    const path = join(dir, 'pasted');
    const pasted = readFileSync(sshd.userKeyPath, 'utf8').trimEnd().replaceAll('\n', '\r\n');
    writeFileSync(path, `\uFEFF${pasted}`);
    expect(await hello({ key: path })).toBe('hello\n');
  });

  it('asks again after a wrong passphrase, three times in all', async () => {
    const { path, publicKey } = makeKey(join(dir, 'again'), 'ecdsa', { passphrase: 'right', format: 'PEM' });
    sshd.authorize(publicKey);
    const prompts = script(['wrong', 'right']);
    expect(await hello({ key: path, onPrompt: prompts })).toBe('hello\n');
    expect(prompts.asked).toHaveLength(2);
    const never = script(['w1', 'w2', 'w3', 'right']);
    const error = await failure(open(sshd, home, 'true', { key: path, onPrompt: never }));
    expect(error.code).toBe('RSYNC_AUTH');
    expect(never.asked).toHaveLength(3);
    expect(JSON.stringify([error.message, error.stack, String(error.cause)])).not.toMatch(/w1|right/);
  });

  it('ends at an interrupted prompt', async () => {
    const { path, publicKey } = makeKey(join(dir, 'interrupted'), 'ecdsa', {
      passphrase: 'right',
      format: 'PEM',
    });
    sshd.authorize(publicKey);
    const interrupt = new RsyncError('RSYNC_ABORTED', 'interrupted', { exitCode: 20, origin: 'local' });
    const prompts = () => Promise.reject(interrupt);
    const error = await failure(
      open(sshd, home, 'true', { key: path, onPrompt: prompts, args: `-i ${sshd.userKeyPath}` }),
    );
    expect(error).toBe(interrupt);
  });

  it('says that the server had enough', async () => {
    const strict = await startSshd({ config: ['MaxAuthTries 1'] });
    const keys = ['one', 'two', 'three'].map((name) => `-i ${makeKey(join(dir, `enough-${name}`)).path}`);
    const error = await failure(open(strict, home, 'true', { key: null, args: keys.join(' ') }));
    expect(error.code).toBe('RSYNC_AUTH');
    expect(error.message).toMatch(/permission denied \(.*too many/i);
    await strict.stop();
  });

  it('asks for a passphrase only if the server would take the key', async () => {
    const { path } = makeKey(join(dir, 'unwelcome'), 'ed25519', { passphrase: 'secret' });
    const prompts = script([]);
    const error = await failure(open(sshd, home, 'true', { key: path, onPrompt: prompts }));
    expect(error.code).toBe('RSYNC_AUTH');
    expect(prompts.asked).toEqual([]);
  });

  it('names refused keys and the methods the server takes', async () => {
    const { path, publicKey } = makeKey(join(dir, 'wrong'));
    const error = await failure(open(sshd, home, 'true', { key: path, args: `-i ${join(dir, 'missing')}` }));
    expect(error).toMatchObject({ code: 'RSYNC_AUTH', exitCode: 255, origin: 'transport' });
    expect(error.message).toContain(`ED25519 ${fingerprintOf(publicKey)} (${path})`);
    expect(error.message).toContain(`${join(dir, 'missing')}: no such file`);
    expect(error.message).toContain('the server accepts: publickey');
    expect(error.hint).toContain('authorized_keys');
  });

  it('says that an encrypted key needs somebody to ask, also in batch mode', async () => {
    const { path } = makeKey(join(dir, 'batch'), 'ed25519', { passphrase: 'secret' });
    const prompts = script(['secret']);
    const error = await failure(
      open(sshd, home, 'true', { key: path, onPrompt: prompts, args: '-o BatchMode=yes' }),
    );
    expect(error.message).toContain(`${path}: encrypted, and nobody to ask`);
    expect(error.hint).toContain('ssh-add');
    expect(prompts.asked).toEqual([]);
  });

  it('passes over a file that is no key, and over one it may not use', async () => {
    const junk = join(dir, 'junk');
    writeFileSync(junk, 'not a key');
    expect(await hello({ key: junk, args: `-i ${sshd.userKeyPath}` })).toBe('hello\n');
    const error = await failure(open(sshd, home, 'true', { key: junk }));
    expect(error.message).toContain(`${junk}: not a key file`);
    expect(error.message).not.toContain('not a key"');
  });

  it('finds the default key files', async () => {
    const own = join(dir, 'own-home');
    mkdirSync(join(own, '.ssh'), { recursive: true });
    writeFileSync(join(own, '.ssh', 'id_ecdsa'), readFileSync(sshd.userKeyPath));
    expect(await hello({ key: null, env: { HOME: own } })).toBe('hello\n');
  });

  describe.skipIf(agentMissing())('with an agent', () => {
    const agent = realAgent(dir);
    const env = { HOME: home, SSH_AUTH_SOCK: agent.socket };
    beforeAll(() => {
      agent.add(makeKey(join(dir, 'agent-other')).path);
      for (const type of ['rsa', 'ecdsa'] as const) agent.add(makeKey(join(dir, `agent-${type}`), type).path);
    });

    it.each(['rsa', 'ecdsa'] as const)('uses its %s key', async (type) => {
      const sshdHere = await startSshd();
      sshdHere.authorize(readFileSync(join(dir, `agent-${type}.pub`), 'utf8'));
      const channel = await open(sshdHere, home, 'echo agent', { key: null, env });
      expect(await text(channel.input)).toBe('agent\n');
      await sshdHere.stop();
    });

    it('offers the keys that files name first, whether an agent or the file has the private half', async () => {
      const trace: string[] = [];
      const options = { env, trace: (line: string) => trace.push(line) };
      expect(
        await hello({ ...options, key: join(dir, 'agent-rsa.pub'), args: `-i ${sshd.userKeyPath}` }),
      ).toBe('hello\n');
      const offers = trace.filter((line) => line.includes('offering'));
      expect(offers[0]).toMatch(/RSA SHA256:.*\(agent: /);
      expect(offers).toHaveLength(2);
      expect(offers[1]).toContain(sshd.userKeyPath);
    });

    it('uses only the named key with IdentitiesOnly', async () => {
      const trace: string[] = [];
      expect(await hello({ env, args: '-o IdentitiesOnly=yes', trace: (line) => trace.push(line) })).toBe(
        'hello\n',
      );
      expect(trace.filter((line) => line.includes('offering'))).toHaveLength(1);
    });

    it('goes on without an agent that does not answer', async () => {
      expect(await hello({ env: { HOME: home, SSH_AUTH_SOCK: join(dir, 'nobody') } })).toBe('hello\n');
      const error = await failure(
        open(sshd, home, 'true', { key: null, env: { HOME: home, SSH_AUTH_SOCK: join(dir, 'nobody') } }),
      );
      expect(error.message).toContain(join(dir, 'nobody'));
    });
  });
});

describe('ssh login with words', () => {
  // Another implementation's server: sshd itself would need accounts with passwords.
  const hostKey = ssh2Key();
  const userKey = ssh2Key({
    passphrase: 'phrase',
    cipher: 'aes256-ctr',
    rounds: 16,
  });
  const userPublic = ssh2.utils.parseKey(userKey.public) as ssh2.ParsedKey;
  const secrets: string[] = [];
  const signals: string[] = [];
  let methods: ('publickey' | 'keyboard-interactive' | 'password')[] = [];
  let second = false;
  let server: Server;
  let port: number;

  beforeAll(async () => {
    server = new ssh2.Server({ hostKeys: [hostKey.private] }, (client) => {
      let first = false;
      client.on('error', () => {});
      client.on('authentication', (context) => {
        if (context.method === 'publickey' && methods.includes('publickey')) {
          if (!context.key.data.equals(userPublic.getPublicSSH())) context.reject(methods as never);
          else if (context.signature === undefined) context.accept();
          else if (!second) context.accept();
          else {
            first = true;
            context.reject(['keyboard-interactive'], true);
          }
        } else if (
          context.method === 'keyboard-interactive' &&
          (methods.includes('keyboard-interactive') || first)
        ) {
          context.prompt(
            [{ prompt: 'Code\u001b[2J: ', echo: false }],
            'Login\u0007',
            'Second step',
            (answers) => {
              secrets.push(...answers);
              if (answers[0] === '123456') context.accept();
              else context.reject((first ? ['keyboard-interactive'] : methods) as never);
            },
          );
        } else if (context.method === 'password' && methods.includes('password')) {
          secrets.push(context.password);
          if (context.password === 'hunter2') context.accept();
          else context.reject(methods as never);
        } else context.reject((first ? ['keyboard-interactive'] : methods) as never);
      });
      client.on('session', (accept) => {
        const session = accept();
        session.on('signal', (_accept, _reject, { name }) => signals.push(name));
        session.on('exec', (acceptExec, _reject, { command }) => {
          const stream = acceptExec();
          if (command === 'wait') return;
          stream.write('in\n');
          stream.exit(0);
          stream.end();
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    writeFileSync(join(dir, 'words_known'), `[127.0.0.1]:${port} ${hostKey.public}\n`);
    writeFileSync(join(dir, 'words_key'), userKey.private);
  });
  afterAll(() => {
    server.close();
  });

  const login = (
    prompts: ReturnType<typeof script> | undefined,
    args = '',
    trace: string[] = [],
    command = 'x',
  ) =>
    openRemoteShell({
      host: '127.0.0.1',
      user: 'ann',
      command,
      words: [],
      rsh: `ssh -F none -p ${port} -o UserKnownHostsFile=${join(dir, 'words_known')} ${args}`,
      env: { HOME: dir },
      trace: (line) => trace.push(line),
      ...(prompts === undefined ? {} : { onPrompt: prompts }),
    });

  it('asks for a password, again after a wrong one', async () => {
    methods = ['password'];
    const prompts = script(['wrong', 'hunter2']);
    const trace: string[] = [];
    const channel = await login(prompts, '-v', trace);
    expect(await text(channel.input)).toBe('in\n');
    // This server says everything at once: the status comes along with the start of the command.
    expect(await channel.exit).toEqual({ code: 0, signal: null });
    expect(prompts.asked).toEqual(["ann@127.0.0.1's password: ", "ann@127.0.0.1's password: "]);
    expect(trace.join('\n')).toContain('ssh2:');
    expect(trace.join('\n')).not.toContain('hunter2');
  });

  it('gives up after three passwords, or when none is given, without telling them', async () => {
    methods = ['password'];
    const error = await failure(login(script(['bad-one', 'bad-two', 'bad-three', 'never'])));
    expect(error).toMatchObject({ code: 'RSYNC_AUTH', exitCode: 255 });
    expect(JSON.stringify([error.message, error.hint, String(error.cause), error.stack])).not.toMatch(
      /bad-|never/,
    );
    expect(secrets.slice(-3)).toEqual(['bad-one', 'bad-two', 'bad-three']);
    expect((await failure(login(script([undefined, 'never'])))).code).toBe('RSYNC_AUTH');
  });

  it('asks nobody in batch mode, or if told not to use passwords', async () => {
    methods = ['password', 'keyboard-interactive'];
    for (const args of [
      '-o BatchMode=yes',
      '-o PasswordAuthentication=no -o KbdInteractiveAuthentication=no',
    ]) {
      const prompts = script(['hunter2']);
      const error = await failure(login(prompts, args));
      expect(error.message).toContain('the server accepts: password, keyboard-interactive');
      expect(prompts.asked).toEqual([]);
    }
    expect((await failure(login(undefined))).hint).toContain('terminal');
  });

  it('passes the questions of keyboard-interactive on, without their control characters', async () => {
    methods = ['keyboard-interactive'];
    const prompts = script(['000000', '123456']);
    const channel = await login(prompts);
    expect(await text(channel.input)).toBe('in\n');
    expect(prompts.asked[0]).toBe(
      '(ann@127.0.0.1) Login\n(ann@127.0.0.1) Second step\n(ann@127.0.0.1) Code[2J: ',
    );
  });

  it('goes on to the second factor after a key', async () => {
    methods = ['publickey'];
    second = true;
    const prompts = script(['phrase', '123456']);
    const channel = await login(prompts, `-i ${join(dir, 'words_key')}`);
    expect(await text(channel.input)).toBe('in\n');
    expect(prompts.asked).toHaveLength(2);
    second = false;
  });

  it('has the remote command terminated when the channel is destroyed', async () => {
    methods = ['password'];
    const channel = await login(script(['hunter2']), '', [], 'wait');
    channel.destroy();
    expect(await channel.exit).toEqual({ code: null, signal: null });
    expect(signals).toEqual(['TERM']);
  });
});
