import { spawn } from 'node:child_process';

export const seconds = (count: number): Promise<void> =>
  new Promise((done) => setTimeout(done, count * 1000));

/** Waits for what must come; the time limit of the test ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await seconds(0.01);
}

/** A program that a test has started. */
export interface Started {
  ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  lines: string[];
}

/** @param uid  whom it runs as; default: whoever runs the tests */
export function start(program: string, args: readonly string[], uid?: number): Started {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, LC_ALL: 'C' },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const started: Started = {
    lines: [],
    // 128 and the number of the signal, as a shell says it.
    ended: new Promise((done) =>
      child.on('close', (code, signal) => done(code ?? (signal === 'SIGKILL' ? 137 : 143))),
    ),
    kill: (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      try {
        process.kill(signal === 'SIGKILL' ? -child.pid! : child.pid!, signal);
      } catch {
        // It has ended.
      }
    },
  };
  clients.push(started);
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) =>
      started.lines.push(...chunk.toString('latin1').split('\n').filter(Boolean)),
    );
  return started;
}

const clients: Started[] = [];

/** Kills what is left of all that was started. */
export function killAll(): void {
  for (const client of clients) client.kill('SIGKILL');
}

/** `pid` negative: of a group. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
