import type { ByteString } from '../../core/bytes.ts';
import { toText } from '../../core/bytes.ts';
import type { Channel } from '../channel.ts';
import { sshChannel } from './channel.ts';
import { SshConnection } from './connection.ts';
import { makePlan, type SshTarget } from './plan.ts';

/**
 * Logs in over ssh and starts a command, without a terminal. The connection serves this command alone; `destroy` of the
 * channel ends it.
 *
 * `exit` of the channel resolves once the command's output has been read to its end, or at the latest one second after
 * its status has come; with code null if the connection was lost.
 *
 * @throws RsyncError RSYNC_CONNECT, RSYNC_HOST_KEY, RSYNC_AUTH, RSYNC_REMOTE_SHELL (exit 255), RSYNC_UNSUPPORTED
 *   (exit 4), RSYNC_ABORTED (exit 20).
 */
export async function openSsh(target: SshTarget, command: ByteString): Promise<Channel> {
  const { signal } = target;
  const connection = await SshConnection.open(await makePlan(target), { env: target.env, signal });
  try {
    return await connection.exec(command, (stream) =>
      sshChannel({ connection, stream, command: toText(command) }),
    );
  } catch (error) {
    connection.cut();
    throw error;
  }
}
