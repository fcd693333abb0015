import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { EXIT, RsyncError } from '../core/errors.ts';
import type { Channel, ChannelExit } from './channel.ts';
import { type HttpProxy, passHttpProxy } from './http-proxy.ts';
import { ConnectDeadline, tcpAborted, tcpError } from './tcp-errors.ts';

/** Port of an rsync daemon. */
export const DAEMON_PORT = 873;

export interface TcpTarget {
  /** Name or address, without brackets. */
  host: string;
  port: number;
  /** 4 or 6: addresses of that family alone. */
  addressFamily?: 4 | 6 | undefined;
  /** Name or address of this machine that the connection is to come from. */
  localAddress?: string | undefined;
  /** Seconds until the connection must stand, with what a proxy has to say; 0: as long as it takes. */
  timeout?: number | undefined;
  /** TCP_NODELAY. Default true: small requests go at once. */
  noDelay?: boolean | undefined;
  /** SO_KEEPALIVE. Default: that of the system for new sockets (off). */
  keepAlive?: boolean | undefined;
  /** Connect here and ask for the host. */
  proxy?: HttpProxy | undefined;
  /** Ends the attempt to connect. */
  signal?: AbortSignal | undefined;
  /** Progress for people, a line at a time; never holds a secret. */
  trace?: ((line: string) => void) | undefined;
}

/**
 * Connects to a port over TCP, as to an rsync daemon; all addresses of a name in turn. The channel has no standard error
 * and no exit status.
 *
 * @throws RsyncError RSYNC_CONNECT (exit 10; 35 after `timeout`), RSYNC_ABORTED (exit 20), RSYNC_USAGE (exit 1).
 */
export async function openTcp(target: TcpTarget): Promise<Channel> {
  const { host, port, proxy, signal } = target;
  if (signal?.aborted) throw tcpAborted(signal);
  const deadline = new ConnectDeadline(target);
  try {
    const next = proxy ?? { host, port };
    const socket = await connectAny(next.host, next.port, target, deadline);
    try {
      if (proxy !== undefined) await deadline.watch(passHttpProxy(socket, proxy, host, port));
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return tcpChannel(socket, host, port);
  } finally {
    deadline.stop();
  }
}

async function connectAny(
  host: string,
  port: number,
  target: TcpTarget,
  deadline: ConnectDeadline,
): Promise<Socket> {
  const addresses = await deadline.watch(addressesOf(host, port, target));
  let failure: unknown;
  for (const { address, family } of addresses) {
    const where = address === host ? `${host} port ${port}` : `${host} (${address}) port ${port}`;
    try {
      const from = await deadline.watch(localAddress(target.localAddress, family));
      target.trace?.(`connecting to ${where}${from === undefined ? '' : ` from ${from}`}`);
      const socket = connect({ host: address, port, ...(from === undefined ? {} : { localAddress: from }) });
      return await deadline.watch(established(socket, where, target), () => socket.destroy());
    } catch (error) {
      if (deadline.isOver) throw error;
      target.trace?.(error instanceof Error ? error.message : String(error));
      failure ??= error;
    }
  }
  throw failure;
}

async function addressesOf(host: string, port: number, target: TcpTarget) {
  const { addressFamily: family } = target;
  const literal = isIP(host);
  if (literal !== 0 && (family === undefined || literal === family))
    return [{ address: host, family: literal }];
  try {
    return await lookup(host, { all: true, family: family ?? 0 });
  } catch (error) {
    throw tcpError(`${host} port ${port}`, error, target);
  }
}

/** The address of this machine, of the family of the one to be reached. */
async function localAddress(name: string | undefined, family: number): Promise<string | undefined> {
  if (name === undefined || isIP(name) === family) return name;
  let cause: unknown;
  try {
    // An address of the other family would be found as it is.
    if (isIP(name) === 0) return (await lookup(name, { family })).address;
  } catch (error) {
    cause = error;
  }
  throw new RsyncError('RSYNC_CONNECT', `--address=${name} is no IPv${family} address of this machine`, {
    exitCode: EXIT.SOCKETIO,
    origin: 'local',
    hint: 'It must be of the same family as the address of the host: see -4 and -6.',
    ...(cause === undefined ? {} : { cause }),
  });
}

function established(socket: Socket, where: string, target: TcpTarget): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(tcpError(where, error, target));
    // An error that nobody hears would end the process; later ones are seen in the end of the stream.
    socket.on('error', () => {});
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      socket.pause();
      socket.setNoDelay(target.noDelay !== false);
      if (target.keepAlive !== undefined) socket.setKeepAlive(target.keepAlive);
      target.trace?.(`connected to ${where} from ${socket.localAddress}`);
      resolve(socket);
    });
  });
}

function tcpChannel(socket: Socket, host: string, port: number): Channel {
  let lost: string | undefined;
  socket.on('error', (error: NodeJS.ErrnoException) => {
    lost ??= error.code ?? error.message;
  });
  const exit = new Promise<ChannelExit>((resolve) => {
    socket.once('close', () => resolve({ code: null, signal: null }));
  });
  const name = isIP(host) === 6 ? `[${host}]` : host;
  return {
    label: `rsync://${name}${port === DAEMON_PORT ? '' : `:${port}`}`,
    input: socket,
    output: socket,
    stderr: undefined,
    exit,
    get details() {
      return { kind: 'tcp' as const, ...(lost === undefined ? {} : { lost }) };
    },
    destroy: (error?: Error) => void socket.destroy(error),
  };
}
