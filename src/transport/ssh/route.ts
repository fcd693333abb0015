import { spawn } from 'node:child_process';
import { connect as connectTcp, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { RsyncError } from '../../core/errors.ts';
import { visible } from './auth/prompts.ts';
import type { SshSettings } from './config/settings.ts';
import { connectError, SSH_FAILED } from './errors.ts';
import { type Carrier, Tunnel } from './tunnel.ts';

/**
 * Milliseconds for one address of a host with several, before the next one is tried beside it. Node's own 250 ms gives
 * up on a server behind a satellite where the other address leads nowhere.
 */
const ADDRESS_TIMEOUT = 3000;
/** Milliseconds between two attempts to connect, as in ssh. */
const ATTEMPT_PAUSE = 1000;

export interface TcpTarget {
  host: string;
  port: number;
  where: string;
  settings: SshSettings;
  trace: (line: string) => void;
  /** Told of every socket as soon as it exists, so that it can be cut. */
  opened: (socket: Socket) => void;
  /** Ends the attempts. */
  signal: AbortSignal;
}

/**
 * A TCP connection to an ssh server, paused: ssh2 begins to read when it is ready to.
 *
 * @throws RsyncError RSYNC_CONNECT (exit 255).
 */
export async function openTcp(target: TcpTarget): Promise<Socket> {
  const attempts = target.settings.connectionAttempts ?? 1;
  for (let attempt = 1; ; attempt++) {
    try {
      return await connectOnce(target);
    } catch (error) {
      if (attempt >= attempts || target.signal.aborted) throw error;
      target.trace(`ssh: attempt ${attempt} of ${attempts}: ${(error as Error).message}`);
      await sleep(ATTEMPT_PAUSE, undefined, { signal: target.signal });
    }
  }
}

function connectOnce({ host, port, where, settings, trace, opened }: TcpTarget): Promise<Socket> {
  trace(`ssh: connecting to ${where}`);
  const localAddress = localAddressOf(settings);
  const family = settings.addressFamily === 'inet' ? 4 : settings.addressFamily === 'inet6' ? 6 : 0;
  return new Promise((resolve, reject) => {
    const socket = connectTcp({
      host,
      port,
      family,
      autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    opened(socket);
    socket.setNoDelay(true);
    const failed = (error: Error): void => reject(connectError(where, error, localAddress));
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      socket.pause();
      // Not before: where it cannot be set, the connection itself would fail.
      if (settings.tcpKeepAlive !== false) socket.setKeepAlive(true, 60_000);
      trace(`ssh: connected to ${socket.remoteAddress} from ${socket.localAddress}`);
      resolve(socket);
    });
  });
}

/** BindAddress, or an address of BindInterface. */
function localAddressOf({ bindAddress, bindInterface, addressFamily }: SshSettings): string | undefined {
  if (bindAddress !== undefined) return bindAddress;
  if (bindInterface === undefined) return undefined;
  const wanted = addressFamily === 'inet6' ? 'IPv6' : addressFamily === 'inet' ? 'IPv4' : undefined;
  const found = networkInterfaces()[bindInterface]?.find(
    ({ family, address }) => (wanted === undefined || family === wanted) && !address.startsWith('fe80:'),
  );
  if (found !== undefined) return found.address;
  throw new RsyncError('RSYNC_CONNECT', `BindInterface ${bindInterface}: no such interface, or no address`, {
    exitCode: SSH_FAILED,
    origin: 'local',
    hint: `There are: ${Object.keys(networkInterfaces()).join(', ')}.`,
  });
}

/** A running proxy command and the last words of its standard error. */
export interface ProxyCommand {
  carrier: Carrier;
  /** How it ended and what it said, for an error; waits a moment for the end. */
  failure(): Promise<string>;
}

/** Bytes of a proxy command's standard error that are kept. */
const WORDS = 2048;
/** Milliseconds between the end of its output and its own end. */
const END_PATIENCE = 1000;

/**
 * Starts a ProxyCommand, which is a line for a shell: the user's, as ssh takes it; on Windows `cmd.exe`.
 *
 * @throws RsyncError RSYNC_CONNECT (exit 255) if no shell can be started.
 */
export function openProxyCommand(
  command: string,
  env: NodeJS.ProcessEnv,
  trace: (line: string) => void,
): Promise<ProxyCommand> {
  trace('ssh: starting the proxy command');
  const windows = process.platform === 'win32';
  const shell = windows ? (env.ComSpec ?? 'cmd.exe') : env.SHELL || '/bin/sh';
  const args = windows ? ['/d', '/s', '/c', `"${command}"`] : ['-c', `exec ${command}`];
  return new Promise((resolve, reject) => {
    const child = spawn(shell, args, {
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
      windowsVerbatimArguments: windows,
    });
    let words = '';
    let ended: string | undefined;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-WORDS);
    });
    // Not 'exit': the last words may still be on the way.
    const over = new Promise<void>((done) => {
      child.once('close', (code, signal) => {
        ended = code === null ? `was killed by ${signal}` : `ended with status ${code}`;
        done();
      });
    });
    child.once('error', (error) =>
      reject(
        new RsyncError(
          'RSYNC_CONNECT',
          `can not start the shell ${shell} for ProxyCommand: ${error.message}`,
          {
            exitCode: SSH_FAILED,
            origin: 'local',
            cause: error,
          },
        ),
      ),
    );
    child.once('spawn', () => {
      child.on('error', () => {});
      const carrier = new Tunnel(child.stdout, child.stdin, () => child.kill());
      carrier.pause();
      resolve({
        carrier,
        failure: async () => {
          await Promise.race([over, sleep(END_PATIENCE)]);
          const state = ended === undefined ? 'is still running' : ended;
          const said = words.trim().split(/\r?\n/).slice(-3).join(' | ');
          return `the proxy command ${state}${said === '' ? '' : `; it said: ${visible(said)}`}`;
        },
      });
    });
  });
}
