/** `rsyncjs pull` and `rsyncjs push` inside a project. */
import type { ByteString } from '../../core/bytes.ts';
import { parseArguments } from '../../options/parse.ts';
import { redactAddress } from '../../sync/config/redaction.ts';
import type { Guard } from '../../sync/project/guards.ts';
import type { Plan, PlannedDeletion, PlannedTransfer } from '../../sync/project/plan.ts';
import { PROFILE_WORDS } from '../../sync/project/profile.ts';
import { type RunResult, runProject } from '../../sync/project/run.ts';
import type { Direction } from '../../sync/state/profile-state.ts';
import { escapeLine } from '../../text/escape.ts';
import { TextPrinter } from '../text-printer.ts';
import { planJson } from './plan-json.ts';
import { blockedLines, guardLines, keptLines, resolvedLines } from './plan-text.ts';
import { openProfile } from './project.ts';
import { type ProjectWords, takeProjectOptions } from './project-arguments.ts';
import type { Screen } from './terminal.ts';

/** @returns the exit code */
export async function runTransferCommand(
  direction: Direction,
  argv: readonly string[],
  screen: Screen,
): Promise<number> {
  const words = takeProjectOptions(argv);
  const opened = await openProfile(screen, words.settings);
  const { profile, configured, connect, stateFolder, who, ignored } = opened;
  const { dryRun, force, interactive, json } = words;
  // What rsync prints: its own words, unless the command line says which.
  const tells = json ? [] : dryRun ? ['-v', '--itemize-changes', '--stats'] : ['-v', '--stats'];
  const { options } = parseArguments([...PROFILE_WORDS, ...tells, ...profile.words], screen.around.env);
  const printer = new TextPrinter({
    options: { ...options, dryRun },
    direction,
    output: screen.around.output,
    sources: [profile.root],
    utf8: screen.utf8,
  });
  if (!json) sayHeading(screen, direction, redactAddress(configured.remote.value.text), dryRun);
  const confirms = configured.guards.confirm.value === 'always';
  const result = await runProject({
    profile,
    direction,
    dryRun,
    force,
    tells,
    connect,
    stateFolder,
    who,
    now: screen.around.now,
    ignored,
    ask: (guard) => confirmGuard(guard, screen),
    choose:
      interactive || confirms
        ? (plan) => (interactive ? choosePaths(plan, screen) : confirmPlan(plan, screen))
        : undefined,
    onEvent: json ? undefined : printer.onEvent,
  });
  if (!json && result.transfer !== undefined) printer.finish(result.transfer);
  if (json) screen.json(resultJson(result));
  else sayResult(result, direction, words, screen);
  return result.exitCode;
}

function sayHeading(screen: Screen, direction: Direction, remote: string, dryRun: boolean): void {
  const { marks } = screen;
  if (dryRun)
    screen.say(`${marks.look} Previewing ${direction} ${direction === 'pull' ? 'from' : 'to'} ${remote}`);
  else if (direction === 'pull') screen.say(`${marks.pull} Pulling from ${remote}`);
  else screen.say(`${marks.push} Pushing to ${remote}`);
}

async function confirmGuard(guard: Guard, screen: Screen): Promise<boolean> {
  const lines = guardLines(guard, screen.utf8);
  for (const line of lines) screen.around.output.err(`${line}\n`);
  return screen.confirm('Go on?');
}

function sayResult(result: RunResult, direction: Direction, { dryRun }: ProjectWords, screen: Screen): void {
  const { marks, utf8 } = screen;
  const { plan, guards, problems, outcome, exitCode } = result;
  for (const problem of problems) screen.warn(`${marks.warning} ${problem}`);
  screen.sayBytes(resolvedLines(plan, utf8));
  screen.sayBytes(keptLines(plan, utf8));
  if (outcome === 'stopped' || dryRun) {
    const lines = [...blockedLines(plan, utf8), ...guards.flatMap((guard) => guardLines(guard, utf8))];
    for (const line of lines) screen.around.output.err(`${line}\n`);
  }
  switch (outcome) {
    case 'stopped':
      screen.warn(`${marks.error} Nothing was ${direction === 'pull' ? 'pulled' : 'pushed'}.`);
      break;
    case 'dry':
      screen.say(
        `${marks.info} This was a dry run. No changes were made.`,
        `Run 'rsyncjs ${direction}' to apply these changes.`,
      );
      break;
    case 'partial':
      screen.warn(
        `${marks.warning} Some files were left out (exit ${exitCode}); the next run tries them again.`,
      );
      break;
    case 'ok':
      screen.say(
        direction === 'pull'
          ? `${marks.complete} Pull complete! Remote changes applied.`
          : `${marks.complete} Push complete! Local changes sent to remote.`,
      );
  }
}

function resultJson({ outcome, exitCode, plan, guards, problems, transfer }: RunResult): object {
  return {
    schema: 1,
    outcome,
    exitCode,
    plan: planJson(plan),
    guards: guards.map(({ name, weight, sentence, count }) => ({ name, weight, sentence, count })),
    problems,
    stats: transfer?.stats ?? null,
  };
}

/** What would be lost or replaced is asked about; what is new is not. */
async function choosePaths(plan: Plan, screen: Screen): Promise<ReadonlySet<ByteString>> {
  const chosen = new Set<ByteString>();
  const asked: (PlannedTransfer | PlannedDeletion)[] = [];
  for (const transfer of plan.transfer) {
    if (transfer.replaces === undefined || transfer.replaces.kind === 'directory') chosen.add(transfer.path);
    else asked.push(transfer);
  }
  // Parents first, as a person thinks of them.
  asked.push(...[...plan.delete].reverse());
  let all: boolean | undefined;
  for (const step of asked) {
    const yes = all ?? (await askAbout(step, screen));
    if (yes === 'all' || yes === 'none') all = yes === 'all';
    if (yes === true || yes === 'all') chosen.add(step.path);
  }
  return chosen;
}

async function askAbout(
  step: PlannedTransfer | PlannedDeletion,
  screen: Screen,
): Promise<boolean | 'all' | 'none'> {
  const what = 'replaces' in step ? 'Overwrite' : 'Delete';
  const name = escapeLine(step.path, screen.utf8);
  for (;;) {
    const answer = await screen.ask(`${what} ${name}? [y]es, [n]o, [a]ll, [q] none of the rest`);
    switch (answer?.trim().toLowerCase().charAt(0)) {
      case 'y':
        return true;
      case 'n':
        return false;
      case 'a':
        return 'all';
      case 'q':
      case undefined:
        return 'none';
    }
  }
}

async function confirmPlan(plan: Plan, screen: Screen): Promise<ReadonlySet<ByteString>> {
  const steps = [...plan.transfer, ...plan.delete].map(({ path }) => path);
  if (steps.length === 0) return new Set();
  const question = `Transfer ${plan.transfer.length} and delete ${plan.delete.length}?`;
  return (await screen.confirm(question)) ? new Set(steps) : new Set();
}
