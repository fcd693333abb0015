/**
 * The lines of rsyncd.conf: docs/protocol/4-filters-and-options.md, G.1.
 *
 *     section   = "[" NAME "]" anything
 *     setting   = NAME "=" VALUE
 *     directive = "&" ("include" | "merge") PATH
 *     comment   = ("#" | ";") anything               goes on for one line, whatever it ends in
 *
 * A line that ends in a backslash, blanks after it not counted, goes on with the next one.
 */
import type { ByteString } from '../../../core/bytes.ts';

export type ConfigLine = { line: number } & (
  | { kind: 'section'; name: ByteString }
  | { kind: 'setting'; name: ByteString; value: ByteString }
  | { kind: 'directive'; verb: 'include' | 'merge'; path: ByteString }
  /** `isFatal`: what C's parser gives up at. */
  | { kind: 'malformed'; text: ByteString; isFatal: boolean }
);

const BLANKS = /[ \t-\r]+/g;

/** Never throws: what cannot be read becomes a `malformed` line. */
export function* configLines(content: ByteString): Generator<ConfigLine> {
  const lines = content.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1;
    let text = trim(lines[at]!);
    if (text === '' || text[0] === '#' || text[0] === ';') continue;
    text = lines[at]!.replace(/\r/g, '');
    for (let end = continued(text); end >= 0; end = continued(text)) {
      text = text.slice(0, end);
      if (at + 1 >= lines.length) break;
      text += lines[++at]!.replace(/\r/g, '');
    }
    yield { line, ...read(trim(text)) };
  }
}

/** Where the backslash is that makes the line go on; negative: it does not. */
function continued(text: ByteString): number {
  const end = text.replace(/[ \t-\r]+$/, '');
  return end.endsWith('\\') ? end.length - 1 : -1;
}

type Read = ConfigLine extends infer Line ? (Line extends unknown ? Omit<Line, 'line'> : never) : never;

function read(text: ByteString): Read {
  if (text[0] === '[') {
    const close = text.indexOf(']');
    const name = trim(text.slice(1, close)).replace(BLANKS, ' ');
    if (close < 0 || name === '' || name.includes('/')) return { kind: 'malformed', text, isFatal: true };
    return { kind: 'section', name };
  }
  const directive = /^&[ \t]*(include|merge)[ \t]+(.+)$/i.exec(text);
  if (directive !== null) {
    const verb = directive[1]!.toLowerCase() as 'include' | 'merge';
    return { kind: 'directive', verb, path: directive[2]! };
  }
  const equals = text.indexOf('=');
  const name = trim(text.slice(0, equals)).replace(BLANKS, ' ');
  if (text[0] === '&' || equals < 0) return { kind: 'malformed', text, isFatal: text[0] === '&' };
  if (name === '') return { kind: 'malformed', text, isFatal: true };
  return { kind: 'setting', name, value: trim(text.slice(equals + 1)) };
}

function trim(text: ByteString): ByteString {
  return text.replace(/^[ \t-\r]+|[ \t-\r]+$/g, '');
}
