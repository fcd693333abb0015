/**
 * Puts an entry where its scheduler finds it, and takes it away again: as steps, which a dry run shows. Installing twice is
 * installing once; what somebody else made under the same name is never replaced or removed.
 */
import { posix, win32 } from 'node:path';
import { type ByteString, fromText, toText } from '../../../core/bytes.ts';
import { usageError } from '../../../core/errors.ts';
import { MADE_BY } from './command.ts';
import { blockOf, withBlock, withoutBlock } from './crontab.ts';
import type { ScheduleEntry, ScheduleFormat } from './entry.ts';
import { launchdLabel } from './launchd.ts';
import { missingTool, refused, type ScheduleStep, type ScheduleTools } from './steps.ts';
import { isOurTask, taskName } from './task-scheduler.ts';

/** The account that the entry is for. */
export interface ScheduleAccount {
  /** Absolute. */
  home: string;
  /** XDG_CONFIG_HOME; undefined: `~/.config`. */
  configHome?: string | undefined;
  /** Number of the user, where users have numbers. */
  uid: number | undefined;
  /** A folder for files that are needed for a moment. */
  temporary: string;
}

/** What is there under the name, made here. */
export interface ScheduleState {
  installed: boolean;
  /** What the scheduler itself says about it. */
  report: string;
}

interface Place {
  format: ScheduleFormat;
  /** As in the command that was scheduled. */
  name: string;
  account: ScheduleAccount;
  tools: ScheduleTools;
}

type Installer = {
  install(entry: ScheduleEntry, place: Place): Promise<ScheduleStep[]>;
  uninstall(place: Place): Promise<ScheduleStep[]>;
  status(place: Place): Promise<ScheduleState>;
};

/**
 * What is to be done so that the entry is there; nothing, if it is.
 * @throws RsyncError RSYNC_USAGE, exit 1: something of this name is somebody else's; RSYNC_UNSUPPORTED, exit 4: a tool is
 *   missing, or refuses; and of files (exit 11)
 */
export function installSteps(entry: ScheduleEntry, place: Omit<Place, 'format'>): Promise<ScheduleStep[]> {
  return INSTALLERS[entry.format].install(entry, { ...place, format: entry.format });
}

/** What is to be done so that it is gone; nothing, if it is not there. Throws like `installSteps`. */
export function uninstallSteps(place: Place): Promise<ScheduleStep[]> {
  return INSTALLERS[place.format].uninstall(place);
}

/** Throws like `installSteps`. */
export function scheduleState(place: Place): Promise<ScheduleState> {
  return INSTALLERS[place.format].status(place);
}

const SYSTEMD: Installer = {
  async install(entry, place) {
    const files = entry.parts.map(({ name, text }) => ({ path: unitPath(place, name), text }));
    const changed = files.filter(({ path, text }) => ownText(place, path) !== text);
    const isActive = (await must(place, 'systemctl', ['--user', 'is-active', entry.title])).status === 0;
    if (changed.length === 0 && isActive) return [];
    return [
      ...changed.map(({ path, text }) => write(path, text)),
      run('systemctl', '--user', 'daemon-reload'),
      run('systemctl', '--user', 'enable', entry.title),
      // A timer that runs takes up its new times when it is started again.
      run('systemctl', '--user', 'restart', entry.title),
    ];
  },
  async uninstall(place) {
    const [service, timer] = unitNames(place);
    const found = [timer, service]
      .map((name) => unitPath(place, name))
      .filter((path) => ownText(place, path) !== undefined);
    if (found.length === 0) return [];
    return [
      run('systemctl', '--user', 'disable', '--now', timer),
      ...found.map((path): ScheduleStep => ({ kind: 'remove', path })),
      run('systemctl', '--user', 'daemon-reload'),
    ];
  },
  async status(place) {
    const [service, timer] = unitNames(place);
    const installed = ownText(place, unitPath(place, timer)) !== undefined;
    if (!installed) return { installed, report: '' };
    const timers = await must(place, 'systemctl', ['--user', '--no-pager', 'list-timers', '--all', timer]);
    const last = await must(place, 'systemctl', ['--user', '--no-pager', '--lines=0', 'status', service]);
    return { installed, report: toText(timers.stdout + last.stdout) };
  },
};

const CRON: Installer = {
  async install(entry, place) {
    const old = await crontab(place);
    const lines = entry.parts.flatMap(({ text }) => fromText(text).trimEnd().split('\n'));
    const wanted = withBlock(old, place.name, lines);
    if (blockOf(old, place.name)?.join('\n') === lines.join('\n')) return [];
    return [{ kind: 'run', command: ['crontab', '-'], input: wanted }];
  },
  async uninstall(place) {
    const old = await crontab(place);
    if (blockOf(old, place.name) === undefined) return [];
    const rest = withoutBlock(old, place.name);
    return [rest === '' ? run('crontab', '-r') : { kind: 'run', command: ['crontab', '-'], input: rest }];
  },
  async status(place) {
    const lines = blockOf(await crontab(place), place.name);
    return {
      installed: lines !== undefined,
      report: toText(lines?.map((line) => `${line}\n`).join('') ?? ''),
    };
  },
};

const LAUNCHD: Installer = {
  async install(entry, place) {
    const [{ name, text }] = entry.parts as [ScheduleEntry['parts'][number]];
    const path = agentPath(place, name);
    const isLoaded = (await must(place, 'launchctl', ['print', target(place)])).status === 0;
    if (ownText(place, path) === text && isLoaded) return [];
    return [
      write(path, text),
      ...(isLoaded ? [run('launchctl', 'bootout', target(place))] : []),
      run('launchctl', 'bootstrap', domain(place), path),
    ];
  },
  async uninstall(place) {
    const path = agentPath(place, `${launchdLabel(place.name)}.plist`);
    if (ownText(place, path) === undefined) return [];
    return [
      { kind: 'run', command: ['launchctl', 'bootout', target(place)], mayFail: true },
      { kind: 'remove', path },
    ];
  },
  async status(place) {
    const path = agentPath(place, `${launchdLabel(place.name)}.plist`);
    const installed = ownText(place, path) !== undefined;
    if (!installed) return { installed, report: '' };
    return { installed, report: toText((await must(place, 'launchctl', ['print', target(place)])).stdout) };
  },
};

const TASK_SCHEDULER: Installer = {
  async install(entry, place) {
    await ownTask(place);
    const [{ name, text }] = entry.parts as [ScheduleEntry['parts'][number]];
    const path = win32.join(place.account.temporary, name);
    return [
      { kind: 'write', path, content: Buffer.from(`\ufeff${text}`, 'utf16le') },
      run('schtasks', '/Create', '/TN', entry.title, '/XML', path, '/F'),
      { kind: 'remove', path },
    ];
  },
  async uninstall(place) {
    if (!(await ownTask(place))) return [];
    return [run('schtasks', '/Delete', '/TN', taskName(place.name), '/F')];
  },
  async status(place) {
    const installed = await ownTask(place);
    if (!installed) return { installed, report: '' };
    const words = ['/Query', '/TN', taskName(place.name), '/FO', 'LIST', '/V'];
    return { installed, report: toText((await must(place, 'schtasks', words)).stdout) };
  },
};

const INSTALLERS: Readonly<Record<ScheduleFormat, Installer>> = {
  systemd: SYSTEMD,
  cron: CRON,
  launchd: LAUNCHD,
  'task-scheduler': TASK_SCHEDULER,
};

function run(program: string, ...words: string[]): ScheduleStep {
  return { kind: 'run', command: [program, ...words] };
}

function write(path: string, text: string): ScheduleStep {
  return { kind: 'write', path, content: Buffer.from(text, 'utf8') };
}

async function must({ tools }: Place, program: string, words: readonly string[]) {
  const result = await tools.run(program, words);
  if (result === undefined) throw missingTool(program);
  return result;
}

/** The text of a file that was made here; undefined: there is none. */
function ownText({ tools }: Place, path: string): string | undefined {
  const text = tools.read(path)?.toString('utf8');
  if (text === undefined || text.includes(MADE_BY) || text.includes(MADE_BY.replaceAll('--', '')))
    return text;
  throw somebodyElses(path);
}

function somebodyElses(what: string): Error {
  return usageError(
    `${what} is there, and rsyncjs did not make it`,
    'Give the schedule another --name, or move that away.',
  );
}

function unitNames({ name }: Place): readonly [service: string, timer: string] {
  return [`rsyncjs-${name}.service`, `rsyncjs-${name}.timer`];
}

function unitPath({ account }: Place, name: string): string {
  return posix.join(account.configHome ?? posix.join(account.home, '.config'), 'systemd', 'user', name);
}

/** A person without a crontab has an empty one. */
async function crontab(place: Place): Promise<ByteString> {
  const result = await must(place, 'crontab', ['-l']);
  if (result.status === 0) return result.stdout;
  if (/no crontab/i.test(result.stderr)) return '';
  throw refused('crontab -l', result);
}

function agentPath({ account }: Place, name: string): string {
  return posix.join(account.home, 'Library', 'LaunchAgents', name);
}

function domain({ account }: Place): string {
  return `gui/${account.uid ?? 0}`;
}

function target(place: Place): string {
  return `${domain(place)}/${launchdLabel(place.name)}`;
}

/** True: the task is there, and was made here. */
async function ownTask(place: Place): Promise<boolean> {
  const name = taskName(place.name);
  const result = await must(place, 'schtasks', ['/Query', '/TN', name, '/XML', 'ONE']);
  if (result.status !== 0) return false;
  if (!isOurTask(result.stdout)) throw somebodyElses(`the task ${name}`);
  return true;
}
