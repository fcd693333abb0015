/**
 * File times between rsync's form (seconds and nanoseconds) and Node's (seconds as one double).
 *
 * A double near 1.7e9 has steps of 238 ns, and libuv before 1.52 (Node 20 and 22) cuts to microseconds. So
 * nanoseconds can not be set exactly from Node: they come out within 1 us below (libuv < 1.52) or within 0.24 us
 * (newer). What is promised: the second is exact, and so is the microsecond (until the year 2106).
 */

const [uvMajor = 0, uvMinor = 0] = process.versions.uv.split('.').map(Number);
const uvAtLeast = (minor: number): boolean => uvMajor > 1 || (uvMajor === 1 && uvMinor >= minor);
/** libuv passes nanoseconds on, as far as the double holds them. */
const KEEPS_NANOSECONDS = uvAtLeast(52);
/** libuv takes NaN as "leave this time alone"; older ones answer EINVAL. */
export const CAN_OMIT_TIME: boolean = uvAtLeast(51);

/** Node refuses NaN as a number, but lets it through as a Date. */
export const OMIT_TIME: Date = new Date(Number.NaN);

/**
 * The number of seconds that makes libuv set `seconds` and, to the microsecond, `nsec`.
 * @param keepsNanoseconds  how this libuv cuts; for tests
 */
export function toDouble(seconds: number, nsec: number, keepsNanoseconds = KEEPS_NANOSECONDS): number {
  if (nsec <= 0 || nsec > 999_999_999) return seconds;
  const nearest = seconds + nsec / 1e9;
  const middle = seconds + (Math.floor(nsec / 1000) + 0.5) / 1e6;
  let best = seconds;
  let error = 1e9;
  // The neighbours, for a double that falls short by a hair; the middles of this microsecond and the one below, for a
  // libuv that cuts to microseconds, which it does towards zero.
  for (const value of [nearest, neighbour(nearest, 1), neighbour(nearest, -1), middle, middle - 1e-6]) {
    const got = cut(value, keepsNanoseconds);
    if (got.seconds !== seconds) continue;
    const sameMicrosecond = Math.floor(got.nsec / 1000) === Math.floor(nsec / 1000);
    const off = Math.abs(got.nsec - nsec) + (sameMicrosecond ? 0 : 1e6);
    if (off < error) {
      error = off;
      best = value;
    }
  }
  return best;
}

/** What libuv makes of a double: the fraction is cut towards zero, then made positive. */
function cut(value: number, keepsNanoseconds: boolean): { seconds: number; nsec: number } {
  const seconds = Math.trunc(value);
  let nsec = Math.trunc((value - seconds) * 1e9);
  if (!keepsNanoseconds) nsec -= nsec % 1000;
  return nsec < 0 ? { seconds: seconds - 1, nsec: nsec + 1e9 } : { seconds, nsec };
}

const f64 = new Float64Array(1);
const i64 = new BigInt64Array(f64.buffer);

/** The next double, away from zero (1) or towards it (-1). */
function neighbour(value: number, direction: 1 | -1): number {
  f64[0] = value;
  i64[0] = i64[0]! + BigInt(direction);
  return f64[0]!;
}

/** The argument for fs.*utimes: Node reads a negative *number* as "now", but a string of it as itself. */
export function timeArgument(seconds: number, nsec: number): number | string {
  const value = toDouble(seconds, nsec);
  return value < 0 ? String(value) : value;
}

/**
 * Do two times count as different? docs/protocol/3-transfer.md, 3.2, row 5.
 * @param window  `--modify-window`: 0 whole seconds, N > 0 up to N seconds apart, N < 0 nanoseconds too
 */
export function timesDiffer(
  seconds: number,
  nsec: number,
  otherSeconds: number,
  otherNsec: number,
  window: number,
): boolean {
  if (window > 0) return Math.abs(seconds - otherSeconds) > window;
  return seconds !== otherSeconds || (window < 0 && nsec !== otherNsec);
}
