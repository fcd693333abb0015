import type { ServerChannel } from 'ssh2';
import { windowLeft } from './ssh2-tap.ts';

/** Bytes that may wait for a client that does not read; what comes then is counted and left out. */
const MOST = 256 * 1024;
const PACKET = 16 * 1024;
/** Milliseconds between two looks at the window. */
const LOOK = 50;

/**
 * The standard error of a running command. It shares the window with the output, and a write to it that finds the
 * window used up makes ssh2 send a piece of the output a second time: nothing is written that does not fit.
 */
export class StderrLines {
  readonly #stream: ServerChannel;
  readonly #waiting: Buffer[] = [];
  #bytes = 0;
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;
  #whenEmpty: (() => void) | undefined;

  constructor(stream: ServerChannel) {
    this.#stream = stream;
    stream.stderr.on('error', () => {});
  }

  /** @param line  without its end */
  write(line: Buffer): void {
    if (this.#bytes + line.length > MOST) {
      this.#lost++;
      return;
    }
    this.#push(line);
    this.pump();
  }

  #push(line: Buffer): void {
    const text = Buffer.concat([line, Buffer.from('\n')]);
    for (let at = 0; at < text.length; at += PACKET) this.#waiting.push(text.subarray(at, at + PACKET));
    this.#bytes += text.length;
  }

  /** Writes what the window has room for. */
  pump(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (windowLeft(this.#stream) < next.length) {
        this.#timer ??= setInterval(() => this.pump(), LOOK);
        return;
      }
      this.#waiting.shift();
      this.#bytes -= next.length;
      this.#stream.stderr.write(next);
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#whenEmpty?.();
  }

  /** Resolves when all has been written, or nobody has taken it for so long. @param ms  milliseconds */
  async finish(ms: number): Promise<void> {
    if (this.#lost > 0) this.#push(Buffer.from(`rsyncjs: ${this.#lost} more lines were not read in time`));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#whenEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
      this.pump();
    });
    this.stop();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#waiting.length = 0;
    this.#whenEmpty?.();
  }
}
