/** Who gets in, and what a client may ask for once it is in. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2, { type ConnectConfig } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ssh2Key } from '../../transport/support.ts';
import { ask, connect, startServer, type TestServer } from './support.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

describe('a login', () => {
  it.each(['rsa', 'ecdsa', 'ed25519'] as const)('with a key of type %s', async (type) => {
    const pair =
      type === 'ed25519'
        ? ssh2Key()
        : ssh2.utils.generateKeyPairSync(type as 'rsa', { bits: type === 'rsa' ? 2048 : (256 as never) });
    writeFileSync(join(server.dir, 'keys'), `${server.userKey.public}\n${pair.public} of ${type}\n`);
    const client = await connect(server, { privateKey: pair.private });
    client.end();
    await expect(server.seen('login', ({ comment }) => comment === `of ${type}`)).resolves.toMatchObject({
      from: '127.0.0.1',
      fingerprint: expect.stringMatching(/^SHA256:/),
    });
  });

  it.each<[string, ConnectConfig]>([
    ['with another key', { privateKey: ssh2Key().private }],
    ['with a password', { privateKey: undefined, password: 'x' } as never],
    ['with nothing', { privateKey: undefined, authHandler: ['none'] } as never],
    ['with answers', { privateKey: undefined, tryKeyboard: true } as never],
  ])('%s is refused', async (_, config) => {
    await expect(connect(server, config)).rejects.toThrow(/authentication methods failed/);
  });

  it('with a key that is out of time, or from elsewhere, is refused', async () => {
    const { public: late, private: one } = ssh2Key();
    const { public: far, private: two } = ssh2Key();
    const lines = [`expiry-time="20200101" ${late}`, `from="10.0.0.0/8" ${far}`, server.userKey.public];
    writeFileSync(join(server.dir, 'keys'), lines.join('\n'));
    await expect(connect(server, { privateKey: one })).rejects.toThrow(/methods failed/);
    await expect(connect(server, { privateKey: two })).rejects.toThrow(/methods failed/);
    (await connect(server)).end();
  });

  it('ends with the key’s line in the file', async () => {
    const { public: line, private: privateKey } = ssh2Key();
    writeFileSync(join(server.dir, 'keys'), `${line}\n${server.userKey.public}\n`);
    (await connect(server, { privateKey })).end();
    writeFileSync(join(server.dir, 'keys'), `${server.userKey.public}\n`);
    await expect(connect(server, { privateKey })).rejects.toThrow(/methods failed/);
  });

  it('is cut after so many attempts', async () => {
    const keys = Array.from({ length: 9 }, () => ssh2Key().private);
    let asked = 0;
    const attempt = connect(server, {
      authHandler: (_left: unknown, _partial: unknown, next: (method: unknown) => void) => {
        const key = keys[asked++];
        next(key === undefined ? false : { type: 'publickey', username: 'x', key });
      },
    } as never);
    await expect(attempt).rejects.toThrow(/closed|ECONNRESET|Connection lost/);
    await server.seen('turned-away', ({ reason }) => reason === 'too many attempts to log in');
    expect(asked).toBe(6);
  });
});

describe('a client that is in', () => {
  it('gets no shell, terminal, subsystem, variable, agent or forwarding', async () => {
    const client = await connect(server, { strictVendor: false });
    const attempt = (start: (done: (error?: Error | null) => void) => void): Promise<string> =>
      new Promise((resolve) => start((error) => resolve(error?.message ?? 'done')));
    expect(await attempt((done) => client.shell(done))).toMatch(/Unable to/);
    expect(await attempt((done) => client.exec('rsync --server . x', { pty: true }, done))).toMatch(/pseudo/);
    expect(await attempt((done) => client.sftp(done))).toMatch(/subsystem/);
    expect(await attempt((done) => client.subsys('netconf', done))).toMatch(/subsystem/);
    expect(await attempt((done) => client.forwardOut('127.0.0.1', 1, '127.0.0.1', 22, done))).toMatch(
      /open failure/,
    );
    expect(await attempt((done) => client.forwardIn('127.0.0.1', 0, done))).toMatch(/Unable to bind/);
    expect(await attempt((done) => client.openssh_forwardOutStreamLocal('/x', done))).toMatch(/open failure/);
    expect(await attempt((done) => client.openssh_forwardInStreamLocal('/x', done))).toMatch(
      /Unable to bind/,
    );
    expect(await attempt((done) => client.exec('rsync --server . x', { x11: true }, done))).toMatch(/X11/);
    client.end();
  });

  it.each([
    ['ls -l', /rsync and nothing else/],
    ['rsync --server --sender -r . x; id', /";" is an operator/],
    ['rsync --server --sender -r . $(id)', /"\$" asks a shell/],
    ['rsync --server --daemon .', /no rsync daemon/],
    ['rsync --server --sender --bogus . x', /unknown option/],
    ['rsync --server --sender -r /etc x', /first path of a server/],
    [Buffer.from('rsync --server --sender -r . x\xe9', 'latin1') as never, /is not UTF-8/],
  ])('is told what it can not have: %s', async (command, message) => {
    const client = await connect(server);
    const said = await ask(client, command);
    expect(said.stderr).toMatch(message);
    expect(said.stderr).toMatch(/^rsync error: .* \(code 1\) at rsyncjs \[server=|Receiver=|sender=/m);
    expect([said.code, said.stdout.length]).toEqual([1, 0]);
    client.end();
  });
});
