/** One login for many commands. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RemoteShell, remoteShell } from '../../../src/transport/remote-shell.ts';
import type { SshFact } from '../../../src/transport/ssh/facts.ts';
import { fingerprint } from '../../../src/transport/ssh/host/public-key.ts';
import { type Sshd, sshdMissing, startSshd } from '../../support/sshd.ts';
import { failure, type Relay, relay, temporaryFolder, text } from '../support.ts';

const dir = temporaryFolder();
const home = join(dir, 'home');
mkdirSync(join(home, '.ssh'), { recursive: true });

describe.skipIf(sshdMissing())('a shell for several commands', () => {
  let sshd: Sshd;
  /** Between us and the server: connections can be cut there. */
  let middle: Relay;
  let shell: RemoteShell;
  const lines: string[] = [];
  const facts: SshFact[] = [];
  const knownHostsFile = join(dir, 'known');
  const logins = () => lines.filter((line) => line.includes('logged in')).length;
  const start = (command: string) => shell.start({ command, words: [command] });

  beforeAll(async () => {
    sshd = await startSshd();
    middle = await relay(sshd.port);
    writeFileSync(knownHostsFile, `[127.0.0.1]:${middle.port} ${sshd.hostKey}\n`);
    shell = await remoteShell({
      host: '127.0.0.1',
      user: sshd.user,
      ssh: { port: middle.port, identityFile: sshd.userKeyPath, knownHostsFile },
      env: { HOME: home },
      trace: (line) => lines.push(line),
      onFact: (fact) => facts.push(fact),
    });
  });
  afterAll(async () => {
    shell?.close();
    middle?.stop();
    await sshd?.stop();
  });

  it('tells where it goes, and step by step what it has come to know', async () => {
    const destination = await shell.ssh!.destination();
    expect(destination).toEqual({
      host: '127.0.0.1',
      port: middle.port,
      user: sshd.user,
      where: `127.0.0.1:${middle.port}`,
      first: { host: '127.0.0.1', port: middle.port },
      hops: [],
    });
    expect([logins(), facts]).toEqual([0, []]);
    await shell.ssh!.login();
    await shell.ssh!.login();
    expect(facts).toEqual([
      { kind: 'connected', address: '127.0.0.1' },
      {
        kind: 'host-key',
        type: 'ED25519',
        fingerprint: fingerprint(Buffer.from(sshd.hostKey.split(' ')[1]!, 'base64')),
        known: `${knownHostsFile}:1`,
        file: knownHostsFile,
      },
      {
        kind: 'login',
        user: sshd.user,
        method: 'publickey',
        key: expect.stringContaining(sshd.userKeyPath),
        steps: [],
        server: expect.stringMatching(/^SSH-2\.0-OpenSSH/),
      },
    ]);
  });

  it('of a host behind others, the first of them is where it goes', async () => {
    const behind = await remoteShell({
      host: 'far',
      user: 'ann',
      ssh: { configFile: false, proxyJump: ['one:2201', 'two'] },
      env: { HOME: home },
    });
    expect(await behind.ssh!.destination()).toMatchObject({
      where: 'far:22',
      first: { host: 'one', port: 2201 },
      hops: ['one:2201', 'two:22'],
    });
  });

  it('logs in once, for commands one after another and at a time', async () => {
    const first = await start('echo first; exit 3');
    expect(await text(first.input)).toBe('first\n');
    expect(await first.exit).toEqual({ code: 3, signal: null });
    first.destroy();
    const [second, third] = await Promise.all([start('cat'), start('cat')]);
    second.output.end('second');
    third.output.end('third');
    expect(await Promise.all([text(second.input), text(third.input)])).toEqual(['second', 'third']);
    expect(logins()).toBe(1);
  });

  it('a command that is ended leaves the others alone', async () => {
    const [ended, other] = await Promise.all([start('exec sleep 1000'), start('read line; echo "$line"')]);
    ended.destroy();
    await ended.exit;
    other.output.end('still here\n');
    expect(await text(other.input)).toBe('still here\n');
    expect(await other.exit).toEqual({ code: 0, signal: null });
    expect(logins()).toBe(1);
  });

  it('logs in again when the connection was lost', async () => {
    const before = logins();
    const killed = await start('echo ready; exec sleep 1000');
    middle.cut();
    await killed.exit;
    const next = await start('echo next');
    expect(await text(next.input)).toBe('next\n');
    expect(logins()).toBe(before + 1);
  });

  it('a failed login is not the end: the next command tries again', async () => {
    const wrong = await remoteShell({
      host: sshd.host,
      user: sshd.user,
      ssh: { port: sshd.port, identityFile: join(dir, 'none'), knownHostsFile: sshd.knownHostsPath },
      env: { HOME: home },
      trace: () => {},
    });
    for (let i = 0; i < 2; i++) {
      expect((await failure(wrong.start({ command: 'true', words: ['true'] }))).code).toBe('RSYNC_AUTH');
    }
    wrong.close();
  });
});
