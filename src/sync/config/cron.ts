/** The five fields of a cron line. */

interface Field {
  name: string;
  least: number;
  most: number;
  /** Names of the numbers from `least` on. */
  names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of the month', least: 1, most: 31 },
  {
    name: 'month',
    least: 1,
    most: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  // 7 is Sunday too.
  { name: 'day of the week', least: 0, most: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

/** What is wrong with a schedule; undefined: nothing. */
export function cronFault(text: string): string | undefined {
  const parts = text.trim().split(/[ \t]+/);
  if (parts.length !== FIELDS.length) {
    return `expected five fields (${FIELDS.map(({ name }) => name).join(', ')})`;
  }
  for (const [index, field] of FIELDS.entries()) {
    for (const item of parts[index]!.split(',')) {
      if (!isItem(item, field)) {
        return `${field.name}: found ${JSON.stringify(item)}, expected *, a number from ${field.least} to ${field.most}, a range, or a step such as */15`;
      }
    }
  }
  return undefined;
}

function isItem(item: string, field: Field): boolean {
  const [, range, step] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(item) ?? [];
  if (range === undefined || Number(step ?? 1) === 0) return false;
  if (range === '*') return true;
  const [first, last, ...rest] = range.split('-').map((part) => numberOf(part, field));
  if (rest.length > 0 || first === undefined) return false;
  if (!range.includes('-')) return step === undefined;
  return last !== undefined && first <= last;
}

function numberOf(text: string, { least, most, names }: Field): number | undefined {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return least + named;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : undefined;
  return value !== undefined && value >= least && value <= most ? value : undefined;
}
