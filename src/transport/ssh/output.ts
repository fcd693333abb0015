import { type Duplex, Writable } from 'node:stream';

/** Small writes are joined into packets of up to this size: the library sends one packet a write. */
const PACKET = 32 * 1024;
/** Bytes a writer may be ahead of the wire. ssh2's own buffer would let 2 MiB through. */
const OUTPUT_BUFFER = 512 * 1024;

export interface SshOutputOptions {
  /** Called before every packet; calls back, once, when it may be written. */
  before?: (write: () => void) => void;
  /** The end of the output is not that of the channel: something else is still to be said there. */
  staysOpen?: boolean;
}

/**
 * The writing side of an ssh2 channel. ssh2 leaves the callback of a write that meets a closed channel uncalled, so a
 * writer would wait for ever; here such writes fail as on a broken pipe.
 */
export class SshOutput extends Writable {
  readonly #stream: Duplex;
  readonly #options: SshOutputOptions;
  #gone = false;
  /** The write or final under way. */
  #pending: ((error?: Error | null) => void) | undefined;

  constructor(stream: Duplex, options: SshOutputOptions = {}) {
    super({ highWaterMark: OUTPUT_BUFFER, decodeStrings: true });
    this.#stream = stream;
    this.#options = options;
    this.on('error', () => {});
  }

  /** The far end takes no more: what is not yet written fails. */
  peerGone(): void {
    if (this.#gone) return;
    this.#gone = true;
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.(brokenPipe());
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // ssh2 ends its stream when the server closes the channel.
    if (this.#gone || this.#stream.writableEnded) {
      done(brokenPipe());
      return;
    }
    this.#pending = done;
    const write = (): void => {
      if (!this.#gone) this.#stream.write(chunk, (error) => this.#settle(error));
    };
    if (this.#options.before === undefined) write();
    else this.#options.before(write);
  }

  override _writev(items: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    const chunks = joinSmall(items);
    const next = (error?: Error | null): void => {
      const chunk = chunks.shift();
      if (error || chunk === undefined) done(error);
      else this._write(chunk, 'buffer' as BufferEncoding, next);
    };
    next();
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#gone || this.#options.staysOpen === true) {
      done();
      return;
    }
    this.#pending = () => done();
    this.#stream.end(() => this.#settle());
  }

  #settle(error?: Error | null): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.(error);
  }
}

function joinSmall(items: { chunk: Buffer }[]): Buffer[] {
  const joined: Buffer[] = [];
  let small: Buffer[] = [];
  let size = 0;
  const flush = (): void => {
    if (size > 0) joined.push(small.length === 1 ? small[0]! : Buffer.concat(small, size));
    small = [];
    size = 0;
  };
  for (const { chunk } of items) {
    if (size + chunk.length > PACKET) flush();
    small.push(chunk);
    size += chunk.length;
  }
  flush();
  return joined;
}

function brokenPipe(): Error {
  return Object.assign(new Error('write EPIPE: the far end is gone'), { code: 'EPIPE' });
}
