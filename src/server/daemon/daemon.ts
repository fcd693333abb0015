/** The process that listens: it starts a process for each connection, and reads nothing that clients send. */
import { createServer, type Server, type Socket } from 'node:net';
import { fromText, toText } from '../../core/bytes.ts';
import { EXIT, RsyncError, usageError } from '../../core/errors.ts';
import { errnoText } from '../../files/errors.ts';
import { platform } from '../../files/platform/index.ts';
import { NEWEST_PROTOCOL } from '../../options/limits.ts';
import { parseSocketOptions, type SocketOptions } from '../../options/socket-options.ts';
import { AUTH_DIGESTS } from '../../protocol/daemon-auth.ts';
import { formatGreeting } from '../../protocol/daemon-greeting.ts';
import { formatError } from '../../protocol/daemon-reply.ts';
import { DAEMON_PORT } from '../../transport/tcp.ts';
import { type DaemonConfig, positionText, readConfig } from './config/config.ts';
import { requireSupport } from './config/support.ts';
import { expandVariables, type Variables } from './config/variables.ts';
import { DaemonLog } from './log/daemon-log.ts';
import { assume, listWords } from './process/identity.ts';
import { writePidFile } from './process/pid-file.ts';
import { type WorkerLimits, Workers } from './process/workers.ts';
import type { DaemonSettings, ListenSettings } from './settings.ts';

export interface DaemonInit {
  settings: DaemonSettings;
  listen: ListenSettings;
  env: Variables;
  /** Default WORKER_LIMITS. */
  limits?: WorkerLimits | undefined;
}

/** Reads the configuration and looks it over. @throws RsyncError exit 1: it cannot be read, or be honoured */
export function checkedConfig({ config: file, overrides }: DaemonSettings, env: Variables): DaemonConfig {
  const config = readConfig({ file, overrides, env });
  requireSupport(config, env);
  return config;
}

export class Daemon {
  private readonly init: DaemonInit;
  private readonly log: DaemonLog;
  private readonly workers: Workers;
  private readonly servers: Server[] = [];
  private readonly removePidFile: () => void;
  private readonly socketOptions: SocketOptions;

  private constructor(init: DaemonInit, config: DaemonConfig) {
    const { settings, listen, env } = init;
    this.init = init;
    const isLogged = settings.logFile !== undefined || config.defaults.logFile !== '' || settings.hasTerminal;
    if (platform.isWindows && !isLogged) {
      throw usageError(
        'rsyncjs: a daemon in the background has nowhere to log to on Windows',
        'Set "log file" in the configuration, or stay in the foreground with --no-detach.',
      );
    }
    this.log = new DaemonLog({ file: settings.logFile, hasTerminal: settings.hasTerminal });
    this.log.open(config.defaults, env);
    this.workers = new Workers(settings, env, (line) => this.log.line(line), init.limits);
    const options = listen.socketOptions ?? toText(config.globals.socketOptions);
    this.socketOptions = parseSocketOptions(options);
    const pidFile = expandVariables(config.globals.pidFile, env);
    this.removePidFile = pidFile === '' ? () => {} : writePidFile(pidFile);
  }

  /**
   * Listens. @throws RsyncError: exit 1 for the configuration, 10 for an address that cannot be listened at, 11 for the
   * pid file
   */
  static async start(init: DaemonInit): Promise<Daemon> {
    const config = checkedConfig(init.settings, init.env);
    const daemon = new Daemon(init, config);
    try {
      await daemon.listen(config);
      daemon.dropPrivileges(config);
      daemon.tellProblems(config);
      daemon.workers.start();
    } catch (error) {
      await daemon.stop();
      throw error;
    }
    return daemon;
  }

  /** Where it listens, as `net.Server.address` tells it. */
  get ports(): number[] {
    return this.servers.map((server) => (server.address() as { port: number }).port);
  }

  /** SIGHUP: a log file may have been renamed; the configuration is read for each connection, here it is looked over. */
  reread(): void {
    const { settings, env } = this.init;
    this.log.reopen();
    try {
      this.tellProblems(checkedConfig(settings, env));
    } catch (error) {
      for (const line of (error as Error).message.split('\n')) this.log.line(fromText(line));
    }
  }

  async stop(): Promise<void> {
    for (const server of this.servers) server.close();
    await this.workers.stop();
    this.removePidFile();
    this.log.close();
  }

  private async listen({ globals }: DaemonConfig): Promise<void> {
    const { listen, env, settings } = this.init;
    const port = listen.port ?? (globals.port > 0 ? globals.port : DAEMON_PORT);
    const address = listen.address ?? toText(expandVariables(globals.address, env));
    const backlog = Math.max(1, globals.listenBacklog);
    for (const host of hostsOf(address, listen.addressFamily)) {
      this.servers.push(await this.listenAt(host, port, backlog));
    }
    this.log.line(`rsyncd version ${settings.version} starting, listening on port ${this.ports.join(', ')}`);
  }

  private listenAt(host: string | undefined, port: number, backlog: number): Promise<Server> {
    return new Promise((resolve, reject) => {
      // A client may shut down its direction while it still reads; nothing of what it sends is to be read here.
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) =>
        this.accept(socket),
      );
      server.once('error', (error) => reject(cannotListen(host, port, error)));
      const ipv6Only = host === '::' && this.init.listen.addressFamily === 6;
      server.listen({ port, backlog, ipv6Only, ...(host === undefined ? {} : { host }) }, () => {
        server.removeAllListeners('error');
        server.on('error', (error) =>
          this.log.line(fromText(`cannot accept a connection: ${error.message}`)),
        );
        resolve(server);
      });
    });
  }

  private accept(socket: Socket): void {
    socket.on('error', () => {});
    const address = socket.remoteAddress;
    if (address === undefined) {
      socket.destroy();
      return;
    }
    // Small answers are not held back; both are left to whoever says otherwise.
    socket.setNoDelay(this.socketOptions.noDelay ?? true);
    socket.setKeepAlive(this.socketOptions.keepAlive ?? true);
    if (this.workers.serve(socket, address)) return;
    this.log.line(fromText(`too many connections: ${address} turned away`));
    const words = formatError('too many connections -- try again later');
    socket.end(Buffer.from(formatGreeting(NEWEST_PROTOCOL, AUTH_DIGESTS) + words, 'latin1'));
    // Nobody reads what it sends.
    setTimeout(() => socket.destroy(), 1000).unref();
  }

  /** `daemon uid` and `daemon gid`, once the port is open. */
  private dropPrivileges({ globals }: DaemonConfig): void {
    if (!platform.isRoot) return;
    const [group, ...others] = listWords(expandVariables(globals.daemonGid, this.init.env));
    const uid = toText(expandVariables(globals.daemonUid, this.init.env));
    if (group === undefined && uid === '') return;
    assume({
      uid: uid === '' ? undefined : uid,
      gid: group,
      groups: group === undefined ? undefined : [group, ...others],
    });
  }

  private tellProblems({ problems }: DaemonConfig): void {
    for (const problem of problems) this.log.line(fromText(positionText(problem) + problem.text));
  }
}

/** Undefined: all addresses of both families. */
function hostsOf(address: string, family: 0 | 4 | 6): (string | undefined)[] {
  const named = address.split(/[ ,\t]+/).filter((host) => host !== '');
  if (named.length > 0) return named;
  return [family === 4 ? '0.0.0.0' : family === 6 ? '::' : undefined];
}

function cannotListen(host: string | undefined, port: number, error: Error): RsyncError {
  const where = host === undefined ? `port ${port}` : `${host} port ${port}`;
  return new RsyncError('RSYNC_CONNECT', `cannot listen at ${where}: ${errnoText(error)}`, {
    exitCode: EXIT.SOCKETIO,
    origin: 'local',
    path: where,
    hint: 'Another program may listen there already; ports below 1024 are for root. See --port and --address.',
    cause: error,
  });
}
