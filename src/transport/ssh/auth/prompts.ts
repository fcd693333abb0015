import { openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import { RsyncError } from '../../../core/errors.ts';

/** How a person is asked. Never through the process's standard input: that may be data. */
export interface Prompts {
  /** The answer, not echoed; undefined if the person declines. */
  secret(question: string): Promise<string | undefined>;
  confirm(question: string): Promise<boolean>;
}

/** A terminal that is opened for one question. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { setRawMode(mode: boolean): unknown };
  readonly output: NodeJS.WritableStream;
  close(): void;
}

const [INPUT, OUTPUT] =
  process.platform === 'win32' ? ['\\\\.\\CONIN$', '\\\\.\\CONOUT$'] : ['/dev/tty', '/dev/tty'];

function openTerminal(): Terminal {
  const input = new ReadStream(openSync(INPUT!, process.platform === 'win32' ? 'r+' : 'r'));
  const output = new WriteStream(openSync(OUTPUT!, process.platform === 'win32' ? 'r+' : 'w'));
  return {
    input,
    output,
    close: () => {
      input.destroy();
      output.destroy();
    },
  };
}

/** Asks on the process's terminal; undefined if it has none. */
export function terminalPrompts(): Prompts | undefined {
  try {
    openTerminal().close();
  } catch {
    return undefined;
  }
  return promptsOn(openTerminal);
}

/** Prompts over any terminal. Questions are asked one at a time. */
export function promptsOn(open: () => Terminal): Prompts {
  let last: Promise<unknown> = Promise.resolve();
  const ask = (question: string, echo: boolean): Promise<string | undefined> => {
    const answer = last.then(() => readLine(open(), question, echo));
    last = answer.catch(() => undefined);
    return answer;
  };
  return {
    secret: (question) => ask(question, false),
    confirm: async (question) => {
      let text = `${question} (yes/no) `;
      for (;;) {
        const answer = (await ask(text, true))?.trim().toLowerCase();
        if (answer === 'yes') return true;
        if (answer === 'no' || answer === undefined) return false;
        text = "Please type 'yes' or 'no': ";
      }
    },
  };
}

// Keys as a terminal in raw mode sends them.
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const BACKSPACE = '\u0008';
const CTRL_U = '\u0015';
const DELETE = '\u007f';

/**
 * One line, read in raw mode so that the terminal itself echoes nothing. Undefined at Ctrl-D on an empty line, or
 * if the terminal goes away.
 */
function readLine(terminal: Terminal, question: string, echo: boolean): Promise<string | undefined> {
  const { input, output } = terminal;
  return new Promise((resolve, reject) => {
    let line: string[] = [];
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
    const onChar = (char: string): boolean => {
      if (char === '\r' || char === '\n') finish(() => resolve(line.join('')));
      else if (char === CTRL_D && line.length === 0) finish(() => resolve(undefined));
      else if (char === CTRL_C) finish(() => reject(interrupted()));
      else if (char === BACKSPACE || char === DELETE) {
        if (line.pop() !== undefined) erase(1);
        return true;
      } else if (char === CTRL_U) {
        erase(line.length);
        line = [];
        return true;
      } else {
        if (char >= ' ') {
          line.push(char);
          if (echo) output.write(char);
        }
        return true;
      }
      return false;
    };
    input.setRawMode(true);
    output.write(visible(question));
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

/** A server's words must not steer the terminal: control characters other than a newline are left out. */
export function visible(text: string): string {
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '');
}
