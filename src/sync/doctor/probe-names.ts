import { randomBytes } from 'node:crypto';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folders in which a check tries something out: gone when it is over; BUILT_IN_EXCLUDES has them. */
export const PROBE_PREFIX = '.rsyncjs-check-';

/** Two names that only case tells apart, and two that are the same letter, composed and decomposed. */
export const CASE = ['case', 'CASE'] as const;
export const LETTER = ['\u00e9', 'e\u0301'] as const;
export const LINK = 'link';
export const TIMED = 'time';
/** Seconds and nanoseconds: odd, and no whole second. */
export const TIME = { mtime: 1_000_000_001, mtimeNsec: 123_456_000 };

export function probeName(): string {
  return PROBE_PREFIX + randomBytes(6).toString('hex');
}

/** Writes a file with TIME; it is not empty, so that a full disk shows. */
export function writeTimed(folder: string): void {
  const file = join(folder, TIMED);
  writeFileSync(file, 'rsyncjs\n');
  const seconds = TIME.mtime + TIME.mtimeNsec / 1e9;
  utimesSync(file, seconds, seconds);
}

/** How finely a file system keeps times, by what came of TIME. */
export type TimePrecision = 'subsecond' | 'second' | 'two seconds' | 'unknown';

export function precisionOf(mtime: number, mtimeNsec: number): TimePrecision {
  // FAT rounds down or up to an even second.
  if (Math.abs(mtime - TIME.mtime) === 1) return 'two seconds';
  if (mtime !== TIME.mtime) return 'unknown';
  return mtimeNsec === 0 ? 'second' : 'subsecond';
}
