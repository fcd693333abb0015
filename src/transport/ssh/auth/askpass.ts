import { spawn } from 'node:child_process';
import { RsyncError } from '../../../core/errors.ts';
import { type OnPrompt, oneAtATime, type PromptRequest, terminalPrompts } from './prompts.ts';

/** Bytes of the program's answer that are read. */
const MAX_ANSWER = 64 * 1024;

type Require = 'never' | 'prefer' | 'force' | undefined;

/** ssh(1), SSH_ASKPASS_REQUIRE; another value than these three has no meaning, as in ssh. */
function required(env: NodeJS.ProcessEnv): Require {
  const value = env.SSH_ASKPASS_REQUIRE?.toLowerCase();
  return value === 'never' || value === 'prefer' || value === 'force' ? value : undefined;
}

/**
 * Asks through the program that SSH_ASKPASS names, as ssh(1) does: if there is a display (DISPLAY, WAYLAND_DISPLAY), or
 * without one if SSH_ASKPASS_REQUIRE is `force`. Undefined if there is no program, or it may not be used.
 *
 * The program gets the question as its one argument and answers by the first line of its standard output; a non-zero
 * status declines. SSH_ASKPASS_PROMPT is `confirm` for a host key: then the status alone is an answer. It is started
 * without a shell. The prompts reject with RSYNC_AUTH (exit 255) if it can not be started.
 */
export function askpassPrompts(env: NodeJS.ProcessEnv): OnPrompt | undefined {
  const program = env.SSH_ASKPASS;
  const require = required(env);
  const display = (env.DISPLAY ?? '') !== '' || (env.WAYLAND_DISPLAY ?? '') !== '';
  if (program === undefined || program === '' || require === 'never') return undefined;
  if (!display && require !== 'force') return undefined;
  const inTurn = oneAtATime();
  return (request) => inTurn(() => runAskpass(program, request, env));
}

/** Whom the command asks: the askpass program if it is preferred, else the terminal, else the askpass program. */
export function commandLinePrompts(env: NodeJS.ProcessEnv): OnPrompt | undefined {
  const askpass = askpassPrompts(env);
  const require = required(env);
  if (askpass !== undefined && (require === 'prefer' || require === 'force')) return askpass;
  return terminalPrompts() ?? askpass;
}

function runAskpass(
  program: string,
  request: PromptRequest,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const { SSH_ASKPASS_PROMPT: _, ...rest } = env;
  const confirm = request.kind === 'host-key';
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown): void =>
      reject(
        new RsyncError(
          'RSYNC_AUTH',
          `can not start ${program}, which is to ask for a password: ${reason(cause)}`,
          {
            exitCode: 255,
            origin: 'local',
            path: program,
            hint: 'SSH_ASKPASS must name a program; without it the terminal is used.',
            cause,
          },
        ),
      );
    try {
      const child = spawn(program, [request.message], {
        env: confirm ? { ...rest, SSH_ASKPASS_PROMPT: 'confirm' } : rest,
        stdio: ['ignore', 'pipe', 'inherit'],
        windowsHide: true,
      });
      const chunks: Buffer[] = [];
      let size = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        if (size < MAX_ANSWER) chunks.push(chunk);
        size += chunk.length;
      });
      child.once('error', failed);
      child.once('close', (code) => {
        if (code !== 0 || size > MAX_ANSWER) return resolve(undefined);
        const line = /^[^\r\n]*/.exec(Buffer.concat(chunks).toString('utf8'))![0];
        resolve(confirm && line.trim() === '' ? 'yes' : line);
      });
    } catch (error) {
      failed(error);
    }
  });
}

function reason(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'no such file';
  return code ?? 'unknown reason';
}
