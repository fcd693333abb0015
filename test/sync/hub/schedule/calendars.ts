/** When a cron expression matches, read from its words alone. */

const DAY = 86_400_000;

/** The first `count` minutes from `from` on, a midnight (UTC, milliseconds). Day and weekday: either is enough, if both are given. */
export function cronTimes(text: string, from: number, count: number): string[] {
  const [minute, hour, day, month, weekday] = text.split(' ') as [string, string, string, string, string];
  const found: string[] = [];
  for (let at = from; found.length < count; at += DAY) {
    const date = new Date(at);
    if (!matches(month, date.getUTCMonth() + 1, 1)) continue;
    const byDay = matches(day, date.getUTCDate(), 1);
    const byWeekday =
      matches(weekday, date.getUTCDay(), 0) || (date.getUTCDay() === 0 && matches(weekday, 7, 0));
    const isEither = day !== '*' && weekday !== '*';
    if (isEither ? !byDay && !byWeekday : !byDay || !byWeekday) continue;
    for (let time = 0; time < 1440; time++) {
      if (!matches(hour, Math.floor(time / 60), 0) || !matches(minute, time % 60, 0)) continue;
      found.push(new Date(at + time * 60_000).toISOString().slice(0, 16));
    }
  }
  return found.slice(0, count);
}

function matches(word: string, value: number, least: number): boolean {
  return word.split(',').some((item) => {
    const [range = '', step = '1'] = item.split('/');
    const [first, last] = range === '*' ? [least, 99] : range.split('-').map(Number);
    return value >= first! && value <= (last ?? first!) && (value - first!) % Number(step) === 0;
  });
}

export const EXPRESSIONS = [
  '* * * * *',
  '*/15 * * * *',
  '7 * * * *',
  '0 */6 * * *',
  '30 2 * * *',
  '0,30 9-17 * * 1-5',
  '5-55/10 8,20 * * *',
  '0 0 1 * *',
  '15 3 * * 0',
  '15 3 * * 7',
  '0 12 1,15 * 5',
  '10 4 29 2 *',
  '45 23 31 1-12/2 *',
  '0 5 1-7 3 1-3',
  '3-59/20 1-23/4 */10 * *',
];
