import { describe, expect, test } from 'vitest';
import { parseCron } from '../../../../src/sync/config/cron.ts';
import {
  asTables,
  everyText,
  nearestEven,
  parseTimetable,
} from '../../../../src/sync/hub/schedule/timetable.ts';
import { cronTimes, EXPRESSIONS } from './calendars.ts';

/** Over more than one day for most. */
const COUNT = 100;

const text = (table: unknown): string => JSON.stringify(table);

describe('the five words of cron', () => {
  test.each(EXPRESSIONS)('%s', (expression) => {
    const { minutes, hours, days, months, weekdays } = parseCron(expression);
    const from = Date.UTC(2026, 0, 1);
    const found: string[] = [];
    for (let at = from; found.length < COUNT; at += 86_400_000) {
      const date = new Date(at);
      const anyDay = days === undefined && weekdays === undefined;
      const isDay = days?.includes(date.getUTCDate()) || weekdays?.includes(date.getUTCDay()) || anyDay;
      if (!isDay || !months.includes(date.getUTCMonth() + 1)) continue;
      for (const hour of hours) {
        for (const minute of minutes) {
          found.push(new Date(at + (hour * 60 + minute) * 60_000).toISOString().slice(0, 16));
        }
      }
    }
    found.length = COUNT;
    expect(found).toEqual(cronTimes(expression, from, COUNT));
  });

  test('names, nicknames, and blanks', () => {
    expect(parseCron(' 0  3 * JAN-Mar mon,Fri ')).toMatchObject({ months: [1, 2, 3], weekdays: [1, 5] });
    expect(parseCron('@weekly')).toMatchObject({ text: '0 0 * * 0', weekdays: [0] });
    expect(parseCron('0 0 * * 0-7')).toMatchObject({ weekdays: [0, 1, 2, 3, 4, 5, 6] });
    expect(parseCron('0 0 * * */7')).toMatchObject({ weekdays: [0] });
  });

  test.each([
    ['', 'no words where five are'],
    ['* * * *', '4 words'],
    ['* * * * * *', '6 words'],
    ['60 * * * *', 'minute: found "60"'],
    ['* 24 * * *', 'hour: found "24"'],
    ['* * 0 * *', 'day of the month: found "0"'],
    ['* * * 13 *', 'month: found "13"'],
    ['* * * * 8', 'day of the week: found "8"'],
    ['*/0 * * * *', 'minute: found "*/0"'],
    ['5/10 * * * *', 'minute: found "5/10"'],
    ['9-5 * * * *', 'minute: found "9-5"'],
    ['1-2-3 * * * *', 'minute: found "1-2-3"'],
    ['1,,2 * * * *', 'minute: found ""'],
    ['* * * foo *', 'month: found "foo"'],
    ['a b c d e', 'minute: found "a"'],
    ['-1 * * * *', 'minute: found "-1"'],
    ['* * L * *', 'day of the month: found "L"'],
    ['@reboot', 'unknown nickname'],
    ['0 0 31 4,6 *', 'no such month has a day 31'],
    ['0 0 30 2 *', 'no such month has a day 30'],
    ['0 0 */2 * 1', 'programs disagree'],
    ['0 0 1 * */2', 'programs disagree'],
  ])('%s is refused', (expression, words) => {
    expect(() => parseCron(expression)).toThrow(
      expect.objectContaining({ code: 'RSYNC_USAGE', exitCode: 1, message: expect.stringContaining(words) }),
    );
  });
});

describe('a timetable', () => {
  test('of an interval', () => {
    const minutes = (every: string) => parseTimetable({ every });
    expect(minutes('15m')).toEqual({ kind: 'interval', minutes: 15 });
    expect(minutes('1h30m')).toEqual({ kind: 'interval', minutes: 90 });
    expect(minutes('24h')).toEqual(minutes('1d'));
    expect([1, 59, 60, 90, 1440].map(everyText)).toEqual(['1m', '59m', '1h', '1h30m', '1d']);
  });

  test('of times of the day: one table a minute', () => {
    const found = parseTimetable({ at: '02:30,14:30, 9:05', every: '1d' });
    expect(text(asTables(found)!.map((table) => table.text))).toBe(text(['30 2,14 * * *', '5 9 * * *']));
  });

  test('an interval that goes into an hour or a day is a calendar too; others have neighbours', () => {
    const words = (minutes: number) => asTables({ kind: 'interval', minutes })?.map((table) => table.text);
    expect(words(15)).toEqual(['*/15 * * * *']);
    expect(words(1)).toEqual(['* * * * *']);
    expect(words(60)).toEqual(['0 * * * *']);
    expect(words(360)).toEqual(['0 */6 * * *']);
    expect(words(1440)).toEqual(['0 0 * * *']);
    expect([7, 90, 45, 300].map(words)).toEqual([undefined, undefined, undefined, undefined]);
    expect([7, 90, 1000].map(nearestEven)).toEqual([
      { below: 6, above: 10 },
      { below: 60, above: 120 },
      { below: 720, above: 1440 },
    ]);
  });

  test.each([
    [{}, 'nothing says when'],
    [{ every: '0m' }, 'a minute is the least'],
    [{ every: '30s' }, 'not a time'],
    [{ every: '' }, 'not a time'],
    [{ every: '25h' }, 'a day is the most'],
    [{ every: '15m', at: '02:30' }, 'is no day'],
    [{ at: '24:00' }, 'is no time of day'],
    [{ at: '02:30,' }, 'is no time of day'],
    [{ cron: '* * * * *', every: '5m' }, 'says when by itself'],
  ])('%j is refused', (words, message) => {
    expect(() => parseTimetable(words)).toThrow(message);
  });
});
