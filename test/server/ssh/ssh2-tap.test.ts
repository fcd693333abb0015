/** Our expectations of the inner parts of ssh2's server. */
import type { AddressInfo } from 'node:net';
import ssh2, { type ClientChannel, type Connection, type ServerChannel } from 'ssh2';
import { afterEach, expect, it } from 'vitest';
import { execChannel } from '../../../src/server/ssh/exec-channel.ts';
import { socketOf, watchWindow, windowLeft } from '../../../src/server/ssh/ssh2-tap.ts';
import { ssh2Key } from '../../transport/support.ts';

let ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends) end();
  ends = [];
});

interface Both {
  connection: Connection;
  server: ServerChannel;
  client: ClientChannel;
}

/** One running command, at both ends. */
function command(prepare: (connection: Connection) => void = () => {}): Promise<Both> {
  return new Promise((resolve, reject) => {
    const both: Partial<Both> = {};
    const settle = (): void => {
      if (both.server !== undefined && both.client !== undefined) resolve(both as Both);
    };
    const server = new ssh2.Server({ hostKeys: [ssh2Key().private] }, (connection) => {
      both.connection = connection;
      connection.on('error', () => {});
      connection.on('authentication', (ctx) => ctx.accept());
      connection.on('session', (accept) => {
        accept().once('exec', (take) => {
          both.server = take();
          settle();
        });
      });
      prepare(connection);
    });
    const client = new ssh2.Client();
    ends.push(
      () => client.destroy(),
      () => server.close(),
    );
    server.listen(0, '127.0.0.1', () => {
      client.on('error', () => {});
      client.once('ready', () =>
        client.exec('x', (error, stream) => {
          if (error !== undefined) reject(error);
          both.client = stream;
          settle();
        }),
      );
      client.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, username: 'x' });
    });
  });
}

interface Raw {
  _client: { _protocol: { channelData(id: number, data: Buffer): void } };
  outgoing: { id: number };
}

it('notices a client that sends more than the window has room for', async () => {
  let overruns = 0;
  const { client, server } = await command((connection) => watchWindow(connection, () => overruns++));
  // Nobody reads: the window stays as used up as it gets. The library's own client would wait.
  const { _client: library, outgoing } = client as unknown as Raw;
  const MEBI = 1024 * 1024;
  const send = (bytes: number): void => {
    for (let sent = 0; sent < bytes; sent += MEBI / 32) {
      library._protocol.channelData(outgoing.id, Buffer.alloc(MEBI / 32, 1));
    }
  };
  send(6 * MEBI);
  await expect.poll(() => overruns, { timeout: 30_000 }).toBeGreaterThan(0);
  expect(server.readableLength).toBeLessThanOrEqual(4 * MEBI);
});

it('knows the socket and the window', async () => {
  const { connection, server } = await command();
  expect(socketOf(connection).remoteAddress).toMatch(/127\.0\.0\.1$/);
  expect(windowLeft(server)).toBe(2 * 1024 * 1024);
  server.write(Buffer.alloc(1000));
  expect(windowLeft(server)).toBe(2 * 1024 * 1024 - 1000);
});

it('keeps output and standard error whole when the client does not read for a while', async () => {
  const { client, connection, server } = await command();
  const exec = execChannel(server, socketOf(connection), 'test');
  const sent = Buffer.alloc(5_000_000);
  for (let i = 0; i < sent.length; i += 4) sent.writeUInt32LE(i, i);
  const { output } = exec.channel;
  for (let at = 0; at < sent.length; at += 100_000) {
    output.write(sent.subarray(at, at + 100_000));
    exec.tell(`line ${at}`);
  }
  // The window is used up with both in the middle of it.
  await expect.poll(() => windowLeft(server), { timeout: 30_000 }).toBe(0);
  for (let i = 0; i < 100; i++) exec.tell(`later ${i}`);
  const received: Buffer[] = [];
  let errors = '';
  let code: number | undefined;
  client.on('data', (chunk: Buffer) => received.push(chunk));
  client.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  client.on('exit', (status: number) => {
    code = status;
  });
  const over = new Promise((resolve) => client.on('close', resolve));
  await new Promise<void>((resolve) => output.end(resolve));
  await exec.finish(7);
  await over;
  expect(Buffer.concat(received).equals(sent)).toBe(true);
  expect(errors.match(/^line \d+$/gm)).toHaveLength(50);
  expect(errors.match(/^later \d+$/gm)).toHaveLength(100);
  expect(code).toBe(7);
});

it('counts the lines that nobody reads', async () => {
  const { client, connection, server } = await command();
  const exec = execChannel(server, socketOf(connection), 'test');
  for (let i = 0; i < 4000; i++) exec.tell('x'.repeat(1000));
  let errors = '';
  client.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  client.resume();
  const over = new Promise((resolve) => client.on('close', resolve));
  await new Promise<void>((resolve) => exec.channel.output.end(resolve));
  await exec.finish(0);
  await over;
  const read = errors.match(/^x{1000}$/gm)!.length;
  expect(read).toBeGreaterThan(2000);
  expect(errors).toContain(`rsyncjs: ${4000 - read} more lines were not read in time\n`);
});
