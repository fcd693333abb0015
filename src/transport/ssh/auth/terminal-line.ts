import { RsyncError } from '../../../core/errors.ts';

/** A terminal that is opened for one question. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { setRawMode(mode: boolean): unknown };
  readonly output: NodeJS.WritableStream;
  close(): void;
}

// Keys as a terminal in raw mode sends them.
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const BACKSPACE = '\u0008';
const CTRL_U = '\u0015';
const ESCAPE = '\u001b';
const DELETE = '\u007f';

/** Characters of a line that are kept: more is not typed by anybody. */
const MAX_LINE = 8192;

/**
 * One line, read in raw mode so that the terminal itself echoes nothing. Undefined at Ctrl-D on an empty line, or
 * if the terminal goes away.
 *
 * @throws RsyncError RSYNC_ABORTED (exit 20) at Ctrl-C.
 */
export function readLine(terminal: Terminal, question: string, echo: boolean): Promise<string | undefined> {
  const { input, output } = terminal;
  return new Promise((resolve, reject) => {
    let line: string[] = [];
    /** Within the sequence of a function key: arrow keys are no part of a password. */
    let sequence: 'none' | 'escape' | 'body' = 'none';
    const decoder = new TextDecoder();
    const finish = (act: () => void): void => {
      input.removeAllListeners('data');
      output.write('\n');
      input.setRawMode(false);
      input.pause();
      terminal.close();
      act();
    };
    const erase = (count: number): void => {
      if (echo) output.write('\b \b'.repeat(count));
    };
    const isFunctionKey = (char: string): boolean => {
      if (sequence === 'body') {
        if (char >= '@' && char <= '~') sequence = 'none';
        return true;
      }
      if (sequence === 'escape') {
        sequence = char === '[' || char === 'O' ? 'body' : 'none';
        return sequence === 'body';
      }
      if (char !== ESCAPE) return false;
      sequence = 'escape';
      return true;
    };
    /** False once the line is over. */
    const onChar = (char: string): boolean => {
      if (char === CTRL_C) finish(() => reject(interrupted()));
      else if (isFunctionKey(char)) return true;
      else if (char === '\r' || char === '\n') finish(() => resolve(line.join('')));
      else if (char === CTRL_D && line.length === 0) finish(() => resolve(undefined));
      else if (char === BACKSPACE || char === DELETE) {
        if (line.pop() !== undefined) erase(1);
        return true;
      } else if (char === CTRL_U) {
        erase(line.length);
        line = [];
        return true;
      } else {
        if (char >= ' ' && line.length < MAX_LINE) {
          line.push(char);
          if (echo) output.write(char);
        }
        return true;
      }
      return false;
    };
    input.setRawMode(true);
    output.write(question);
    input.on('data', (chunk: Buffer | string) => {
      const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
      for (const char of text) if (!onChar(char)) return;
    });
    input.once('end', () => finish(() => resolve(undefined)));
    input.once('error', () => finish(() => resolve(undefined)));
    input.resume();
  });
}

/** In raw mode Ctrl-C is a character, not a signal: it ends the run as the signal would (exit 20). */
function interrupted(): RsyncError {
  return new RsyncError('RSYNC_ABORTED', 'interrupted at a prompt', { exitCode: 20, origin: 'local' });
}
