/**
 * The words of a text as a POSIX shell splits it: quotes, backslashes, and nothing else. What a shell would expand or run
 * is refused where it stands, because it would otherwise mean something here that it does not mean there.
 */

export interface ShellWord {
  text: string;
  /** Index of its first character, a quote included. */
  at: number;
}

export interface ShellFault {
  /** Index of the character that is at fault. */
  at: number;
  reason: string;
  hint: string;
}

export const QUOTE_IT = 'Put it in single quotes if it is meant as it stands.';

/** Outside of quotes. */
const SPECIAL: Readonly<Record<string, string>> = {
  $: 'variables and commands are not expanded',
  '`': 'commands are not run',
  ';': 'commands are not run',
  '|': 'commands are not run',
  '&': 'commands are not run',
  '<': 'nothing is redirected',
  '>': 'nothing is redirected',
  '(': 'commands are not run',
  ')': 'commands are not run',
  '*': 'a wildcard outside of quotes is for a shell to expand',
  '?': 'a wildcard outside of quotes is for a shell to expand',
  '[': 'a wildcard outside of quotes is for a shell to expand',
  '{': 'braces are not expanded',
};

/** At the start of a word. */
const SPECIAL_FIRST: Readonly<Record<string, string>> = {
  '#': 'comments are not read',
  '~': 'the home directory is not filled in',
};

const BLANK = /[ \t\r\n]/;

/** The words, or the first fault. */
export function splitShellWords(text: string): { words: ShellWord[] } | { fault: ShellFault } {
  const words: ShellWord[] = [];
  let word: ShellWord | undefined;
  let at = 0;
  const fault = (reason: string, hint = QUOTE_IT, where = at): { fault: ShellFault } => ({
    fault: { at: where, reason, hint },
  });
  while (at < text.length) {
    const char = text[at]!;
    if (BLANK.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
      continue;
    }
    const special = SPECIAL[char] ?? (word === undefined ? SPECIAL_FIRST[char] : undefined);
    if (special !== undefined) return fault(`${char}: ${special}`);
    word ??= { text: '', at };
    if (char === "'" || char === '"') {
      const read = char === "'" ? singleQuoted(text, at) : doubleQuoted(text, at);
      if ('fault' in read) return read;
      word.text += read.text;
      at = read.end;
    } else if (char === '\\') {
      const next = text[at + 1];
      if (next === undefined) return fault('a backslash at the end', 'Write \\\\ for a backslash.');
      if (next !== '\n') word.text += next;
      at += 2;
    } else {
      word.text += char;
      at++;
    }
  }
  if (word !== undefined) words.push(word);
  return { words };
}

type Quoted = { text: string; end: number } | { fault: ShellFault };

function singleQuoted(text: string, start: number): Quoted {
  const end = text.indexOf("'", start + 1);
  return end < 0 ? unclosed(start, "'") : { text: text.slice(start + 1, end), end: end + 1 };
}

function doubleQuoted(text: string, start: number): Quoted {
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"') return { text: value, end: at + 1 };
    if (char === '$' || char === '`') {
      return { fault: { at, reason: `${char}: ${SPECIAL[char]}`, hint: QUOTE_IT } };
    }
    const next = text[at + 1];
    if (char === '\\' && next !== undefined && '$`"\\\n'.includes(next)) {
      if (next !== '\n') value += next;
      at++;
    } else value += char;
  }
  return unclosed(start, '"');
}

function unclosed(at: number, quote: string): { fault: ShellFault } {
  return { fault: { at, reason: `a ${quote} that is not closed`, hint: `Write the closing ${quote}.` } };
}
