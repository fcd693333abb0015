/** What the far end printed, made fit for a line of an error message: harmless and short. */

const SHOWN_BYTES = 120;
const LINES = 4;
const LINE_LENGTH = 240;

// Terminal sequences as a whole, then single control characters and those that turn the direction of text.
const SEQUENCES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** One line of text without anything that a terminal acts upon. */
export function clean(text: string, length = LINE_LENGTH): string {
  const plain = text.replace(SEQUENCES, '').replace(CONTROLS, ' ').replace(/ {2,}/g, ' ').trim();
  return plain.length > length ? `${plain.slice(0, length)}...` : plain;
}

/** The last lines of a text, each clean, without empty ones and without repetitions. */
export function lastLines(text: string): string[] {
  const lines = text.split(/[\r\n]+/).map((line) => clean(line));
  return [...new Set(lines.filter((line) => /[\p{L}\p{N}]/u.test(line)))].slice(-LINES);
}

/** Text of any encoding in quotes: what is printable UTF-8 as it is, the rest as \n, \t or \xNN. */
export function quoteBytes(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, SHOWN_BYTES));
  let text = '';
  // latin1 keeps one character a byte; well-formed sequences of UTF-8 are put together again.
  for (const [part] of shown.toString('latin1').matchAll(/[\xc2-\xf4][\x80-\xbf]{1,3}|[\s\S]/g)) {
    const character = part.length > 1 ? Buffer.from(part, 'latin1').toString('utf8') : part;
    if (part.length > 1 && /^[\p{L}\p{N}\p{P}\p{S}]+$/u.test(character) && !character.includes('\ufffd'))
      text += character;
    else for (const byte of part) text += escaped(byte);
  }
  return `"${text}"${bytes.length > SHOWN_BYTES ? '...' : ''}`;
}

function escaped(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  if (character === '"' || character === '\\') return `\\${character}`;
  if (character >= ' ' && character <= '~') return character;
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** A value as it is typed after an option. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `"${text}"`;
}
