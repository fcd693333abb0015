import { parseCron } from './schedule/cron.ts';

const MINUTE = 60_000;
/** Longer ago than the rarest schedule, one of every year, can be. */
const LONGEST = 366 * 24 * 60 * MINUTE;

/**
 * Has a moment of a schedule come since the last attempt? Always, where nothing was tried yet, or a clock was set back.
 * @param schedule  five fields of cron, in local time
 * @param last      ISO 8601
 * @throws RsyncError RSYNC_USAGE, exit 1: no schedule
 */
export function isDue(schedule: string, last: string | undefined, now: Date): boolean {
  const { minutes, hours, days, months, weekdays } = parseCron(schedule);
  const since = last === undefined ? Number.NaN : Date.parse(last);
  const until = now.getTime();
  if (!(since <= until) || until - since > LONGEST) return true;
  for (let at = Math.floor(until / MINUTE) * MINUTE; at > since; at -= MINUTE) {
    const date = new Date(at);
    if (!minutes.includes(date.getMinutes()) || !hours.includes(date.getHours())) continue;
    if (!months.includes(date.getMonth() + 1)) continue;
    const isDay = days?.includes(date.getDate());
    const isWeekday = weekdays?.includes(date.getDay());
    // If both are asked for, either will do.
    if (isDay === undefined ? isWeekday !== false : isDay || isWeekday === true) return true;
  }
  return false;
}
