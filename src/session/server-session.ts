import { type ByteString, fromText } from '../core/bytes.ts';
import { EXIT, isRsyncError, RsyncError } from '../core/errors.ts';
import type { EventSink, TransferStats } from '../core/events.ts';
import { loadHashes } from '../delta/hashes.ts';
import type { Handover } from '../files/handover.ts';
import type { Places } from '../files/places.ts';
import type { FilterRule } from '../filter/rule.ts';
import { parseReceivedRules } from '../filter/wire.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import { FilterListReader } from '../protocol/filter-list.ts';
import { serverHandshake } from '../protocol/handshake.ts';
import { intPayload, MSG } from '../protocol/mux.ts';
import { needsWholeList, type ServerRole } from '../protocol/server-args.ts';
import { RoleContext } from '../roles/context.ts';
import type { ModulePolicy } from '../roles/policy.ts';
import type { Channel } from '../transport/channel.ts';
import { finished } from '../transport/stdio.ts';
import { cvsExcludes, cvsIgnores, wordedRules } from './filter.ts';
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
  /** The client's rules for a receiver that is not sent any: where both are in one process. */
  rules?: readonly FilterRule[] | undefined;
  /** Where errors and warnings go: undefined sends them to the client, as information always is. */
  onError?: ((line: ByteString) => void) | undefined;
  /**
   * Told why the run has failed before the client is, which then ends at once and reads nothing more. Not told of what
   * fails before the client can be told anything.
   */
  onFailure?: ((error: unknown) => void) | undefined;
  /** Why nothing is going to be done: the client is told once it can be. */
  refusal?: RsyncError | undefined;
  /** The version that the greetings of a daemon's dialogue have come to: none is exchanged. */
  agreedProtocol?: number | undefined;
  /** Seconds that the server has set for both ends: the client is told; undefined: each end has its own. */
  commonTimeout?: number | undefined;
  /** Of a daemon's module. */
  policy?: ModulePolicy | undefined;
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
  /** Undefined: it ended before anything could be counted. */
  stats?: TransferStats | undefined;
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
    const received = await receiveRules(ctx, role, init.rules);
    const added = role === 'sender' ? cvsExcludes(ctx, false) : [];
    const rules = [...wordedRules(ctx), ...received, ...added];
    const names = await ownNames(ctx, role);
    if (role === 'receiver') {
      const destination = init.paths[0] ?? '.';
      await runReceivingSide(ctx, { link, destination, rules, names, requested: undefined });
    } else {
      await runSendingSide(ctx, { link, paths: init.paths, rules, names });
    }
    link.wire.flush();
    return { exitCode: ctx.exitCode, stats: counted(ctx) };
  } catch (error) {
    if (ctx !== undefined) {
      init.onFailure?.(error);
      if (init.onError === undefined && isRsyncError(error)) tellPeer(ctx, error);
      announceFailure(ctx, error);
    }
    const exitCode = isRsyncError(error) ? error.exitCode : EXIT.CRASHED;
    return { exitCode, error, stats: ctx === undefined ? undefined : counted(ctx) };
  } finally {
    signal?.removeEventListener('abort', abort);
    init.handover?.close();
    link.stopTimer();
    await new Promise<void>((resolve) => link.whenSent(resolve));
    await finished(channel.output, options.timeout);
    link.release();
  }
}

/** The figures with what has been on the wire since the handshake, as rsync counts it. */
function counted({ wire, stats, startBytes }: RoleContext): TransferStats {
  stats.bytesSent = wire.bytesOut - startBytes.sent;
  stats.bytesReceived = wire.bytesIn - startBytes.received;
  return stats;
}

async function start(link: Link, init: ServerSessionInit): Promise<RoleContext> {
  const { options, role, places } = init;
  const { wire } = link;
  const negotiated = await serverHandshake(wire, {
    ...handshakeTerms(options, init.capabilities),
    mayRecurseIncrementally:
      options.recursive && !(role === 'receiver' && (needsWholeList(options) || options.pruneEmptyDirs)),
    checksumSeed: options.checksumSeed,
    agreedProtocol: init.agreedProtocol,
  });
  const startBytes = { sent: wire.bytesOut, received: wire.bytesIn - wire.reader.remaining };
  wire.frameOutput();
  if (init.commonTimeout !== undefined && negotiated.protocol >= 31) {
    wire.sendMessage(MSG.IO_TIMEOUT, intPayload(init.commonTimeout));
  }
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
    policy: init.policy,
  });
  emit({
    type: 'negotiated',
    protocol: negotiated.protocol,
    checksum: negotiated.transferChecksum,
    compressor: negotiated.compressor,
    incremental: negotiated.incRecurse,
    setsSymlinkTimes: negotiated.setsSymlinkTimes,
  });
  handleMessages(ctx, link, role === 'sender');
  if (framesClient(negotiated, options, role === 'sender') && !(role === 'sender' && expectsRawNames(ctx)))
    wire.frameInput(negotiated.protocol);
  return ctx;
}

/** The client sends its rules to a sender always, to a receiver only if it deletes (1.1). */
async function receiveRules(
  ctx: RoleContext,
  role: ServerRole,
  known: readonly FilterRule[] = [],
): Promise<readonly FilterRule[]> {
  const { deleteMode, pruneEmptyDirs } = ctx.options;
  if (role === 'receiver' && deleteMode === 'none' && !pruneEmptyDirs) return known;
  if (role === 'sender' && expectsRawNames(ctx) && ctx.negotiated.framesClient)
    return receivedRules(ctx, await readFramedRules(ctx), role);
  const list = new FilterListReader();
  while (!(await ctx.wire.read((r) => list.next(r))));
  return receivedRules(ctx, list.texts, role);
}

function receivedRules(ctx: RoleContext, texts: readonly ByteString[], role: ServerRole): FilterRule[] {
  const warn = (text: string): void => ctx.warning(fromText(text));
  return parseReceivedRules(texts, role, () => cvsIgnores(ctx.places), warn);
}

/** The list of --files-from on this disk. A client that waits for names gets the end of them before it hears what failed. */
async function ownNames(ctx: RoleContext, role: ServerRole): Promise<ByteString[] | undefined> {
  try {
    return readNameList(ctx.options, ctx.places, role);
  } catch (error) {
    if (role === 'receiver') await forwardNames(ctx, []);
    throw error;
  }
}
