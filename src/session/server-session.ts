import { RsyncError } from '../core/errors.ts';
import { loadHashes } from '../delta/hashes.ts';
import type { FilterRule } from '../filter/rule.ts';
import { parseReceivedRules } from '../filter/wire.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import { FilterListReader } from '../protocol/filter-list.ts';
import { serverHandshake } from '../protocol/handshake.ts';
import { capabilityText, type ServerRole } from '../protocol/server-args.ts';
import { RoleContext } from '../roles/context.ts';
import type { PipeEnd } from '../transport/pipe.ts';
import { handshakeTerms } from './handshake-terms.ts';
import { Link } from './link.ts';
import { announceFailure, forwardToPeer, handleMessages } from './messages.ts';
import { runReceivingSide } from './receiving.ts';
import { runSendingSide } from './sending.ts';

export interface ServerSessionInit {
  /** The end of a pipe that the server speaks on. */
  channel: PipeEnd;
  /** The options that the client runs with: both ends of one process share them. */
  options: TransferOptions;
  role: ServerRole;
  /** Sources of a sender, the one destination of a receiver. */
  paths: readonly string[];
}

/**
 * The other end of a client session, in the same process: docs/protocol/1-session.md, 1.1. Resolves when it is over;
 * its failures reach the client through the protocol and as the exit status of the pipe.
 */
export async function runServerSession(init: ServerSessionInit): Promise<void> {
  const { channel, options, role } = init;
  const link = new Link(channel, {
    bwlimit: 0,
    timeout: options.timeout,
    role: role === 'receiver' ? 'Receiver' : 'sender',
    onStderr: () => {},
  });
  let ctx: RoleContext | undefined;
  try {
    ctx = await start(link, init);
    await loadHashes(ctx.negotiated.checksumSeed);
    const rules = await receiveRules(ctx, role);
    if (role === 'receiver') {
      await runReceivingSide(ctx, { link, destination: init.paths[0] ?? '.', rules, requested: undefined });
    } else {
      await runSendingSide(ctx, { link, paths: init.paths, rules });
    }
    link.wire.flush();
    link.stopTimer();
    channel.finish(ctx.exitCode);
  } catch (error) {
    if (ctx !== undefined) announceFailure(ctx, error);
    channel.finish(error instanceof RsyncError ? error.exitCode : 1);
  } finally {
    link.stopTimer();
  }
}

async function start(link: Link, init: ServerSessionInit): Promise<RoleContext> {
  const { options, role } = init;
  const { wire } = link;
  const late = options.deleteMode === 'before' || options.deleteMode === 'after';
  const negotiated = await serverHandshake(wire, {
    ...handshakeTerms(options, capabilityText(options, role)),
    mayRecurseIncrementally: options.recursive && !(role === 'receiver' && late),
    checksumSeed: options.checksumSeed,
  });
  const startBytes = { sent: wire.bytesOut, received: wire.bytesIn - wire.reader.remaining };
  wire.frameOutput();
  const emit = forwardToPeer(wire, negotiated.protocol);
  const ctx = new RoleContext({ wire, negotiated, options, isServer: true, emit, startBytes });
  handleMessages(ctx, link, role === 'sender');
  if (negotiated.framesClient) wire.frameInput(negotiated.protocol);
  return ctx;
}

/** The client sends its rules to a sender always, to a receiver only if it deletes (1.1). */
async function receiveRules(ctx: RoleContext, role: ServerRole): Promise<FilterRule[]> {
  if (role === 'receiver' && ctx.options.deleteMode === 'none') return [];
  const list = new FilterListReader();
  while (!(await ctx.wire.read((r) => list.next(r))));
  return parseReceivedRules(list.texts, role);
}
