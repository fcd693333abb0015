import { type CalendarTable, parseCron } from '../config/cron.ts';

const MINUTE = 60_000;
const HOURS = 24;
/** Longer ago than the rarest schedule, one of every year, can be. */
const LONGEST = 366 * HOURS * 60 * MINUTE;

/**
 * Has a moment of a schedule come since the last attempt? Always, where nothing was tried yet, or a clock was set back.
 * Where a clock is put forward, moments that are left out come as much later; where it is put back, an hour that comes twice
 * counts once, unless the schedule is for every hour.
 * @param schedule  five fields of cron, in local time
 * @param last      ISO 8601
 * @throws RsyncError RSYNC_USAGE, exit 1: no schedule
 */
export function isDue(schedule: string, last: string | undefined, now: Date): boolean {
  const table = parseCron(schedule);
  const since = last === undefined ? Number.NaN : Date.parse(last);
  const until = now.getTime();
  if (!(since <= until) || until - since > LONGEST) return true;
  for (let day = midnight(now, 0); ; day = midnight(day, -1)) {
    if (isDay(day, table)) {
      for (const moment of momentsOf(day, table)) if (moment > since && moment <= until) return true;
    }
    if (day.getTime() <= since) return false;
  }
}

function midnight(date: Date, days: number): Date {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days);
}

function isDay(date: Date, { days, months, weekdays }: CalendarTable): boolean {
  if (!months.includes(date.getMonth() + 1)) return false;
  const isMonthDay = days?.includes(date.getDate());
  const isWeekday = weekdays?.includes(date.getDay());
  // If both are asked for, either will do.
  return isMonthDay === undefined ? isWeekday !== false : isMonthDay || isWeekday === true;
}

function* momentsOf(day: Date, { minutes, hours }: CalendarTable): Generator<number> {
  if (hours.length === HOURS) {
    const end = midnight(day, 1).getTime();
    for (let at = day.getTime(); at < end; at += MINUTE) {
      if (minutes.includes(new Date(at).getMinutes())) yield at;
    }
    return;
  }
  const [year, month, date] = [day.getFullYear(), day.getMonth(), day.getDate()];
  for (const hour of hours) {
    for (const minute of minutes) yield new Date(year, month, date, hour, minute).getTime();
  }
}
