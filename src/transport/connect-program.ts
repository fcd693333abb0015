import { EXIT, RsyncError } from '../core/errors.ts';
import type { Channel } from './channel.ts';
import { spawnChannel } from './spawn.ts';

export interface ConnectProgram {
  /** The value of RSYNC_CONNECT_PROG. */
  command: string;
  host: string;
  /** RSYNC_SHELL; undefined: the shell of the platform. */
  shell?: string | undefined;
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  /** Told what the shell will run. */
  onCommand?: ((command: string) => void) | undefined;
}

/** Letters that mean nothing to any shell, also in quotes. */
const HOST = /^[\w.:%-]+$/;

/**
 * RSYNC_CONNECT_PROG with `%H` replaced by the host, in quotes, and `%%` by `%`: docs/protocol/1-session.md, 1.10.
 * @throws RsyncError RSYNC_USAGE, exit 10: the host has characters that a shell might read
 */
export function connectCommand({ command, host }: Pick<ConnectProgram, 'command' | 'host'>): string {
  const quote = process.platform === 'win32' ? '"' : "'";
  return command.replace(/%([H%])/g, (_, letter: string) => {
    if (letter === '%') return '%';
    if (HOST.test(host) && !(process.platform === 'win32' && host.includes('%'))) return quote + host + quote;
    throw new RsyncError('RSYNC_USAGE', 'unsafe host characters for RSYNC_CONNECT_PROG', {
      exitCode: EXIT.SOCKETIO,
      origin: 'local',
      hint: 'The host may hold letters, digits and . : - _ only.',
    });
  });
}

/**
 * Starts a program in place of a TCP connection: its standard input and output lead to the daemon.
 * @throws RsyncError RSYNC_REMOTE_SHELL (exit 14) if no shell can be started; as `connectCommand`
 */
export async function openConnectProgram(program: ConnectProgram): Promise<Channel> {
  const { shell, env, signal, host } = program;
  const command = connectCommand(program);
  program.onCommand?.(command);
  const channel = await spawnChannel({
    program: command,
    args: [],
    env,
    signal,
    shell: shell ?? true,
    label: `RSYNC_CONNECT_PROG for ${host}`,
  });
  return { ...channel, details: { kind: 'program' } };
}
