import type { TransferEvent } from '../../core/events.ts';
import type { LivePhase, LiveRow } from './live-table.ts';

/** Milliseconds that the rate is the mean of. */
const WINDOW = 5000;
/** An estimate from less than this part of the work says nothing. */
const LEAST_FRACTION = 0.01;

interface Sample {
  at: number;
  bytes: number;
  fraction: number;
}

/**
 * How far the transfer of one spoke is, by its events. The part that is done is that of the entries of the file list, and
 * of the file under way: how many bytes are still to come only the far side knows.
 */
export class SpokeMeter {
  readonly #now: () => number;
  #phase: LivePhase = 'waiting';
  #note: string | undefined;
  #finished = 0;
  #current = 0;
  #fraction: number | undefined;
  #samples: Sample[] = [];

  /** @param now  milliseconds of a clock that does not go back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** An attempt begins. */
  begin(): void {
    this.#phase = 'connecting';
    this.#note = undefined;
    this.#finished = 0;
    this.#current = 0;
    this.#fraction = undefined;
    this.#samples = [];
  }

  /** An attempt has failed, and there will be another one. */
  retry(note: string): void {
    this.#phase = 'retrying';
    this.#note = note;
  }

  /** For `onEvent` of a transfer. */
  readonly see = (event: TransferEvent): void => {
    switch (event.type) {
      case 'negotiated':
      case 'flist':
        if (this.#phase === 'connecting') this.#phase = 'listing';
        break;
      case 'item':
        if (this.#phase === 'listing') this.#phase = 'transferring';
        break;
      case 'progress': {
        this.#phase = 'transferring';
        this.#current = event.last ? 0 : event.done;
        if (event.last) this.#finished += event.size;
        const part = event.last ? 1 : event.size === 0 ? 0 : event.done / event.size;
        // Those that are left do not include the file under way.
        const before = event.known - event.left - 1;
        const fraction = event.known === 0 ? 0 : Math.min(1, Math.max(0, before + part) / event.known);
        // A list that grows would make the bar run back and forth.
        this.#fraction = event.growing ? undefined : Math.max(this.#fraction ?? 0, fraction);
        if (this.#fraction === 1 && event.last) this.#phase = 'finishing';
        this.#sample();
        break;
      }
    }
  };

  row(spoke: string): LiveRow {
    const now = this.#now();
    const first = this.#samples.find(({ at }) => at >= now - WINDOW) ?? this.#samples.at(-1);
    const seconds = first === undefined ? 0 : (now - first.at) / 1000;
    const bytes = this.#finished + this.#current;
    const fraction = this.#fraction;
    const speed =
      first === undefined || fraction === undefined || seconds <= 0
        ? 0
        : (fraction - first.fraction) / seconds;
    return {
      spoke,
      phase: this.#phase,
      fraction,
      bytes,
      rate: first === undefined || seconds < 0.2 ? undefined : Math.max(0, bytes - first.bytes) / seconds,
      eta: speed > 0 && fraction! >= LEAST_FRACTION ? (1 - fraction!) / speed : undefined,
      note: this.#note,
    };
  }

  #sample(): void {
    const at = this.#now();
    const last = this.#samples.at(-1);
    if (last !== undefined && at - last.at < WINDOW / 50) return;
    this.#samples.push({ at, bytes: this.#finished + this.#current, fraction: this.#fraction ?? 0 });
    while (this.#samples.length > 1 && this.#samples[1]!.at < at - WINDOW) this.#samples.shift();
  }
}
