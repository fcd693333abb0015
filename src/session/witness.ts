import { EXIT, isRsyncError, RsyncError } from '../core/errors.ts';
import type { Channel, ChannelExit } from '../transport/channel.ts';
import {
  endsWithPrompt,
  neverSpoke,
  type Phase,
  type Symptoms,
  versionBehindNoise,
} from '../transport/diagnose/symptoms.ts';
import type { WatchedWire } from './watched-wire.ts';

/** Bytes that are kept: what came first, and the end of the remote standard error. */
const FIRST_BYTES = 4096;
const STDERR_TAIL = 4096;
/** Milliseconds that the end of the far process may take to be told, once its output has ended. */
const EXIT_DELAY = 2000;
/** Milliseconds without another word after which a question on the remote standard error is one. */
const PROMPT_DELAY = 2000;

/** Sees what a connection does, and tells from it why a session has failed. */
export class Witness {
  /** As many of the first bytes received as are kept. */
  firstBytes = new Uint8Array(0);
  private readonly channel: Channel;
  private readonly wire: WatchedWire;
  private stderrTail = Buffer.alloc(0);
  private exited: ChannelExit | undefined;
  private promptTimer: NodeJS.Timeout | undefined;

  constructor(channel: Channel, wire: WatchedWire) {
    this.channel = channel;
    this.wire = wire;
    void channel.exit.then((exit) => {
      this.exited = exit;
    });
  }

  sawInput(chunk: Uint8Array): void {
    const room = FIRST_BYTES - this.firstBytes.length;
    if (room > 0) this.firstBytes = Buffer.concat([this.firstBytes, chunk.subarray(0, room)]);
  }

  sawStderr(chunk: Buffer): void {
    this.stderrTail = Buffer.concat([this.stderrTail, chunk]).subarray(-STDERR_TAIL);
    clearTimeout(this.promptTimer);
    // su and the like wait for ever: over the built-in ssh there is nobody who could answer.
    if (this.channel.details?.kind !== 'ssh' || !endsWithPrompt(this.stderrTail.toString('utf8'))) return;
    this.promptTimer = setTimeout(() => {
      if (this.wire.bytesIn === 0) this.wire.fail(new UnansweredPrompt());
    }, PROMPT_DELAY);
    this.promptTimer.unref();
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

  /**
   * Why the session ended too early: better told by how the far process ended, if that can be learned in time.
   * @param phase how far it had come, if it had come beyond the handshake
   */
  async explain(error: unknown, phase: Phase): Promise<unknown> {
    if (!isRsyncError(error)) return error;
    // Loaded once something has failed: a session that goes well starts sooner without.
    const { diagnose, explainLocalDisk, inContext, leadsToDaemon } = await import(
      '../transport/diagnose/diagnose.ts'
    );
    // What a daemon refuses, and why, is said by itself.
    if (error.code === 'RSYNC_DAEMON' || error.code === 'RSYNC_AUTH') return error;
    if (error.origin === 'local') return explainLocalDisk(error) ?? error;
    if (error instanceof LostConnection) await this.exit(EXIT_DELAY);
    else if (error.code === 'RSYNC_REMOTE_EXIT') {
      // Its own words are on standard error, and may still be under way.
      if (this.channel.stderr !== undefined) await this.exit(EXIT_DELAY / 2);
    } else if (error.code === 'RSYNC_PROTOCOL' && neverSpoke(this)) {
      if (!leadsToDaemon(this.channel)) await this.untilVersionOrExit();
    } else if (!(error instanceof UnansweredPrompt)) return inContext(error, this.symptoms(error, phase));
    return diagnose(this.symptoms(error, phase), error, this.channel);
  }

  /** An rsync that comes after text from a shell waits for our answer: nothing more is to be learned from its end. */
  private async untilVersionOrExit(): Promise<void> {
    const deadline = performance.now() + EXIT_DELAY;
    while (this.exited === undefined && performance.now() < deadline) {
      if (versionBehindNoise(this) > 0) return;
      await this.exit(50);
    }
  }

  private symptoms(error: RsyncError, phase: Phase): Symptoms {
    const { channel, wire, firstBytes, exited } = this;
    return {
      label: channel.label,
      details: channel.details,
      phase: wire.isInputFramed ? phase : neverSpoke(this) ? 'starting rsync' : 'handshake',
      exit: exited,
      receivedBytes: wire.bytesIn,
      sentBytes: wire.bytesOut,
      firstBytes,
      stderr: this.stderrTail.toString('utf8'),
      messages: wire.errors,
      complaint: error.message,
    };
  }

  stop(): void {
    clearTimeout(this.promptTimer);
  }
}

/** The far end is gone: the error of whoever waits for its bytes. */
export class LostConnection extends RsyncError {
  constructor(message: string, exitCode: number = EXIT.STREAMIO) {
    super('RSYNC_STREAM', message, { exitCode, origin: 'transport' });
  }
}

class UnansweredPrompt extends RsyncError {
  constructor() {
    super('RSYNC_REMOTE_SHELL', 'the remote command asks for a password', {
      exitCode: EXIT.STREAMIO,
      origin: 'remote',
    });
  }
}
