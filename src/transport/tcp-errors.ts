import { EXIT, RsyncError } from '../core/errors.ts';
import type { TcpTarget } from './tcp.ts';

const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ECONNREFUSED: [
    'connection refused',
    'No daemon listens there: check host and port (--port, or rsync://HOST:PORT/). Over ssh, write HOST:PATH with one colon.',
  ],
  ENOTFOUND: ['no such host', 'Check the spelling of the host name.'],
  EAI_AGAIN: ['the name server does not answer', 'Check the network, then try again.'],
  EAI_NONAME: ['no such host', 'Check the spelling of the host name.'],
  ENODATA: ['the host has no address of this kind', 'Leave out -4 or -6.'],
  ETIMEDOUT: ['no answer', 'Check host and port, and that no firewall drops the connection.'],
  EHOSTUNREACH: ['host unreachable', 'Check the network and the address.'],
  ENETUNREACH: ['network unreachable', 'Check the network connection of this machine; see -4 and -6.'],
  ECONNRESET: [
    'connection reset',
    'The daemon or a firewall refuses this address; the log of the daemon may say why.',
  ],
  EADDRNOTAVAIL: ['no such address here', 'Check the address and, if it is given, --address.'],
};

/** Why there is no connection. */
export function tcpError(
  where: string,
  cause: unknown,
  { localAddress, proxy }: Pick<TcpTarget, 'localAddress' | 'proxy'>,
): RsyncError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (localAddress !== undefined && (code === 'EADDRNOTAVAIL' || code === 'EINVAL')) {
    return new RsyncError('RSYNC_CONNECT', `can not connect to ${where} from ${localAddress}: ${code}`, {
      exitCode: EXIT.SOCKETIO,
      origin: 'local',
      hint: '--address must be an address of this machine.',
      cause,
    });
  }
  const [reason, hint] = REASONS[code ?? ''] ?? [message || String(code), 'Check host and port.'];
  const target = proxy === undefined ? where : `the proxy ${where}`;
  return new RsyncError('RSYNC_CONNECT', `can not connect to ${target}: ${reason}`, {
    exitCode: EXIT.SOCKETIO,
    origin: 'transport',
    hint:
      proxy === undefined ? hint : 'RSYNC_PROXY names it; without that variable the connection is direct.',
    cause,
  });
}

export function tcpAborted(signal: AbortSignal): RsyncError {
  return new RsyncError('RSYNC_ABORTED', 'aborted while connecting', {
    exitCode: EXIT.SIGNAL,
    origin: 'local',
    cause: signal.reason,
  });
}

/** Ends waiting when the time for a connection is over, or the caller gives up. */
export class ConnectDeadline {
  /** Nothing more is to be tried. */
  isOver = false;
  readonly #over: Promise<never>;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #signal: AbortSignal | undefined;
  #fail: (error: RsyncError) => void = () => {};
  readonly #abort = (): void => this.#fail(tcpAborted(this.#signal!));

  constructor({ host, port, proxy, timeout = 0, signal }: TcpTarget) {
    this.#over = new Promise((_, reject) => {
      this.#fail = (error) => {
        this.isOver = true;
        reject(error);
      };
    });
    this.#over.catch(() => {});
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort, { once: true });
    if (timeout === 0) return;
    const way = proxy === undefined ? '' : ` through the proxy ${proxy.host} port ${proxy.port}`;
    this.#timer = setTimeout(() => {
      this.#fail(
        new RsyncError(
          'RSYNC_TIMEOUT',
          `no connection to ${host} port ${port}${way} within ${timeout} seconds`,
          {
            exitCode: EXIT.CONTIMEOUT,
            origin: 'transport',
            hint: 'Check host and port, and that no firewall drops the connection; --contimeout allows more time.',
          },
        ),
      );
    }, timeout * 1000);
  }

  /** The result of `task`, unless the end comes first; `cancel` then lets go of what it holds. */
  async watch<T>(task: Promise<T>, cancel?: () => void): Promise<T> {
    try {
      return await Promise.race([task, this.#over]);
    } catch (error) {
      task.catch(() => {});
      cancel?.();
      throw error;
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#abort);
  }
}
