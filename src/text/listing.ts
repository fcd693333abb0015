/** Lines of a listing: docs/protocol/2-file-list.md, 9. */
import type { ByteString } from '../core/bytes.ts';
import type { EntryDetails } from '../core/events.ts';
import { isMissing, S_IFMT } from '../core/mode.ts';
import { formatTime } from './dates.ts';
import { formatInteger } from './numbers.ts';
import { permissions } from './permissions.ts';

/** By the type bits of the mode, shifted down. */
const TYPE_LETTERS: Readonly<Record<number, string>> = {
  1: 'p',
  2: 'c',
  4: 'd',
  6: 'b',
  8: '-',
  10: 'l',
  12: 's',
};

/** `drwxr-xr-x          4,096 2023/11/14 22:13:20 NAME[ -> TARGET]`, without a line feed. */
export function listingLine(entry: EntryDetails, humanReadable: number): ByteString {
  // Columns for digit groups or a unit, or for digits alone.
  const width = humanReadable === 0 ? 11 : 14;
  const target = entry.target === undefined ? '' : ` -> ${entry.target}`;
  const name = `${entry.name}${target}`;
  if (isMissing(entry.mode)) return `${'*missing'.padEnd(10 + 1 + width + 1 + 19)} ${name}`;
  const kind = TYPE_LETTERS[(entry.mode & S_IFMT) >> 12] ?? '?';
  const size = formatInteger(entry.size, humanReadable).padStart(width);
  return `${kind}${permissions(entry.mode)} ${size} ${formatTime(entry.mtime, ' ')} ${name}`;
}
