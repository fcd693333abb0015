import type { ByteString } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { loadHashes } from '../delta/hashes.ts';
import type { Places } from '../files/places.ts';
import type { FilterRule } from '../filter/rule.ts';
import { parseReceivedRules } from '../filter/wire.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import { FilterListReader } from '../protocol/filter-list.ts';
import { serverHandshake } from '../protocol/handshake.ts';
import { capabilityText, type ServerRole } from '../protocol/server-args.ts';
import { RoleContext } from '../roles/context.ts';
import type { Channel } from '../transport/channel.ts';
import { handshakeTerms } from './handshake-terms.ts';
import { Link } from './link.ts';
import { announceFailure, forwardToPeer, handleMessages } from './messages.ts';
import { runReceivingSide } from './receiving.ts';
import { runSendingSide } from './sending.ts';

export interface ServerSessionInit {
  /** What the client is at the other end of. */
  channel: Channel;
  /** What the client asks for. */
  options: TransferOptions;
  role: ServerRole;
  /** Sources of a sender, the one destination of a receiver. */
  paths: readonly ByteString[];
  /** Where paths lead: what the client may reach. */
  places: Places;
}

/**
 * One transfer from handshake to goodbye, as the server: docs/protocol/1-session.md, 1.1. Never rejects: failures reach
 * the client through the protocol.
 * @returns the exit code of the server
 */
export async function runServerSession(init: ServerSessionInit): Promise<number> {
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
    return ctx.exitCode;
  } catch (error) {
    if (ctx !== undefined) announceFailure(ctx, error);
    return error instanceof RsyncError ? error.exitCode : EXIT.CRASHED;
  } finally {
    link.stopTimer();
  }
}

async function start(link: Link, init: ServerSessionInit): Promise<RoleContext> {
  const { options, role } = init;
  const { wire } = link;
  const { places } = init;
  const late = options.deleteMode === 'before' || options.deleteMode === 'after';
  const negotiated = await serverHandshake(wire, {
    ...handshakeTerms(options, capabilityText(options, role)),
    mayRecurseIncrementally: options.recursive && !(role === 'receiver' && late),
    checksumSeed: options.checksumSeed,
  });
  const startBytes = { sent: wire.bytesOut, received: wire.bytesIn - wire.reader.remaining };
  wire.frameOutput();
  const emit = forwardToPeer(wire, negotiated.protocol);
  const ctx = new RoleContext({ wire, negotiated, options, isServer: true, emit, places, startBytes });
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
