export interface ConfigLine {
  keyword: string;
  /** What follows the keyword, as written; for the keywords that take the rest of the line. */
  rest: string;
  values: string[];
}

/**
 * One line of ssh_config(5), or the value of `-o`: a keyword, then blanks or one `=`, then the values. Undefined for a
 * blank or comment line.
 *
 * @throws Error with the reason if a quote is not closed or nothing follows the keyword.
 */
export function splitConfigLine(line: string): ConfigLine | undefined {
  const text = line.replace(/[ \t\r\n\f]+$/, '').replace(/^[ \t\r\n]*=?[ \t\r\n]*/, '');
  // ssh, too, passes over a line that starts with a quote which nothing closes.
  const [start, quoted, bare] = /^(?:"([^"]*)"|([^ \t\r\n="]+))[ \t\r]*/.exec(text) ?? [''];
  const keyword = quoted ?? bare ?? '';
  if (keyword === '' || keyword.startsWith('#')) return undefined;
  let rest = text.slice(start.length);
  if (quoted === undefined) rest = rest.replace(/^=[ \t\r]*/, '');
  if (rest === '') throw new Error(`nothing follows ${keyword}`);
  return { keyword, rest, values: splitValues(rest) };
}

/**
 * The words of a value. Double and single quotes group; a backslash is literal unless a quote, a backslash or (outside
 * quotes) a blank follows; `#` at the start of a word begins a comment.
 *
 * @throws Error if a quote is not closed.
 */
export function splitValues(text: string): string[] {
  const values: string[] = [];
  let value: string | undefined;
  let quote: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    const next = text[i + 1];
    if (
      char === '\\' &&
      (next === '"' || next === "'" || next === '\\' || (quote === undefined && next === ' '))
    ) {
      value = (value ?? '') + next;
      i++;
    } else if (quote !== undefined) {
      if (char === quote) quote = undefined;
      else value += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      value ??= '';
    } else if (char === ' ' || char === '\t') {
      if (value !== undefined) values.push(value);
      value = undefined;
    } else if (char === '#' && value === undefined) {
      break;
    } else {
      value = (value ?? '') + char;
    }
  }
  if (quote !== undefined) throw new Error(`missing closing ${quote}`);
  if (value !== undefined) values.push(value);
  return values;
}

/** The word as `splitValues` reads it back. */
export function quoteValue(word: string): string {
  return /^[^\s"'\\#]+$/.test(word) ? word : `"${word.replace(/["\\]/g, '\\$&')}"`;
}
