import { LIMITS } from '../core/limits.ts';
import {
  Demux,
  type DemuxOptions,
  type DemuxSink,
  encodeMessage,
  FRAME_HEADER_LENGTH,
  MSG,
  putFrameHeader,
} from './mux.ts';
import { NEED_MORE, Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** Data bytes that are gathered before they become a frame. C's frames go up to 64 KiB; any length is legal. */
const FLUSH_AT = 32 * 1024;

/** Where a wire's bytes go and who is told to slow down. */
export interface WirePort {
  /** Takes the bytes over; false: full, `drained` will be called. */
  write(bytes: Uint8Array): boolean;
  /** Stop (true) or go on (false) calling `receive`. */
  pause(paused: boolean): void;
}

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * One connection as the roles see it: the data stream in (`reader`), the data stream out (`writer`), messages beside
 * both, framed or raw. Knows no sockets: bytes come by `receive` and leave by the port.
 *
 * One task reads and one task writes. Nothing is queued without bound: over LIMITS.INPUT_HIGH_WATER the port is
 * paused, and a writer that awaits `drain` stops while the port is full.
 */
export class Wire {
  readonly reader = new Reader(new Uint8Array(256 * 1024), 0, 0);
  readonly writer = new Writer(FLUSH_AT + 40 * 1024);
  /** Raw bytes so far, framing included. */
  bytesIn = 0;
  bytesOut = 0;
  /** `performance.now()` of the last bytes in and out: for time-outs and keep-alives. */
  lastIn = performance.now();
  lastOut = performance.now();
  /** Called for every message but DATA, in the order of the frames. */
  onMessage: (code: number, payload: Uint8Array) => void = () => {};

  private readonly port: WirePort;
  private demux: Demux | undefined;
  private framed = false;
  private paused = false;
  private full = false;
  private ended = false;
  private failure: unknown;
  private failed = false;
  private inputWaiter: Waiter | undefined;
  private outputWaiters: Waiter[] = [];

  constructor(port: WirePort) {
    this.port = port;
  }

  // ---- input ----

  /** Bytes from the peer. The chunk is copied. */
  receive(chunk: Uint8Array): void {
    this.bytesIn += chunk.length;
    this.lastIn = performance.now();
    if (this.failed) return;
    try {
      if (this.demux === undefined) this.append(chunk);
      else this.demux.feed(chunk);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (!this.paused && this.reader.remaining > LIMITS.INPUT_HIGH_WATER) {
      this.paused = true;
      this.port.pause(true);
    }
    this.wakeInput();
  }

  /** No more bytes will come. A peer that says nothing more does not listen any more either. */
  receiveEnd(): void {
    this.ended = true;
    this.wakeInput();
    const waiters = this.outputWaiters;
    this.outputWaiters = [];
    for (const waiter of waiters) waiter.reject(this.onEnd());
  }

  /** True once the peer has closed and everything it sent was read. */
  get atEnd(): boolean {
    return this.ended && this.reader.remaining === 0;
  }

  /** From here on the input is framed; bytes that came already are taken as frames. */
  frameInput(protocol: number, options?: DemuxOptions): void {
    const rest = this.reader.bytes(this.reader.remaining);
    const sink: DemuxSink = {
      data: (bytes) => this.append(bytes),
      message: (code, payload) => this.onMessage(code, payload),
    };
    this.demux = new Demux(protocol, sink, options);
    this.demux.feed(rest);
  }

  /**
   * Runs a synchronous decoder when the bytes it needs have come.
   * Throws what the decoder throws; the error of a failed wire; `onEnd()` if the peer closed too early.
   */
  async read<T>(decode: (r: Reader) => T): Promise<T> {
    for (;;) {
      const decoded = this.attempt(decode);
      if (decoded !== NEED_MORE) return decoded;
      await this.more();
    }
  }

  /**
   * As `read`, if the bytes have come; undefined, with nothing taken, if not. For items of which there are many: a promise
   * for each is felt where files are small.
   */
  readNow<T extends NonNullable<unknown>>(decode: (r: Reader) => T): T | undefined {
    const decoded = this.attempt(decode);
    return decoded === NEED_MORE ? undefined : decoded;
  }

  /** NEED_MORE: nothing was taken. */
  private attempt<T>(decode: (r: Reader) => T): T | typeof NEED_MORE {
    const start = this.reader.pos;
    try {
      return decode(this.reader);
    } catch (error) {
      if (error !== NEED_MORE) throw error;
      this.reader.pos = start;
      return NEED_MORE;
    }
  }

  /** The error for an early end; the session replaces it by one that knows more. */
  onEnd: () => Error = () => new Error('connection closed');

  /** Waits until bytes have been added to `reader`. */
  more(): Promise<void> {
    if (this.failed) return Promise.reject(this.failure);
    if (this.ended) return Promise.reject(this.onEnd());
    return new Promise((resolve, reject) => {
      this.inputWaiter = { resolve, reject };
      if (this.paused) {
        this.paused = false;
        this.port.pause(false);
      }
    });
  }

  private append(bytes: Uint8Array): void {
    const r = this.reader;
    if (r.pos === r.end) {
      r.pos = 0;
      r.end = 0;
    }
    if (r.end + bytes.length > r.buffer.length) {
      const kept = r.end - r.pos;
      const wanted = kept + bytes.length;
      // Views into the old storage stay whole: a fresh buffer when it grows, a move only of what nobody has read.
      if (wanted > r.buffer.length) {
        const grown = new Uint8Array(Math.max(wanted, r.buffer.length * 2));
        grown.set(r.buffer.subarray(r.pos, r.end));
        r.buffer = grown;
      } else {
        r.buffer.copyWithin(0, r.pos, r.end);
      }
      r.pos = 0;
      r.end = kept;
    }
    r.buffer.set(bytes, r.end);
    r.end += bytes.length;
  }

  private wakeInput(): void {
    const waiter = this.inputWaiter;
    this.inputWaiter = undefined;
    waiter?.resolve();
  }

  // ---- output ----

  /** From here on what is written goes out in DATA frames. */
  frameOutput(): void {
    this.flush();
    this.framed = true;
    this.reserveHeader();
  }

  get isOutputFramed(): boolean {
    return this.framed;
  }

  /** Sends what `writer` holds. */
  flush(): void {
    const header = this.framed ? FRAME_HEADER_LENGTH : 0;
    const length = this.writer.length - header;
    if (length <= 0) return;
    // Handing the storage out saves a copy of large frames; small ones would pin 72 KiB each.
    const bytes = length < 8192 ? this.writer.take() : this.writer.detach(FLUSH_AT + 40 * 1024);
    if (this.framed) {
      putFrameHeader(bytes, 0, MSG.DATA, length);
      this.reserveHeader();
    }
    this.send(bytes);
  }

  /** Sends what `writer` holds if it is worth a frame. */
  flushIfLarge(): void {
    if (this.writer.length >= FLUSH_AT) this.flush();
  }

  /** True while the connection takes no more, or is broken: a writer should await `drain`, which then throws. */
  get isFull(): boolean {
    return this.full || this.failed;
  }

  /** Waits until the connection takes bytes again. */
  drain(): Promise<void> {
    if (this.failed) return Promise.reject(this.failure);
    if (!this.full) return Promise.resolve();
    if (this.ended) return Promise.reject(this.onEnd());
    return new Promise((resolve, reject) => this.outputWaiters.push({ resolve, reject }));
  }

  /** The port takes bytes again. */
  drained(): void {
    this.full = false;
    const waiters = this.outputWaiters;
    this.outputWaiters = [];
    for (const waiter of waiters) waiter.resolve();
  }

  /** A message frame, after the data written so far. Needs a framed output. */
  sendMessage(code: number, payload: Uint8Array): void {
    this.flush();
    this.send(encodeMessage(code, payload));
  }

  /** A message of a side that is about to end: also after `fail`. Data that was not flushed is left out. */
  sendLastMessage(code: number, payload: Uint8Array): void {
    this.port.write(encodeMessage(code, payload));
  }

  /** Bytes outside of all frames, after the data written so far. */
  sendRaw(bytes: Uint8Array): void {
    this.flush();
    this.send(bytes);
  }

  /** An empty DATA frame. */
  sendKeepAlive(): void {
    this.sendMessage(MSG.DATA, new Uint8Array(0));
  }

  private reserveHeader(): void {
    this.writer.int(0);
  }

  private send(bytes: Uint8Array): void {
    if (this.failed) return;
    this.bytesOut += bytes.length;
    this.lastOut = performance.now();
    if (!this.port.write(bytes)) this.full = true;
  }

  // ---- failure ----

  get isFailed(): boolean {
    return this.failed;
  }

  /** Everybody who waits, and who will wait, gets this error. The first one stays. */
  fail(error: unknown): void {
    if (this.failed) return;
    this.failed = true;
    this.failure = error;
    const waiters = [...this.outputWaiters];
    if (this.inputWaiter !== undefined) waiters.push(this.inputWaiter);
    this.outputWaiters = [];
    this.inputWaiter = undefined;
    for (const waiter of waiters) waiter.reject(error);
  }
}
