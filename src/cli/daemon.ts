import { spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { type ByteString, fromText, toBuffer } from '../core/bytes.ts';
import { EXIT } from '../core/errors.ts';
import { platform } from '../files/platform/index.ts';
import { type DaemonArguments, daemonHelp, parseDaemonArguments } from '../options/daemon-arguments.ts';
import { Daemon } from '../server/daemon/daemon.ts';
import { serveAlone } from '../server/daemon/lone-connection.ts';
import type { DaemonSettings } from '../server/daemon/settings.ts';
import { escapeLine } from '../text/escape.ts';
import { exitLine } from '../text/exit.ts';
import { describeFailure } from '../text/failure.ts';
import { packageVersion } from './version.ts';

/** In the environment of a daemon that has been detached: what it says goes to whoever has started it. */
const DETACHED = 'RSYNCJS_DETACHED';

/**
 * `rsyncjs --daemon`, `rsyncjs --server --daemon .`, or started by inetd. Returns the exit code.
 * @param argv  after the name of the program
 */
export async function runDaemon(argv: readonly string[], name: string): Promise<number> {
  process.stderr.on('error', () => {});
  try {
    const args = parseDaemonArguments(argv);
    if (args.help) {
      process.stdout.write(daemonHelp(name));
      return EXIT.OK;
    }
    const isBehindShell = argv.includes('--server');
    if (isBehindShell || isSocket(0)) return await serveOne(args, isBehindShell);
    if (args.detach && process.env[DETACHED] === undefined) return await detach();
    return await listen(args);
  } catch (error) {
    return tellFailure(error);
  }
}

function tell(line: ByteString): void {
  process.stderr.write(toBuffer(`${escapeLine(line, true)}\n`));
}

function tellFailure(error: unknown): number {
  const { lines, exitCode } = describeFailure(error, false, false);
  for (const line of lines.flatMap((text) => text.split('\n'))) tell(line);
  tell(fromText(exitLine(exitCode, 'server', packageVersion())));
  return exitCode;
}

function settingsOf(args: DaemonArguments, isBehindShell: boolean, hasTerminal: boolean): DaemonSettings {
  const isOwn = isBehindShell && !platform.isRoot;
  return {
    config: resolve(args.config || (isOwn ? 'rsyncd.conf' : systemConfig())),
    overrides: args.overrides,
    logFile: args.logFile === undefined ? undefined : resolve(args.logFile),
    logFormat: args.logFormat,
    bwlimit: args.bwlimit,
    verbose: args.verbose,
    version: packageVersion(),
    hasTerminal,
  };
}

function systemConfig(): string {
  return platform.isWindows
    ? join(process.env.ProgramData ?? 'C:\\ProgramData', 'rsyncd.conf')
    : '/etc/rsyncd.conf';
}

/** The one client that is at the other end of the standard streams. */
async function serveOne(args: DaemonArguments, isBehindShell: boolean): Promise<number> {
  const { SSH_CONNECTION, SSH_CLIENT, REMOTE_HOST } = process.env;
  const socket = isBehindShell ? undefined : new Socket({ fd: 0, allowHalfOpen: true });
  const remote = (SSH_CONNECTION ?? SSH_CLIENT ?? REMOTE_HOST)?.split(' ')[0];
  return await serveAlone({
    input: socket ?? process.stdin,
    output: socket ?? process.stdout,
    address: socket?.remoteAddress ?? remote ?? '0.0.0.0',
    // A login shell shows what is on its standard error to the client.
    settings: settingsOf(args, isBehindShell, false),
    env: process.env,
  });
}

async function listen(args: DaemonArguments): Promise<number> {
  const isDetached = process.env[DETACHED] !== undefined;
  const stopped = new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGBREAK'] as const) process.once(signal, () => done());
    process.once('disconnect', () => {
      if (!isDetached) done();
    });
  });
  const daemon = await Daemon.start({
    settings: settingsOf(args, false, !isDetached),
    listen: {
      port: args.port,
      address: args.address,
      addressFamily: args.addressFamily,
      socketOptions: args.socketOptions,
    },
    env: process.env,
  });
  process.on('SIGHUP', () => daemon.reread());
  if (isDetached) {
    process.send?.('listening');
    process.disconnect?.();
    process.chdir('/');
  }
  await stopped;
  await daemon.stop();
  return EXIT.OK;
}

/** Starts this command once more, without a terminal, and waits until it listens or says why it does not. */
function detach(): Promise<number> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
      detached: true,
      env: { ...process.env, [DETACHED]: '1' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      windowsHide: true,
    });
    child.stderr!.pipe(process.stderr, { end: false });
    child.once('message', () => {
      child.stderr!.destroy();
      child.disconnect();
      child.unref();
      done(EXIT.OK);
    });
    child.once('error', (error) => done(tellFailure(error)));
    child.once('close', (code) => done(code ?? EXIT.CRASHED));
  });
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
