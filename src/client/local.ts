import { fromText } from '../core/bytes.ts';
import { WholeDisk } from '../files/places.ts';
import { buildServerArgs } from '../protocol/server-args.ts';
import { serve } from '../server/serve.ts';
import type { Channel } from '../transport/channel.ts';
import { createPipe } from '../transport/pipe.ts';
import type { TransferRequest } from './transfer-request.ts';

/**
 * The other end of a copy within one machine: a server in this process that is told what a remote one would be. Its
 * errors come as messages. Resolves at once; the end of the channel is the server's.
 */
export function openLocal({ options, direction, remotePaths, signal }: TransferRequest): Channel {
  const [near, far] = createPipe('local copy');
  const args = buildServerArgs(options, direction === 'push' ? 'receiver' : 'sender');
  // In one machine both ends know what is shown.
  if (options.progress) args.push('--progress');
  void serve({
    words: [...args, '--no-msgs2stderr', '.', ...remotePaths].map(fromText),
    channel: far,
    admit: () => new WholeDisk(),
    onError: () => {},
    signal,
  }).then(({ exitCode }) => far.finish(exitCode));
  return near;
}
