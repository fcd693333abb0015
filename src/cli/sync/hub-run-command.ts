/** `rsyncjs hub run`. */
import { EXIT, usageError } from '../../core/errors.ts';
import { type HubConfig, MOST_JOBS } from '../../sync/config/hub-config.ts';
import { chooseSpokes } from '../../sync/hub/choice.ts';
import type { SpokeOutcome } from '../../sync/hub/outcome.ts';
import { type HubRunInput, runHub } from '../../sync/hub/run.ts';
import { parseShard } from '../../sync/hub/shard.ts';
import { stateFolder } from '../../sync/state/folders.ts';
import type { Given } from './commands.ts';
import { hubProgress } from './hub-progress.ts';
import { hubRunJson } from './hub-run-json.ts';
import { closingSentence } from './hub-sentences.ts';
import { example, hubSurroundings, readHubFile } from './hub-setting.ts';
import { folderInputs } from './project.ts';
import type { Screen } from './terminal.ts';

/** @returns the exit code: that of the worst spoke */
export async function runHubRun(given: Given, screen: Screen): Promise<number> {
  const config = readHubFile(given, screen);
  const json = given.flag('json');
  if (config.spokes.length === 0) {
    screen.warn(...example(config.file));
    return EXIT.SYNTAX;
  }
  const dryRun = given.flag('dry-run');
  const shard = given.text('shard');
  const choice = {
    spokes: given.texts('spoke'),
    tags: given.texts('tag'),
    shard: shard === undefined ? undefined : parseShard(shard),
  };
  const bwlimit = rate(given.text('bwlimit'));
  const jobs = jobsOf(given);
  // Every mistake is told by now: from here on there is a table.
  const names = chooseSpokes(config, choice).chosen.map(({ name }) => name);
  await screen.around.output.drain();
  const progress = hubProgress(
    names,
    json ? screen.around.streams.stderr : screen.around.streams.stdout,
    screen.around.env,
    screen.around.platform === 'win32',
  );
  if (!json) progress.tell(dryRun ? 'Dry run mode - nothing is changed' : 'Starting sync...');
  const { connect, who } = hubSurroundings(screen);
  const input: HubRunInput = {
    ...choice,
    due: given.flag('due'),
    dryRun,
    force: given.flag('force'),
    delete: given.choice('delete'),
    bwlimit,
    jobs,
    connect,
    who,
    stateFolder: stateFolder(folderInputs(screen.around)),
    now: screen.around.now,
    onBegin: (spoke) => progress.begin(spoke),
    onEvent: (spoke, event) => progress.event(spoke, event),
    onRetry: (spoke, failure, attempt, delay) => {
      const why = failure instanceof Error ? failure.message : String(failure);
      progress.retry(
        spoke,
        `attempt ${attempt + 1} of ${attemptsOf(config, spoke)} in ${Math.ceil(delay / 1000)} s: ${why}`,
      );
    },
    onEnd: (outcome) => progress.end(outcome),
  };
  let result: Awaited<ReturnType<typeof runHub>>;
  try {
    result = await runHub(config, input);
  } finally {
    progress.close();
  }
  if (json) screen.json(hubRunJson(result));
  else {
    for (const outcome of result.outcomes) tellTroubles(outcome, screen, progress.isTable);
    screen.say(closingSentence(result.outcomes));
  }
  return result.exitCode;
}

function attemptsOf({ spokes }: HubConfig, name: string): number {
  return 1 + (spokes.find((spoke) => spoke.name === name)?.retries.value ?? 0);
}

/** Which names it was about; and what there was no room for in a table, or what to do about it. */
function tellTroubles(
  { spoke, outcome, error, failed, vanished }: SpokeOutcome,
  screen: Screen,
  wasCut: boolean,
): void {
  if (wasCut && (outcome === 'failed' || outcome === 'busy')) {
    screen.warn(`${spoke}: ${error?.message ?? 'failed'}`);
    if (error?.hint !== undefined) screen.warn(`${spoke}:   ${error.hint}`);
  }
  for (const [what, { paths, more }] of [
    ['failed', failed],
    ['vanished', vanished],
  ] as const) {
    for (const path of paths) screen.warn(`${spoke}: ${what}: ${path}`);
    if (more > 0) screen.warn(`${spoke}: ${what}: and ${more} more`);
  }
}

/** As many as `hub.jobs` may be. */
function jobsOf(given: Given): number | undefined {
  const jobs = given.count('jobs');
  if (jobs === undefined || jobs <= MOST_JOBS) return jobs;
  throw usageError(`hub run: --jobs ${jobs}: ${MOST_JOBS} spokes at a time are the most`);
}

/** KiB a second, or with a unit; 0: no limit. */
function rate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number, unit = 'k'] = /^(\d{1,9})([kmg]?)$/i.exec(text) ?? [];
  if (number === undefined) {
    throw usageError(
      `hub run: --bwlimit ${text}: no rate`,
      'Write KiB a second (500), or with a unit (2m); 0: no limit.',
    );
  }
  return Number(number) * { k: 1, m: 1024, g: 1024 * 1024 }[unit.toLowerCase() || 'k']!;
}
