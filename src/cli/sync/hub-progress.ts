/** What is shown of a hub run while it goes on: a live table on a terminal, plain lines everywhere else. */
import type { TransferEvent } from '../../core/events.ts';
import { cleanUpAtExit } from '../../files/cleanup.ts';
import type { SpokeOutcome } from '../../sync/hub/outcome.ts';
import { usesUtf8 } from '../../text/escape.ts';
import type { Sink } from '../output.ts';
import { shown } from './columns.ts';
import { outcomeSentence } from './hub-sentences.ts';
import { type LiveClock, LiveDisplay, SYSTEM_CLOCK } from './live-screen.ts';
import { type LiveRow, render } from './live-table.ts';
import { SpokeMeter } from './spoke-meter.ts';

/** Milliseconds after which a table is drawn anew though nothing came: rates fall, estimates grow. */
const IDLE = 1000;

/** What becomes of each spoke, as it happens. Spokes are those that were named at the start. */
export interface HubProgress {
  /** It has little room: what a person may need in full is to be told behind it. */
  readonly isTable: boolean;
  /** An attempt begins: the first one, or after `retry` another one. */
  begin(spoke: string): void;
  event(spoke: string, event: TransferEvent): void;
  /** @param note  `attempt 2 of 4 in 3s: why` */
  retry(spoke: string, note: string): void;
  end(outcome: SpokeOutcome): void;
  /** A line for a person that is no spoke's. */
  tell(line: string): void;
  /** Nothing more comes. */
  close(): void;
}

/** Where it is shown. */
export interface ProgressStream extends Pick<Sink, 'write'> {
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  rows?: number | undefined;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

/**
 * @param spokes  in the order of the table
 * @param env     NO_COLOR: no colour; TERM=dumb: lines; the locale: which characters
 */
export function hubProgress(
  spokes: readonly string[],
  stream: ProgressStream,
  env: Readonly<Record<string, string | undefined>>,
  windows: boolean,
  clock: LiveClock = SYSTEM_CLOCK,
): HubProgress {
  const isTerminal = stream.isTTY === true && env.TERM !== 'dumb';
  const utf8 = stream.isTTY === true && usesUtf8(env, windows);
  return isTerminal ? new Table(spokes, stream, utf8, !env.NO_COLOR, clock) : new Lines(stream, utf8);
}

class Table implements HubProgress {
  readonly isTable = true;
  readonly #meters: Map<string, SpokeMeter>;
  readonly #ended = new Map<string, SpokeOutcome>();
  readonly #display: LiveDisplay;
  readonly #stream: ProgressStream;
  readonly #clock: LiveClock;
  readonly #utf8: boolean;
  readonly #redraw = (): void => this.#display.update();
  #tick: (() => void) | undefined;

  constructor(
    spokes: readonly string[],
    stream: ProgressStream,
    utf8: boolean,
    colour: boolean,
    clock: LiveClock,
  ) {
    this.#meters = new Map(spokes.map((spoke) => [spoke, new SpokeMeter(() => clock.now())]));
    this.#stream = stream;
    this.#clock = clock;
    this.#utf8 = utf8;
    const columns = (): number => stream.columns ?? 80;
    const picture = (): string[] =>
      render(this.#rows(), { columns: columns(), rows: stream.rows ?? 24, utf8, colour });
    this.#display = new LiveDisplay(stream, columns, picture, clock);
    stream.on?.('resize', this.#redraw);
    // A second Ctrl-C ends the process at once: the cursor comes back all the same.
    cleanUpAtExit(() => this.close());
    this.#later();
  }

  begin(spoke: string): void {
    this.#meters.get(spoke)?.begin();
    this.#display.update();
  }

  event(spoke: string, event: TransferEvent): void {
    this.#meters.get(spoke)?.see(event);
    this.#display.update();
  }

  retry(spoke: string, note: string): void {
    this.#meters.get(spoke)?.retry(note);
    this.#display.update();
  }

  end(outcome: SpokeOutcome): void {
    this.#ended.set(outcome.spoke, outcome);
    this.#display.update();
  }

  tell(line: string): void {
    this.#display.print([shown(line, this.#utf8)]);
  }

  close(): void {
    this.#tick?.();
    this.#stream.off?.('resize', this.#redraw);
    this.#display.close();
  }

  #later(): void {
    this.#tick = this.#clock.later(IDLE, () => {
      this.#display.update();
      this.#later();
    });
  }

  #rows(): LiveRow[] {
    return [...this.#meters].map(([spoke, meter]) => {
      const outcome = this.#ended.get(spoke);
      const row = meter.row(spoke);
      if (outcome === undefined) return row;
      return { ...row, ended: { outcome: outcome.outcome, sentence: outcomeSentence(outcome, this.#utf8) } };
    });
  }
}

/** For logs: a line when a spoke begins, when it has to wait, and when it ends. */
class Lines implements HubProgress {
  readonly isTable = false;
  readonly #stream: ProgressStream;
  readonly #utf8: boolean;
  readonly #begun = new Set<string>();

  constructor(stream: ProgressStream, utf8: boolean) {
    this.#stream = stream;
    this.#utf8 = utf8;
  }

  begin(spoke: string): void {
    if (this.#begun.has(spoke)) return;
    this.#begun.add(spoke);
    this.tell(`Syncing ${spoke}...`);
  }

  event(): void {}

  retry(spoke: string, note: string): void {
    this.tell(`${spoke}: ${note}`);
  }

  end(outcome: SpokeOutcome): void {
    this.tell(`${outcome.spoke}: ${outcomeSentence(outcome, this.#utf8)}`);
    const { error } = outcome;
    if (error?.hint !== undefined) this.tell(`${outcome.spoke}:   ${error.hint}`);
  }

  /** In a log names are what they are, in UTF-8; what would move a cursor is not. */
  tell(line: string): void {
    this.#stream.write(Buffer.from(`${shown(line, true)}\n`, 'utf8'));
  }

  close(): void {}
}
