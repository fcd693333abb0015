/**
 * The words of a command as a POSIX shell splits them (XCU 2.2, 2.6.5), for a place that has no shell: blanks separate,
 * `\`, `'` and `"` quote. Nothing is expanded or run: what would be is refused.
 */
import { type ByteString, toText } from '../../core/bytes.ts';
import { EXIT, RsyncError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';

export interface ShellWord {
  /** As a program would be given it, wildcards unexpanded. */
  text: ByteString;
  /** The same as a pattern of rsync: characters that were quoted have a backslash and stand for themselves. */
  pattern: ByteString;
  /** The word begins with a `~` that a shell would read as somebody's home. */
  isHome: boolean;
}

const BLANK = /[ \t]/;
const OPERATOR = /[;&|<>()\n]/;
const EXPANSION = /[$`]/;
/** What a backslash quotes between double quotes. */
const QUOTED_BY_BACKSLASH = /[$`"\\]/;
const SPECIAL_IN_PATTERNS = /[*?[\]\\]/;

/**
 * @throws RsyncError RSYNC_USAGE, exit 1: a quote that is not closed, or something that only a shell could do;
 *   RSYNC_LIMIT, exit 22: too many words
 */
export function splitShellWords(command: ByteString): ShellWord[] {
  if (command.length > LIMITS.ARGUMENT_BYTES) throw tooLong();
  if (command.includes('\0')) throw refused('it holds a NUL');
  return new Splitter(command).words();
}

class Splitter {
  private readonly command: ByteString;
  private at = 0;

  constructor(command: ByteString) {
    this.command = command;
  }

  words(): ShellWord[] {
    const words: ShellWord[] = [];
    for (;;) {
      while (BLANK.test(this.peek())) this.at++;
      if (this.at >= this.command.length) return words;
      if (words.length >= LIMITS.ARGUMENTS) throw tooLong();
      words.push(this.word());
    }
  }

  private peek(): ByteString {
    return this.command.charAt(this.at);
  }

  private word(): ShellWord {
    if (this.peek() === '#')
      throw refused('a "#" at the start of a word makes the rest a comment to a shell');
    const word: ShellWord = { text: '', pattern: '', isHome: this.peek() === '~' };
    while (this.at < this.command.length) {
      const char = this.command.charAt(this.at);
      if (BLANK.test(char)) break;
      this.at++;
      if (char === '\\') this.backslash(word);
      else if (char === "'") this.singleQuotes(word);
      else if (char === '"') this.doubleQuotes(word);
      else if (OPERATOR.test(char)) throw refused(`${shown(char)} is an operator of a shell`);
      else if (EXPANSION.test(char))
        throw refused(`${shown(char)} asks a shell to put something in its place`);
      else {
        word.text += char;
        word.pattern += char;
      }
    }
    return word;
  }

  /** A shell drops a line feed behind a backslash; here it is one: clients that write this mean a name with one. */
  private backslash(word: ShellWord): void {
    const char = this.command.charAt(this.at);
    this.at += char.length;
    literal(word, char === '' ? '\\' : char);
  }

  private singleQuotes(word: ShellWord): void {
    const end = this.command.indexOf("'", this.at);
    if (end < 0) throw refused("a ' is not closed");
    for (const char of this.command.slice(this.at, end)) literal(word, char);
    this.at = end + 1;
  }

  private doubleQuotes(word: ShellWord): void {
    for (;;) {
      const char = this.command.charAt(this.at++);
      if (char === '') throw refused('a " is not closed');
      if (char === '"') return;
      if (char === '\\' && QUOTED_BY_BACKSLASH.test(this.peek()))
        literal(word, this.command.charAt(this.at++));
      else if (EXPANSION.test(char))
        throw refused(`${shown(char)} asks a shell to put something in its place`);
      else literal(word, char);
    }
  }
}

function literal(word: ShellWord, char: ByteString): void {
  word.text += char;
  word.pattern += SPECIAL_IN_PATTERNS.test(char) ? `\\${char}` : char;
}

function shown(char: ByteString): string {
  return char === '\n' ? 'a line feed' : `"${toText(char)}"`;
}

function refused(reason: string): RsyncError {
  return new RsyncError('RSYNC_USAGE', `refused: there is no shell here for this command: ${reason}`, {
    exitCode: EXIT.SYNTAX,
    origin: 'remote',
    hint: 'Quote it in the path, or run the client with --secluded-args (-s).',
  });
}

function tooLong(): RsyncError {
  return new RsyncError('RSYNC_LIMIT', 'refused: the command is too long', {
    exitCode: EXIT.MALLOC,
    origin: 'remote',
  });
}
