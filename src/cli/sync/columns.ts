/** Text in the columns of a terminal: wide characters have two, marks that combine none. */
import stringWidth from 'string-width';
import { fromText, toText } from '../../core/bytes.ts';
import { escapeLine } from '../../text/escape.ts';

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

/** The same for text that nothing is to be lost of: what is not shown as it is stands there in octal. */
export function escaped(text: string, utf8: boolean): string {
  return toText(escapeLine(fromText(text), utf8));
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

/** How lines for a person are written. */
export interface Look {
  /** What is written to shows UTF-8. */
  utf8: boolean;
  /** Of the terminal; undefined: it is none, and lines are not broken. */
  columns?: number | undefined;
}

/** A terminal that is narrower is left to break lines itself. */
const NARROW = 40;

/**
 * A text in lines of a terminal: broken at blanks, and a word that is longer than a line behind its slashes, or where
 * the line ends.
 * @param first  what stands before the text
 * @param rest   what stands before all lines but the first; default: blanks of the same width
 */
export function paragraph(
  first: string,
  text: string,
  columns: number | undefined,
  rest = ' '.repeat(widthOf(first)),
): string[] {
  if (columns === undefined || columns < NARROW || widthOf(first) + widthOf(text) <= columns) {
    return [first + text];
  }
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  const put = (part: string, gap: string): void => {
    if (!isEmpty && widthOf(line + gap + part) > columns) {
      lines.push(line.trimEnd());
      line = rest;
      isEmpty = true;
    }
    line += isEmpty ? part : gap + part;
    isEmpty &&= part === '';
  };
  const room = columns - widthOf(rest);
  for (const word of text.split(' ')) {
    pieces(word, room).forEach((piece, index) => {
      put(piece, index === 0 ? ' ' : '');
    });
  }
  return [...lines, line.trimEnd()];
}

/** A word in pieces that each fit into so many columns; what is escaped stays whole. */
function pieces(word: string, columns: number): string[] {
  if (widthOf(word) <= columns) return [word];
  return word.split(/(?<=\/)/).flatMap((part) => {
    if (widthOf(part) <= columns) return [part];
    const units = part
      .split(/(\\#\d{3})/)
      .flatMap((text, index) =>
        index % 2 === 1 ? [text] : [...segmenter.segment(text)].map(({ segment }) => segment),
      );
    const found: string[] = [];
    let piece = '';
    for (const unit of units) {
      if (widthOf(piece) + widthOf(unit) > columns) {
        found.push(piece);
        piece = '';
      }
      piece += unit;
    }
    return [...found, piece];
  });
}

/** A name with a remark behind it, or below it where there is no room; what is broken is indented by two more. */
export function item(
  first: string,
  name: string,
  remark: string | undefined,
  columns: number | undefined,
): string[] {
  const rest = `${' '.repeat(widthOf(first))}  `;
  const lines = paragraph(first, name, columns, rest);
  if (remark === undefined) return lines;
  const last = `${lines.pop()}  ${remark}`;
  if (columns === undefined || widthOf(last) <= columns) return [...lines, last];
  return [...lines, last.slice(0, -remark.length - 2), ...paragraph(rest, remark, columns)];
}
