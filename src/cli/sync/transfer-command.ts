/** `rsyncjs pull` and `rsyncjs push` inside a project. */
import { toText } from '../../core/bytes.ts';
import { parseArguments } from '../../options/parse.ts';
import { redactAddress } from '../../sync/config/redaction.ts';
import { usualFolding } from '../../sync/project/folding.ts';
import type { Guard } from '../../sync/project/guards.ts';
import type { Plan } from '../../sync/project/plan.ts';
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
  const choose = dryRun ? undefined : chooser({ interactive, confirms }, screen);
  let steps: number | undefined;
  /** What a person has seen and said already. */
  const asked = new Set<Guard>();
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
    ask: (guard) => {
      if (screen.canAsk) asked.add(guard);
      return confirmGuard(guard, screen);
    },
    folding: usualFolding(screen.around.platform),
    choose:
      choose &&
      (async (plan) => {
        steps = countSteps(plan);
        return choose(plan);
      }),
    onEvent: json ? undefined : printer.onEvent,
  });
  if (!json && result.transfer !== undefined) printer.finish(result.transfer);
  const line = figures ? figuresLine(result) : undefined;
  if (line !== undefined) screen.tell(line);
  const { plan, guards } = result;
  if (json) screen.json(resultJson(result));
  else {
    const unheard = guards.filter((guard) => !asked.has(guard));
    const leftOut = steps === undefined ? 0 : steps - countSteps(plan);
    sayResult({ ...result, guards: unheard }, { direction, dryRun, leftOut }, screen);
  }
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
  if (dryRun) screen.tell(marked(marks.look, `Previewing ${direction} ${where}`));
  else if (direction === 'pull') screen.tell(marked(marks.pull, `Pulling ${where}`));
  else screen.tell(marked(marks.push, `Pushing ${where}`));
}

function countSteps(plan: Plan): number {
  return plan.transfer.length + plan.delete.length;
}

/** @param told  `leftOut`: steps of the plan that a person did not want */
function sayResult(
  result: RunResult,
  { direction, dryRun, leftOut }: { direction: Direction; dryRun: boolean; leftOut: number },
  screen: Screen,
): void {
  const { marks } = screen;
  const { plan, guards, problems, outcome, exitCode, changed } = result;
  for (const problem of problems) screen.warn(`${marks.warning} ${problem}`);
  screen.sayBytes(resolvedLines(plan, screen.look));
  const why = plan.keep.some(({ reason }) => reason === 'deletions-off') && outcome !== 'stopped';
  for (const guard of why ? guards : []) {
    if (guard.name === 'filter-in-transfer') screen.tell(guard.sentence, guard.remedy);
  }
  // Where nothing was done everything stays as it is.
  if (outcome !== 'stopped') screen.sayBytes(keptLines(plan, screen.look));
  screen.sayBytes(changedLines(changed, screen.look));
  if (outcome === 'stopped' || dryRun) {
    const { errorLook } = screen;
    screen.warnBytes(blockedLines(plan, errorLook));
    for (const guard of guards) screen.warnBytes(guardLines(guard, errorLook));
  }
  switch (outcome) {
    case 'stopped':
      screen.warn(`${marks.error} Nothing was ${direction === 'pull' ? 'pulled' : 'pushed'}.`);
      break;
    case 'dry':
      if (plan.blocked) screen.warn(`${marks.warning} A ${direction} would stop there, and change nothing.`);
      screen.tell(`${marks.info} This was a dry run. No changes were made.`);
      if (!plan.blocked) screen.tell(`Run 'rsyncjs ${direction}' to apply these changes.`);
      break;
    case 'partial':
      screen.warn(
        `${marks.warning} Some files were left out (exit ${exitCode}); the next run tries them again.`,
      );
      break;
    case 'ok':
      screen.tell(marked(marks.complete, completeSentence(direction, leftOut)));
  }
}

function completeSentence(direction: Direction, leftOut: number): string {
  const what = direction === 'pull' ? 'Pull' : 'Push';
  if (leftOut > 0)
    return `${what} complete, but for ${leftOut} ${leftOut === 1 ? 'path' : 'paths'} that you left out.`;
  return direction === 'pull'
    ? 'Pull complete! Remote changes applied.'
    : 'Push complete! Local changes sent to remote.';
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
