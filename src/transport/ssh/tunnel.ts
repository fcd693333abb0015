import { Duplex, type Readable, type Writable } from 'node:stream';

/** What an ssh connection runs over: a socket, or something that looks like one. */
export type Carrier = Duplex & { readonly bytesRead: number; readonly bytesWritten: number };

/** The stream of a jump host or of a proxy command, with the counters of a socket. */
export class Tunnel extends Duplex {
  bytesRead = 0;
  bytesWritten = 0;
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #closed: () => void;

  /** `closed` is called once, when the tunnel is destroyed: what is behind it is to go. */
  constructor(input: Readable, output: Writable, closed: () => void) {
    super({ emitClose: true });
    this.#input = input;
    this.#output = output;
    this.#closed = closed;
    input.on('data', (chunk: Buffer) => {
      this.bytesRead += chunk.length;
      if (!this.push(chunk)) input.pause();
    });
    input.on('end', () => this.push(null));
    // A server that says no more does not listen either; as with a socket, the end is the end.
    this.once('end', () => this.destroy());
    // Without a word of its own a broken tunnel looks like a connection that was cut.
    input.on('error', () => this.destroy());
    output.on('error', () => this.destroy());
    input.on('close', () => {
      if (!this.readableEnded) this.push(null);
    });
  }

  override _read(): void {
    this.#input.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.bytesWritten += chunk.length;
    if (this.#output.destroyed) done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    else this.#output.write(chunk, encoding, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#output.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#closed();
    done(error);
  }
}
