/** What clients may hold, and what becomes of those that are slow, dead or hostile. */
import { readdirSync, writeFileSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { transfer } from '../../../src/client/transfer.ts';
import { resolveOptions } from '../../../src/options/resolve.ts';
import type { SshServerOptions } from '../../../src/server/ssh/settings.ts';
import { ask, begin, type Command, closed, connect, exec, startServer, type TestServer } from './support.ts';

let server: TestServer;
const start = async (options: Partial<SshServerOptions> = {}): Promise<TestServer> => {
  server = await startServer(options);
  return server;
};
afterEach(() => server.stop());

/** A bare connection, and a promise of its end. */
function socket(to: TestServer): { socket: Socket; closed: Promise<void> } {
  const bare = connectSocket(to.port, '127.0.0.1');
  bare.on('error', () => {});
  bare.resume();
  return { socket: bare, closed: new Promise((resolve) => bare.once('close', () => resolve())) };
}

const RECEIVE = 'rsync --server -te.LsfxCIvu . .';

describe('connections', () => {
  it('that say nothing are cut', async () => {
    await start({ limits: { loginTime: 0.2 } });
    await socket(server).closed;
    await server.seen('turned-away', ({ reason }) => reason === 'no login in time');
  });

  it('that say ssh and nothing more are cut', async () => {
    await start({ limits: { loginTime: 0.3 } });
    const bare = socket(server);
    bare.socket.write('SSH-2.0-nobody\r\n');
    await bare.closed;
    await server.seen('turned-away', ({ reason }) => reason === 'no login in time');
  });

  it('that speak something else end without harm', async () => {
    await start();
    for (const words of [
      'GET / HTTP/1.1\r\n\r\n',
      '\0'.repeat(300),
      'SSH-1.5-old\r\n',
      `SSH-2.0-x\r\n${'\xff'.repeat(99)}`,
    ]) {
      const bare = socket(server);
      bare.socket.end(Buffer.from(words, 'latin1'));
      await bare.closed;
    }
    (await connect(server)).end();
  });

  it('of strangers are no more than so many, and those who are in do not count', async () => {
    await start({ limits: { strangers: 2 } });
    const client = await connect(server);
    const waiting = [socket(server), socket(server)];
    await Promise.all(waiting.map((one) => new Promise((resolve) => one.socket.once('data', resolve))));
    await socket(server).closed;
    await server.seen('turned-away', ({ reason }) => reason === 'too many connections');
    for (const one of waiting) one.socket.destroy();
    expect((await ask(client, 'x')).code).toBe(1);
    client.end();
  });

  it('are no more than so many', async () => {
    await start({ limits: { connections: 1 } });
    const client = await connect(server);
    await socket(server).closed;
    client.end();
  });

  it('without a transfer end', async () => {
    await start({ limits: { idleTime: 0.2 } });
    const client = await connect(server);
    await closed(client);
  });

  it('have no more than so many transfers at a time', async () => {
    await start({ limits: { sessions: 2 } });
    const client = await connect(server);
    const streams = [await exec(client, RECEIVE), await exec(client, RECEIVE)];
    await expect(exec(client, RECEIVE)).rejects.toThrow(/open failure/);
    for (const { stream } of streams) stream.end();
    for (const { said } of streams) expect((await said).code).toBe(12);
    expect((await ask(client, 'x')).code).toBe(1);
    client.end();
  });
});

describe('a transfer', () => {
  it('whose client says nothing ends with code 30', async () => {
    await start({ limits: { transferTime: 1 } });
    const client = await connect(server);
    const said = await ask(client, RECEIVE);
    expect(said).toMatchObject({ code: 30, stderr: expect.stringContaining('io timeout after 1 seconds') });
    client.end();
  });

  it('whose client does not send its secluded arguments ends', async () => {
    await start({ limits: { loginTime: 1 } });
    const client = await connect(server);
    const said = await ask(client, 'rsync --server -se.LsfxCIvu');
    expect(said).toMatchObject({ code: 30, stderr: expect.stringContaining('has not sent its arguments') });
    client.end();
  });

  it('whose client is gone leaves no temporary file', async () => {
    await start();
    const source = join(server.dir, 'big');
    writeFileSync(source, Buffer.alloc(3_000_000, 'x'));
    const client = await connect(server);
    const stream = await begin(client, 'rsync --server -te.LsfxCIvu . copy');
    let sent = 0;
    const channel = channelOf(stream, (bytes) => {
      sent += bytes;
      if (sent > 1_000_000) client.destroy();
    });
    await expect(
      transfer({
        options: resolveOptions({ times: true }),
        direction: 'push',
        remote: { user: undefined, host: 'x' },
        remotePaths: ['copy'],
        localPaths: [source],
        channel,
      }),
    ).rejects.toThrow();
    const { exitCode } = await server.seen('session');
    expect(exitCode).toBe(12);
    expect(readdirSync(server.root)).toEqual([]);
  });

  it('ends when the server does, and its client learns it', async () => {
    await start();
    const client = await connect(server);
    const { said, begun } = await exec(client, RECEIVE);
    await begun;
    await server.server.close();
    expect((await said).code).toBe(20);
  });
});

function channelOf(stream: Command['stream'], onWrite: (bytes: number) => void) {
  const write = stream.write.bind(stream);
  stream.write = ((chunk: Buffer, ...rest: never[]) => {
    onWrite(chunk.length);
    return write(chunk, ...rest);
  }) as never;
  return {
    label: 'test',
    input: stream,
    output: stream,
    stderr: stream.stderr,
    exit: new Promise<{ code: number | null; signal: null }>((resolve) =>
      stream.on('close', () => resolve({ code: null, signal: null })),
    ),
    destroy: () => {},
  };
}
