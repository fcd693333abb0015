export interface ConfigLine {
  keyword: string;
  values: string[];
}

/**
 * One line of ssh_config(5), or the value of `-o`: a keyword, then blanks or one `=`, then the values. Double and
 * single quotes group; a backslash is literal unless a quote, a backslash or (outside quotes) a blank follows; `#`
 * at the start of a value begins a comment. Undefined for a blank or comment line.
 *
 * @throws Error with the reason if a quote is not closed or the keyword is missing.
 */
export function splitConfigLine(line: string): ConfigLine | undefined {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const match = /^"?([^\s="]+)"?[ \t]*=?[ \t]*/.exec(text);
  if (match === null) throw new Error('no keyword');
  return { keyword: match[1]!, values: splitValues(text.slice(match[0].length)) };
}

function splitValues(text: string): string[] {
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
