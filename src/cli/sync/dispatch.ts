/** Runs the commands of a project. Loaded for them alone. */
import { homedir, hostname, userInfo } from 'node:os';
import type { ProjectArguments } from '../../sync/config/project-config.ts';
import type { Direction } from '../../sync/state/profile-state.ts';
import type { Output } from '../output.ts';
import type { RunInput } from '../run.ts';
import { Given, type SyncChoice } from './commands.ts';
import { runLogCommand } from './log-command.ts';
import { runStatusCommand } from './status-command.ts';
import { Screen } from './terminal.ts';
import { runTransferCommand } from './transfer-command.ts';
import { runWatchCommand } from './watch-command.ts';

const LOGGED = 20;

/** @returns the exit code */
export async function runSyncCommand(choice: SyncChoice, input: RunInput, output: Output): Promise<number> {
  const screen = screenOf(input, output);
  const given = new Given(choice);
  const profile = given.text('profile');
  const settings: ProjectArguments = profile === undefined ? {} : { profiles: [profile] };
  const json = given.flag('json');
  switch (choice.command) {
    case 'status':
      return runStatusCommand(
        { settings, json, remote: given.flag('remote'), check: given.flag('check') },
        screen,
      );
    case 'log':
      return runLogCommand({ settings, json, limit: given.count('limit') ?? LOGGED }, screen);
    case 'watch':
      return runWatchCommand(
        { settings, settle: given.duration('settle'), pullEvery: given.duration('pull-every') },
        screen,
      );
  }
}

/** `pull` and `push` without paths. */
export function runProjectTransfer(
  direction: Direction,
  argv: readonly string[],
  input: RunInput,
  output: Output,
): Promise<number> {
  return runTransferCommand(direction, argv, screenOf(input, output));
}

function screenOf({ env, onPrompt, signal, windows }: RunInput, output: Output): Screen {
  return new Screen({
    env,
    cwd: process.cwd(),
    home: env.HOME || homedir(),
    platform: windows === true ? 'win32' : process.platform,
    user: userName(),
    host: hostname(),
    output,
    isInteractive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    isTerminal: process.stdout.isTTY === true,
    columns: process.stdout.columns ?? 80,
    onPrompt,
    signal,
    now: () => new Date(),
  });
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
