import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { connectCommand } from '../../src/transport/connect-program.ts';
import { parseHttpProxy } from '../../src/transport/http-proxy.ts';
import { openTcp } from '../../src/transport/tcp.ts';
import { freePort } from '../support/daemon.ts';
import { failure, text } from './support.ts';

const servers: Server[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

async function listen(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

describe('a connection', () => {
  it('carries bytes both ways, and tells when it is gone', async () => {
    const port = await listen((socket) => socket.end('hello', () => {}));
    const channel = await openTcp({ host: '127.0.0.1', port });
    expect(channel.label).toBe(`rsync://127.0.0.1:${port}`);
    expect(await text(channel.input)).toBe('hello');
    expect(await channel.exit).toEqual({ code: null, signal: null });
    expect(channel.details).toEqual({ kind: 'tcp' });
  });

  it('tells that it was reset', async () => {
    const port = await listen((socket) => void socket.once('data', () => socket.resetAndDestroy()));
    const channel = await openTcp({ host: '127.0.0.1', port });
    channel.input.resume();
    channel.output.write('x');
    await channel.exit;
    expect(channel.details).toEqual({ kind: 'tcp', lost: 'ECONNRESET' });
  });

  it('tries all addresses of a name', async () => {
    const port = await listen((socket) => void socket.end('v4'));
    const lines: string[] = [];
    const channel = await openTcp({ host: 'localhost', port, trace: (line) => lines.push(line) });
    expect(await text(channel.input)).toBe('v4');
    expect(lines.at(-1)).toMatch(
      new RegExp(`^connected to localhost \\(127\\.0\\.0\\.1\\) port ${port} from 127\\.0\\.0\\.1$`),
    );
  });

  it.each([
    [
      'refused',
      { host: '127.0.0.1' },
      /127\.0\.0\.1 port \d+: connection refused$/,
      /No daemon listens there/,
    ],
    ['unknown', { host: 'nosuch.invalid' }, /no such host|name server/, /\w/],
    [
      'of the wrong family',
      { host: '127.0.0.1', addressFamily: 6 as const },
      /can not connect to 127\.0\.0\.1/,
      /\w/,
    ],
    ['from elsewhere', { host: '127.0.0.1', localAddress: '192.0.2.1' }, /from 192\.0\.2\.1/, /--address/],
    [
      'from another family',
      { host: '127.0.0.1', localAddress: '::1' },
      /--address=::1 is no IPv4 address/,
      /-4 and -6/,
    ],
  ])('is %s', async (_, target, message, hint) => {
    const error = await failure(openTcp({ port: await freePort(), ...target }));
    expect(error).toMatchObject({ code: 'RSYNC_CONNECT', exitCode: 10 });
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });

  it('is given up by the caller', async () => {
    const controller = new AbortController();
    controller.abort();
    const error = await failure(openTcp({ host: '127.0.0.1', port: 1, signal: controller.signal }));
    expect(error).toMatchObject({ code: 'RSYNC_ABORTED', exitCode: 20 });
  });
});

describe('a proxy', () => {
  const through = async (port: number, host = 'some.host', credentials?: string) =>
    openTcp({ host, port: 873, proxy: { host: '127.0.0.1', port, credentials } });

  it('hands over what comes after its answer, however it is cut', async () => {
    const answer = 'HTTP/1.0 200 OK\r\nA: b\r\n\r\n@RSYNCD: 32.0 md5\n';
    for (const cut of [1, 9, 17, 19, 24, 25, 26, answer.length]) {
      const port = await listen((socket) => {
        socket.once('data', () => {
          socket.write(answer.slice(0, cut), () => setImmediate(() => socket.end(answer.slice(cut))));
        });
      });
      const channel = await through(port);
      expect(await text(channel.input)).toBe('@RSYNCD: 32.0 md5\n');
    }
  });

  it.each([
    ['refuses', 'HTTP/1.0 403 No\r\n\r\n', /it said 403 No$/],
    ['wants a password', 'HTTP/1.1 407 Who\r\n\r\n', /it said 407 Who$/],
    ['is none', '@RSYNCD: 32.0 md5\n\r\n', /it said "@RSYNCD: 32\.0 md5"/],
    ['sends control characters', '\x1b[1mHTTP/1.0 200\r\n\r\n', /it said "\?\[1mHTTP/],
    ['has an endless line', 'x'.repeat(5000), /no end/],
    ['has an endless answer', `HTTP/1.0 200 OK\r\n${'a: b\r\n'.repeat(500)}`, /no end/],
    ['goes away', 'HTTP/1.0 200 OK\r\nA: b', /closed the connection/],
  ])('%s', async (_, answer, message) => {
    const port = await listen((socket) => void socket.once('data', () => socket.end(answer)));
    const error = await failure(through(port, 'some.host', 'us:s3cret'));
    expect(error).toMatchObject({ code: 'RSYNC_CONNECT', exitCode: 10 });
    expect(error.message).toMatch(message);
    expect(error.message + error.hint).not.toContain('s3cret');
  });

  it('is not asked for what would be further lines of the request', async () => {
    const requests: Buffer[] = [];
    const port = await listen((socket) => void socket.on('data', (bytes) => requests.push(bytes)));
    const error = await failure(through(port, 'x HTTP/1.0\r\nHost: y'));
    expect(error).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 1 });
    expect(requests).toEqual([]);
  });

  it.each([
    ['host:3128', 'host', 3128, undefined],
    ['u:p@w@host:1', 'host', 1, 'u:p@w'],
    ['[::1]:8080', '::1', 8080, undefined],
  ])('%s', (given, host, port, credentials) => {
    expect(parseHttpProxy(given)).toEqual({ host, port, credentials });
  });

  it.each(['host', 'host:', 'host:0', 'host:65536', ':1', 'u:s3cret@host', '::1:80', 'host:1x'])(
    '%s is none',
    (given) => {
      expect(() => parseHttpProxy(given)).toThrow(
        expect.objectContaining({ code: 'RSYNC_USAGE', exitCode: 10 }),
      );
      expect(() => parseHttpProxy(given)).not.toThrow(/s3cret/);
    },
  );
});

describe('RSYNC_CONNECT_PROG', () => {
  it.skipIf(process.platform === 'win32')('knows host and percent sign', () => {
    expect(connectCommand({ command: 'ssh gw nc %H 873 # 100%% %x', host: 'a-b.c' })).toBe(
      "ssh gw nc 'a-b.c' 873 # 100% %x",
    );
  });

  it.each(["a'b", 'a b', 'a$b', 'a\nb', ''])('refuses the host %j', (host) => {
    expect(() => connectCommand({ command: 'nc %H', host })).toThrow('unsafe host characters');
    expect(connectCommand({ command: 'nc', host })).toBe('nc');
  });
});
