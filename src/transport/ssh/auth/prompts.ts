import { openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import { readLine, type Terminal } from './terminal-line.ts';

/** A question that somebody has to answer before the connection can go on. */
export interface PromptRequest {
  kind: 'passphrase' | 'password' | 'keyboard-interactive' | 'host-key';
  /** What to show, the request to type included. Harmless to a terminal, lines parted by `\n`. */
  message: string;
  /** True: do not echo what is typed. */
  secret: boolean;
  user?: string;
  host?: string;
  /** The encrypted key's file, or the name that the caller gave the key. */
  keyFile?: string;
  /** Of the host key in question: `SHA256:...`. */
  fingerprint?: string;
}

/** The answer; undefined: declined. For `host-key`, "yes" or the fingerprint itself accepts. */
export type OnPrompt = (request: PromptRequest) => string | undefined | Promise<string | undefined>;

const WINDOWS = process.platform === 'win32';
const [INPUT, OUTPUT] = WINDOWS ? ['\\\\.\\CONIN$', '\\\\.\\CONOUT$'] : ['/dev/tty', '/dev/tty'];

function openTerminal(): Terminal {
  const input = new ReadStream(openSync(INPUT!, WINDOWS ? 'r+' : 'r'));
  const output = new WriteStream(openSync(OUTPUT!, WINDOWS ? 'r+' : 'w'));
  return {
    input,
    output,
    close: () => {
      input.destroy();
      output.destroy();
    },
  };
}

/** Asks on the process's terminal, never on its standard input: that may be data. Undefined if there is no terminal. */
export function terminalPrompts(): OnPrompt | undefined {
  try {
    openTerminal().close();
  } catch {
    return undefined;
  }
  return promptsOn(openTerminal);
}

/**
 * Prompts over any terminal, opened for each question. Questions are asked one at a time. A question about a host key
 * is asked until it is answered by yes, no or the fingerprint.
 */
export function promptsOn(open: () => Terminal): OnPrompt {
  const inTurn = oneAtATime();
  return (request) =>
    inTurn(async () => {
      if (request.kind !== 'host-key') return readLine(open(), visible(request.message), !request.secret);
      let message = visible(request.message);
      for (;;) {
        const answer = (await readLine(open(), message, true))?.trim();
        if (answer === undefined || /^(?:yes|no)$/i.test(answer) || answer === request.fingerprint)
          return answer;
        message = `Please type 'yes'${request.fingerprint === undefined ? " or 'no'" : ", 'no' or the fingerprint"}: `;
      }
    });
}

/** Runs tasks in the order in which they come, each after the end of the one before. */
export function oneAtATime(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
}

/**
 * A server's words must not steer the terminal: control characters other than a newline are left out, and so are those
 * that turn the direction of writing or break lines.
 */
export function visible(text: string): string {
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '');
}
