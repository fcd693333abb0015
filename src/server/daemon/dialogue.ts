/** Both directions of a connection before the session: docs/protocol/1-session.md, 1.10. */
import type { Readable, Writable } from 'node:stream';
import { type ByteString, toBuffer } from '../../core/bytes.ts';
import { EXIT, RsyncError, streamError } from '../../core/errors.ts';
import { NEED_MORE, Reader } from '../../protocol/reader.ts';

/** Reads with the synchronous decoders of src/protocol; what a client sends ahead of need waits in the stream. */
export class Dialogue {
  private readonly input: Readable;
  private readonly output: Writable;
  private held: Buffer = Buffer.alloc(0);
  private failure: Error | undefined;
  private wake: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;

  private readonly onData = (chunk: Buffer): void => {
    this.held = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    this.input.pause();
    this.wake?.();
  };
  private readonly onEnd = (): void => {
    this.fail(streamError('the client went away before it had asked for anything'));
  };

  constructor(input: Readable, output: Writable) {
    this.input = input;
    this.output = output;
    input.on('data', this.onData);
    for (const event of ['end', 'close', 'error']) input.on(event, this.onEnd);
    output.on('error', this.onEnd);
    input.pause();
  }

  /** Whoever reads, now or later, gets this error; what has come is still read. */
  fail(error: Error): void {
    this.failure ??= error;
    this.wake?.();
  }

  /** A new phase: it ends the dialogue if it takes longer than this. */
  allow(seconds: number, phase: string): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.held = Buffer.alloc(0);
      this.fail(
        new RsyncError('RSYNC_TIMEOUT', `the client took more than ${seconds} seconds for ${phase}`, {
          exitCode: EXIT.TIMEOUT,
          origin: 'remote',
        }),
      );
    }, seconds * 1000);
  }

  say(text: ByteString): void {
    this.output.write(toBuffer(text));
  }

  /**
   * Runs a decoder over what has come, again when more has; the decoder bounds how much that can be.
   * @throws whatever the decoder throws, and RsyncError for a client that is gone or too slow
   */
  async read<T>(decode: (r: Reader) => T): Promise<T> {
    for (;;) {
      const reader = new Reader(this.held);
      try {
        const value = decode(reader);
        this.held = this.held.subarray(reader.pos);
        return value;
      } catch (error) {
        if (error !== NEED_MORE) throw error;
        // A list is read word by word: what is complete is taken.
        this.held = this.held.subarray(reader.pos);
      }
      if (this.failure !== undefined) throw this.failure;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        this.input.resume();
      });
      this.wake = undefined;
    }
  }

  /** Gives the streams to the session, with all that has not been read. */
  release(): void {
    clearTimeout(this.timer);
    this.input.off('data', this.onData);
    for (const event of ['end', 'close', 'error']) this.input.off(event, this.onEnd);
    this.output.off('error', this.onEnd);
    this.input.pause();
    if (this.held.length > 0) this.input.unshift(this.held);
    this.held = Buffer.alloc(0);
  }
}

/** Exactly so many bytes. */
export function readBytes(r: Reader, length: number): Buffer {
  r.need(length);
  const bytes = Buffer.from(r.buffer.subarray(r.pos, r.pos + length));
  r.pos += length;
  return bytes;
}
