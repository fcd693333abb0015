/** `rsyncjs pull` and `rsyncjs push` inside a project. */
import { toText } from '../../core/bytes.ts';
import { parseArguments } from '../../options/parse.ts';
import { redactAddress } from '../../sync/config/redaction.ts';
import { usualFolding } from '../../sync/project/folding.ts';
import { PROFILE_WORDS } from '../../sync/project/profile.ts';
import { type RunResult, runProject } from '../../sync/project/run.ts';
import type { Direction } from '../../sync/state/profile-state.ts';
import { TextPrinter } from '../text-printer.ts';
import { marked } from './marks.ts';
import { chooser, confirmGuard } from './plan-choice.ts';
import { planJson } from './plan-json.ts';
import { blockedLines, changedLines, guardLines, keptLines, resolvedLines } from './plan-text.ts';
import { openProfile } from './project.ts';
import { type ProjectWords, takeProjectOptions } from './project-arguments.ts';
import { figuresLine } from './run-figures.ts';
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
  const { tells, shown, figures } = tellsOf(profile.words, words);
  const { options } = parseArguments([...PROFILE_WORDS, ...shown, ...profile.words], screen.around.env);
  const printer = new TextPrinter({
    options: { ...options, dryRun },
    direction,
    output: screen.around.output,
    sources: [profile.root],
    utf8: screen.utf8,
  });
  if (!json) sayHeading(screen, direction, redactAddress(configured.remote.value.text), dryRun);
  const confirms = configured.guards.confirm.value === 'always' && !force;
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
    folding: usualFolding(screen.around.platform),
    choose: dryRun ? undefined : chooser({ interactive, confirms }, screen),
    onEvent: json ? undefined : printer.onEvent,
  });
  if (!json && result.transfer !== undefined) printer.finish(result.transfer);
  const line = figures ? figuresLine(result) : undefined;
  if (line !== undefined) screen.say(line);
  if (json) screen.json(resultJson(result));
  else sayResult(result, direction, words, screen);
  return result.exitCode;
}

/** What is told of the run itself: names and one line of figures; with `-v` all that rsync tells. */
function tellsOf(
  own: readonly string[],
  { dryRun, json }: ProjectWords,
): {
  /** What the run is told of it. */
  tells: readonly string[];
  /** And the printer. */
  shown: readonly string[];
  figures: boolean;
} {
  if (json) return { tells: [], shown: [], figures: false };
  const { verbose, quiet } = parseArguments(own).options;
  if (verbose === 0) {
    return { tells: [], shown: [dryRun ? '--itemize-changes' : '--out-format=%n%L'], figures: !quiet };
  }
  const all = [...(dryRun ? ['--itemize-changes'] : []), '--stats'];
  return { tells: all, shown: all, figures: false };
}

function sayHeading(screen: Screen, direction: Direction, remote: string, dryRun: boolean): void {
  const { marks } = screen;
  const where = `${direction === 'pull' ? 'from' : 'to'} ${remote}`;
  if (dryRun) screen.say(marked(marks.look, `Previewing ${direction} ${where}`));
  else if (direction === 'pull') screen.say(marked(marks.pull, `Pulling ${where}`));
  else screen.say(marked(marks.push, `Pushing ${where}`));
}

function sayResult(result: RunResult, direction: Direction, { dryRun }: ProjectWords, screen: Screen): void {
  const { marks, utf8 } = screen;
  const { plan, guards, problems, outcome, exitCode, changed } = result;
  for (const problem of problems) screen.warn(`${marks.warning} ${problem}`);
  screen.sayBytes(resolvedLines(plan, utf8));
  // Where nothing was done everything stays as it is.
  if (outcome !== 'stopped') screen.sayBytes(keptLines(plan, utf8));
  screen.sayBytes(changedLines(changed, utf8));
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
          ? marked(marks.complete, 'Pull complete! Remote changes applied.')
          : marked(marks.complete, 'Push complete! Local changes sent to remote.'),
      );
  }
}

function resultJson({ outcome, exitCode, plan, guards, problems, changed, transfer }: RunResult): object {
  return {
    schema: 1,
    outcome,
    exitCode,
    plan: planJson(plan),
    guards: guards.map(({ name, weight, sentence, count }) => ({ name, weight, sentence, count })),
    problems,
    changed: changed.map(toText),
    stats: transfer?.stats ?? null,
  };
}
