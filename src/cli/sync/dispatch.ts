/** Runs the commands of a project. Loaded for them alone. */
import { homedir, hostname, userInfo } from 'node:os';
import { EXIT } from '../../core/errors.ts';
import type { ProjectArguments } from '../../sync/config/project-config.ts';
import { initProject } from '../../sync/project/init.ts';
import type { Direction } from '../../sync/state/profile-state.ts';
import type { Output } from '../output.ts';
import type { RunInput } from '../run.ts';
import { Given, type SyncChoice } from './commands.ts';
import { runConfigShow } from './config-command.ts';
import { runHubKeys } from './hub-keys-command.ts';
import { runHubList } from './hub-list-command.ts';
import type { ProgressStream } from './hub-progress.ts';
import { runHubRun } from './hub-run-command.ts';
import { runHubSchedule } from './hub-schedule-command.ts';
import { runHubStatus } from './hub-status-command.ts';
import { printInit } from './init-printer.ts';
import { runLogCommand } from './log-command.ts';
import { runSetupCommand } from './setup-command.ts';
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
    case 'init': {
      const steps = initProject({
        root: screen.around.cwd,
        npm: given.flag('npm'),
        make: given.flag('make'),
        force: given.flag('force'),
      });
      printInit(steps, {
        write: (line) => output.out(line),
        marks: screen.utf8 && screen.around.isTerminal,
        columns: screen.around.columns,
      });
      return EXIT.OK;
    }
    case 'setup':
    case 'doctor':
      return runSetupCommand({ profile, json }, screen);
    case 'status': {
      const staleAfter = given.text('stale-after');
      return runStatusCommand(
        {
          settings: staleAfter === undefined ? settings : { ...settings, staleAfter },
          json,
          remote: given.flag('remote'),
          check: given.flag('check'),
        },
        screen,
      );
    }
    case 'log':
      return runLogCommand({ settings, json, limit: given.count('limit') ?? LOGGED }, screen);
    case 'watch':
      return runWatchCommand(
        { settings, settle: given.duration('settle'), pullEvery: given.duration('pull-every') },
        screen,
      );
    case 'config show':
      return runConfigShow(given, screen);
    case 'hub status':
      return runHubStatus(given, screen);
    case 'hub run':
      return runHubRun(given, screen);
    case 'hub list':
      return runHubList(given, screen);
    case 'hub schedule':
      return runHubSchedule(given, screen);
    case 'hub keys':
      return runHubKeys(given, screen);
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

function screenOf({ env, onPrompt, signal, windows, stdout, stderr }: RunInput, output: Output): Screen {
  return new Screen({
    env,
    cwd: process.cwd(),
    home: env.HOME || homedir(),
    platform: windows === true ? 'win32' : process.platform,
    user: userName(),
    host: hostname(),
    output,
    // Streams of Node have all of it; what only takes bytes is no terminal.
    streams: {
      stdout: stdout as typeof stdout & ProgressStream,
      stderr: stderr as typeof stderr & ProgressStream,
    },
    isInteractive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    isTerminal: process.stdout.isTTY === true,
    columns: columnsOf(process.stdout),
    errorColumns: columnsOf(process.stderr),
    onPrompt,
    signal,
    now: () => new Date(),
  });
}

function columnsOf({ isTTY, columns }: NodeJS.WriteStream): number | undefined {
  return isTTY === true ? (columns ?? 80) : undefined;
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
