import { spawn } from 'node:child_process';
import { EXIT, RsyncError } from '../core/errors.ts';
import type { Channel, ChannelExit } from './channel.ts';

export interface SpawnTarget {
  program: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** What the program is to have run at the far end, for messages. */
  command?: string | undefined;
  /** Let a shell, this one or that of the platform (true), run `program` as a line of its own. Default: no shell. */
  shell?: string | true | undefined;
  /** For diagnostics. Default: the program and its first arguments. */
  label?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** A program that has ended may have left a child that holds its pipes: `exit` waits no longer for them than this. */
const EXIT_GRACE = 1000;
/** After SIGTERM, before SIGKILL. */
const KILL_GRACE = 2000;

/**
 * Starts a program, without a shell, with its standard input and output as the channel.
 *
 * @throws RsyncError RSYNC_REMOTE_SHELL (exit 14) if it can not be started.
 */
export async function spawnChannel(target: SpawnTarget): Promise<Channel> {
  const { program, args, command, signal } = target;
  if (signal?.aborted) {
    throw new RsyncError('RSYNC_ABORTED', `aborted before ${program} was started`, {
      exitCode: EXIT.SIGNAL,
      origin: 'local',
      cause: signal.reason,
    });
  }
  const child = await new Promise<ReturnType<typeof start>>((resolve, reject) => {
    let started: ReturnType<typeof start>;
    try {
      started = start(target);
    } catch (error) {
      reject(notStarted(target, error));
      return;
    }
    started.once('error', (error) => reject(notStarted(target, error)));
    started.once('spawn', () => resolve(started));
  });
  // Nobody else hears these; what they mean is seen in the end of the streams and in `exit`.
  child.on('error', () => {});
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => {});

  let ended = false;
  const exit = new Promise<ChannelExit>((resolve) => {
    child.once('exit', (code, killedBy) => {
      ended = true;
      const result = { code, signal: killedBy };
      child.once('close', () => resolve(result));
      setTimeout(() => resolve(result), EXIT_GRACE).unref();
    });
  });
  let destroyed = false;
  return {
    label: target.label ?? [program, ...args.slice(0, 3)].join(' ') + (args.length > 3 ? ' ...' : ''),
    input: child.stdout,
    output: child.stdin,
    stderr: child.stderr,
    exit,
    details: { kind: 'spawn', ...(command === undefined ? {} : { command }) },
    destroy: (error?: Error) => {
      if (destroyed) return;
      destroyed = true;
      child.stdin.destroy(error);
      child.stdout.destroy(error);
      child.stderr.destroy();
      if (ended) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_GRACE);
      timer.unref();
      child.once('exit', () => clearTimeout(timer));
    },
  };
}

function start({ program, args, env, shell }: SpawnTarget) {
  return spawn(program, [...args], {
    env,
    shell: shell ?? false,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
}

function notStarted({ program, shell }: SpawnTarget, cause: unknown): RsyncError {
  const { code } = cause as NodeJS.ErrnoException;
  if (shell !== undefined) {
    const name = shell === true ? 'the shell' : `the shell ${shell}`;
    return new RsyncError('RSYNC_REMOTE_SHELL', `can not start ${name}: ${code ?? String(cause)}`, {
      exitCode: EXIT.IPC,
      origin: 'local',
      hint: 'Check RSYNC_SHELL.',
      cause,
    });
  }
  const script = process.platform === 'win32' && /\.(cmd|bat)$/i.test(program);
  return new RsyncError(
    'RSYNC_REMOTE_SHELL',
    `can not start the remote shell ${program}: ${code ?? String(cause)}`,
    {
      exitCode: EXIT.IPC,
      origin: 'local',
      path: program,
      hint: script
        ? 'A command script needs its interpreter: -e "cmd /c SCRIPT".'
        : 'Check the program after -e (or in RSYNC_RSH); without it ssh is built in.',
      cause,
    },
  );
}
