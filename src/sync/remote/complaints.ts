import { toText } from '../../core/bytes.ts';
import type { TransferEvent } from '../../core/events.ts';

/** Kept of what the other side says: it may be endless. */
const LINES = 20;
const CHARACTERS = 16 * 1024;

/**
 * Gathers what a transfer says went wrong, by the lines of either side and by those on the standard error there, where
 * servers put what happens before and after the transfer itself; without the last line of rsync, which only tells the
 * exit code.
 */
export class Complaints {
  readonly #messages: string[] = [];
  #stderr = '';
  #count = 0;

  hear(event: TransferEvent): void {
    if (event.type === 'message' && event.level !== 'info') {
      this.#count++;
      if (this.#messages.length < LINES) this.#messages.push(toText(event.text));
    } else if (event.type === 'stderr') {
      this.#stderr = (this.#stderr + Buffer.from(event.bytes).toString('utf8')).slice(0, CHARACTERS);
    }
  }

  /** The first of them. */
  get lines(): string[] {
    return [...this.#messages, ...this.#stderr.split('\n')]
      .map((line) => line.trim())
      .filter((line) => line !== '' && !/^rsync (?:error|warning): .* \(code \d+\)/.test(line))
      .slice(0, LINES);
  }

  /** How many there were at least. */
  get count(): number {
    return Math.max(this.#count, this.lines.length);
  }
}
