import { EXIT, RsyncError, usageError } from '../../../core/errors.ts';
import { type CalendarTable, parseCron } from '../../config/cron.ts';

/** When a hub runs by itself, in local time. */
export type Timetable =
  | {
      /** From one start to the next; `minutes` 1 to 1440. */
      kind: 'interval';
      minutes: number;
    }
  | {
      /** Whenever one of them matches. */
      kind: 'calendar';
      tables: readonly CalendarTable[];
    };

/** What a person asked for: one of the three, or `every` a day `at` a time. */
export interface TimetableWords {
  /** `15m`, `2h`, `1h30m`, `1d`. */
  every?: string | undefined;
  /** `02:30`, or several with commas: each day. */
  at?: string | undefined;
  /** Five words, as in a crontab. */
  cron?: string | undefined;
}

const DAY = 24 * 60;
/** Minutes that go into an hour or a day without a rest: what a calendar can express. */
const EVEN = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440];

/** @throws RsyncError RSYNC_USAGE, exit 1: none or too many of them, or one that is not understood */
export function parseTimetable({ every, at, cron }: TimetableWords): Timetable {
  if (cron !== undefined) {
    if (every !== undefined || at !== undefined) {
      throw usageError('--cron says when by itself', 'Leave out --every and --at.');
    }
    return { kind: 'calendar', tables: [parseCron(cron)] };
  }
  const minutes = every === undefined ? undefined : parseEvery(every);
  if (at !== undefined) {
    if (minutes !== undefined && minutes !== DAY) {
      throw usageError(
        `--at ${at} is a time of each day, and --every ${every} is no day`,
        `Leave one of them out, or say it with --cron.`,
      );
    }
    return { kind: 'calendar', tables: parseAt(at) };
  }
  if (minutes === undefined) {
    throw usageError('nothing says when', 'Give one of --every 15m, --at 02:30 and --cron "*/15 * * * *".');
  }
  return { kind: 'interval', minutes };
}

function parseEvery(text: string): number {
  const found = /^(?:(\d{1,3})d)?(?:(\d{1,3})h)?(?:(\d{1,4})m(?:in)?)?$/i.exec(text.trim());
  const [days, hours, minutes] = (found ?? []).slice(1).map((part) => Number(part ?? 0));
  if (found === null || text.trim() === '') {
    throw usageError(`--every ${text}: not a time`, 'Write 15m, 2h, 1h30m or 1d; a minute is the least.');
  }
  const total = days! * DAY + hours! * 60 + minutes!;
  if (total < 1) throw usageError(`--every ${text}: a minute is the least`);
  if (total > DAY) {
    throw usageError(
      `--every ${text}: a day is the most`,
      'Days of the week or of the month are said with --cron, such as "0 3 * * 0" for Sundays at three.',
    );
  }
  return total;
}

/** Times of the same minute are one line of a crontab. */
function parseAt(text: string): CalendarTable[] {
  const hoursOf = new Map<number, Set<number>>();
  for (const time of text.split(',')) {
    const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(time.trim()) ?? [];
    if (hour === undefined) {
      throw usageError(
        `--at ${text}: ${time.trim()} is no time of day`,
        'Write it as 02:30, or 02:30,14:30.',
      );
    }
    const hours = hoursOf.get(Number(minute)) ?? new Set();
    hoursOf.set(Number(minute), hours.add(Number(hour)));
  }
  return [...hoursOf].map(([minute, hours]) =>
    parseCron(`${minute} ${[...hours].sort((a, b) => a - b).join(',')} * * *`),
  );
}

/** The same as a calendar; undefined: the interval goes neither into an hour nor into a day. */
export function asTables(timetable: Timetable): readonly CalendarTable[] | undefined {
  if (timetable.kind === 'calendar') return timetable.tables;
  const { minutes } = timetable;
  if (!EVEN.includes(minutes)) return undefined;
  if (minutes === DAY) return [parseCron('0 0 * * *')];
  if (minutes >= 60) return [parseCron(minutes === 60 ? '0 * * * *' : `0 */${minutes / 60} * * *`)];
  return [parseCron(minutes === 1 ? '* * * * *' : `*/${minutes} * * * *`)];
}

/** `15m`, `2h`, `1h30m`, `1d`. */
export function everyText(minutes: number): string {
  if (minutes === DAY) return '1d';
  const hours = Math.floor(minutes / 60);
  return `${hours > 0 ? `${hours}h` : ''}${minutes % 60 > 0 ? `${minutes % 60}m` : ''}`;
}

/** The intervals beside this one that a calendar can express. */
export function nearestEven(minutes: number): { below: number; above: number } {
  return {
    below: EVEN.findLast((even) => even <= minutes)!,
    above: EVEN.find((even) => even >= minutes)!,
  };
}

/** A format has no way to say it (exit 4). */
export function inexpressible(what: string, hint: string): RsyncError {
  return new RsyncError('RSYNC_UNSUPPORTED', what, { exitCode: EXIT.UNSUPPORTED, origin: 'local', hint });
}
