/**
 * The five fields of a cron line, as crontab(5) has them: minute, hour, day of the month, month, day of the week; each one
 * `*`, a number, a range, or either of the first and last with a step; a list of those with commas; names of months and
 * days. What cron programs read differently, or never run, is refused.
 */
import { usageError } from '../../core/errors.ts';

/** When to run: every minute that is in all of the lists. A day counts if either `days` or `weekdays` has it. */
export interface CalendarTable {
  /** The five words, blanks single. */
  text: string;
  /** 0 to 59, ascending; as all lists here. */
  minutes: readonly number[];
  /** 0 to 23. */
  hours: readonly number[];
  /** 1 to 31; undefined: not asked for. */
  days: readonly number[] | undefined;
  /** 1 to 12. */
  months: readonly number[];
  /** 0 (Sunday) to 6; undefined: not asked for. */
  weekdays: readonly number[] | undefined;
}

interface Field {
  name: string;
  least: number;
  most: number;
  /** Names of the numbers from `least` on. */
  names?: readonly string[];
}

export const MONTH_NAMES = [
  'jan',
  'feb',
  'mar',
  'apr',
  'may',
  'jun',
  'jul',
  'aug',
  'sep',
  'oct',
  'nov',
  'dec',
];
export const DAY_NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
/** The longest that a month can be. */
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const MINUTE: Field = { name: 'minute', least: 0, most: 59 };
const HOUR: Field = { name: 'hour', least: 0, most: 23 };
const DAY: Field = { name: 'day of the month', least: 1, most: 31 };
const MONTH: Field = { name: 'month', least: 1, most: 12, names: MONTH_NAMES };
// 7 is Sunday too.
const WEEKDAY: Field = { name: 'day of the week', least: 0, most: 7, names: DAY_NAMES };
const FIELDS = [MINUTE, HOUR, DAY, MONTH, WEEKDAY];

const NICKNAMES: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

/** @throws RsyncError RSYNC_USAGE, exit 1: not a cron expression, or one that never comes or has no single meaning */
export function parseCron(given: string): CalendarTable {
  const text = NICKNAMES[given.trim().toLowerCase()] ?? given.trim().replace(/[ \t]+/g, ' ');
  const words = text.split(' ');
  if (text.startsWith('@')) {
    throw bad(
      given,
      'unknown nickname',
      `Known are ${Object.keys(NICKNAMES).join(', ')}; what runs at a start of the machine is no schedule.`,
    );
  }
  if (words.length !== FIELDS.length) {
    throw bad(
      given,
      `${words.length === 1 && text === '' ? 'no' : words.length} words where five are`,
      `They are: ${FIELDS.map(({ name }) => name).join(', ')}; for example "*/15 * * * *".`,
    );
  }
  const [minutes, hours, days, months, weekdays] = words.map((word, i) => values(word, FIELDS[i]!, given));
  const [, , dayWord, , weekdayWord] = words;
  // Some programs want both days to match if one of the words begins with a star, others either.
  const hasStarStep = [dayWord!, weekdayWord!].some((word) => word !== '*' && word.startsWith('*'));
  if (dayWord !== '*' && weekdayWord !== '*' && hasStarStep) {
    throw bad(
      given,
      'days of the month and of the week together, one of them as */N: programs disagree about what that means',
      'Write the days out, such as 1-31/2, or leave one of the two at *.',
    );
  }
  const table: CalendarTable = {
    text,
    minutes: minutes!,
    hours: hours!,
    days: dayWord === '*' ? undefined : days!,
    months: months!,
    weekdays: weekdayWord === '*' ? undefined : sorted(weekdays!.map((day) => day % 7)),
  };
  if (table.days !== undefined && table.weekdays === undefined) {
    const longest = Math.max(...table.months.map((month) => MONTH_DAYS[month - 1]!));
    if (table.days[0]! > longest) {
      throw bad(given, `no such month has a day ${table.days[0]}`, 'It would never run.');
    }
  }
  return table;
}

function values(word: string, field: Field, given: string): number[] {
  return sorted(word.split(',').flatMap((item) => itemValues(item, field, given)));
}

function itemValues(item: string, field: Field, given: string): number[] {
  const { name, least, most } = field;
  const wrong = (): Error =>
    bad(
      given,
      `${name}: found ${JSON.stringify(item)}`,
      `Expected *, a number from ${least} to ${most}, a range such as ${least + 1}-${least + 5}, or a step such as */2.`,
    );
  const [, range = '', stepText] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(item) ?? [];
  const step = Number(stepText ?? 1);
  if (range === '' || step === 0) throw wrong();
  let first: number | undefined = least;
  // All days of the week are seven, though Sunday has two numbers.
  let last: number | undefined = field === WEEKDAY ? 6 : most;
  if (range !== '*') {
    const ends = range.split('-');
    // A step without an end means one thing in one program, another in the next.
    if (ends.length > 2 || (ends.length === 1 && stepText !== undefined)) throw wrong();
    first = numberOf(ends[0]!, field);
    last = ends.length === 2 ? numberOf(ends[1]!, field) : first;
  }
  if (first === undefined || last === undefined || first > last) throw wrong();
  const found: number[] = [];
  for (let value = first; value <= last; value += step) found.push(value);
  return found;
}

function numberOf(text: string, { least, most, names }: Field): number | undefined {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return least + named;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : undefined;
  return value !== undefined && value >= least && value <= most ? value : undefined;
}

function sorted(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function bad(given: string, what: string, hint: string): Error {
  return usageError(`"${given}": ${what}`, hint);
}
