/** Machines that run the command itself, and a server that is an sshd with a real rsync behind it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run as runCommand } from '../../src/cli/run.ts';
import { transfer } from '../../src/client/transfer.ts';
import { MAIN, newestPeer } from '../support/peers.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

export function startServer(): Promise<Sshd> {
  return startSshd({ config: [`SetEnv PATH=${dirname(newestPeer().path)}:/usr/bin:/bin`] });
}

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** A program of a machine that runs, and what it has said so far. */
export interface Running {
  child: ChildProcess;
  said(): string;
  ended: Promise<Ended & { signal: NodeJS.Signals | null }>;
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}

export class RealMachine {
  readonly home: string;
  readonly project: string;
  readonly env: Record<string, string>;

  /** @param port  where the host `server` is reached; default: the server itself */
  constructor(base: string, name: string, sshd: Sshd, port = sshd.port) {
    this.home = join(base, name, 'home');
    this.project = join(base, name, 'app');
    mkdirSync(join(this.home, '.ssh'), { recursive: true });
    mkdirSync(this.project, { recursive: true });
    const config = [
      'Host server',
      `  HostName ${sshd.host}`,
      `  Port ${port}`,
      `  HostKeyAlias [${sshd.host}]:${sshd.port}`,
      `  IdentityFile ${sshd.userKeyPath}`,
      `  UserKnownHostsFile ${sshd.knownHostsPath}`,
    ];
    writeFileSync(join(this.home, '.ssh/config'), `${config.join('\n')}\n`, { mode: 0o600 });
    this.env = { HOME: this.home, PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8', TZ: 'UTC' };
  }

  /** The command line of the command, in this process: all of it but the start of a program. */
  async rsyncjs(...argv: string[]): Promise<Ended> {
    const said: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    const sink = (chunks: Buffer[]) => ({
      write: (chunk: Uint8Array, done?: () => void) => {
        chunks.push(Buffer.from(chunk));
        done?.();
      },
    });
    const before = process.cwd();
    process.chdir(this.project);
    try {
      const code = await runCommand({
        argv,
        env: this.env,
        stdout: sink(said.stdout),
        stderr: sink(said.stderr),
        transfer,
      });
      return { code, stdout: text(said.stdout), stderr: text(said.stderr) };
    } finally {
      process.chdir(before);
    }
  }

  /** The command as a program of its own. */
  start(...argv: string[]): Running {
    return this.spawn(process.execPath, [MAIN, ...argv]);
  }

  /** The same at a terminal, which answers as a person would: each text once what comes before it was asked. */
  atTerminal(argv: readonly string[], answers: readonly (readonly [question: string, answer: string])[]) {
    const command = [process.execPath, MAIN, ...argv].map((word) => `'${word}'`).join(' ');
    const running = this.spawn('script', ['-qefc', command, '/dev/null']);
    const left = [...answers];
    let seen = 0;
    running.child.stdout!.on('data', () => {
      const [next] = left;
      const at = next === undefined ? -1 : running.said().indexOf(next[0], seen);
      if (next === undefined || at < 0) return;
      seen = at + next[0].length;
      left.shift();
      running.child.stdin!.write(next[1]);
    });
    return running;
  }

  spawn(program: string, argv: readonly string[]): Running {
    const child = spawn(program, argv, {
      cwd: this.project,
      env: this.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => {});
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    return {
      child,
      said: () => text([...out, ...err]),
      ended: new Promise((resolve) =>
        child.once('close', (code, signal) =>
          resolve({ code: code ?? -1, signal, stdout: text(out), stderr: text(err) }),
        ),
      ),
    };
  }
}
