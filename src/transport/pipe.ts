import { Readable, Writable } from 'node:stream';
import type { Channel, ChannelExit } from './channel.ts';

/** One end of an in-process pipe, as the process at that end sees it. */
export interface PipeEnd extends Channel {
  /** Says how the process at this end has ended: closes its output and resolves the other end's `exit`. */
  finish(code: number | null, signal?: string | null): void;
}

/** Bytes that a writer may be ahead of its reader, on each side of the pipe. */
const BUFFER = 256 * 1024;

/**
 * Two connected channels in one process. What one end writes the other reads, no faster than it reads. `exit` of an
 * end resolves when the other end says `finish`, or when either is destroyed (code null).
 */
export function createPipe(label = 'in-process pipe'): [PipeEnd, PipeEnd] {
  const forth = new Flow();
  const back = new Flow();
  const a = new End(label, back, forth);
  const b = new End(label, forth, back);
  a.other = b;
  b.other = a;
  return [a, b];
}

class End implements PipeEnd {
  readonly label: string;
  readonly input: Readable;
  readonly output: Writable;
  readonly stderr = undefined;
  readonly exit: Promise<ChannelExit>;
  other!: End;
  #resolveExit!: (exit: ChannelExit) => void;

  constructor(label: string, incoming: Flow, outgoing: Flow) {
    this.label = label;
    this.input = incoming.readable;
    this.output = outgoing.writable;
    this.exit = new Promise((resolve) => {
      this.#resolveExit = resolve;
    });
  }

  finish(code: number | null, signal: string | null = null): void {
    if (!this.output.writableEnded && !this.output.destroyed) this.output.end();
    this.other.#resolveExit({ code, signal });
  }

  /** As a cut connection looks: the other end reads what has arrived, then the end; its writes fail. */
  destroy(error?: Error): void {
    this.input.destroy(error);
    this.output.destroy(error);
    this.#resolveExit({ code: null, signal: null });
    this.other.#resolveExit({ code: null, signal: null });
  }
}

/** One direction: a writable whose chunks a readable hands out. */
class Flow {
  readonly readable: Readable;
  readonly writable: Writable;
  /** The write that waits for the reader. */
  #waiting: ((error?: Error | null) => void) | undefined;

  constructor() {
    const release = (error?: Error): void => {
      const done = this.#waiting;
      this.#waiting = undefined;
      done?.(error);
    };
    const closed = (): boolean => this.readable.destroyed;
    this.readable = new Readable({
      highWaterMark: BUFFER,
      read: () => release(),
      destroy: (error, done) => {
        release(brokenPipe());
        done(error);
      },
    });
    this.writable = new Writable({
      highWaterMark: BUFFER,
      write: (chunk: Buffer, _encoding, done) => {
        if (closed()) done(brokenPipe());
        // Copied, as a socket would: the writer may reuse its memory once the write is done.
        else if (this.readable.push(Buffer.from(chunk))) done();
        else this.#waiting = done;
      },
      final: (done) => {
        if (!closed()) this.readable.push(null);
        done();
      },
      destroy: (error, done) => {
        this.#waiting = undefined;
        if (!closed() && !this.readable.readableEnded && !this.writable.writableFinished)
          this.readable.push(null);
        done(error);
      },
    });
    // An error nobody listens to must not end the process: it is seen in the end of the stream and in `exit`.
    this.readable.on('error', () => {});
    this.writable.on('error', () => {});
  }
}

function brokenPipe(): Error {
  return Object.assign(new Error('write EPIPE: the other end is gone'), { code: 'EPIPE' });
}
