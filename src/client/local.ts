import { fromText } from '../core/bytes.ts';
import { Handover } from '../files/handover.ts';
import { WholeDisk } from '../files/places.ts';
import type { FilterRule } from '../filter/rule.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import { buildServerArgs } from '../protocol/server-args.ts';
import { serve } from '../server/serve.ts';
import type { Channel } from '../transport/channel.ts';
import { createPipe } from '../transport/pipe.ts';
import type { TransferRequest } from './transfer-request.ts';

/** The other end of a copy within one machine. */
export interface LocalEnd {
  channel: Channel;
  handover: Handover | undefined;
}

/**
 * Starts a server in this process that is told what a remote one would be. Its errors come as messages. Returns at
 * once; the end of the channel is the server's.
 */
export function openLocal(
  { options, direction, remotePaths, signal }: TransferRequest,
  rules: readonly FilterRule[],
): LocalEnd {
  const [near, far] = createPipe('local copy');
  const args = buildServerArgs(options, direction === 'push' ? 'receiver' : 'sender');
  // In one machine both ends know what is shown.
  if (options.progress) args.push('--progress');
  const handover = needsNoBytes(options) ? new Handover() : undefined;
  void serve({
    words: [...args, '--no-msgs2stderr', '.', ...remotePaths].map(fromText),
    channel: far,
    admit: () => new WholeDisk(),
    onError: () => {},
    handover,
    rules,
    signal,
  }).then(({ exitCode }) => far.finish(exitCode));
  return { channel: near, handover };
}

/** Nobody wants to see the bytes on their way, to count, hash or slow them. */
function needsNoBytes({ compress, bwlimit, progress, outFormat }: TransferOptions): boolean {
  return !compress && bwlimit === 0 && !progress && !/%[-'\d]*[bcC]/.test(outFormat ?? '');
}
