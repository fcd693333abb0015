/** Text in the columns of a terminal: wide characters have two, marks that combine none. */
import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter();
/** Control characters move the cursor, bidirectional ones the text around them; lone surrogates are no text. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;

export function widthOf(text: string): number {
  return stringWidth(text, { countAnsiEscapeCodes: true });
}

/** One line that does to a terminal nothing but be shown. `utf8` false: ASCII alone. */
export function shown(text: string, utf8: boolean): string {
  const safe = text.replace(UNSAFE, (char) => (/\s/.test(char) ? ' ' : '?'));
  return utf8 ? safe : safe.replace(/[^\x20-\x7e]/gu, '?');
}

/** Cut to so many columns, with a sign that it was. `text` is `shown`. */
export function cut(text: string, columns: number, utf8: boolean): string {
  if (widthOf(text) <= columns) return text;
  const sign = (utf8 ? '…' : '...').slice(0, Math.max(0, columns));
  let found = '';
  let width = 0;
  for (const { segment } of segmenter.segment(text)) {
    width += widthOf(segment);
    if (width > columns - sign.length) break;
    found += segment;
  }
  return found + sign;
}

/** Cut or filled up to exactly so many columns. */
export function pad(text: string, columns: number, utf8: boolean, side: 'left' | 'right' = 'left'): string {
  const short = cut(text, columns, utf8);
  const blanks = ' '.repeat(Math.max(0, columns - widthOf(short)));
  return side === 'left' ? short + blanks : blanks + short;
}
