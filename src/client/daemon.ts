import { readFileSync } from 'node:fs';
import { fromText } from '../core/bytes.ts';
import { EXIT, RsyncError, usageError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { errnoText } from '../files/errors.ts';
import { parseSocketOptions } from '../options/socket-options.ts';
import type { DaemonTerms } from '../session/daemon-client.ts';
import type { Channel } from '../transport/channel.ts';
import { openConnectProgram } from '../transport/connect-program.ts';
import { parseHttpProxy } from '../transport/http-proxy.ts';
import { DAEMON_PORT, openTcp } from '../transport/tcp.ts';
import { daemonPassword } from './daemon-password.ts';
import type { TransferRequest } from './transfer-request.ts';

/** True: a daemon is to be reached over a remote shell, because one was asked for (RSYNC_RSH alone does not count). */
export function usesRemoteShell({ daemon, options }: TransferRequest): boolean {
  return daemon === undefined || (options.rsh !== undefined && options.rshByDefault !== true);
}

/** The port that was named: by the URL, else by `--port`; 0: none. */
export function namedPort({ daemon, options }: TransferRequest): number {
  return daemon?.port || options.port;
}

/**
 * Options that mean nothing on this way are mistakes: docs/protocol/4-filters-and-options.md, B.3.
 * @throws RsyncError RSYNC_USAGE, exit 1
 */
export function checkDaemonOptions(request: TransferRequest): void {
  const { options, daemon } = request;
  if (daemon !== undefined && !usesRemoteShell(request)) return;
  const connection: [string, boolean][] = [
    ['--contimeout', options.contimeout > 0],
    ['--address', options.address !== undefined],
    ['--sockopts', options.sockopts !== undefined],
  ];
  const dialogue: [string, boolean][] = [
    ['--password-file', options.passwordFile !== undefined],
    ['--early-input', options.earlyInput !== undefined],
    ['--port', options.port !== 0],
  ];
  const [name] = [...connection, ...(daemon === undefined ? dialogue : [])].find(([, given]) => given) ?? [];
  if (name === undefined) return;
  throw usageError(
    `rsyncjs: The ${name} option may only be used when connecting to an rsync daemon.`,
    daemon !== undefined
      ? `The remote shell makes the connection here: leave out ${name}, or -e.`
      : name === '--port'
        ? 'For the port of ssh, use -e "ssh -p NUM".'
        : `A daemon is written HOST::MODULE or rsync://HOST/MODULE; leave out ${name} for ssh.`,
  );
}

/** What the daemon is told beside the transfer; files named by options are read now, the password when it is asked for. */
export function daemonTerms(request: TransferRequest): DaemonTerms {
  const { options, remote, env = process.env } = request;
  const user = remote.user || env.USER || env.LOGNAME || env.USERNAME || 'nobody';
  if (/[\0-\x1f\x7f]/.test(user)) throw usageError('rsyncjs: the user name holds a control character');
  return {
    user,
    password: () => daemonPassword(request, user),
    earlyInput: options.earlyInput === undefined ? undefined : readEarlyInput(options.earlyInput),
  };
}

/** Undefined: the file is empty, and nothing is sent. */
function readEarlyInput(path: string): Uint8Array | undefined {
  const failed = (what: string, hint: string, cause?: unknown): RsyncError =>
    new RsyncError('RSYNC_FILE_IO', `rsyncjs: ${what}`, {
      exitCode: EXIT.STARTCLIENT,
      origin: 'local',
      path,
      hint,
      cause,
    });
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw failed(`failed to open ${path}: ${errnoText(error)}`, '--early-input must name a file.', error);
  }
  if (bytes.length > LIMITS.EARLY_INPUT) {
    throw failed(`${path} is > ${LIMITS.EARLY_INPUT} bytes.`, 'A daemon takes no more as --early-input.');
  }
  return bytes.length === 0 ? undefined : bytes;
}

/** The way to the daemon, without a remote shell: RSYNC_CONNECT_PROG, or TCP, through RSYNC_PROXY if that is set. */
export async function connectDaemon(request: TransferRequest): Promise<Channel> {
  const { options, remote, env = process.env, signal } = request;
  const { host } = remote;
  const port = namedPort(request) || DAEMON_PORT;
  const tell = (text: string): void => {
    if (options.verbose < 2) return;
    request.onEvent?.({ type: 'message', level: 'info', text: fromText(text), remote: false });
  };
  if (env.RSYNC_CONNECT_PROG) {
    tell(`Using RSYNC_CONNECT_PROG instead of opening tcp connection to ${host} port ${port}`);
    return openConnectProgram({
      command: env.RSYNC_CONNECT_PROG,
      host,
      shell: env.RSYNC_SHELL || undefined,
      env,
      signal,
      onCommand: (command) => tell(`Running socket program: "${command}"`),
    });
  }
  const proxy = env.RSYNC_PROXY ? parseHttpProxy(env.RSYNC_PROXY) : undefined;
  tell(`opening tcp connection to ${host} port ${port}`);
  if (proxy !== undefined) tell(`connection via http proxy ${proxy.host} port ${proxy.port}`);
  const { noDelay, keepAlive } = parseSocketOptions(options.sockopts ?? '');
  return openTcp({
    host,
    port,
    proxy,
    addressFamily: options.addressFamily || undefined,
    localAddress: options.address,
    timeout: options.contimeout,
    noDelay,
    keepAlive,
    signal,
    trace: request.traceIfAsked === true ? undefined : request.trace,
  });
}
