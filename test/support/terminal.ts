/** Real terminals, by tmux(1): programs that run in them, keys that are typed, and what then stands on the screen. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** True: there is no tmux, and tests at a terminal are skipped. In CI that is an error. */
export const noTmux = spawnSync('tmux', ['-V']).status !== 0;
if (process.env.CI && process.platform === 'linux' && noTmux) throw new Error('apt-get install tmux');

/** Milliseconds: less than the time limit of a test. */
const PATIENCE = 50_000;

export interface TerminalStart {
  columns: number;
  /** Default 40. */
  rows?: number;
  cwd?: string;
  /** Added to a bare environment of UTF-8. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** What a shell reads as this very word. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A server of terminals of its own, with its socket in a folder of the test. */
export class Terminals {
  readonly #folder: string;
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Runs a command line of a shell in a new terminal. When it has ended, a line with its exit status in brackets stands
   * below what it wrote, and a shell that waits for keys behind it.
   */
  open(command: string, { columns, rows = 40, cwd = this.#folder, env = {} }: TerminalStart): Terminal {
    const name = String(++this.#count);
    const variables = Object.entries(env).flatMap(([key, value]) =>
      value === undefined ? [] : [`export ${key}=${quoted(value)};`],
    );
    this.tmux(
      ...['new-session', '-d', '-s', name, '-c', cwd, '-x', String(columns), '-y', String(rows)],
      // Ctrl-C is for the command; a shell that ignores it would have it ignored there too.
      `trap : INT; ${variables.join(' ')} ${command}; echo "[$?]"; tmux wait-for -S ${name}; while read -r line; do eval "$line"; done`,
      // One call for both: without a line of its own the terminal is one row higher.
      ...[';', 'set-option', '-t', name, 'status', 'off'],
    );
    return new Terminal(this, name);
  }

  tmux(...words: string[]): string {
    return execFileSync('tmux', ['-S', join(this.#folder, 'tmux'), '-f', '/dev/null', ...words], {
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH!,
        HOME: this.#folder,
        LC_ALL: 'C.UTF-8',
        TERM: 'xterm-256color',
        SHELL: '/bin/sh',
      },
    });
  }

  /** Until somebody signals this channel; without asking again and again. */
  async waitFor(channel: string): Promise<void> {
    const child = spawn('tmux', ['-S', join(this.#folder, 'tmux'), 'wait-for', channel], { stdio: 'ignore' });
    await once(child, 'exit');
  }

  /** Ends all that still runs. */
  stop(): void {
    // The server may be gone by itself.
    spawnSync('tmux', ['-S', join(this.#folder, 'tmux'), 'kill-server']);
  }
}

export class Terminal {
  readonly #server: Terminals;
  readonly name: string;

  constructor(server: Terminals, name: string) {
    this.#server = server;
    this.name = name;
  }

  /** The lines that stand there now, without the empty ones at the end and without blanks at their ends. */
  screen(): string[] {
    const text = this.#server.tmux('capture-pane', '-p', '-t', this.name);
    return text
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd());
  }

  /** Keys by their names: `y`, `Enter`, `C-c`. */
  press(...keys: string[]): void {
    this.#server.tmux('send-keys', '-t', this.name, ...keys);
  }

  /** Processes that the shell in it has started. */
  children(): number[] {
    const pid = this.ask('#{pane_pid}');
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').map(Number);
  }

  resize(columns: number, rows: number): void {
    this.#server.tmux('resize-window', '-t', this.name, '-x', String(columns), '-y', String(rows));
  }

  /** A format of tmux(1), such as `#{cursor_flag}`. */
  ask(format: string): string {
    return this.#server.tmux('display-message', '-p', '-t', this.name, format).trim();
  }

  /** The screen once it is as it has to be. A wait without an end fails shortly before its test does, and shows it. */
  async until(condition: (lines: string[]) => boolean): Promise<string[]> {
    const end = performance.now() + PATIENCE;
    for (;;) {
      const lines = this.screen();
      if (condition(lines)) return lines;
      if (performance.now() > end) throw new Error(`the screen stays like this:\n${lines.join('\n')}`);
      await delay(100);
    }
  }

  /** The screen once a line ends like this: a question that waits for its answer. */
  asks(question: string | RegExp): Promise<string[]> {
    return this.until((lines) => {
      const last = lines.at(-1)!;
      return typeof question === 'string' ? last.endsWith(question) : question.test(last);
    });
  }

  /** The screen when the command has ended. */
  async ended(): Promise<string[]> {
    await this.#server.waitFor(this.name);
    return this.until((lines) => /^\[\d+\]$/.test(lines.at(-1)!));
  }
}
