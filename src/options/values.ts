/**
 * The syntax of option values: docs/protocol/4-filters-and-options.md, B.1 (integers) and B.4 (SIZE).
 * `word` is the argument as the user typed it; every error quotes it.
 */
import { usageError } from '../core/errors.ts';

/** The largest integer that an option of rsync takes. */
export const INT_MAX = 0x7fffffff;
const INT_MIN = -0x80000000;
const INTEGER = /^[ \t\n\v\f\r]*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/;
// A number, a unit with the base of its steps (K = KiB = 1024, KB = 1000), a correction by one.
const SIZE = /^(\d+(?:\.\d+)?)(?:(b)|([kmgtp])(b|ib)?)?([+-]1)?$/i;

export function invalid(word: string, reason: string): Error {
  return usageError(`rsyncjs: ${word}: ${reason}`);
}

/** Decimal, `0x` hexadecimal or leading-zero octal, within 32 bits; empty counts as 0. */
export function parseInteger(value: string, word: string): number {
  if (value === '') return 0;
  const match = INTEGER.exec(value);
  const digits = match?.[2];
  if (digits === undefined) throw invalid(word, 'invalid numeric value');
  const octal = /^0[0-7]+$/.test(digits);
  const magnitude = octal ? Number.parseInt(digits, 8) : Number(digits);
  const number = match?.[1] === '-' ? -magnitude : magnitude;
  if (number > INT_MAX || number < INT_MIN) throw invalid(word, 'number too large or too small');
  return number === 0 ? 0 : number;
}

/**
 * A SIZE in bytes: `10`, `1.5m`, `2KB`, `1GiB-1`; empty counts as 0.
 * @param plainUnit bytes that a number without a unit counts in.
 */
export function parseSize(value: string, word: string, plainUnit = 1): number {
  if (value === '') return 0;
  const match = SIZE.exec(value);
  if (match === null) throw invalid(word, 'invalid size (a number, then K, M, G, T or P, then B or iB)');
  const [, number = '', bytes, unit, suffix = '', correction] = match;
  const base = suffix.toLowerCase() === 'b' ? 1000 : 1024;
  const scale =
    unit !== undefined
      ? base ** ('kmgtp'.indexOf(unit.toLowerCase()) + 1)
      : bytes !== undefined
        ? 1
        : plainUnit;
  const size = Math.floor(Number(number) * scale) + (correction === undefined ? 0 : Number(correction));
  if (size < 0 || !Number.isSafeInteger(size)) throw invalid(word, 'size too large or too small');
  return size;
}

/** A rate in whole KiB a second, as it is sent to the server; 0: no limit. At least 512 bytes. */
export function parseRate(value: string, word: string): number {
  const bytes = parseSize(value, word, 1024);
  if (bytes === 0) return 0;
  if (bytes < 512) throw invalid(word, 'the limit is too small: 512 bytes a second is the least');
  return Math.floor((bytes + 512) / 1024);
}
