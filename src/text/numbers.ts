/** Numbers as rsync prints them: docs/protocol/3-transfer.md, 11.4. `level` is TransferOptions.humanReadable. */

const UNITS = 'KMGTP';

/** Bytes. Level 0 `1509003`, 1 `1,509,003`, 2 `1.51M`, 3 `1.44M` (units of 1024). */
export function formatInteger(value: number, level: number): string {
  return withUnit(value, level) ?? formatCount(value, level);
}

/** A rate. As `formatInteger`, with two decimals where there is no unit. */
export function formatRate(value: number, level: number): string {
  return withUnit(value, level) ?? formatDecimal(value, 2, level);
}

/** A number of things: digit groups from level 1 on, never a unit. */
export function formatCount(value: number, level: number): string {
  return grouped(value.toFixed(0), level);
}

/** Seconds, the speed-up: digit groups from level 1 on, never a unit. */
export function formatDecimal(value: number, decimals: number, level: number): string {
  const [whole = '', fraction = ''] = value.toFixed(decimals).split('.');
  return `${grouped(whole, level)}.${fraction}`;
}

function withUnit(value: number, level: number): string | undefined {
  const base = level === 2 ? 1000 : level >= 3 ? 1024 : undefined;
  if (base === undefined || value < base) return undefined;
  let scaled = value / base;
  let unit = 0;
  while (scaled >= base && unit < UNITS.length - 1) {
    scaled /= base;
    unit++;
  }
  return `${scaled.toFixed(2)}${UNITS[unit]}`;
}

function grouped(digits: string, level: number): string {
  return level === 0 || digits.length < 4 ? digits : digits.replace(/\B(?=(?:\d{3})+$)/g, ',');
}
