/** Sizes, rates and times in few columns, for tables and sentences. Units are those of 1024. */

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** `0 B`, `999 B`, `1.5 KB`, `12.3 MB`, `123 GB`: 8 columns at most. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.6 KB would be written as 1024 KB.
  while (unit < UNITS.length - 1 && (unit === 0 ? value >= 1024 : value >= 999.5)) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `812ms`, `9999ms`, `12.3s`, `2m 5s`, `3h 2m`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 10_000) return `${Math.round(milliseconds)}ms`;
  if (milliseconds < 60_000) return `${(Math.floor(milliseconds / 100) / 10).toFixed(1)}s`;
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  return `${Math.floor(seconds / 3600)}h ${Math.floor(seconds / 60) % 60}m`;
}

/** `0:42`, `12:05`, `1:02:03`, `>99h`: 8 columns at most. */
export function etaText(seconds: number): string {
  const whole = Math.ceil(seconds);
  const hours = Math.floor(whole / 3600);
  if (!(hours < 100)) return '>99h';
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
