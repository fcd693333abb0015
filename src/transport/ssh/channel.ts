import { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import type { Channel, ChannelExit } from '../channel.ts';
import type { SshConnection } from './connection.ts';
import { SshOutput } from './output.ts';
import { runProbe } from './probe.ts';
import { widenWindow } from './ssh2-tap.ts';

/** After the remote command has ended, unread data may still be on the way for so long before `exit` gives up on it. */
const EXIT_GRACE = 1000;
const MEBI = 1024 * 1024;
/**
 * Bytes that the server may be ahead of us, against 2 MiB in ssh2 and OpenSSH: what 160 MiB/s need for one round trip,
 * within bounds. Measured on a pull of 512 MiB without a delay, in seconds: 2.4 with 4 MiB, 3.2 with 16, which no
 * longer fit into the caches of the processor; at 100 ms 10 MiB/s with 2 MiB, 53 with 8, 90 with 16, 82 with 32
 * (bench/README.md).
 */
const WINDOW = { least: 4 * MEBI, most: 16 * MEBI, rate: 160 * MEBI };

function windowFor(roundTrip: number): number {
  return Math.min(WINDOW.most, Math.max(WINDOW.least, Math.round((roundTrip / 1000) * WINDOW.rate)));
}

export interface SshChannelOptions {
  connection: SshConnection;
  stream: ClientChannel;
  /** The remote command, for messages. */
  command: string;
  /** Other commands use the connection: `destroy` leaves it alone. Default false: it serves this command only. */
  shared?: boolean;
}

/** A `Channel` over the running command of an ssh connection, which outlives the command, for probes, until `destroy`. */
export function sshChannel({ connection, stream, command, shared = false }: SshChannelOptions): Channel {
  const { plan } = connection;
  const label = `ssh ${plan.user}@${plan.where.replace(/:22$/, '')}`;
  const output = new SshOutput(stream);
  let destroyed = false;
  const result: ChannelExit = { code: null, signal: null };
  let over = (): void => {};
  const exit = new Promise<ChannelExit>((resolve) => {
    over = (): void => {
      output.peerGone();
      resolve(result);
    };
    stream.on('exit', (code: number | null, signal?: string) => {
      result.code = code;
      result.signal = signal ?? null;
      // 'close' comes once the input has been read to its end. A reader that has stopped must not keep the exit
      // status, nor writers whose bytes nobody takes any more, waiting for ever.
      setTimeout(over, destroyed ? 0 : EXIT_GRACE).unref();
    });
    stream.on('close', over);
    // The stream's own 'close' goes first if its data has been read.
    void connection.closed.then(() => setImmediate(over));
  });
  // Errors of the stream have nobody else to go to, and an unheard 'error' ends the process. Their effect is seen
  // in the end of the input and in `exit`.
  stream.on('error', () => {});
  stream.stderr.on('error', () => {});
  widenWindow(stream, windowFor(connection.roundTrip));

  const destroy = (error?: Error): void => {
    if (destroyed) return;
    destroyed = true;
    output.destroy(error);
    // OpenSSH passes the signal on, so that the remote rsync cleans up without waiting to notice the dead pipe.
    stream.signal('TERM');
    // Node's own destroy: ssh2 replaces the method by one that leaves readers waiting.
    const reason = error ?? new Error(`${label}: closed from this side`);
    Duplex.prototype.destroy.call(stream, reason);
    stream.stderr.destroy(reason);
    if (!shared) {
      connection.end();
      return;
    }
    stream.close();
    // What was destroyed is not read to its end, and ssh2 would wait for that to tell of the end.
    setTimeout(over, EXIT_GRACE).unref();
  };
  // Node destroys a stream by itself once both directions have ended, and ssh2 then closes the channel: before the exit
  // status has come, if the command closes its output early. A reader that gives up, however, means the whole channel.
  stream.destroy = (error?: Error) => {
    if (!stream.readableEnded) destroy(error);
    return stream;
  };
  return {
    label,
    input: stream,
    output,
    stderr: stream.stderr,
    exit,
    destroy,
    get details() {
      const { server, banner, lost } = connection;
      return {
        kind: 'ssh' as const,
        command,
        ...(server === undefined ? {} : { server }),
        ...(banner === '' ? {} : { banner }),
        ...(lost === undefined ? {} : { lost }),
      };
    },
    probe: async (line) =>
      destroyed || connection.lost !== undefined ? undefined : runProbe(connection, line),
  };
}
