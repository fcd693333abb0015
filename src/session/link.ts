import { EXIT, isRsyncError, RsyncError } from '../core/errors.ts';
import type { WirePort } from '../protocol/wire.ts';
import type { Channel, ChannelExit } from '../transport/channel.ts';
import { diagnose, inContext, type Phase, type Symptoms } from '../transport/diagnose/diagnose.ts';
import { explainLocalDisk } from '../transport/diagnose/disk.ts';
import { neverSpoke, versionBehindNoise } from '../transport/diagnose/symptoms.ts';
import { Throttle } from './throttle.ts';
import { WatchedWire } from './watched-wire.ts';

/** Bytes kept for a diagnosis: what came first, and the end of the remote standard error. */
const FIRST_BYTES = 4096;
const STDERR_TAIL = 4096;
/** Milliseconds that the end of the far process may take to be told, once its output has ended. */
const EXIT_DELAY = 2000;

export interface LinkOptions {
  /** KiB a second for what we send; 0: no limit. */
  bwlimit: number;
  /** Seconds without any I/O before the link fails with exit 30; 0: never. */
  timeout: number;
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
  /** For a diagnosis: as many of the first bytes received as are kept. */
  firstBytes = new Uint8Array(0);
  private stderrTail = '';
  private exited: ChannelExit | undefined;
  private timer: NodeJS.Timeout | undefined;
  private timeout: number;
  /** Keep-alives may be sent: some peers take none before their first file list is complete. */
  mayKeepAlive = false;
  /** Everything is transferred, the last words are exchanged: for the phase in messages. Set by the session. */
  isSayingGoodbye = false;

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
    this.wire.onEnd = () => this.lost();
    channel.output.on('drain', () => (this.throttle ?? this.wire).drained());
    channel.output.on('error', () => this.wire.receiveEnd());
    channel.input.on('data', (chunk: Buffer) => {
      if (this.firstBytes.length < FIRST_BYTES) {
        this.firstBytes = Buffer.concat([
          this.firstBytes,
          chunk.subarray(0, FIRST_BYTES - this.firstBytes.length),
        ]);
      }
      this.wire.receive(chunk);
    });
    channel.input.on('end', () => this.wire.receiveEnd());
    channel.input.on('close', () => this.wire.receiveEnd());
    channel.input.on('error', () => this.wire.receiveEnd());
    channel.stderr?.on('data', (chunk: Buffer) => {
      this.stderrTail = (this.stderrTail + chunk.toString('utf8')).slice(-STDERR_TAIL);
      options.onStderr(chunk);
    });
    channel.stderr?.on('error', () => {});
    void channel.exit.then((exit) => {
      this.exited = exit;
    });
    this.arm();
  }

  /** A daemon's time-out: adopted if it is shorter. */
  lowerTimeout(seconds: number): void {
    if (this.timeout === 0 || seconds < this.timeout) {
      this.timeout = seconds;
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
      now - wire.lastOut > this.timeout * 500
    ) {
      wire.sendKeepAlive();
    }
  }

  /** The end of the far process; waits at most `ms`. Undefined: not known by then. */
  async exit(ms: number): Promise<ChannelExit | undefined> {
    if (this.exited !== undefined) return this.exited;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ms);
    });
    const exit = await Promise.race([this.channel.exit, late]);
    clearTimeout(timer);
    return exit;
  }

  /** How far the session has come, as told by the bytes so far. */
  private get phase(): Phase {
    const { wire } = this;
    if (!wire.isInputFramed) {
      return neverSpoke(this) ? 'starting rsync' : 'handshake';
    }
    if (this.isSayingGoodbye) return 'goodbye';
    // A receiver may send keep-alives once it has the list; a sender hears of nothing but files.
    const listed = this.options.role === 'sender' ? wire.dataIn > 0 : this.mayKeepAlive;
    return listed ? 'transfer' : 'file list';
  }

  private symptoms(error: RsyncError): Symptoms {
    const { channel, wire } = this;
    return {
      label: channel.label,
      details: channel.details,
      phase: this.phase,
      exit: this.exited,
      receivedBytes: wire.bytesIn,
      sentBytes: wire.bytesOut,
      firstBytes: this.firstBytes,
      stderr: this.stderrTail,
      messages: wire.errors,
      complaint: error.message,
    };
  }

  /** Why the session ended too early: better told by how the far process ended, if that can be learned in time. */
  async explain(error: unknown): Promise<unknown> {
    if (!isRsyncError(error)) return error;
    if (error.origin === 'local') return explainLocalDisk(error) ?? error;
    if (error.code === 'RSYNC_TIMEOUT') return inContext(error, this.symptoms(error));
    if (error instanceof LostConnection) await this.exit(EXIT_DELAY);
    else if (error.code === 'RSYNC_REMOTE_EXIT') {
      // Its own words are on standard error, and may still be under way.
      if (this.channel.stderr !== undefined) await this.exit(EXIT_DELAY / 2);
    } else if (neverSpoke(this)) await this.untilVersionOrExit();
    else return inContext(error, this.symptoms(error));
    return diagnose(this.symptoms(error), error, this.channel);
  }

  /** An rsync that comes after text from a shell waits for our answer: nothing more is to be learned from its end. */
  private async untilVersionOrExit(): Promise<void> {
    const deadline = performance.now() + EXIT_DELAY;
    while (this.exited === undefined && performance.now() < deadline) {
      if (versionBehindNoise(this) > 0) return;
      await this.exit(50);
    }
  }

  close(): void {
    clearInterval(this.timer);
    this.throttle?.stop();
    this.channel.destroy();
  }

  /** Our side has said everything. */
  end(): void {
    const { output } = this.channel;
    if (this.throttle === undefined) output.end();
    else this.throttle.whenEmpty(() => output.end());
  }

  stopTimer(): void {
    clearInterval(this.timer);
  }

  private lost(): Error {
    return new LostConnection(this.wire.bytesIn, this.options.role);
  }
}

class LostConnection extends RsyncError {
  constructor(bytes: number, role: string) {
    super('RSYNC_STREAM', `connection unexpectedly closed (${bytes} bytes received so far) [${role}]`, {
      exitCode: EXIT.STREAMIO,
      origin: 'transport',
    });
  }
}
