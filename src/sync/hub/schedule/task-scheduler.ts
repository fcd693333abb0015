/**
 * A task for the Task Scheduler of Windows, as `schtasks /Create /XML` takes it: the schema of
 * http://schemas.microsoft.com/windows/2004/02/mit/task, version 1.2. The order of elements is that of the schema.
 */
import { usageError } from '../../../core/errors.ts';
import type { CalendarTable } from '../../config/cron.ts';
import { MADE_BY, type ScheduledCommand } from './command.ts';
import { inexpressible, type Timetable } from './timetable.ts';
import { xmlText } from './xml.ts';

/** The schema's own bound. */
const MOST_TRIGGERS = 48;
/** The day that times count from: in the past, so that the first one comes soon. */
const START = '2024-01-01';
const AUTHOR = 'rsyncjs hub schedule';
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

export function taskName(name: string): string {
  return `\\rsyncjs\\${name}`;
}

/** True for the XML of a task that was made here; `schtasks` tells it in one encoding or another. */
export function isOurTask(xml: string): boolean {
  return xml.replaceAll('\0', '').includes(`<Author>${AUTHOR}</Author>`);
}

/**
 * @returns the XML, to be written as UTF-16 with a byte order mark
 * @throws RsyncError RSYNC_UNSUPPORTED, exit 4: a timetable of too many triggers; RSYNC_USAGE, exit 1: a command that
 *   cmd.exe would read otherwise
 */
export function taskXml(command: ScheduledCommand, timetable: Timetable): string {
  const triggers = timetable.kind === 'interval' ? [interval(timetable.minutes)] : calendar(timetable.tables);
  return [
    '<?xml version="1.0" encoding="UTF-16"?>',
    '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">',
    '  <RegistrationInfo>',
    `    <Author>${AUTHOR}</Author>`,
    `    <Description>rsyncjs hub (${command.name}), ${xmlText(MADE_BY)}</Description>`,
    '  </RegistrationInfo>',
    '  <Triggers>',
    ...triggers.flat(),
    '  </Triggers>',
    '  <Principals>',
    '    <Principal id="Author">',
    '      <LogonType>InteractiveToken</LogonType>',
    '      <RunLevel>LeastPrivilege</RunLevel>',
    '    </Principal>',
    '  </Principals>',
    '  <Settings>',
    '    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>',
    '    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>',
    '    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>',
    '    <StartWhenAvailable>true</StartWhenAvailable>',
    '    <RunOnlyIfNetworkAvailable>true</RunOnlyIfNetworkAvailable>',
    // No bound to how long a run may take: it has its own.
    '    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>',
    '  </Settings>',
    '  <Actions Context="Author">',
    '    <Exec>',
    // A task can not append its output to a file by itself.
    '      <Command>cmd.exe</Command>',
    `      <Arguments>${xmlText(cmdArguments(command))}</Arguments>`,
    '    </Exec>',
    '  </Actions>',
    '</Task>',
    '',
  ].join('\r\n');
}

/**
 * `/s` takes away the outermost quotes and leaves the rest as it is. Within quotes `%` alone keeps its power over cmd.exe,
 * and over the scheduler too; nothing takes it away.
 */
function cmdArguments({ node, script, words, environment, log }: ScheduledCommand): string {
  const variables = Object.entries(environment);
  for (const text of [node, script, log, ...words, ...variables.map(([, value]) => value)]) {
    const found = /["%]|\$\(/.exec(text)?.[0];
    if (found !== undefined) {
      throw usageError(`${text}: a task of Windows can not hold ${found} in a word`, 'Rename the file.');
    }
  }
  const settings = variables.map(([name, value]) => `set "${name}=${value}"&& `).join('');
  const start = [node, script, ...words].map(windowsQuoted).join(' ');
  return `/d /s /c "${settings}${start} >>"${log}" 2>&1"`;
}

/** As CommandLineToArgvW reads it: backslashes before a quote are doubled. The word holds no quote itself. */
function windowsQuoted(word: string): string {
  return `"${word.replace(/\\+$/, '$&$&')}"`;
}

function interval(minutes: number): string[] {
  return [
    '    <TimeTrigger>',
    '      <Repetition>',
    `        <Interval>${duration(minutes)}</Interval>`,
    '      </Repetition>',
    `      <StartBoundary>${START}T00:00:00</StartBoundary>`,
    '      <Enabled>true</Enabled>',
    '    </TimeTrigger>',
  ];
}

function calendar(tables: readonly CalendarTable[]): string[][] {
  const triggers = tables.flatMap((table) =>
    startTimes(table).flatMap((start) => daysOf(table).map((days) => trigger(start, days))),
  );
  if (triggers.length > MOST_TRIGGERS) {
    throw inexpressible(
      `the Task Scheduler would need ${triggers.length} triggers for this timetable, and ${MOST_TRIGGERS} are the most`,
      'Use --every, or times of the day that are evenly apart.',
    );
  }
  return triggers;
}

/** Minutes of the day, and how often it is repeated from there on. */
interface StartTime {
  minute: number;
  repeat: { interval: number; count: number } | undefined;
}

/** All times of the day as one that is repeated, if they are evenly apart; else each hour's, else one by one. */
function startTimes({ hours, minutes }: CalendarTable): StartTime[] {
  const all = hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute));
  const whole = asRepetition(all);
  if (whole !== undefined) return [whole];
  const each = hours.map((hour) => asRepetition(minutes.map((minute) => hour * 60 + minute)));
  if (each.every((start) => start !== undefined)) return each;
  return all.map((minute) => ({ minute, repeat: undefined }));
}

function asRepetition(all: readonly number[]): StartTime | undefined {
  const minute = all[0]!;
  if (all.length === 1) return { minute, repeat: undefined };
  const interval = all[1]! - minute;
  if (!all.every((time, i) => time === minute + i * interval)) return undefined;
  return { minute, repeat: { interval, count: all.length } };
}

function trigger({ minute, repeat }: StartTime, days: readonly string[]): string[] {
  const two = (value: number): string => String(value).padStart(2, '0');
  return [
    '    <CalendarTrigger>',
    ...(repeat === undefined
      ? []
      : [
          '      <Repetition>',
          `        <Interval>${duration(repeat.interval)}</Interval>`,
          // A minute more than to the last one, which is in it whether the end counts or not.
          `        <Duration>${duration((repeat.count - 1) * repeat.interval + 1)}</Duration>`,
          '      </Repetition>',
        ]),
    `      <StartBoundary>${START}T${two(Math.floor(minute / 60))}:${two(minute % 60)}:00</StartBoundary>`,
    '      <Enabled>true</Enabled>',
    ...days.map((line) => `      ${line}`),
    '    </CalendarTrigger>',
  ];
}

/** Two, if days of the month and of the week are both given: either is enough. */
function daysOf({ days, months, weekdays }: CalendarTable): string[][] {
  const found: string[][] = [];
  const allMonths = months.length === 12;
  const inMonths = `<Months>${months.map((month) => `<${MONTHS[month - 1]} />`).join('')}</Months>`;
  const onDays = `<DaysOfWeek>${weekdays?.map((day) => `<${WEEKDAYS[day]} />`).join('')}</DaysOfWeek>`;
  const byMonth = (list: readonly number[]): string[] => [
    '<ScheduleByMonth>',
    `  <DaysOfMonth>${list.map((day) => `<Day>${day}</Day>`).join('')}</DaysOfMonth>`,
    `  ${inMonths}`,
    '</ScheduleByMonth>',
  ];
  if (days !== undefined) found.push(byMonth(days));
  if (weekdays !== undefined && allMonths) {
    found.push([
      '<ScheduleByWeek>',
      '  <WeeksInterval>1</WeeksInterval>',
      `  ${onDays}`,
      '</ScheduleByWeek>',
    ]);
  } else if (weekdays !== undefined) {
    const weeks = [1, 2, 3, 4, 'Last'].map((week) => `<Week>${week}</Week>`).join('');
    found.push([
      '<ScheduleByMonthDayOfWeek>',
      `  <Weeks>${weeks}</Weeks>`,
      `  ${onDays}`,
      `  ${inMonths}`,
      '</ScheduleByMonthDayOfWeek>',
    ]);
  }
  if (found.length > 0) return found;
  if (!allMonths) return [byMonth(Array.from({ length: 31 }, (_, i) => i + 1))];
  return [['<ScheduleByDay>', '  <DaysInterval>1</DaysInterval>', '</ScheduleByDay>']];
}

/** ISO 8601, as the schema wants it. */
function duration(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  return `PT${hours > 0 ? `${hours}H` : ''}${minutes % 60 > 0 ? `${minutes % 60}M` : ''}`;
}
