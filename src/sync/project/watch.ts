/**
 * Keeps a project in step while somebody works in it: pushes once changes have settled, pulls on an interval, and waits
 * out lost networks. It starts nothing while another run is under way, and ends when it is told to.
 */
import { relative, sep } from 'node:path';
import { watch } from 'chokidar';
import type { ExcludedBy } from '../../client/rules.ts';
import { fromText } from '../../core/bytes.ts';
import { EXIT, isRsyncError, RsyncError } from '../../core/errors.ts';
import { errnoCode, errnoText } from '../../files/errors.ts';
import type { Direction } from '../state/profile-state.ts';
import type { RunResult } from './run.ts';

/** What happened, a line each for whoever shows it. */
export type WatchEvent =
  | { type: 'ready' }
  | { type: 'run'; direction: Direction; result: RunResult }
  /** Nothing is done about it but to tell, once: a person has to decide, and the next change tries again. */
  | { type: 'stopped'; direction: Direction; result: RunResult }
  /** The network: it is tried again after so many milliseconds. */
  | { type: 'retry'; direction: Direction; error: Error; delay: number }
  /** The machine was asleep for so many milliseconds. */
  | { type: 'woke'; asleep: number };

export interface WatchClock {
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface WatchInput {
  root: string;
  /** What is excluded is not watched: by the rules of now. */
  excludedBy: () => ExcludedBy;
  /** Another text once the rules have changed, in files of the tree: the tree is watched anew then. */
  rulesVersion: () => string;
  /** One run; the next one is started when it is over. */
  run: (direction: Direction) => Promise<RunResult>;
  /** True if something changed here since the last sync: what a pull has written is no reason to push. */
  hasChanged: () => Promise<boolean>;
  isRetryable: (error: unknown) => boolean;
  onEvent: (event: WatchEvent) => void;
  signal: AbortSignal;
  /** Milliseconds without a change after which a push begins. Default 2000. */
  settle?: number;
  /** Milliseconds between two pulls. Default 60,000. */
  pullEvery?: number;
  clock?: WatchClock;
  /** Watches the tree and calls back for every change; resolves once it does. Default: chokidar. */
  watcher?: (root: string, excludedBy: ExcludedBy, onChange: () => void) => Promise<Watcher>;
}

export interface Watcher {
  close(): Promise<void>;
  /** Why changes may be missed from now on. */
  failure?(): Error | undefined;
}

const SETTLE = 2000;
const PULL_EVERY = 60_000;
/** A push begins after so many times of settling, even if a file never rests. */
const PATIENCE = 15;
/** Milliseconds: the first wait after a lost network, and the longest. */
const BACK_OFF = { first: 2000, most: 300_000 };
/** Milliseconds that a timer may be late on a machine that is busy; one that slept is later. */
const LATE = 30_000;

const SYSTEM_CLOCK: WatchClock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted) done();
    }),
};

/**
 * Runs until the signal aborts.
 * @throws RsyncError for what waiting does not mend: a login that is refused, a configuration that is wrong
 */
export async function watchProject(input: WatchInput): Promise<void> {
  await new ProjectWatch(input).run();
}

class ProjectWatch {
  readonly #input: WatchInput;
  readonly #clock: WatchClock;
  readonly #settle: number;
  readonly #pullEvery: number;
  /** When the last change was seen; undefined: none since the last push. */
  #changed: number | undefined;
  /** When the first one of them was. */
  #firstChanged = 0;
  /** Ends the present wait: there is something to do. */
  #wake = new AbortController();
  /** Why each direction was stopped last: it is told once, not with every pull. */
  readonly #told = new Map<Direction, string>();
  #watching: Watcher | undefined;
  /** Of the rules that the tree is watched by. */
  #rules = '';

  constructor(input: WatchInput) {
    this.#input = input;
    this.#clock = input.clock ?? SYSTEM_CLOCK;
    this.#settle = input.settle ?? SETTLE;
    this.#pullEvery = input.pullEvery ?? PULL_EVERY;
  }

  async run(): Promise<void> {
    const { signal, onEvent } = this.#input;
    await this.#watch();
    const stop = (): void => this.#wake.abort();
    signal.addEventListener('abort', stop, { once: true });
    try {
      onEvent({ type: 'ready' });
      // What was done while nobody watched.
      this.#noteChange();
      this.#firstChanged -= PATIENCE * this.#settle;
      let nextPull = this.#clock.now();
      while (!signal.aborted) {
        await this.#followRules();
        if (this.#clock.now() >= nextPull) {
          await this.#persist('pull');
          nextPull = this.#clock.now() + this.#pullEvery;
        }
        if (signal.aborted) return;
        if (this.#isSettled()) await this.#push();
        const slept = await this.#wait(nextPull);
        if (slept > 0) {
          onEvent({ type: 'woke', asleep: slept });
          nextPull = this.#clock.now();
        }
      }
    } finally {
      signal.removeEventListener('abort', stop);
      await this.#watching?.close();
    }
  }

  async #watch(): Promise<void> {
    const { root, excludedBy, rulesVersion, watcher = watchTree } = this.#input;
    this.#rules = rulesVersion();
    this.#watching = await watcher(root, excludedBy(), () => this.#noteChange());
  }

  /** What was excluded until now is not seen yet. */
  async #followRules(): Promise<void> {
    const failure = this.#watching?.failure?.();
    if (failure !== undefined) throw failure;
    if (this.#input.rulesVersion() === this.#rules) return;
    await this.#watching?.close();
    this.#watching = undefined;
    await this.#watch();
    // Nobody looked in between.
    this.#noteChange();
  }

  #noteChange(): void {
    const now = this.#clock.now();
    if (this.#changed === undefined) this.#firstChanged = now;
    this.#changed = now;
    this.#wake.abort();
  }

  #isSettled(): boolean {
    return this.#clock.now() >= this.#settledAt;
  }

  get #settledAt(): number {
    if (this.#changed === undefined) return Number.POSITIVE_INFINITY;
    return Math.min(this.#changed + this.#settle, this.#firstChanged + PATIENCE * this.#settle);
  }

  async #push(): Promise<void> {
    this.#changed = undefined;
    if (!(await this.#input.hasChanged())) return;
    const result = await this.#persist('push');
    // Somebody else has pushed in between: what they did comes first, and then ours.
    if (result?.outcome !== 'stopped' || result.plan.refused.length === 0) return;
    const pulled = await this.#persist('pull');
    if (pulled?.outcome === 'ok') await this.#persist('push');
  }

  /** Runs until it went through, was stopped, or the end is asked for. */
  async #persist(direction: Direction): Promise<RunResult | undefined> {
    const { run, onEvent, signal, isRetryable } = this.#input;
    let delay = BACK_OFF.first;
    while (!signal.aborted) {
      try {
        const result = await run(direction);
        const retries =
          direction === 'push' && result.outcome === 'stopped' && result.plan.refused.length > 0;
        // A push that only has to wait for a pull is none of a person's business.
        if (!retries) this.#tell(direction, result);
        return result;
      } catch (error) {
        if (signal.aborted) return undefined;
        const isBusy = isRsyncError(error) && error.code === 'RSYNC_BUSY';
        if (!isBusy && !isRetryable(error)) throw error;
        onEvent({ type: 'retry', direction, error: error as Error, delay });
        await this.#clock.sleep(delay, signal);
        delay = Math.min(delay * 2, BACK_OFF.most);
      }
    }
    return undefined;
  }

  #tell(direction: Direction, result: RunResult): void {
    const { onEvent } = this.#input;
    if (result.outcome !== 'stopped') {
      this.#told.delete(direction);
      onEvent({ type: 'run', direction, result });
      return;
    }
    const { plan, guards } = result;
    const open = plan.conflicts.filter(({ resolution }) => resolution === undefined);
    const why = JSON.stringify([
      plan.refused,
      open.map(({ path, kind }) => [path, kind]),
      guards.map(({ name, sentence }) => [name, sentence]),
    ]);
    if (this.#told.get(direction) === why) return;
    this.#told.set(direction, why);
    onEvent({ type: 'stopped', direction, result });
  }

  /**
   * Until the next pull, or until changes have settled.
   * @returns milliseconds that the machine was asleep, if it was
   */
  async #wait(nextPull: number): Promise<number> {
    const { signal } = this.#input;
    const begin = this.#clock.now();
    const until = Math.min(nextPull, this.#settledAt);
    if (signal.aborted || until <= begin) return 0;
    this.#wake = new AbortController();
    await this.#clock.sleep(until - begin, this.#wake.signal);
    const late = this.#clock.now() - until;
    return late > LATE ? late : 0;
  }
}

/** Names alone matter: content is compared by the run. */
async function watchTree(root: string, excludedBy: ExcludedBy, onChange: () => void): Promise<Watcher> {
  const watcher = watch(root, {
    ignoreInitial: true,
    followSymlinks: false,
    persistent: true,
    ignored: (path, stats) => {
      const name = relative(root, path);
      if (name === '' || stats === undefined) return false;
      return excludedBy(fromText(name.split(sep).join('/')), stats.isDirectory()) !== undefined;
    },
  });
  watcher.on('all', onChange);
  let failure: Error | undefined;
  await new Promise<void>((resolve, reject) => {
    watcher.once('ready', resolve);
    watcher.on('error', (error) => {
      // A folder that is gone again, or may not be read: the run will tell, if it matters.
      if (errnoCode(error) === 'ENOENT' || errnoCode(error) === 'EACCES') return;
      failure = watchFailure(root, error);
      reject(failure);
      onChange();
    });
  }).catch(async (error: unknown) => {
    await watcher.close();
    throw error;
  });
  return { close: () => watcher.close(), failure: () => failure };
}

/** RSYNC_FILE_IO, exit 11. */
export function watchFailure(root: string, cause: unknown): RsyncError {
  const code = errnoCode(cause);
  const isLimit = code === 'ENOSPC' || code === 'EMFILE' || code === 'ENFILE';
  return new RsyncError('RSYNC_FILE_IO', `${root} can not be watched: ${errnoText(cause)}`, {
    exitCode: EXIT.FILEIO,
    origin: 'local',
    path: root,
    hint: isLimit
      ? 'The system watches no more than that: exclude what needs no sync, or raise its limit (Linux: sysctl fs.inotify.max_user_watches, max_user_instances; elsewhere ulimit -n).'
      : 'Look at the folder and the file system that it is on; "rsyncjs push" needs no watching.',
    cause,
  });
}
