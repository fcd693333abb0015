/** How long ago something was, by a clock that may have been wrong then or may be wrong now. */
export interface Age {
  /** Seconds since then; negative if it lies in the future. */
  seconds: number;
  /** It is further ahead than two clocks may differ: one of them was or is wrong. */
  inFuture: boolean;
  /** `just now`, `12m ago`, `3h ago`, `9d ago`; `in the future (by 3h)`. */
  text: string;
}

/** Clocks of one machine step back by so much when they are set right; more is worth saying. */
const TOLERANCE = 5;
const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
];

/**
 * @param at  ISO 8601
 * @returns undefined if `at` is no date
 */
export function ageOf(at: string, now: Date): Age | undefined {
  const then = Date.parse(at);
  if (Number.isNaN(then)) return undefined;
  const seconds = Math.floor((now.getTime() - then) / 1000);
  if (seconds < -TOLERANCE) return { seconds, inFuture: true, text: `in the future (by ${span(-seconds)})` };
  return { seconds, inFuture: false, text: seconds < 60 ? 'just now' : `${span(seconds)} ago` };
}

/** Too old, or not known to be young: a date in the future says nothing about how fresh something is. */
export function isStale(at: string | undefined, now: Date, limitSeconds: number): boolean {
  const age = at === undefined ? undefined : ageOf(at, now);
  return age === undefined || age.inFuture || age.seconds > limitSeconds;
}

function span(seconds: number): string {
  const [unit, length] = UNITS.find(([, size]) => seconds >= size) ?? ['s', 1];
  return `${Math.floor(seconds / length)}${unit}`;
}
