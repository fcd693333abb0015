import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { MAIN, type Peer } from './peers.ts';

export interface DaemonStart {
  /** Undefined: ours. */
  peer?: Peer | undefined;
  /** A folder of its own: configuration, log and pid file go there. */
  folder: string;
  /** `%TREE%` stands for the folder of the modules. */
  config: string;
  tree: string;
  args?: readonly string[];
  env?: Record<string, string>;
}

/** A daemon that runs. */
export class TestDaemon {
  readonly port: number;
  readonly child: ChildProcess;
  private readonly folder: string;
  private output = '';
  private logStart = 0;

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port;
    this.child = child;
    this.folder = folder;
    for (const stream of [child.stdout, child.stderr]) {
      stream!.on('data', (chunk: Buffer) => {
        this.output += chunk.toString('latin1');
      });
    }
  }

  /** Starts one on a free port of the loopback address, and waits until it takes connections. */
  static async start({ peer, folder, config, tree, args = [], env = {} }: DaemonStart): Promise<TestDaemon> {
    const port = await freePort();
    const file = join(folder, 'rsyncd.conf');
    writeFileSync(file, config);
    const words = [
      '--daemon',
      '--no-detach',
      `--config=${file}`,
      `--port=${port}`,
      '--address=127.0.0.1',
      `--dparam=logfile=${join(folder, 'log')}`,
      `--dparam=pidfile=${join(folder, 'pid')}`,
      ...args,
    ];
    const child =
      peer === undefined
        ? spawn(process.execPath, [MAIN, ...words], options(tree, env))
        : spawn(peer.path, words, options(tree, env));
    const daemon = new TestDaemon(port, child, folder);
    await daemon.untilListening();
    return daemon;
  }

  url(path: string, user = ''): string {
    return `rsync://${user === '' ? '' : `${user}@`}127.0.0.1:${this.port}/${path}`;
  }

  get log(): string {
    const file = join(this.folder, 'log');
    return existsSync(file) ? readFileSync(file, 'latin1').slice(this.logStart) : '';
  }

  /** What it wrote to its own standard streams. */
  get said(): string {
    return this.output;
  }

  configure(config: string): void {
    writeFileSync(join(this.folder, 'rsyncd.conf'), config);
  }

  /** One more module, for the connections to come. */
  addModule(name: string, values: Readonly<Record<string, string>>): void {
    const lines = Object.entries(values).map(([key, value]) => `${key} = ${value}\n`);
    appendFileSync(join(this.folder, 'rsyncd.conf'), `[${name}]\n${lines.join('')}`);
  }

  /** From here on `log` tells what is new. */
  markLog(): void {
    this.logStart += this.log.length;
  }

  /** Ends it with a signal; resolves with its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    return await new Promise((resolve) => {
      child.once('exit', (code) => resolve(code));
      child.kill(signal);
    });
  }

  private async untilListening(): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      if (this.child.exitCode !== null) throw new Error(`the daemon has ended: ${this.output}${this.log}`);
      if (await isOpen(this.port)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the daemon does not listen: ${this.output}`);
  }
}

function options(tree: string, env: Record<string, string>) {
  return {
    cwd: tree,
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC', TREE: tree, ...env },
    stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'],
  };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const done = (open: boolean) => (): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', done(true));
    socket.once('error', done(false));
  });
}

/** A port that nobody listens at. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Asks a daemon of this machine for a module, and stays. */
export function askModule(port: number, module: string): Promise<{ answer: string; close: () => void }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    let heard = '';
    socket.setEncoding('latin1');
    socket.on('error', reject);
    socket.on('data', (text: string) => {
      heard += text;
      const answer = /\n(@RSYNCD: OK|@ERROR: [^\n]*)\n/.exec(heard)?.[1];
      if (answer !== undefined) resolve({ answer, close: () => socket.destroy() });
    });
    socket.write(`@RSYNCD: 32.0 md5\n${module}\n`);
  });
}
