/** `rsyncjs hub schedule`. */
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EXIT, usageError } from '../../core/errors.ts';
import { readHub } from '../../sync/config/hub-config.ts';
import {
  SCHEDULE_FORMATS,
  type ScheduleFormat,
  scheduleEntry,
  usualFormat,
} from '../../sync/hub/schedule/entry.ts';
import { installSteps, scheduleState, uninstallSteps } from '../../sync/hub/schedule/install.ts';
import { applySteps, type ScheduleStep, stepText } from '../../sync/hub/schedule/steps.ts';
import { hasSystemd, systemTools } from '../../sync/hub/schedule/system.ts';
import { parseTimetable } from '../../sync/hub/schedule/timetable.ts';
import { parseShard } from '../../sync/hub/shard.ts';
import { stateFolder } from '../../sync/state/folders.ts';
import type { Given } from './commands.ts';
import { hubFile } from './hub-setting.ts';
import { folderInputs } from './project.ts';
import type { Screen } from './terminal.ts';

/** What a scheduler does not have, and where our files are depends on. */
const CARRIED = [
  'RSYNCJS_STATE_HOME',
  'XDG_STATE_HOME',
  'XDG_CONFIG_HOME',
  'LOCALAPPDATA',
  'APPDATA',
  'SSH_AUTH_SOCK',
];
const ACTIONS = ['print', 'install', 'uninstall', 'status'] as const;

/** @returns the exit code */
export async function runHubSchedule(given: Given, screen: Screen): Promise<number> {
  const { env, home, platform } = screen.around;
  const actions = ACTIONS.filter((name) => given.flag(name));
  if (actions.length > 1) {
    throw usageError(`hub schedule: --${actions.join(' and --')} do not go together`);
  }
  const [action = 'print'] = actions;
  const format = formatOf(given.text('format'), platform);
  const name = given.text('name') ?? 'hub';
  const account = {
    home,
    configHome: env.XDG_CONFIG_HOME || undefined,
    uid: process.getuid?.(),
    temporary: tmpdir(),
  };
  const tools = systemTools(env);
  if (action === 'status') {
    const { installed, report } = await scheduleState({ format, name, account, tools });
    screen.say(installed ? `${name} is installed (${format}).` : `${name} is not installed (${format}).`);
    if (report.trim() !== '') screen.say(report.trimEnd());
    return EXIT.OK;
  }
  if (action === 'uninstall') {
    return apply(
      await uninstallSteps({ format, name, account, tools }),
      'Nothing is installed.',
      given,
      screen,
      tools,
    );
  }
  const shard = given.text('shard');
  if (shard !== undefined) parseShard(shard);
  const config = hubFile(given, screen);
  const entry = scheduleEntry(
    format,
    {
      name,
      node: process.execPath,
      script: resolve(process.argv[1] ?? ''),
      words: [
        ...['hub', 'run', '--config', config],
        ...(shard === undefined ? [] : ['--shard', shard]),
        ...(hasSchedules(config, screen) ? ['--due'] : []),
      ],
      environment: Object.fromEntries(
        CARRIED.flatMap((variable) => {
          const value = env[variable];
          return value === undefined || value === '' ? [] : [[variable, value]];
        }),
      ),
      log: join(stateFolder(folderInputs(screen.around)), `${name}.log`),
    },
    parseTimetable({ every: given.text('every'), at: given.text('at'), cron: given.text('cron') }),
  );
  if (action === 'print') {
    for (const { name: part, text } of entry.parts) screen.say(`# ${part}`, text.trimEnd(), '');
    for (const note of entry.notes) screen.warn(`${screen.marks.info} ${note}`);
    return EXIT.OK;
  }
  const code = await apply(
    await installSteps(entry, { name, account, tools }),
    'It is installed already, as it is to be.',
    given,
    screen,
    tools,
  );
  for (const note of entry.notes) screen.say(`${screen.marks.info} ${note}`);
  return code;
}

/** Spokes that have schedules are run at their own times, of those that the entry comes at. */
function hasSchedules(file: string, { around: { home, platform } }: Screen): boolean {
  const { spokes } = readHub({ file, named: false, home, platform });
  return spokes.some(({ schedule }) => schedule !== undefined);
}

async function apply(
  steps: readonly ScheduleStep[],
  nothing: string,
  given: Given,
  screen: Screen,
  tools: ReturnType<typeof systemTools>,
): Promise<number> {
  const dryRun = given.flag('dry-run');
  if (steps.length === 0) screen.say(nothing);
  for (const step of steps) screen.say(`${dryRun ? 'would ' : ''}${stepText(step)}`);
  if (!dryRun) await applySteps(steps, tools);
  return EXIT.OK;
}

function formatOf(text: string | undefined, platform: NodeJS.Platform): ScheduleFormat {
  if (text === undefined) return usualFormat(platform, hasSystemd());
  const format = SCHEDULE_FORMATS.find((known) => known === text);
  if (format !== undefined) return format;
  throw usageError(`hub schedule: --format ${text}: unknown`, `Known are ${SCHEDULE_FORMATS.join(', ')}.`);
}
