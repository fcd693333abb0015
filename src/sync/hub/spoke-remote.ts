import type { Spoke } from '../config/hub-spoke.ts';
import { remoteArgument } from '../config/remote.ts';
import { sshOptionsOf } from '../project/from-config.ts';
import { connectionWords } from '../remote/connection-words.ts';
import { Remote, type RemoteSettings } from '../remote/remote.ts';

/** What the connections to all spokes have in common. */
export type SpokeConnect = Omit<RemoteSettings, 'location' | 'words' | 'ssh'>;

/**
 * The other side of a spoke that comes by rsync. Whoever asked for it closes it.
 * @param timeout  seconds without any data
 * @param words    further words that each transfer gets
 */
export function spokeRemote(
  { source, extraArgs, ssh, connectTimeout }: Spoke,
  connect: SpokeConnect,
  timeout: number,
  words: readonly string[] = [],
): Remote {
  const isDaemon = source!.value.kind === 'daemon';
  return new Remote({
    ...connect,
    location: remoteArgument(source!.value),
    words: [
      `--timeout=${timeout}`,
      ...(isDaemon ? [`--contimeout=${connectTimeout.value}`] : []),
      ...connectionWords(extraArgs.value),
      ...words,
    ],
    ...(isDaemon ? {} : { ssh: { connectTimeout: connectTimeout.value, ...sshOptionsOf(ssh) } }),
  });
}
