import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Peer } from './peers.ts';

export interface RealDaemon {
  peer: Peer;
  port: number;
  /** `rsync://127.0.0.1:PORT`. */
  url: string;
  stop(): Promise<void>;
}

/** A module: its name and the lines of its section. */
export type Modules = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A port of the loopback interface that nobody uses. */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** The text of an rsyncd.conf; files are reached as whoever runs the tests. */
export function daemonConfig(modules: Modules, globals: Readonly<Record<string, string>> = {}): string {
  const root = process.getuid?.() === 0 ? { uid: '0', gid: '0' } : {};
  const lines = (values: Readonly<Record<string, string>>): string[] =>
    Object.entries(values).map(([name, value]) => `${name} = ${value}`);
  return [
    ...lines({ 'use chroot': 'no', 'munge symlinks': 'no', 'reverse lookup': 'no', ...root, ...globals }),
    ...Object.entries(modules).flatMap(([name, values]) => [`[${name}]`, ...lines(values)]),
    '',
  ].join('\n');
}

/** Starts the daemon of a real rsync, on the loopback interface alone, and waits until it accepts connections. */
export async function startDaemon(
  peer: Peer,
  folder: string,
  modules: Modules,
  globals: Readonly<Record<string, string>> = {},
  address = '127.0.0.1',
): Promise<RealDaemon> {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'rsyncd.conf');
  const log = join(folder, 'rsyncd.log');
  writeFileSync(
    config,
    daemonConfig(modules, { 'log file': log, 'lock file': join(folder, 'lock'), ...globals }),
  );
  const port = await freePort(address);
  const child = spawn(
    peer.path,
    ['--daemon', '--no-detach', `--config=${config}`, `--port=${port}`, `--address=${address}`],
    { stdio: 'ignore', cwd: folder },
  );
  await untilListening(child, address, port, `the daemon of ${peer.version} (${log})`);
  const host = address.includes(':') ? `[${address}]` : address;
  return {
    peer,
    port,
    url: `rsync://${host}:${port}`,
    stop: () =>
      new Promise((resolve) => {
        child.once('close', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

async function untilListening(child: ChildProcess, host: string, port: number, what: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline && child.exitCode === null) {
    const accepted = await new Promise<boolean>((resolve) => {
      const socket = connect({ host, port }, () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (accepted) return;
    await sleep(20);
  }
  child.kill('SIGKILL');
  throw new Error(`${what} does not listen`);
}
