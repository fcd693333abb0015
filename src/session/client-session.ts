import { type ByteString, fromText, toBuffer } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import type { EventSink, TransferStats } from '../core/events.ts';
import { loadHashes } from '../delta/hashes.ts';
import type { Handover } from '../files/handover.ts';
import { type Places, WholeDisk } from '../files/places.ts';
import type { FilterRule } from '../filter/rule.ts';
import { rulesForPeer } from '../filter/wire.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import { moduleOf } from '../protocol/daemon-args.ts';
import { writeFilterList } from '../protocol/filter-list.ts';
import { clientHandshake } from '../protocol/handshake.ts';
import type { Negotiated } from '../protocol/negotiated.ts';
import { secludedArguments } from '../protocol/remote-words.ts';
import { buildServerArgs, capabilityText } from '../protocol/server-args.ts';
import { emptyStats, RoleContext, type RootAttributes } from '../roles/context.ts';
import type { ItemGuard } from '../roles/item-guard.ts';
import type { Channel } from '../transport/channel.ts';
import { type DaemonTerms, openDaemon } from './daemon-client.ts';
import { cvsExcludes } from './filter.ts';
import { framesClient, handshakeTerms } from './handshake-terms.ts';
import { impliedRules } from './implied-rules.ts';
import { Link } from './link.ts';
import { announceFailure, handleMessages } from './messages.ts';
import { cleanListName, expectsRawNames } from './name-list.ts';
import { runReceivingSide } from './receiving.ts';
import { runSendingSide } from './sending.ts';

export type { RootAttributes } from '../roles/context.ts';
export type { ItemGuard } from '../roles/item-guard.ts';

/** How long the remote command may take to end after the goodbye. */
const EXIT_PATIENCE = 10_000;

export interface ClientSessionInit {
  channel: Channel;
  options: TransferOptions;
  direction: 'pull' | 'push' | 'list';
  /** The peer is a daemon, which has to be talked to first. */
  daemon?: DaemonTerms | undefined;
  /** As text: sources of a pull or a listing, the destination of a push; `MODULE[/PATH]` with a daemon. */
  remotePaths: readonly string[];
  /** As text, `/` between components: the destination of a pull, sources of a push. */
  localPaths: readonly string[];
  /** Filter rules in order, as the user gave them. */
  rules: readonly FilterRule[];
  /** The list of --files-from, if it is on this side: `readNameList`. */
  names?: readonly ByteString[] | undefined;
  /** What the root of the destination is to look like: as it does (`kept`), for a push as described. */
  root?: RootAttributes | 'kept' | undefined;
  guard?: ItemGuard | undefined;
  emit: EventSink;
  /** Shared with a server in this process. */
  handover?: Handover | undefined;
  /** See `LinkOptions`. */
  hearsPeer?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** How a run that reached its end has ended. */
export type SessionResult =
  | { kind: 'transfer'; exitCode: number; stats: TransferStats; negotiated: Negotiated }
  /** A daemon has listed its modules; there was no transfer. */
  | { kind: 'listed'; protocol: number; stats: TransferStats };

/**
 * One transfer from handshake to goodbye, as the client.
 * @throws RsyncError for whatever ends the run early; failures of single files are told as events and by `exitCode`
 */
export async function runClientSession(init: ClientSessionInit): Promise<SessionResult> {
  const { channel, signal } = init;
  let { options } = init;
  const started = performance.now();
  const receives = init.direction !== 'push';
  const link = new Link(channel, {
    bwlimit: options.bwlimit,
    timeout: options.timeout,
    hearsPeer: init.hearsPeer,
    role: receives ? 'Receiver' : 'sender',
    onStderr: (bytes) => init.emit({ type: 'stderr', bytes }),
  });
  const { wire } = link;
  const abort = (): void => {
    wire.fail(
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
    const role = receives ? 'sender' : 'receiver';
    let agreedProtocol: number | undefined;
    if (init.daemon !== undefined) {
      const { remotePaths: paths, daemon: terms, emit } = init;
      const opening = await openDaemon(link, { terms, options, role, paths, emit });
      if (opening.kind === 'listed') return { ...opening, stats: emptyStats() };
      agreedProtocol = opening.protocol;
      options = { ...options, protocol: agreedProtocol };
    } else if (options.secludedArgs) {
      const args = secludedArguments(buildServerArgs(options, role), init.remotePaths);
      wire.writer.bytes(toBuffer(args));
    }
    const terms = handshakeTerms(options, capabilityText(options, role));
    const negotiated = await clientHandshake(wire, { ...terms, agreedProtocol });
    await loadHashes(negotiated.checksumSeed);
    const startBytes = { sent: wire.bytesOut, received: wire.bytesIn - wire.reader.remaining };
    if (framesClient(negotiated, options, init.direction === 'pull')) wire.frameOutput();
    const places: Places = new WholeDisk();
    ctx = new RoleContext({
      wire,
      negotiated,
      options,
      isServer: false,
      emit: init.emit,
      places,
      handover: init.handover,
      startBytes,
      root: init.root,
      guard: init.guard,
    });
    const localPaths = init.localPaths.map(fromText);
    init.emit({
      type: 'negotiated',
      protocol: negotiated.protocol,
      checksum: negotiated.transferChecksum,
      compressor: negotiated.compressor,
      incremental: negotiated.incRecurse,
      setsSymlinkTimes: negotiated.setsSymlinkTimes || receives,
    });
    ctx.onGoodbye = () => link.beginGoodbye();
    handleMessages(ctx, link, !receives);
    if (receives || !expectsRawNames(ctx)) {
      wire.frameInput(negotiated.protocol, { strayZero: init.daemon !== undefined && !receives });
    }
    const session = { direction: receives ? 'pull' : 'push', protocol: negotiated.protocol } as const;
    const told = [...init.rules, ...impliedRules(options, session)];
    const rules = [...told, ...cvsExcludes(ctx, receives)];
    // A sender at the other end has a list of its own for -C: the option tells it.
    sendRules(ctx, receives ? told : rules, receives);
    if (receives) {
      const destination = init.direction === 'list' ? undefined : localPaths[0];
      await runReceivingSide(ctx, {
        link,
        destination,
        rules,
        names: init.names,
        requested: init.names?.map(cleanListName) ?? requestedPaths(init),
      });
    } else {
      await runSendingSide(ctx, { link, paths: localPaths, rules, names: init.names });
    }
    return await finish(ctx, link, receives, started);
  } catch (error) {
    const explained = await link.explain(error);
    if (ctx !== undefined) announceFailure(ctx, explained);
    throw explained;
  } finally {
    signal?.removeEventListener('abort', abort);
    init.handover?.close();
    link.close();
  }
}

/** What was asked for, as bytes. A daemon's names do not begin with the module; that alone is its content. */
function requestedPaths({ remotePaths, daemon }: ClientSessionInit): ByteString[] {
  if (daemon === undefined) return remotePaths.map(fromText);
  const module = moduleOf(remotePaths[0] ?? '');
  return remotePaths.map((path) => fromText(path === module ? '' : path.slice(module.length + 1)));
}

/** The filter list: always on a pull; on a push only where the server deletes (docs/protocol/1-session.md, 1.1). */
function sendRules(ctx: RoleContext, rules: readonly FilterRule[], receives: boolean): void {
  const { options, negotiated, wire } = ctx;
  const texts = rulesForPeer(rules, {
    direction: receives ? 'pull' : 'push',
    protocol: negotiated.protocol,
    deleteExcluded: options.deleteExcluded,
  });
  if (!receives && options.deleteMode === 'none' && !options.pruneEmptyDirs) return;
  writeFilterList(wire.writer, texts);
  wire.flush();
}

/** Reads what the peer still says, waits for the remote command, and chooses the exit code (1.9 and 1.2). */
async function finish(
  ctx: RoleContext,
  link: Link,
  receives: boolean,
  started: number,
): Promise<SessionResult> {
  const { wire, stats } = ctx;
  wire.flush();
  link.end();
  link.stopTimer();
  const exit = await link.exit(EXIT_PATIENCE);
  // As rsync counts: without the handshake.
  stats.bytesSent = wire.bytesOut - ctx.startBytes.sent + (ctx.handover?.bytes ?? 0);
  stats.bytesReceived = wire.bytesIn - ctx.startBytes.received;
  stats.elapsed = performance.now() - started;
  const remote = exit?.code ?? (exit?.signal ? EXIT.CMD_KILLED : 0);
  const own = ctx.hadErrors ? EXIT.PARTIAL : 0;
  const status = receives ? Math.max(remote, own) : remote || own;
  const exitCode = status !== 0 ? status : ctx.exitCode;
  return { kind: 'transfer', exitCode, stats, negotiated: ctx.negotiated };
}
