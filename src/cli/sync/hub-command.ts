/** `rsyncjs hub status | run | list`. */
import { isAbsolute, join } from 'node:path';
import { fromText, toText } from '../../core/bytes.ts';
import { EXIT, usageError } from '../../core/errors.ts';
import { type HubConfig, readHub } from '../../sync/config/hub-config.ts';
import { spokeFiles } from '../../sync/hub/files.ts';
import type { SpokeOutcome } from '../../sync/hub/outcome.ts';
import { checkNames, chooseSpokes, type HubRunInput, runHub } from '../../sync/hub/run.ts';
import { parseShard } from '../../sync/hub/shard.ts';
import { hubStatus } from '../../sync/hub/status.ts';
import { configFolder, stateFolder } from '../../sync/state/folders.ts';
import { formatTime } from '../../text/dates.ts';
import { escapeLine } from '../../text/escape.ts';
import type { Given } from './commands.ts';
import { hubProgress } from './hub-progress.ts';
import { closingSentence } from './hub-sentences.ts';
import { hubStatusJson, hubStatusLines } from './hub-status-text.ts';
import { folderInputs } from './project.ts';
import { sizeText } from './quantities.ts';
import type { Screen } from './terminal.ts';

const example = (file: string): string[] => [
  `No spokes are configured in ${file}. Example:`,
  '',
  'spokes:',
  '  - name: laptop',
  '    sync_method: rsync',
  '    source: user@laptop:/home/user/sessions',
  '    path: ~/hub/laptop',
];

/** The file of the hub: the one that is named, or the one in the folder for settings. */
export function hubFile(given: Given, screen: Screen): string {
  const { cwd } = screen.around;
  const named = given.text('config');
  return named === undefined
    ? join(configFolder(folderInputs(screen.around)), 'hub.yaml')
    : join(isAbsolute(named) ? '' : cwd, named);
}

function readConfig(given: Given, screen: Screen): HubConfig {
  const { home, platform } = screen.around;
  const file = hubFile(given, screen);
  const config = readHub({ file, named: given.text('config') !== undefined, home, platform });
  for (const { text } of config.notices) screen.warn(`${screen.marks.warning} ${text}`);
  return config;
}

/** @returns the exit code: that of the worst spoke */
export async function runHubRun(given: Given, screen: Screen): Promise<number> {
  const config = readConfig(given, screen);
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
  const jobs = given.count('jobs');
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
  const { connect, who } = surroundings(screen);
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
  if (json) screen.json({ schema: 1, exitCode: result.exitCode, outcomes: result.outcomes });
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
    if (error?.hint !== undefined) screen.warn(`  ${error.hint}`);
  }
  for (const [what, { paths, more }] of [
    ['failed', failed],
    ['vanished', vanished],
  ] as const) {
    for (const path of paths) screen.warn(`${spoke}: ${what}: ${path}`);
    if (more > 0) screen.warn(`${spoke}: ${what}: and ${more} more`);
  }
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

/** Nobody is asked anything: several spokes at once would ask at once, and a timer has nobody. */
function surroundings(screen: Screen) {
  const { env, signal, user, host } = screen.around;
  return { connect: { env, ...(signal === undefined ? {} : { signal }) }, who: { user, host } };
}

/** @returns the exit code: 40 with --check for a spoke that is stale or out of reach */
export async function runHubStatus(given: Given, screen: Screen): Promise<number> {
  const config = readConfig(given, screen);
  const { connect } = surroundings(screen);
  const check = given.flag('check');
  const now = screen.around.now();
  const status = await hubStatus(config, {
    stateFolder: stateFolder(folderInputs(screen.around)),
    now,
    check,
    connect,
    choice: { spokes: given.texts('spoke'), tags: given.texts('tag') },
  });
  if (given.flag('json')) screen.json(hubStatusJson(status));
  else {
    screen.say(...hubStatusLines(status, { marks: screen.marks, now, host: screen.around.host }));
    if (status.spokes.length === 0) screen.say('', ...example(config.file));
  }
  const bad = status.spokes.some(({ stale, reach }) => stale || reach?.reached === false);
  return check && bad ? EXIT.GUARD : EXIT.OK;
}

/** @returns the exit code */
export function runHubList(given: Given, screen: Screen): number {
  const config = readConfig(given, screen);
  const names = given.texts('spoke');
  checkNames(config, names);
  const patterns = given.texts('match');
  const long = given.flag('long');
  const lists = config.spokes
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map((spoke) => ({
      spoke,
      files: [...spokeFiles(spoke.path.value, patterns.length > 0 ? patterns : spoke.match.value)].sort(
        (a, b) => b.mtime - a.mtime || (a.path < b.path ? -1 : 1),
      ),
    }));
  if (given.flag('json')) {
    screen.json({
      schema: 1,
      spokes: lists.map(({ spoke, files }) => ({
        name: spoke.name,
        path: spoke.path.value,
        files: files.map(({ path, size, mtime }) => ({
          path: toText(path),
          size,
          mtime: new Date(mtime).toISOString(),
        })),
      })),
    });
    return EXIT.OK;
  }
  if (lists.length === 0) screen.say(...example(config.file));
  for (const [index, { spoke, files }] of lists.entries()) {
    if (index > 0) screen.say('');
    screen.say(`${spoke.name} (${spoke.method}): ${files.length} ${files.length === 1 ? 'file' : 'files'}`);
    for (const { path, size, mtime } of files) {
      const whole = `${fromText(spoke.path.value)}/${path}`;
      const line = long ? `${formatTime(mtime / 1000, ' ')}  ${sizeText(size).padStart(8)}  ${whole}` : path;
      screen.sayBytes([`  ${escapeLine(line, screen.utf8)}`]);
    }
  }
  return EXIT.OK;
}
