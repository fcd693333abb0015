import type { Socket } from 'node:net';
import { EXIT, RsyncError, usageError } from '../core/errors.ts';

/** A proxy that leads to any port by `CONNECT`: docs/protocol/1-session.md, 1.10, "Proxies". */
export interface HttpProxy {
  host: string;
  port: number;
  /** `USER:PASSWORD`, sent as it is. */
  credentials: string | undefined;
}

const LINE_LENGTH = 1023;
/** Header lines of an answer that are skipped. */
const LINES = 200;

/**
 * Reads RSYNC_PROXY: `[USER:PASSWORD@]HOST:PORT`, IPv6 addresses in brackets.
 * @throws RsyncError RSYNC_USAGE, exit 10; the message holds no password
 */
export function parseHttpProxy(text: string): HttpProxy {
  const at = text.lastIndexOf('@');
  const [, bracketed, plain = '', port = ''] =
    /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text.slice(at + 1)) ?? [];
  const host = bracketed ?? plain;
  if (host === '' || Number(port) < 1 || Number(port) > 65535) {
    throw new RsyncError('RSYNC_USAGE', 'RSYNC_PROXY: not a proxy', {
      exitCode: EXIT.SOCKETIO,
      origin: 'local',
      hint: 'It is written [USER:PASSWORD@]HOST:PORT.',
    });
  }
  return { host, port: Number(port), credentials: at < 0 ? undefined : text.slice(0, at) };
}

/**
 * Asks the proxy at the other end of a paused socket for a host, and reads its answer; not a byte beyond it.
 * @throws RsyncError RSYNC_CONNECT, exit 10: it refuses, or answers nothing sensible; RSYNC_USAGE, exit 1
 */
export async function passHttpProxy(
  socket: Socket,
  proxy: HttpProxy,
  host: string,
  port: number,
): Promise<void> {
  // They would be further lines of the request.
  if (/[\0-\x20\x7f]/.test(host))
    throw usageError('rsyncjs: the host name holds a blank or a control character');
  const target = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const login =
    proxy.credentials === undefined
      ? ''
      : `Proxy-Authorization: Basic ${Buffer.from(proxy.credentials).toString('base64')}\r\n`;
  socket.write(`CONNECT ${target} HTTP/1.0\r\n${login}\r\n`);
  const lines = await answer(socket, (reason) => refused(proxy, reason));
  const status = /^HTTP\/\d\.\d +(\d{3})(?: |$)(.*)/.exec(lines[0]!);
  if (status === null) throw refused(proxy, `it said "${shown(lines[0]!)}"`);
  if (!status[1]!.startsWith('2'))
    throw refused(proxy, `it said ${shown(`${status[1]} ${status[2]}`.trim())}`, status[1]);
}

/** The lines of an answer, without the empty one that ends it. What comes after it goes back to the socket. */
async function answer(socket: Socket, fail: (reason: string) => RsyncError): Promise<string[]> {
  const lines: string[] = [];
  let rest = Buffer.alloc(0);
  for (;;) {
    const end = rest.indexOf(0x0a);
    if (end > LINE_LENGTH || (end < 0 && rest.length > LINE_LENGTH))
      throw fail('a line of its answer has no end');
    if (end < 0) {
      rest = Buffer.concat([rest, await chunk(socket, fail)]);
      continue;
    }
    const line = rest.toString('latin1', 0, end).replace(/\r$/, '');
    rest = rest.subarray(end + 1);
    if (line === '' && lines.length > 0) break;
    lines.push(line);
    if (lines.length > LINES) throw fail('its answer has no end');
  }
  if (rest.length > 0) socket.unshift(rest);
  return lines;
}

function chunk(socket: Socket, fail: (reason: string) => RsyncError): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const listeners = {
      readable: () => {
        const bytes = socket.read() as Buffer | null;
        if (bytes !== null) settle(() => resolve(bytes));
      },
      end: () => settle(() => reject(fail('it closed the connection'))),
      close: () => settle(() => reject(fail('it closed the connection'))),
      error: (error: Error) =>
        settle(() => reject(fail((error as NodeJS.ErrnoException).code ?? error.message))),
    };
    const settle = (done: () => void): void => {
      for (const [name, listener] of Object.entries(listeners)) socket.off(name, listener);
      done();
    };
    for (const [name, listener] of Object.entries(listeners)) socket.on(name, listener);
    listeners.readable();
  });
}

function shown(text: string): string {
  return text.slice(0, 200).replace(/[^ -~]/g, '?');
}

function refused({ host, port }: HttpProxy, reason: string, status?: string): RsyncError {
  return new RsyncError('RSYNC_CONNECT', `bad response from the proxy ${host} port ${port}: ${reason}`, {
    exitCode: EXIT.SOCKETIO,
    origin: 'transport',
    hint:
      status === '407'
        ? 'The proxy wants a password: RSYNC_PROXY=USER:PASSWORD@HOST:PORT.'
        : 'RSYNC_PROXY must name an HTTP proxy that allows CONNECT to the port of the daemon.',
  });
}
