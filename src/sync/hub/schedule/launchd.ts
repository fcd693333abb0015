/** A property list for launchd, macOS: launchd.plist(5). */

import type { CalendarTable } from '../../config/cron.ts';
import { MADE_BY, type ScheduledCommand } from './command.ts';
import { asTables, inexpressible, type Timetable } from './timetable.ts';
import { xmlText } from './xml.ts';

/** Of dictionaries that one property list may hold: each is a moment. */
const MOST_MOMENTS = 400;
/** Above it an interval is told as one. */
const MOST_MOMENTS_OF_INTERVAL = 24;

export function launchdLabel(name: string): string {
  return `rsyncjs.${name}`;
}

/** @throws RsyncError RSYNC_UNSUPPORTED, exit 4: a timetable of too many moments */
export function launchdPlist(command: ScheduledCommand, timetable: Timetable): string {
  const { node, script, words, environment, log } = command;
  const variables = Object.entries(environment);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    // Two hyphens can not be within a comment.
    `<!-- ${MADE_BY.replaceAll('--', '')} -->`,
    '<plist version="1.0">',
    '<dict>',
    '  <key>Label</key>',
    `  <string>${launchdLabel(command.name)}</string>`,
    '  <key>ProgramArguments</key>',
    '  <array>',
    ...[node, script, ...words].map((word) => `    <string>${xmlText(word)}</string>`),
    '  </array>',
    ...(variables.length === 0
      ? []
      : [
          '  <key>EnvironmentVariables</key>',
          '  <dict>',
          ...variables.flatMap(([name, value]) => [
            `    <key>${name}</key>`,
            `    <string>${xmlText(value)}</string>`,
          ]),
          '  </dict>',
        ]),
    '  <key>StandardOutPath</key>',
    `  <string>${xmlText(log)}</string>`,
    '  <key>StandardErrorPath</key>',
    `  <string>${xmlText(log)}</string>`,
    '  <key>ProcessType</key>',
    '  <string>Background</string>',
    ...times(timetable),
    '</dict>',
    '</plist>',
    '',
  ].join('\n');
}

/** What launchd missed in its sleep it makes up for with calendar times alone. */
function times(timetable: Timetable): string[] {
  const found = asTables(timetable)?.flatMap(moments);
  if (timetable.kind === 'interval' && (found === undefined || found.length > MOST_MOMENTS_OF_INTERVAL)) {
    return ['  <key>StartInterval</key>', `  <integer>${timetable.minutes * 60}</integer>`];
  }
  if (found!.length > MOST_MOMENTS) {
    throw inexpressible(
      `launchd would need ${found!.length} entries for this timetable, and ${MOST_MOMENTS} are the most`,
      'Use --every, or fewer days and months.',
    );
  }
  return [
    '  <key>StartCalendarInterval</key>',
    '  <array>',
    ...found!.flatMap((moment) => [
      '    <dict>',
      ...Object.entries(moment).flatMap(([key, value]) => [
        `      <key>${key}</key>`,
        `      <integer>${value}</integer>`,
      ]),
      '    </dict>',
    ]),
    '  </array>',
  ];
}

type Moment = Partial<Record<'Month' | 'Day' | 'Weekday' | 'Hour' | 'Minute', number>>;

/** A key that is missing is any. */
function moments({ minutes, hours, days, months, weekdays }: CalendarTable): Moment[] {
  const times = product(key('Hour', hours, 24), key('Minute', minutes, 60));
  const inMonths = key('Month', months, 12);
  if (days === undefined && weekdays === undefined) return product(inMonths, times);
  return [
    ...product(product(inMonths, key('Day', days ?? [], 31)), times),
    ...product(product(inMonths, key('Weekday', weekdays ?? [], 7)), times),
  ];
}

function key(name: keyof Moment, values: readonly number[], all: number): Moment[] {
  return values.length === all ? [{}] : values.map((value) => ({ [name]: value }));
}

function product(outer: readonly Moment[], inner: readonly Moment[]): Moment[] {
  return outer.flatMap((one) => inner.map((other) => ({ ...one, ...other })));
}
