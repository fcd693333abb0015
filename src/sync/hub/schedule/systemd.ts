/**
 * A timer and a service for the systemd of a user: systemd.timer(5), systemd.time(7), systemd.service(5) "Command lines".
 */
import { usageError } from '../../../core/errors.ts';
import { type CalendarTable, DAY_NAMES } from '../../config/cron.ts';
import { MADE_BY, type ScheduledCommand } from './command.ts';
import { asTables, type Timetable } from './timetable.ts';

export interface SystemdUnits {
  serviceName: string;
  service: string;
  timerName: string;
  timer: string;
}

const MOST_DELAY = 300;

/** @throws RsyncError RSYNC_USAGE, exit 1: a path of Node.js that can not be told */
export function systemdUnits(command: ScheduledCommand, timetable: Timetable): SystemdUnits {
  const base = `rsyncjs-${command.name}`;
  const odd = /["'\\$]/.exec(command.node)?.[0];
  if (odd !== undefined) {
    throw usageError(
      `${command.node}: systemd starts no program with ${odd} in its path`,
      'Start rsyncjs by a Node.js that lies elsewhere.',
    );
  }
  const environment = Object.entries(command.environment).map(
    ([name, value]) => `Environment=${quoted(`${name}=${value}`)}`,
  );
  const words = [command.script, ...command.words].map((word) => quoted(word.replaceAll('$', '$$$$')));
  return {
    serviceName: `${base}.service`,
    service: [
      `# ${MADE_BY}`,
      '[Unit]',
      `Description=rsyncjs hub (${command.name})`,
      '',
      '[Service]',
      'Type=oneshot',
      ...environment,
      `ExecStart=${[quoted(command.node), ...words].join(' ')}`,
      '',
    ].join('\n'),
    timerName: `${base}.timer`,
    timer: [
      `# ${MADE_BY}`,
      '[Unit]',
      `Description=rsyncjs hub (${command.name})`,
      '',
      '[Timer]',
      ...times(timetable),
      '',
      '[Install]',
      'WantedBy=timers.target',
      '',
    ].join('\n'),
  };
}

function times(timetable: Timetable): string[] {
  const tables = asTables(timetable);
  if (tables === undefined && timetable.kind === 'interval') {
    const { minutes } = timetable;
    return ['OnStartupSec=1min', `OnUnitActiveSec=${minutes}min`, `RandomizedDelaySec=${delay(minutes)}`];
  }
  return [
    ...tables!.flatMap(onCalendar).map((text) => `OnCalendar=${text}`),
    'Persistent=true',
    `RandomizedDelaySec=${delay(timetable.kind === 'interval' ? timetable.minutes : 60)}`,
  ];
}

/** A tenth of the interval, in seconds: hubs of the same schedule do not all knock at the same moment. */
function delay(minutes: number): number {
  return Math.min(MOST_DELAY, minutes * 6);
}

/** Two, if days of the month and of the week are both given: either is enough, and systemd wants both within one. */
export function onCalendar(table: CalendarTable): string[] {
  const { minutes, hours, days, months, weekdays } = table;
  const month = list(months, 1, 12);
  const time = `${list(hours, 0, 23)}:${list(minutes, 0, 59)}:00`;
  const byDate = `*-${month}-${list(days ?? [], 1, 31)} ${time}`;
  if (weekdays === undefined) return [days === undefined ? `*-${month}-* ${time}` : byDate];
  const names = weekdays.map((day) => DAY_NAMES[day]!.replace(/^./, (first) => first.toUpperCase()));
  const byWeek = `${weekdays.length === 7 ? '' : `${names.join(',')} `}*-${month}-* ${time}`;
  return days === undefined ? [byWeek] : [byDate, byWeek];
}

/** `*`, `0/15` (from 0 on, each 15th, to the end), `1,7`. */
function list(values: readonly number[], least: number, most: number): string {
  if (values.length === most - least + 1) return '*';
  const two = (value: number): string => String(value).padStart(2, '0');
  const [first = 0, second] = values;
  const step = second === undefined ? 0 : second - first;
  const isSteps =
    values.length > 2 &&
    values.every((value, i) => value === first + i * step) &&
    values.at(-1)! + step > most;
  return isSteps ? `${two(first)}/${step}` : values.map(two).join(',');
}

function quoted(word: string): string {
  const escaped = word.replaceAll('%', '%%').replace(/[\\"]/g, '\\$&');
  return /^[A-Za-z0-9_+:,./%=-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
