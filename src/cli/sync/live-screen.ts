import type { Sink } from '../output.ts';
import { widthOf } from './columns.ts';

/** Milliseconds between two pictures. */
const INTERVAL = 100;
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
/** A line that a terminal thinks wider than we do is cut by it, and does not shift all others. */
const NO_WRAP = '\x1b[?7l';
const WRAP = '\x1b[?7h';
const CLEAR_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

export interface LiveClock {
  /** Milliseconds of a clock that does not go back. */
  now(): number;
  /** Calls once, later; returns how to call it off. */
  later(milliseconds: number, work: () => void): () => void;
}

export const SYSTEM_CLOCK: LiveClock = {
  now: () => performance.now(),
  later(milliseconds, work) {
    const timer = setTimeout(work, milliseconds);
    return () => clearTimeout(timer);
  },
};

/**
 * A few lines at the end of a terminal that are drawn anew in place: over the old ones, without clearing them first, so that
 * nothing flickers, and ten times a second at most.
 */
export class LiveDisplay {
  readonly #stream: Pick<Sink, 'write'>;
  readonly #columns: () => number;
  readonly #picture: () => readonly string[];
  readonly #clock: LiveClock;
  /** Widths of the lines that stand there. */
  #drawn: number[] = [];
  #last = Number.NEGATIVE_INFINITY;
  #pending: (() => void) | undefined;
  #isOpen = true;

  /**
   * @param columns  of the terminal, now
   * @param picture  the lines, each narrower than the terminal; asked for when there is something to draw
   */
  constructor(
    stream: Pick<Sink, 'write'>,
    columns: () => number,
    picture: () => readonly string[],
    clock: LiveClock = SYSTEM_CLOCK,
  ) {
    this.#stream = stream;
    this.#columns = columns;
    this.#picture = picture;
    this.#clock = clock;
    this.#write(HIDE_CURSOR);
    this.#draw([]);
  }

  /** Something has changed; also after a change of the terminal's size. */
  update(): void {
    if (!this.#isOpen || this.#pending !== undefined) return;
    const wait = this.#last + INTERVAL - this.#clock.now();
    if (wait <= 0) this.#draw([]);
    else this.#pending = this.#clock.later(wait, () => this.#draw([]));
  }

  /** Lines that stay, above the picture. They are safe to be shown. */
  print(lines: readonly string[]): void {
    if (this.#isOpen) this.#draw(lines);
    else for (const line of lines) this.#write(`${line}\n`);
  }

  /** Draws the last picture, which stays, and gives the cursor back. */
  close(): void {
    if (!this.#isOpen) return;
    this.#draw([]);
    this.#isOpen = false;
    this.#write(SHOW_CURSOR);
  }

  #draw(above: readonly string[]): void {
    this.#pending?.();
    this.#pending = undefined;
    this.#last = this.#clock.now();
    const lines = this.#picture();
    const up = this.#height();
    let text = NO_WRAP + (up > 0 ? `\x1b[${up}A` : '');
    // Lines that stay may be longer than the terminal is wide.
    if (above.length > 0)
      text += `${CLEAR_BELOW}${WRAP}${above.map((line) => `${line}\n`).join('')}${NO_WRAP}`;
    for (const line of lines) text += `\r${line}${CLEAR_LINE_END}\n`;
    this.#write(`${text}${CLEAR_BELOW}${WRAP}`);
    this.#drawn = lines.map((line) => widthOf(withoutColour(line)));
  }

  /** Lines of the terminal that the old picture takes: one that has become narrower has broken its lines anew. */
  #height(): number {
    const columns = Math.max(1, this.#columns());
    return this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
  }

  #write(text: string): void {
    this.#stream.write(Buffer.from(text, 'utf8'));
  }
}

export function withoutColour(line: string): string {
  return line.replace(/\x1b\[\d+m/g, '');
}
