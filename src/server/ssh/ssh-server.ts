import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import ssh2, { type Algorithms } from 'ssh2';
import { RsyncError } from '../../core/errors.ts';
import { errnoCode } from '../../files/errors.ts';
import { Root } from '../../files/root.ts';
import { cipherOrder } from '../../transport/ssh/algorithms.ts';
import { SSH_FAILED } from '../../transport/ssh/errors.ts';
import { checkLimits } from '../restricted/limits.ts';
import { plainAddress } from './address-patterns.ts';
import { AuthorizedKeys } from './authorized-keys.ts';
import { ALIVE, ClientConnection, type ConnectionInit } from './connection.ts';
import { defaultHostKeyPath, ensureHostKey, type HostKey, readHostKey } from './host-key.ts';
import { DEFAULT_SSH_LIMITS, type SshServer, type SshServerOptions } from './settings.ts';
import { socketOf } from './ssh2-tap.ts';

/** Nothing with SHA-1; no group exchange, and no group that costs the server a tenth of a second for a stranger. */
const KEX = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
];
const MACS = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
];

/** Milliseconds for running transfers to end in, when the server is closed. */
const FAREWELL = 3000;

/** As `createSshServer`, which loads this when it is asked for. @throws RsyncError */
export function openSshServer(options: SshServerOptions): SshServer {
  checkLimits(options);
  const onEvent = options.onEvent ?? (() => {});
  Root.open(options.root).close();
  const keys = new AuthorizedKeys(options.authorizedKeys, (unusable) =>
    onEvent({ type: 'keys', file: options.authorizedKeys, unusable }),
  );
  keys.load();
  const hostKey =
    options.hostKey === undefined
      ? ensureHostKey(defaultHostKeyPath(options.env ?? process.env))
      : readHostKey(options.hostKey);
  return new Listener(options, hostKey, {
    root: options.root,
    keys,
    restricted: options,
    limits: { ...DEFAULT_SSH_LIMITS, ...options.limits },
    onEvent,
  });
}

class Listener implements SshServer {
  readonly hostKey: HostKey;
  private readonly options: SshServerOptions;
  private readonly init: ConnectionInit;
  private readonly protocol: ssh2.Server;
  private readonly server: Server;
  private readonly connections = new Map<Socket, ClientConnection>();

  constructor(options: SshServerOptions, hostKey: HostKey, init: ConnectionInit) {
    this.options = options;
    this.hostKey = hostKey;
    this.init = init;
    this.protocol = new ssh2.Server({
      hostKeys: [hostKey.privateKey],
      algorithms: { kex: KEX, cipher: cipherOrder(), hmac: MACS, compress: ['none'] } as Algorithms,
      ident: 'rsyncjs',
      // Whether the client is gone is for `watchSilence` to say: answers may wait behind megabytes of data.
      keepaliveInterval: ALIVE.interval * 1000,
      keepaliveCountMax: Number.MAX_SAFE_INTEGER,
    } as ssh2.ServerConfig);
    this.protocol.on('connection', (client) => this.connections.get(socketOf(client))?.greet(client));
    this.server = createServer((socket) => this.take(socket));
  }

  listen(): Promise<{ address: string; port: number }> {
    const { port = 2222, address = '127.0.0.1' } = this.options;
    return new Promise((resolve, reject) => {
      this.server.once('error', (error) => reject(cannotListen(address, port, error)));
      this.server.listen(port, address, () => {
        // Later ones are about single connections, such as too many open files: the next may do.
        this.server.on('error', (error) => this.init.onEvent({ type: 'fault', error }));
        const bound = this.server.address() as AddressInfo;
        resolve({ address: bound.address, port: bound.port });
      });
    });
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    const cut = setTimeout(() => {
      for (const socket of this.connections.keys()) socket.destroy();
    }, FAREWELL);
    await Promise.all([...this.connections.values()].map((connection) => connection.stop()));
    await closed;
    clearTimeout(cut);
  }

  private take(socket: Socket): void {
    const { connections, strangers } = this.init.limits;
    const unknown = [...this.connections.values()].filter(({ isKnown }) => !isKnown).length;
    if (this.connections.size >= connections || unknown >= strangers) {
      const from = plainAddress(socket.remoteAddress ?? '');
      this.init.onEvent({ type: 'turned-away', from, reason: 'too many connections' });
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    this.connections.set(socket, new ClientConnection(socket, this.init));
    socket.once('close', () => this.connections.delete(socket));
    this.protocol.injectSocket(socket);
  }
}

function cannotListen(address: string, port: number, cause: Error): RsyncError {
  const code = errnoCode(cause);
  const reasons: Record<string, [reason: string, hint: string]> = {
    EADDRINUSE: ['the port is in use', 'Choose another one with --port.'],
    EACCES: ['not allowed', 'Ports below 1024 are for root; choose another one with --port.'],
    EADDRNOTAVAIL: ['not an address of this machine', 'Choose another one with --address.'],
  };
  const [reason, hint] = reasons[code ?? ''] ?? [cause.message, 'Check --address and --port.'];
  return new RsyncError('RSYNC_CONNECT', `can not listen at ${address} port ${port}: ${reason}`, {
    exitCode: SSH_FAILED,
    origin: 'local',
    hint,
    cause,
  });
}
