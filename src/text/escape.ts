/**
 * What of a line may reach a terminal: docs/protocol/3-transfer.md, 11.6. Control characters other than tab become
 * `\#ooo` (three octal digits), so do bytes that are no character of the locale; a `\#` that is there already, with
 * three digits behind it, has its backslash written in the same way.
 */
import type { ByteString } from '../core/bytes.ts';

const SUSPECT = /[\0-\x08\x0a-\x1f\\\x80-\xff]/;
// A well-formed UTF-8 sequence of two to four bytes: no overlong form, no surrogate, nothing above U+10FFFF.
const CONTINUED =
  '[\\xc2-\\xdf][\\x80-\\xbf]|\\xe0[\\xa0-\\xbf][\\x80-\\xbf]|[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}' +
  '|\\xed[\\x80-\\x9f][\\x80-\\xbf]|\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}|[\\xf1-\\xf3][\\x80-\\xbf]{3}' +
  '|\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2}';
const ESCAPED = '[\\0-\\x08\\x0a-\\x1f\\x80-\\xff]|\\\\(?=#[0-9]{3})';
const WITH_UTF8 = new RegExp(`(${CONTINUED})|${ESCAPED}`, 'g');
const ASCII_ONLY = new RegExp(ESCAPED, 'g');
const WELL_FORMED = new RegExp(`^(?:[\\0-\\x7f]|${CONTINUED})*$`);

/**
 * One line, without the line feed at its end.
 * @param utf8 the terminal shows UTF-8; false: ASCII alone.
 */
export function escapeLine(line: ByteString, utf8: boolean): ByteString {
  if (!SUSPECT.test(line)) return line;
  if (!utf8) return line.replace(ASCII_ONLY, octal);
  return line.replace(WITH_UTF8, (bytes: string, character: string | undefined) => character ?? octal(bytes));
}

function octal(byte: string): string {
  return `\\#${byte.charCodeAt(0).toString(8).padStart(3, '0')}`;
}

/** True if the bytes are well-formed UTF-8. */
export function isUtf8(bytes: ByteString): boolean {
  return WELL_FORMED.test(bytes);
}

/**
 * Whether the locale of the environment is a UTF-8 one. Windows has no such variables and shows UTF-8.
 * @param fallback where none of them is set.
 */
export function usesUtf8(env: Readonly<Record<string, string | undefined>>, fallback: boolean): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  return locale ? /utf-?8/i.test(locale) : fallback;
}
