/** Regression of B6: a schedule that a spoke has is honoured. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isDue } from '../../../src/sync/hub/due.ts';

/** Local time, as a crontab has it. 1 March 2026 is a Sunday. */
const at = (day: number, hour: number, minute: number, second = 0) =>
  new Date(2026, 2, day, hour, minute, second);

describe('a spoke is due', () => {
  test.each([
    ['*/15 * * * *', at(2, 10, 1), at(2, 10, 14, 59), false],
    ['*/15 * * * *', at(2, 10, 1), at(2, 10, 15), true],
    // A timer that comes late still finds it.
    ['0 3 * * *', at(2, 2, 0), at(2, 9, 7), true],
    ['0 3 * * *', at(2, 3, 1), at(3, 2, 59), false],
    ['0 3 * * sun', at(2, 0, 0), at(7, 23, 59), false],
    ['0 3 * * sun', at(2, 0, 0), at(8, 3, 0), true],
    ['0 3 15 * mon', at(3, 0, 0), at(9, 3, 0), true],
    ['0 3 15 * mon', at(10, 0, 0), at(15, 3, 0), true],
    ['0 3 15 * mon', at(10, 0, 0), at(14, 3, 0), false],
    ['0 0 1 jan *', at(2, 0, 0), at(30, 0, 0), false],
    ['0 0 1 jan *', new Date(2024, 0, 2), at(30, 0, 0), true],
    // The clock was set back since.
    ['0 0 1 jan *', at(20, 0, 0), at(2, 0, 0), true],
  ])('%s', (schedule, last, now, expected) => {
    expect(isDue(schedule, last.toISOString(), now)).toBe(expected);
  });

  test('that was never tried', () => expect(isDue('0 3 * * *', undefined, at(2, 10, 0))).toBe(true));
});

describe('where clocks are put forward and back', () => {
  const zone = process.env.TZ;
  beforeAll(() => {
    process.env.TZ = 'Europe/Berlin';
  });
  afterAll(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  test.each([
    // 29 March 2026: after 01:59 it is 03:00.
    ['30 2 * * *', '2026-03-28T01:30:05Z', '2026-03-29T01:29:00Z', false],
    ['30 2 * * *', '2026-03-28T01:30:05Z', '2026-03-29T01:30:00Z', true],
    ['30 2 * * *', '2026-03-29T01:30:05Z', '2026-03-29T22:00:00Z', false],
    ['30 2 * * *', '2026-03-29T01:30:05Z', '2026-03-30T00:30:00Z', true],
    ['*/15 * * * *', '2026-03-29T00:45:05Z', '2026-03-29T00:59:00Z', false],
    ['*/15 * * * *', '2026-03-29T00:45:05Z', '2026-03-29T01:00:00Z', true],
    // 25 October 2026: after 02:59 it is 02:00 again.
    ['30 2 * * *', '2026-10-24T00:30:05Z', '2026-10-25T00:30:00Z', true],
    ['30 2 * * *', '2026-10-25T00:30:05Z', '2026-10-25T01:30:05Z', false],
    ['30 2 * * *', '2026-10-25T00:30:05Z', '2026-10-26T01:30:00Z', true],
    ['*/15 * * * *', '2026-10-25T00:45:05Z', '2026-10-25T01:00:00Z', true],
    ['*/15 * * * *', '2026-10-25T01:00:05Z', '2026-10-25T01:14:00Z', false],
    // A machine that slept over both.
    ['30 2 * * *', '2026-03-20T01:30:05Z', '2026-11-01T12:00:00Z', true],
  ])('%s since %s, at %s: %s', (schedule, last, now, expected) => {
    expect(isDue(schedule, last, new Date(now))).toBe(expected);
  });
});
