import { EXIT, RsyncError } from '../core/errors.ts';
import type { WirePort } from '../protocol/wire.ts';
import type { Channel, ChannelExit } from '../transport/channel.ts';
import type { Phase } from '../transport/diagnose/symptoms.ts';
import { Throttle } from './throttle.ts';
import { WatchedWire } from './watched-wire.ts';
import { LostConnection, Witness } from './witness.ts';

export interface LinkOptions {
  /** KiB a second for what we send; 0: no limit. */
  bwlimit: number;
  /** Seconds without any I/O before the link fails with exit 30; 0: never. */
  timeout: number;
  /**
   * Keep-alives of our own are no I/O: a peer that takes them and says nothing is given up too. rsync counts them; releases
   * from 3.1 on send some of their own, so that a silent one is not well. Default false.
   */
  hearsPeer?: boolean | undefined;
  /** `Receiver` or `sender`, for messages. */
  role: string;
  /** What the far end writes to its standard error. */
  onStderr: (bytes: Uint8Array) => void;
}

/** Couples a channel with a wire: flow control, rate limit, time-outs, keep-alives, and what the end of it means. */
export class Link {
  readonly wire: WatchedWire;
  readonly channel: Channel;
  private readonly throttle: Throttle | undefined;
  private readonly options: LinkOptions;
  private readonly witness: Witness;
  private timer: NodeJS.Timeout | undefined;
  private timeout: number;
  private lastKeepAlive = 0;
  /** Keep-alives may be sent: some peers take none before their first file list is complete. */
  mayKeepAlive = false;
  private isSayingGoodbye = false;

  constructor(channel: Channel, options: LinkOptions) {
    this.channel = channel;
    this.options = options;
    this.timeout = options.timeout;
    const port: WirePort = {
      write: (bytes) => channel.output.write(bytes),
      pause: (paused) => {
        if (paused) channel.input.pause();
        else channel.input.resume();
      },
    };
    if (options.bwlimit > 0) this.throttle = new Throttle(port, options.bwlimit, () => this.wire.drained());
    this.wire = new WatchedWire(this.throttle ?? port);
    this.wire.onEnd = () => {
      const { bytesIn } = this.wire;
      return new LostConnection(
        `connection unexpectedly closed (${bytesIn} bytes received so far) [${options.role}]`,
      );
    };
    this.witness = new Witness(channel, this.wire);
    channel.output.on('drain', () => (this.throttle ?? this.wire).drained());
    channel.output.on('error', () => this.wire.receiveEnd());
    channel.input.on('data', (chunk: Buffer) => {
      this.witness.sawInput(chunk);
      this.wire.receive(chunk);
    });
    channel.input.on('end', () => this.wire.receiveEnd());
    channel.input.on('close', () => this.wire.receiveEnd());
    channel.input.on('error', () => this.wire.receiveEnd());
    // Somebody may have read the first bytes and paused it.
    channel.input.resume();
    channel.stderr?.on('data', (chunk: Buffer) => {
      this.witness.sawStderr(chunk);
      options.onStderr(chunk);
    });
    channel.stderr?.on('error', () => {});
    this.arm();
  }

  /** A daemon's time-out: adopted if it is shorter. */
  lowerTimeout(seconds: number): void {
    if (this.timeout === 0 || seconds < this.timeout) {
      this.timeout = seconds;
      this.arm();
    }
  }

  /** Runs what a person is asked in: the time that takes is not the peer's silence. */
  async patiently<T>(question: () => Promise<T>): Promise<T> {
    this.stopTimer();
    try {
      return await question();
    } finally {
      // The clock starts anew.
      this.wire.lastOut = performance.now();
      this.arm();
    }
  }

  private arm(): void {
    clearInterval(this.timer);
    if (this.timeout === 0) return;
    this.timer = setInterval(() => this.tick(), Math.min(1000, this.timeout * 250));
    this.timer.unref();
  }

  private tick(): void {
    const { wire } = this;
    const now = performance.now();
    if (now - Math.max(wire.lastIn, wire.lastOut) > this.timeout * 1000) {
      wire.fail(
        new RsyncError('RSYNC_TIMEOUT', `io timeout after ${this.timeout} seconds`, {
          exitCode: EXIT.TIMEOUT,
          origin: 'transport',
          hint: 'The peer or the network was silent; see --timeout.',
        }),
      );
    } else if (
      this.mayKeepAlive &&
      wire.isOutputFramed &&
      !wire.isFull &&
      now - Math.max(wire.lastOut, this.lastKeepAlive) > this.timeout * 500
    ) {
      const { lastOut } = wire;
      wire.sendKeepAlive();
      this.lastKeepAlive = now;
      if (this.options.hearsPeer === true) wire.lastOut = lastOut;
    }
  }

  /** The end of the far process; waits at most `ms`. Undefined: not known by then. */
  exit(ms: number): Promise<ChannelExit | undefined> {
    return this.witness.exit(ms);
  }

  /** What ended the session, as an error that says what to change. */
  explain(error: unknown): Promise<unknown> {
    return this.witness.explain(error, this.phase);
  }

  /** All files are through, only last words are left: for the phase in messages. */
  beginGoodbye(): void {
    this.isSayingGoodbye = true;
  }

  /** How far the session has come, after the handshake. */
  private get phase(): Phase {
    if (this.isSayingGoodbye) return 'goodbye';
    // A receiver may send keep-alives once it has the list; a sender hears of nothing but files.
    const listed = this.options.role === 'sender' ? this.wire.dataIn > 0 : this.mayKeepAlive;
    return listed ? 'transfer' : 'file list';
  }

  close(): void {
    this.release();
    this.channel.destroy();
  }

  /** Gives the channel back to whoever opened it. */
  release(): void {
    clearInterval(this.timer);
    this.witness.stop();
    this.throttle?.stop();
  }

  /** Our side has said everything. */
  end(): void {
    const { output } = this.channel;
    this.whenSent(() => output.end());
  }

  /** Calls back once, when everything that was said is handed over to the channel. */
  whenSent(done: () => void): void {
    if (this.throttle === undefined || this.wire.isFailed) done();
    else this.throttle.whenEmpty(done);
  }

  stopTimer(): void {
    clearInterval(this.timer);
  }
}
