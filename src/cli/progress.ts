/**
 * The line of `--progress`: docs/protocol/3-transfer.md, 11.5.
 *
 *     "\r" BYTES(15) " " PERCENT(3) "% " RATE(7.2) UNIT " " H:MM:SS(10) ("  " | " (xfr#N, to-chk=A/B)\n")
 */
import type { ProgressEvent } from '../core/events.ts';
import { formatInteger } from '../text/numbers.ts';

/** Milliseconds between two lines of one file. */
const INTERVAL = 1000;
/** The rate is that of the time which this many samples span. */
const SAMPLES = 5;
const UNKNOWN_TIME = '  ??:??:??';
const MOST_HOURS = 9999;

interface Sample {
  at: number;
  done: number;
}

/** The progress of one file after the other. Times are milliseconds of any clock that does not go back. */
export class ProgressMeter {
  readonly #humanReadable: number;
  readonly #receives: boolean;
  #started = 0;
  #samples: Sample[] = [];
  #open = false;

  constructor(init: { humanReadable: number; receives: boolean; now: number }) {
    this.#humanReadable = init.humanReadable;
    this.#receives = init.receives;
    this.#started = init.now;
  }

  /** Something else is about to be printed: true if a line stands unfinished. */
  interrupt(): boolean {
    const open = this.#open;
    this.#open = false;
    return open;
  }

  /** A file begins. */
  begin(now: number): void {
    this.#started = now;
    this.#samples = [];
  }

  /** What to print for this event; often nothing. */
  show(event: ProgressEvent, now: number): string {
    let text = '';
    if (this.#samples.length === 0 && event.size > 0) {
      // rsync shows a file before it is complete, however small: a receiver before the first byte.
      const done = this.#receives ? 0 : event.done;
      this.#samples.push({ at: this.#receives ? this.#started : now, done });
      text = this.#line(done, event.size, 0, remaining(event.size - done, 0));
      this.#open = true;
      if (!event.last && !this.#receives) return text;
    }
    if (event.last) return text + this.#lastLine(event, now);
    if (now - this.#samples.at(-1)!.at < INTERVAL) return text;
    this.#open = true;
    this.#samples.push({ at: now, done: event.done });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    const oldest = this.#samples[0]!;
    const rate = kibPerSecond(event.done - oldest.done, now - oldest.at);
    return text + this.#line(event.done, event.size, rate, remaining(event.size - event.done, rate));
  }

  #lastLine(event: ProgressEvent, now: number): string {
    const elapsed = now - this.#started;
    const check = `${event.growing ? 'ir' : 'to'}-chk=${event.left}/${event.known}`;
    const rate = kibPerSecond(event.done, elapsed);
    const line = this.#line(event.done, event.size, rate, duration(elapsed / 1000)).slice(0, -2);
    this.#open = false;
    this.#samples = [];
    this.#started = now;
    return `${line} (xfr#${event.transfers}, ${check})\n`;
  }

  #line(done: number, size: number, rate: number, time: string): string {
    const bytes = formatInteger(done, this.#humanReadable).padStart(15);
    const percent = done === size ? 100 : Math.floor((100 * done) / size);
    return `\r${bytes} ${String(percent).padStart(3)}% ${rateText(rate)} ${time}  `;
  }
}

/** Nothing is known of a file that takes no time. */
function kibPerSecond(bytes: number, milliseconds: number): number {
  return milliseconds < 1 ? 0 : (bytes * 1000) / milliseconds / 1024;
}

function rateText(rate: number): string {
  if (rate > 1024 * 1024) return `${(rate / 1024 / 1024).toFixed(2).padStart(7)}GB/s`;
  if (rate > 1024) return `${(rate / 1024).toFixed(2).padStart(7)}MB/s`;
  return `${rate.toFixed(2).padStart(7)}kB/s`;
}

/** rsync counts 1000 bytes a "kB" here, though its rate is in units of 1024. */
function remaining(bytes: number, rate: number): string {
  return duration(rate > 0 ? bytes / rate / 1000 : 0);
}

function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  const hours = Math.floor(whole / 3600);
  if (!(whole >= 0) || hours > MOST_HOURS) return UNKNOWN_TIME;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${String(hours).padStart(4)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
