import type { ByteString } from '../core/bytes.ts';

/** What is written to: a stream of Node, or less. */
export interface Sink {
  write(chunk: Uint8Array, callback?: (error?: Error | null) => void): unknown;
  on?(event: 'error', listener: (error: Error) => void): unknown;
}

/** Characters of standard output that wait at most, before they are written. */
const FULL = 1 << 15;
/** Milliseconds they wait at most: less than an eye notices. */
const PATIENCE = 50;

/**
 * Standard output and standard error of a command. Standard output is gathered and written in large pieces; before
 * anything goes to standard error, what was said before it on standard output is written.
 */
export class Output {
  readonly #stdout: Sink;
  readonly #stderr: Sink;
  #pending: ByteString = '';
  #timer: NodeJS.Timeout | undefined;
  #failure: Error | undefined;
  #lineIsOpen = false;

  constructor(stdout: Sink, stderr: Sink) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    stdout.on?.('error', (error) => this.#failed(error));
    // Nobody is left to be told.
    stderr.on?.('error', () => {});
  }

  /** Why standard output is no longer written. A reader that went away (EPIPE) is not told: that is its right. */
  get failure(): Error | undefined {
    return this.#failure !== undefined && isBrokenPipe(this.#failure) ? undefined : this.#failure;
  }

  /** To standard output, soon. */
  out(text: ByteString): void {
    if (this.#failure !== undefined) return;
    this.#pending += text;
    if (this.#pending.length >= FULL) this.flush();
    else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.flush(), PATIENCE);
      this.#timer.unref();
    }
  }

  /** A line of our own to standard error, at once; what the far side said there without ending its line is ended. */
  err(text: ByteString): void {
    this.flush();
    this.#stderr.write(Buffer.from(this.#lineIsOpen ? `\n${text}` : text, 'latin1'));
    this.#lineIsOpen = false;
  }

  /** To standard error as it is: the far side's own. */
  relay(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.flush();
    this.#stderr.write(bytes);
    this.#lineIsOpen = bytes.at(-1) !== 0x0a;
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending === '') return;
    const bytes = Buffer.from(this.#pending, 'latin1');
    this.#pending = '';
    if (this.#failure === undefined) this.#stdout.write(bytes, (error) => this.#failed(error));
  }

  /** Resolves when both streams have taken everything. */
  async drain(): Promise<void> {
    this.flush();
    const empty = Buffer.alloc(0);
    const taken = (sink: Sink): Promise<void> => new Promise((resolve) => sink.write(empty, () => resolve()));
    await Promise.all([this.#failure === undefined ? taken(this.#stdout) : undefined, taken(this.#stderr)]);
  }

  #failed(error: Error | null | undefined): void {
    if (!error) return;
    this.#failure ??= error;
    this.#pending = '';
  }
}

function isBrokenPipe(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  // EOF is what Windows says of a pipe without a reader.
  return code === 'EPIPE' || code === 'EOF' || code === 'ERR_STREAM_DESTROYED';
}
