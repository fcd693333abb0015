import { createInterface } from 'node:readline/promises';
import { type ByteString, fromText } from '../../core/bytes.ts';
import { EXIT, RsyncError } from '../../core/errors.ts';
import { escapeLine, usesUtf8 } from '../../text/escape.ts';
import type { OnPrompt } from '../../transport/ssh/auth/prompts.ts';
import type { Output } from '../output.ts';
import type { ProgressStream } from './hub-progress.ts';
import { type Marks, marks } from './marks.ts';

/** What the commands of the workflows see of the process and its surroundings. */
export interface Surroundings {
  env: NodeJS.ProcessEnv;
  /** Absolute. */
  cwd: string;
  /** '' if there is none. */
  home: string;
  platform: NodeJS.Platform;
  user: string;
  host: string;
  output: Output;
  /** Where a table that is drawn again and again goes, past `output`. */
  streams: { stdout: ProgressStream; stderr: ProgressStream };
  /** Standard input and standard error are a terminal: a person can be asked. */
  isInteractive: boolean;
  /** Standard output is a terminal. */
  isTerminal: boolean;
  columns: number;
  onPrompt: (() => Promise<OnPrompt | undefined>) | undefined;
  signal: AbortSignal | undefined;
  now: () => Date;
  /** One line from a person; undefined: there is nobody, or nothing was said. For tests; default: the terminal. */
  readLine?: (question: string) => Promise<string | undefined>;
}

/** Writes the screens of the workflows. */
export class Screen {
  readonly around: Surroundings;
  readonly utf8: boolean;
  readonly marks: Marks;

  constructor(around: Surroundings) {
    this.around = around;
    this.utf8 = usesUtf8(around.env, around.platform === 'win32');
    this.marks = marks(this.utf8 && around.isTerminal);
  }

  /** Lines of text to standard output. */
  say(...lines: string[]): void {
    for (const line of lines) this.around.output.out(`${fromText(line)}\n`);
  }

  /** Text to standard output that is no whole line. */
  sayPart(text: string): void {
    this.around.output.out(fromText(text));
  }

  /** Lines with names in them, which are bytes and fit for the terminal already. */
  sayBytes(lines: readonly ByteString[]): void {
    for (const line of lines) this.around.output.out(`${line}\n`);
  }

  /** Lines of text to standard error. */
  warn(...lines: string[]): void {
    for (const line of lines) this.around.output.err(`${escapeLine(fromText(line), this.utf8)}\n`);
  }

  json(value: unknown): void {
    this.say(JSON.stringify(value));
  }

  get canAsk(): boolean {
    return this.around.isInteractive || this.around.readLine !== undefined;
  }

  /**
   * A question on standard error; undefined: nobody can be asked, or the input is at its end.
   * @throws RsyncError RSYNC_ABORTED, exit 20: Ctrl-C, which a terminal that is being read from takes for a key
   */
  async ask(question: string): Promise<string | undefined> {
    const { isInteractive, readLine, output, signal } = this.around;
    if (readLine !== undefined) return readLine(question);
    if (!isInteractive) return undefined;
    await output.drain();
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const ended = new Promise<undefined>((resolve, reject) => {
        terminal.once('close', () => resolve(undefined));
        terminal.once('SIGINT', () => reject(aborted()));
      });
      const answer = terminal.question(`${question} `, signal === undefined ? {} : { signal });
      // Of the two the one that is not first has nobody left to tell.
      answer.catch(() => {});
      return await Promise.race([answer, ended]);
    } finally {
      terminal.close();
    }
  }

  /** Yes or no; no if nobody says anything. */
  async confirm(question: string): Promise<boolean> {
    const answer = await this.ask(`${question} [y/N]`);
    return /^y(es)?$/i.test(answer?.trim() ?? '');
  }
}

function aborted(): RsyncError {
  return new RsyncError('RSYNC_ABORTED', 'ended at a question; nothing was changed', {
    exitCode: EXIT.SIGNAL,
    origin: 'local',
  });
}
