import { createInterface } from 'node:readline/promises';
import { type ByteString, fromText } from '../../core/bytes.ts';
import { EXIT, RsyncError } from '../../core/errors.ts';
import { usesUtf8 } from '../../text/escape.ts';
import type { OnPrompt } from '../../transport/ssh/auth/prompts.ts';
import type { Output } from '../output.ts';
import { escaped, type Look, paragraph } from './columns.ts';
import type { ProgressStream } from './hub-progress.ts';
import { type Marks, marks } from './marks.ts';

/** Columns for a blank and the answer to a question. */
const ANSWER = 5;

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
  /** Of standard output and of standard error; undefined: it is no terminal. */
  columns: number | undefined;
  errorColumns: number | undefined;
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

  /** Sentences to standard output, in lines as wide as it is. */
  tell(...sentences: string[]): void {
    const { utf8, columns } = this.look;
    for (const sentence of sentences) this.sayBytes(hanging(sentence, utf8, columns));
  }

  /** Sentences to standard error, in lines as wide as it is. */
  warn(...sentences: string[]): void {
    const { utf8, columns } = this.errorLook;
    for (const sentence of sentences) this.warnBytes(hanging(sentence, utf8, columns));
  }

  warnBytes(lines: readonly ByteString[]): void {
    for (const line of lines) this.around.output.err(`${line}\n`);
  }

  json(value: unknown): void {
    this.say(JSON.stringify(value));
  }

  /** Of lines to standard output. */
  get look(): Look {
    return { utf8: this.utf8, columns: this.around.columns };
  }

  /** Of lines to standard error. */
  get errorLook(): Look {
    return { utf8: this.utf8, columns: this.around.errorColumns };
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
    const { columns } = this.errorLook;
    // The answer stands behind the last word.
    const room = columns === undefined ? undefined : columns - ANSWER;
    const lines = paragraph('', question, room, '  ');
    this.warnBytes(lines.slice(0, -1).map(fromText));
    await output.drain();
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const ended = new Promise<undefined>((resolve, reject) => {
        terminal.once('close', () => resolve(undefined));
        terminal.once('SIGINT', () => {
          // The cursor is still behind the question.
          output.err('\n');
          reject(aborted());
        });
      });
      const answer = terminal.question(`${lines.at(-1)} `, signal === undefined ? {} : { signal });
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

/** One sentence; what does not fit into its first line is indented. */
function hanging(sentence: string, utf8: boolean, columns: number | undefined): ByteString[] {
  const safe = escaped(sentence, utf8);
  const text = safe.trimStart();
  const indent = safe.slice(0, safe.length - text.length);
  return paragraph(indent, text, columns, `${indent}  `).map(fromText);
}

function aborted(): RsyncError {
  return new RsyncError('RSYNC_ABORTED', 'ended at a question; nothing was changed', {
    exitCode: EXIT.SIGNAL,
    origin: 'local',
  });
}
