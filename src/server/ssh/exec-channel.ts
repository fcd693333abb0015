import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { ServerChannel } from 'ssh2';
import { type ByteString, toBuffer } from '../../core/bytes.ts';
import type { Channel, ChannelExit } from '../../transport/channel.ts';
import { SshOutput } from '../../transport/ssh/output.ts';
import { StderrLines } from './stderr-lines.ts';

/** Bytes that may wait for the socket: a client may open its window wide, and then not read. */
const SOCKET_BACKLOG = 1024 * 1024;
/** Milliseconds for the last words to be taken. */
const FAREWELL = 5000;

/** A command that a client runs, as the process that it would be sees it. */
export interface ExecChannel {
  channel: Channel;
  /** A line for the client's standard error, without its end. */
  tell(line: ByteString): void;
  /** Says how the command has ended, and closes the channel. */
  finish(exitCode: number): Promise<void>;
}

export function execChannel(stream: ServerChannel, socket: Socket, label: string): ExecChannel {
  const errors = new StderrLines(stream);
  const output = new SshOutput(stream, {
    staysOpen: true,
    before: (write) => {
      errors.pump();
      if (socket.writableLength <= SOCKET_BACKLOG) write();
      else socket.once('drain', write);
    },
  });
  const exit = new Promise<ChannelExit>((resolve) => {
    const over = (): void => {
      output.peerGone();
      errors.stop();
      resolve({ code: null, signal: null });
    };
    stream.on('close', over);
    socket.once('close', over);
  });
  // An unheard error ends the process; what it means is seen in the end of the input.
  stream.on('error', () => {});
  const destroy = (): void => {
    output.destroy();
    errors.stop();
    stream.close();
    // Node's own: ssh2 replaces the method by one that leaves readers waiting.
    Duplex.prototype.destroy.call(stream);
  };
  return {
    channel: { label, input: stream, output, stderr: undefined, exit, details: { kind: 'ssh' }, destroy },
    tell: (line) => errors.write(toBuffer(line)),
    finish: async (exitCode) => {
      await errors.finish(FAREWELL);
      if (!socket.destroyed) {
        stream.exit(exitCode);
        stream.end();
      }
      // A client that says nothing more is not to be waited for.
      stream.resume();
    },
  };
}
