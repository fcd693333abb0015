/** Moments in local time, as listings and formats write them. */

/** Seconds beyond this do not fit into a Date (275760 A.D.); a peer may send any 64-bit number. */
const MOST_SECONDS = 8.64e12;

/**
 * `2001/09/09 01:46:40`, question marks for a moment that has no date.
 * @param seconds since 1970, UTC; may be negative
 * @param between the character between date and time
 */
export function formatTime(seconds: number, between: ' ' | '-'): string {
  if (!(Math.abs(seconds) <= MOST_SECONDS)) return `????/??/??${between}??:??:??`;
  const at = new Date(Math.floor(seconds) * 1000);
  const date = `${at.getFullYear()}/${two(at.getMonth() + 1)}/${two(at.getDate())}`;
  return `${date.padStart(10, '0')}${between}${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
