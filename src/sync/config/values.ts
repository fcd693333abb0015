/** Durations, shares and rates as they are written in a configuration. */

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const DURATION = /^(?:\d+[smhdw])+$/;

export const DURATION_HINT = 'Write a number with its unit: 90s, 15m, 24h, 7d.';

/** Seconds of `90s`, `15m`, `24h`, `7d`, `1h30m`; undefined if it is not one, or zero. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let seconds = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)([smhdw])/g)) seconds += Number(digits) * UNITS[unit!]!;
  return seconds > 0 && Number.isSafeInteger(seconds) ? seconds : undefined;
}

/** The number of `50%`; undefined if it is not 0 to 100 with a percent sign. */
export function parsePercent(text: string): number | undefined {
  const [, digits] = /^(\d{1,3})%$/.exec(text) ?? [];
  return digits === undefined || Number(digits) > 100 ? undefined : Number(digits);
}
