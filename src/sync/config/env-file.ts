/**
 * `.env` files, as dotenv reads them, with positions. Nothing is run and nothing is expanded.
 *
 *     line   = [ "export" ] NAME "=" value [ "#" comment ] | "#" comment
 *     value  = "'" text "'" | '"' text '"' | "`" text "`"    may hold line ends; in double quotes \n and \r are read
 *            | text                                          up to the end of the line or the first "#", trimmed
 */

export interface EnvEntry {
  name: string;
  value: string;
  /** Where a character of the value stands in the file. */
  positionOf(index: number): EnvPosition;
  /** What makes the value doubtful; then it was read up to the end of the line. */
  fault?: { reason: string; hint: string } & EnvPosition;
}

/** Both from 1; columns in UTF-16 units. */
export interface EnvPosition {
  line: number;
  column: number;
}

export interface EnvFile {
  /** In the order of the file. Of several with the same name the last one holds. */
  entries: EnvEntry[];
  /** Lines that are neither an assignment nor a comment nor blank. */
  malformed: ({ text: string } & EnvPosition)[];
}

const BLANKS = /[ \t\f\v]*/y;
const ASSIGNMENT = /(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*/y;
const LINE_END = /\r\n|\r|\n|$/g;
const QUOTED: ReadonlyMap<string, RegExp> = new Map(
  ["'", '"', '`'].map((quote) => [
    quote,
    new RegExp(
      `${quote}((?:\\\\${quote}|[^${quote}])*)${quote}[ \\t\\f\\v]*(?:#[^\\r\\n]*)?(?=[\\r\\n]|$)`,
      'y',
    ),
  ]),
);

export function parseEnvFile(source: string): EnvFile {
  const text = source.startsWith('\ufeff') ? source.slice(1) : source;
  const place = lineFinder(text);
  const file: EnvFile = { entries: [], malformed: [] };
  let at = 0;
  while (at < text.length) {
    at = matchEnd(BLANKS, text, at) ?? at;
    const lineEnd = endOfLine(text, at);
    const char = text[at];
    ASSIGNMENT.lastIndex = at;
    const assignment = char === '#' ? null : ASSIGNMENT.exec(text);
    if (assignment !== null) {
      const { end, ...read } = readValue(text, ASSIGNMENT.lastIndex, place);
      file.entries.push({ name: assignment[1]!, ...read });
      at = nextLine(text, end);
    } else {
      if (char !== '#' && at < lineEnd) {
        file.malformed.push({ text: text.slice(at, lineEnd).trimEnd(), ...place(at) });
      }
      at = nextLine(text, lineEnd);
    }
  }
  return file;
}

type Place = (offset: number) => EnvPosition;
type ReadValue = Omit<EnvEntry, 'name'> & { end: number };

function readValue(text: string, start: number, place: Place): ReadValue {
  const quote = text[start];
  if (quote !== "'" && quote !== '"' && quote !== '`') return bareValue(text, start, place);
  const close = closingQuote(text, start, quote);
  if (close === undefined) {
    const bare = bareValue(text, start, place);
    return {
      ...bare,
      fault: {
        reason: `the value starts with ${quote} and does not end with it`,
        hint: `Put the whole value between two ${quote}, with nothing but a comment behind.`,
        ...place(start),
      },
    };
  }
  const { value, offsets } = unquote(text, start + 1, close, quote === '"');
  return {
    value,
    end: close + 1,
    positionOf: (index) => place(offsets[index] ?? close),
  };
}

function bareValue(text: string, start: number, place: Place): ReadValue {
  const end = endOfLine(text, start);
  const hash = text.indexOf('#', start);
  const cut = hash >= 0 && hash < end;
  const value = text.slice(start, cut ? hash : end).trimEnd();
  const attached = cut && hash > start && !/\s/.test(text[hash - 1]!);
  return {
    value,
    end,
    positionOf: (index) => place(start + index),
    ...(attached
      ? {
          fault: {
            reason: 'the value ends where "#" begins a comment',
            hint: 'Put the value in quotes if the "#" belongs to it, else a space before it.',
            ...place(hash),
          },
        }
      : {}),
  };
}

/** The quote that ends the value: with nothing behind it but a comment. A backslash keeps it from ending, if another one does. */
function closingQuote(text: string, start: number, quote: string): number | undefined {
  const pattern = QUOTED.get(quote)!;
  pattern.lastIndex = start;
  const [, inner] = pattern.exec(text) ?? [];
  return inner === undefined ? undefined : start + 1 + inner.length;
}

/** The text between quotes, each of its characters with its offset. Line ends become line feeds. */
function unquote(
  text: string,
  start: number,
  end: number,
  escapes: boolean,
): { value: string; offsets: number[] } {
  let value = '';
  const offsets: number[] = [];
  for (let at = start; at < end; at++) {
    offsets.push(at);
    const char = text[at]!;
    const next = text[at + 1];
    if (char === '\r') {
      value += '\n';
      if (next === '\n') at++;
    } else if (escapes && char === '\\' && (next === 'n' || next === 'r') && at + 1 < end) {
      value += next === 'n' ? '\n' : '\r';
      at++;
    } else value += char;
  }
  return { value, offsets };
}

function matchEnd(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) === null ? undefined : pattern.lastIndex;
}

function endOfLine(text: string, at: number): number {
  LINE_END.lastIndex = at;
  return LINE_END.exec(text)!.index;
}

function nextLine(text: string, at: number): number {
  const end = endOfLine(text, at);
  if (end >= text.length) return text.length;
  return end + (text.startsWith('\r\n', end) ? 2 : 1);
}

function lineFinder(text: string): Place {
  const starts = [0];
  for (let end = endOfLine(text, 0); end < text.length; end = endOfLine(text, starts.at(-1)!)) {
    starts.push(nextLine(text, end));
  }
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - starts[low]! + 1 };
  };
}
