/** What is asked of an ssh server once one is logged in. */
import type { Client, ClientChannel } from 'ssh2';
import { type ByteString, toBuffer } from '../../core/bytes.ts';
import { RsyncError } from '../../core/errors.ts';
import { visible } from './auth/prompts.ts';
import { SSH_FAILED } from './errors.ts';
import { type Carrier, Tunnel } from './tunnel.ts';

export interface ExecRequest {
  /** `host:port`, for messages. */
  where: string;
  command: ByteString;
  env: Readonly<Record<string, string>>;
}

/**
 * Runs a command, without a terminal.
 * @param started called at once: the exit status may follow in the same packet of the network, and is told only once
 * @throws RsyncError RSYNC_REMOTE_SHELL (exit 255) if the server does not run commands.
 */
export function requestExec<T>(
  client: Client,
  { where, command, env }: ExecRequest,
  started: (stream: ClientChannel) => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const refused = (cause: Error): void =>
      reject(
        new RsyncError(
          'RSYNC_REMOTE_SHELL',
          `${where}: the server does not run the command: ${visible(cause.message)}`,
          {
            exitCode: SSH_FAILED,
            origin: 'remote',
            hint: 'The account may be limited to file transfer (sftp) or to a forced command.',
            cause,
          },
        ),
      );
    try {
      // As bytes: file names in the command need not be UTF-8. The library takes a Buffer, its types do not know.
      client.exec(toBuffer(command) as unknown as string, { env }, (error, stream) => {
        if (error) refused(error);
        else resolve(started(stream));
      });
    } catch (error) {
      refused(error as Error);
    }
  });
}

export interface ForwardRequest {
  /** The host that is to connect, for messages. */
  from: string;
  host: string;
  port: number;
  /** The same, for messages. */
  where: string;
}

/**
 * A way to another host from the far end of a connection.
 * @throws RsyncError RSYNC_CONNECT (exit 255).
 */
export function requestForward(
  client: Client,
  { from, host, port, where }: ForwardRequest,
): Promise<Carrier> {
  return new Promise((resolve, reject) => {
    const refused = (cause: Error): void =>
      reject(
        new RsyncError(
          'RSYNC_CONNECT',
          `can not connect to ${where} from the jump host ${from}: ${visible(cause.message)}`,
          {
            exitCode: SSH_FAILED,
            origin: 'transport',
            hint: 'The jump host must reach that host and port by itself, and its sshd must allow it (AllowTcpForwarding).',
            cause,
          },
        ),
      );
    try {
      client.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
        if (error) {
          refused(error);
          return;
        }
        const tunnel = new Tunnel(stream, stream, () => stream.close());
        tunnel.pause();
        resolve(tunnel);
      });
    } catch (error) {
      refused(error as Error);
    }
  });
}
