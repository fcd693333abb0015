import type { ChecksumName } from '../core/algorithms.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import type { EventSink, TransferStats } from '../core/events.ts';
import { loadHashes } from '../delta/hashes.ts';
import { FilterSet } from '../filter/filter-list.ts';
import type { FilterRule } from '../filter/rule.ts';
import { rulesForPeer } from '../filter/wire.ts';
import { parseChecksumChoice, parseCompressChoice } from '../options/choices.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import { writeFilterList } from '../protocol/filter-list.ts';
import { clientHandshake, type HandshakeTerms } from '../protocol/handshake.ts';
import type { Negotiated } from '../protocol/negotiated.ts';
import { capabilityText } from '../protocol/server-args.ts';
import { availableCompressors } from '../protocol/token.ts';
import { IOERR, RoleContext } from '../roles/context.ts';
import { ListBuilder } from '../roles/list-builder.ts';
import { Sender } from '../roles/sender.ts';
import type { Channel } from '../transport/channel.ts';
import { Link } from './link.ts';
import { announceFailure, handleMessages } from './messages.ts';
import { runReceivingSide } from './receiving.ts';
import { closeSources, openSources } from './sources.ts';

/**
 * Digests, most preferred first, by speed in Node 20 (bench/): the 128-bit one is as quick as the others, so nothing
 * is gained by a shorter one.
 */
export const CHECKSUMS: readonly ChecksumName[] = ['xxh128', 'xxh3', 'xxh64', 'md5', 'sha1', 'md4'];

/** How long the remote command may take to end after the goodbye. */
const EXIT_PATIENCE = 10_000;

export interface ClientSessionInit {
  channel: Channel;
  options: TransferOptions;
  direction: 'pull' | 'push' | 'list';
  remotePaths: readonly string[];
  localPaths: readonly string[];
  /** Filter rules in order, as the user gave them. */
  rules: readonly FilterRule[];
  emit: EventSink;
  signal?: AbortSignal | undefined;
}

export interface SessionResult {
  /** 0, or what a run that reached its end ends with. */
  exitCode: number;
  stats: TransferStats;
  negotiated: Negotiated;
}

/** What to offer in the handshake, from the options. */
export function handshakeTerms(options: TransferOptions, capabilities: string): HandshakeTerms {
  const checksum =
    options.checksumChoice === undefined ? undefined : parseChecksumChoice(options.checksumChoice);
  const explicit =
    checksum !== undefined && (checksum.transfer !== undefined || checksum.preTransfer !== undefined);
  return {
    protocol: options.protocol,
    capabilities,
    checksumChoice: explicit ? [checksum.transfer, checksum.preTransfer] : undefined,
    checksums: CHECKSUMS,
    compress: options.compress,
    compressChoice:
      options.compressChoice === undefined ? undefined : parseCompressChoice(options.compressChoice),
    compressors: availableCompressors(),
  };
}

/**
 * One transfer from handshake to goodbye, as the client.
 * @throws RsyncError for whatever ends the run early; failures of single files are told as events and by `exitCode`
 */
export async function runClientSession(init: ClientSessionInit): Promise<SessionResult> {
  const { channel, options, signal } = init;
  const started = performance.now();
  const receives = init.direction !== 'push';
  const link = new Link(channel, {
    bwlimit: options.bwlimit,
    timeout: options.timeout,
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
    await loadHashes();
    const capabilities = capabilityText(options, receives ? 'sender' : 'receiver');
    const negotiated = await clientHandshake(wire, handshakeTerms(options, capabilities));
    wire.frameInput(negotiated.protocol);
    if (negotiated.framesClient) wire.frameOutput();
    ctx = new RoleContext({ wire, negotiated, options, isServer: false, emit: init.emit });
    init.emit({
      type: 'negotiated',
      protocol: negotiated.protocol,
      checksum: negotiated.transferChecksum,
      compressor: negotiated.compressor,
      incremental: negotiated.incRecurse,
      setsSymlinkTimes: negotiated.setsSymlinkTimes || receives,
    });
    sendRules(ctx, init, receives);
    if (receives) {
      const destination = init.direction === 'list' ? undefined : init.localPaths[0];
      await runReceivingSide(ctx, { link, destination, rules: init.rules, requested: init.remotePaths });
    } else {
      await runSendingSide(ctx, link, init);
    }
    return await finish(ctx, link, receives, started);
  } catch (error) {
    const explained = await link.explain(error);
    if (ctx !== undefined) announceFailure(ctx, explained);
    throw explained;
  } finally {
    signal?.removeEventListener('abort', abort);
    link.close();
  }
}

/** The filter list: always on a pull; on a push only where the server deletes (docs/protocol/1-session.md, 1.1). */
function sendRules(ctx: RoleContext, init: ClientSessionInit, receives: boolean): void {
  const { options, negotiated, wire } = ctx;
  const texts = rulesForPeer(init.rules, {
    direction: receives ? 'pull' : 'push',
    protocol: negotiated.protocol,
    deleteExcluded: options.deleteExcluded,
  });
  if (!receives && options.deleteMode === 'none') return;
  writeFilterList(wire.writer, texts);
  wire.flush();
}

async function runSendingSide(ctx: RoleContext, link: Link, init: ClientSessionInit): Promise<void> {
  const sources = openSources(ctx, init.localPaths);
  try {
    const filters = sources.map(
      ({ root }) => new FilterSet(init.rules, { side: 'sender', rootPath: root.path }),
    );
    const builder = new ListBuilder(ctx, sources, (name, isDir, origin) =>
      filters[origin]!.isExcluded(name, isDir),
    );
    handleMessages(ctx, link, undefined);
    link.mayKeepAlive = true;
    await new Sender(ctx, sources, builder).run();
  } finally {
    closeSources(sources);
  }
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
  stats.bytesSent = wire.bytesOut;
  stats.bytesReceived = wire.bytesIn;
  stats.elapsed = performance.now() - started;
  const remote = exit?.code ?? (exit?.signal ? EXIT.CMD_KILLED : 0);
  const own = ctx.hadErrors ? EXIT.PARTIAL : 0;
  const status = receives ? Math.max(remote, own) : remote || own;
  return { exitCode: status !== 0 ? status : flagsCode(ctx), stats, negotiated: ctx.negotiated };
}

/** The code that the collected flags mean; later ones win. */
function flagsCode(ctx: RoleContext): number {
  if (ctx.ioError & IOERR.GENERAL) return EXIT.PARTIAL;
  if (ctx.ioError & IOERR.VANISHED) return EXIT.VANISHED;
  if (ctx.ioError & IOERR.DEL_LIMIT || ctx.skippedDeletions > 0) return EXIT.DEL_LIMIT;
  return EXIT.OK;
}
