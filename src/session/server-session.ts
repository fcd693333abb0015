import type { ByteString } from '../core/bytes.ts';
import { EXIT, isRsyncError, RsyncError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import { loadHashes } from '../delta/hashes.ts';
import type { Handover } from '../files/handover.ts';
import type { Places } from '../files/places.ts';
import type { FilterRule } from '../filter/rule.ts';
import { parseReceivedRules } from '../filter/wire.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import { FilterListReader } from '../protocol/filter-list.ts';
import { serverHandshake } from '../protocol/handshake.ts';
import { needsWholeList, type ServerRole } from '../protocol/server-args.ts';
import { RoleContext } from '../roles/context.ts';
import type { Channel } from '../transport/channel.ts';
import { finished } from '../transport/stdio.ts';
import { forwardToPeer } from './forward.ts';
import { framesClient, handshakeTerms } from './handshake-terms.ts';
import { Link } from './link.ts';
import { announceFailure, handleMessages, tellPeer } from './messages.ts';
import { refuseUnsafeMunging } from './munging.ts';
import { expectsRawNames, forwardNames, readFramedRules, readNameList } from './name-list.ts';
import { runReceivingSide } from './receiving.ts';
import { runSendingSide } from './sending.ts';

export interface ServerSessionInit {
  /** What the client is at the other end of. */
  channel: Channel;
  role: ServerRole;
  /** What the client asks for. */
  options: TransferOptions;
  /** What the client can do: the letters of its `-e`. */
  capabilities: string;
  /** Sources of a sender, the one destination of a receiver. */
  paths: readonly ByteString[];
  /** Where paths lead: what the client may reach. */
  places: Places;
  /** Where errors and warnings go: undefined sends them to the client, as information always is. */
  onError?: ((line: ByteString) => void) | undefined;
  /** Why nothing is going to be done: the client is told once it can be. */
  refusal?: RsyncError | undefined;
  /** Told of everything that happens, as a client would be. */
  onEvent?: EventSink | undefined;
  /** Shared with a client in this process. */
  handover?: Handover | undefined;
  /** Ends the run with exit 20. */
  signal?: AbortSignal | undefined;
}

export interface ServerOutcome {
  /** What the server ends with: docs/protocol/1-session.md, 1.9. */
  exitCode: number;
  /** What ended the run early. */
  error?: unknown;
}

/**
 * One transfer from handshake to goodbye, as the server: docs/protocol/1-session.md, 1.1. Never rejects: failures reach
 * the client through the protocol, and `error` is for the server's own log. The output is ended, the
 * channel stays for its owner to destroy.
 */
export async function runServerSession(init: ServerSessionInit): Promise<ServerOutcome> {
  const { channel, options, role, signal } = init;
  const link = new Link(channel, {
    bwlimit: options.bwlimit,
    timeout: options.timeout,
    role: role === 'receiver' ? 'Receiver' : 'sender',
    onStderr: () => {},
  });
  const abort = (): void => {
    link.wire.fail(
      new RsyncError('RSYNC_ABORTED', 'interrupted', {
        exitCode: EXIT.SIGNAL,
        origin: 'local',
        cause: signal?.reason,
      }),
    );
  };
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  let ctx: RoleContext | undefined;
  try {
    ctx = await start(link, init);
    if (init.refusal !== undefined) throw init.refusal;
    refuseUnsafeMunging(init.places, options);
    await loadHashes(ctx.negotiated.checksumSeed);
    const rules = await receiveRules(ctx, role);
    const names = await ownNames(ctx, role);
    if (role === 'receiver') {
      const destination = init.paths[0] ?? '.';
      await runReceivingSide(ctx, { link, destination, rules, names, requested: undefined });
    } else {
      await runSendingSide(ctx, { link, paths: init.paths, rules, names });
    }
    link.wire.flush();
    return { exitCode: ctx.exitCode };
  } catch (error) {
    if (ctx !== undefined) {
      if (init.onError === undefined && isRsyncError(error)) tellPeer(ctx, error);
      announceFailure(ctx, error);
    }
    return { exitCode: isRsyncError(error) ? error.exitCode : EXIT.CRASHED, error };
  } finally {
    signal?.removeEventListener('abort', abort);
    init.handover?.close();
    link.stopTimer();
    await new Promise<void>((resolve) => link.whenSent(resolve));
    await finished(channel.output, options.timeout);
    link.release();
  }
}

async function start(link: Link, init: ServerSessionInit): Promise<RoleContext> {
  const { options, role, places } = init;
  const { wire } = link;
  const negotiated = await serverHandshake(wire, {
    ...handshakeTerms(options, init.capabilities),
    mayRecurseIncrementally:
      options.recursive && !(role === 'receiver' && (needsWholeList(options) || options.pruneEmptyDirs)),
    checksumSeed: options.checksumSeed,
  });
  const startBytes = { sent: wire.bytesOut, received: wire.bytesIn - wire.reader.remaining };
  wire.frameOutput();
  const forward = forwardToPeer({ wire, protocol: negotiated.protocol, options, onError: init.onError });
  const emit: EventSink = (event) => {
    forward(event);
    init.onEvent?.(event);
  };
  const ctx = new RoleContext({
    wire,
    negotiated,
    options,
    isServer: true,
    emit,
    places,
    handover: init.handover,
    startBytes,
  });
  handleMessages(ctx, link, role === 'sender');
  if (framesClient(negotiated, options, role === 'sender') && !(role === 'sender' && expectsRawNames(ctx)))
    wire.frameInput(negotiated.protocol);
  return ctx;
}

/** The client sends its rules to a sender always, to a receiver only if it deletes (1.1). */
async function receiveRules(ctx: RoleContext, role: ServerRole): Promise<FilterRule[]> {
  const { deleteMode, pruneEmptyDirs } = ctx.options;
  if (role === 'receiver' && deleteMode === 'none' && !pruneEmptyDirs) return [];
  if (role === 'sender' && expectsRawNames(ctx) && ctx.negotiated.framesClient)
    return parseReceivedRules(await readFramedRules(ctx), role);
  const list = new FilterListReader();
  while (!(await ctx.wire.read((r) => list.next(r))));
  return parseReceivedRules(list.texts, role);
}

/** The list of --files-from on this disk. A client that waits for names gets the end of them before it hears what failed. */
async function ownNames(ctx: RoleContext, role: ServerRole): Promise<ByteString[] | undefined> {
  try {
    return readNameList(ctx.options, ctx.places);
  } catch (error) {
    if (role === 'receiver') await forwardNames(ctx, []);
    throw error;
  }
}
