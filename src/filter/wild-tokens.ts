import type { ByteString } from '../core/bytes.ts';

/**
 * The parts of a wildcard pattern, docs/protocol/4-filters-and-options.md, A.6:
 *
 *     pattern := { "**" {"*"} | "*" | "?" | "\" byte | class | byte }
 *     class   := "[" ["!" | "^"] item {item} "]"          a first "]" is an item
 *     item    := "[:" name ":]" | end "-" end | end
 *     end     := "\" byte | byte
 */
export type WildToken =
  | { kind: 'byte'; byte: number }
  /** `?`: one byte other than `/`. */
  | { kind: 'any' }
  /** One byte with `members[byte] === 1`; never `/`, never NUL. Negation is worked out already. */
  | { kind: 'class'; members: Uint8Array }
  /** `*`: any run of bytes other than `/`. */
  | { kind: 'star' }
  /** `**` or longer: any run of any bytes. */
  | { kind: 'globstar' };

export const SLASH = 0x2f;
const BANG = 0x21;
const STAR = 0x2a;
const DASH = 0x2d;
const COLON = 0x3a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const CARET = 0x5e;

/** ASCII membership, whatever the locale. */
const POSIX_CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[0-9A-Za-z]/,
  alpha: /[A-Za-z]/,
  blank: /[\t ]/,
  cntrl: /[\x00-\x1f\x7f]/,
  digit: /[0-9]/,
  graph: /[\x21-\x7e]/,
  lower: /[a-z]/,
  print: /[\x20-\x7e]/,
  punct: /[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]/,
  space: /[\t-\r ]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

/** The tokens of `pattern`, or undefined if no text can ever match it. */
export function tokenise(pattern: ByteString): WildToken[] | undefined {
  const tokens: WildToken[] = [];
  let at = 0;
  while (at < pattern.length) {
    const byte = pattern.charCodeAt(at++);
    switch (byte) {
      case STAR: {
        const start = at;
        while (pattern.charCodeAt(at) === STAR) at++;
        tokens.push({ kind: at > start ? 'globstar' : 'star' });
        break;
      }
      case QUESTION:
        tokens.push({ kind: 'any' });
        break;
      case BACKSLASH:
        if (at === pattern.length) return undefined;
        tokens.push({ kind: 'byte', byte: pattern.charCodeAt(at++) });
        break;
      case OPEN: {
        const members = new Uint8Array(256);
        at = readClass(pattern, at, members);
        if (at < 0 || !members.includes(1)) return undefined;
        tokens.push({ kind: 'class', members });
        break;
      }
      default:
        tokens.push({ kind: 'byte', byte });
    }
  }
  return tokens;
}

/** Fills `members` from the class whose `[` is just before `at`. Returns where the class ends, or -1: never matches. */
function readClass(pattern: ByteString, at: number, members: Uint8Array): number {
  const negate = pattern.charCodeAt(at) === BANG || pattern.charCodeAt(at) === CARET;
  if (negate) at++;
  // The literal that a following "-" would make a range of; -1 at the start and after a range or a named class.
  let previous = -1;
  for (let first = true; ; first = false) {
    if (at >= pattern.length) return -1;
    let byte = pattern.charCodeAt(at++);
    if (byte === CLOSE && !first) break;
    if (byte === DASH && previous >= 0 && at < pattern.length && pattern.charCodeAt(at) !== CLOSE) {
      let last = pattern.charCodeAt(at++);
      if (last === BACKSLASH) {
        if (at === pattern.length) return -1;
        last = pattern.charCodeAt(at++);
      }
      for (let member = previous; member <= last; member++) members[member] = 1;
      previous = -1;
      continue;
    }
    if (byte === OPEN && pattern.charCodeAt(at) === COLON) {
      const close = pattern.indexOf(']', at + 1);
      if (close < 0) return -1;
      if (close > at + 1 && pattern.charCodeAt(close - 1) === COLON) {
        const name = pattern.slice(at + 1, close - 1);
        if (!Object.hasOwn(POSIX_CLASSES, name)) return -1;
        addClass(members, POSIX_CLASSES[name]!);
        at = close + 1;
        previous = -1;
        continue;
      }
    }
    if (byte === BACKSLASH) {
      if (at === pattern.length) return -1;
      byte = pattern.charCodeAt(at++);
    }
    members[byte] = 1;
    previous = byte;
  }
  if (negate) for (let byte = 0; byte < 256; byte++) members[byte] = members[byte] === 1 ? 0 : 1;
  members[0] = 0;
  members[SLASH] = 0;
  return at;
}

function addClass(members: Uint8Array, set: RegExp): void {
  for (let byte = 0; byte < 128; byte++) if (set.test(String.fromCharCode(byte))) members[byte] = 1;
}
