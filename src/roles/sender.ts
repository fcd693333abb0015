import { DIGEST_LENGTH } from '../core/algorithms.ts';
import { protocolError } from '../core/errors.ts';
import type { EntryDetails } from '../core/events.ts';
import { isRegular } from '../core/mode.ts';
import { coveredLength, type SumHead } from '../core/sum-head.ts';
import { readDeleteStats, writeDeleteStats, writeStatistics } from '../protocol/goodbye.ts';
import { BASIS, ITEM, type ItemHead, readItemHead, writeItemHead } from '../protocol/item.ts';
import { intPayload, MSG } from '../protocol/mux.ts';
import { NDX_DEL_STATS, NDX_DONE, NdxReader, NdxWriter } from '../protocol/ndx.ts';
import type { Reader } from '../protocol/reader.ts';
import { readSumHead, writeSumHead } from '../protocol/sum-head.ts';
import type { RoleContext } from './context.ts';
import { countKind, entryDetails } from './entry-details.ts';
import { FileSender } from './file-sender.ts';
import type { ListBuilder } from './list-builder.ts';
import { ListSender } from './list-sender.ts';
import { isDotDir, type Origin } from './source.ts';
import { SourceRemoval } from './source-removal.ts';
import type { SourcedList, SourcedRef } from './sourced-list.ts';

/** Entries that should exist beyond the list being worked on, docs/protocol/2-file-list.md, 5.2. */
const LOOK_AHEAD = 1000;
/** How far the lists may run ahead while there is nothing else to do. */
const IDLE_LOOK_AHEAD = 10_000;
const NO_SUMS = new Uint8Array(0);
/** At protocol 29 an index one past the list with these flags is an old keep-alive. */
const OLD_KEEP_ALIVE = ITEM.IS_NEW;

/** A list whose entries may still be asked for. */
interface HeldList extends SourcedList {
  /** Entries of all lists before this one. */
  readonly before: number;
}

interface Found {
  held: HeldList;
  /** Wire position. */
  i: number;
}

/**
 * The sending side, docs/protocol/3-transfer.md, 1.3 ("Sender program") and 2.5: sends the file lists, answers
 * requests strictly in their order, echoes phases.
 */
export class Sender {
  private readonly ctx: RoleContext;
  private readonly origins: readonly Origin[];
  private readonly lists: ListSender;
  private readonly ndxOut: NdxWriter;
  private readonly ndxIn: NdxReader;
  private readonly held: HeldList[] = [];
  private readonly files: FileSender;
  private readonly removal: SourceRemoval;
  private readonly digestLength: number;
  private readonly readNdx = (r: Reader): number => this.ndxIn.read(r);
  private readonly readHead = (r: Reader): SumHead =>
    readSumHead(r, this.ctx.negotiated.protocol, this.digestLength);
  /** Directories by the index that stands for them, with incremental recursion: their own list's start - 1. */
  private readonly directories = new Map<number, SourcedRef>();
  private readonly transferred = new Set<number>();
  /** Entries sent so far, and those up to and including the list that the last index was in. */
  private known = 0;
  private reached = 0;
  private phase = 0;
  private sentIoError = 0;
  private bytesBefore = 0;

  constructor(ctx: RoleContext, origins: readonly Origin[], builder: ListBuilder) {
    this.ctx = ctx;
    this.origins = origins;
    this.ndxOut = new NdxWriter(ctx.negotiated.protocol);
    this.ndxIn = new NdxReader(ctx.negotiated.protocol);
    this.lists = new ListSender(ctx, builder, origins, this.ndxOut);
    this.digestLength = DIGEST_LENGTH[ctx.negotiated.transferChecksum];
    this.files = new FileSender(ctx);
    this.removal = new SourceRemoval(ctx);
    if (this.removal.isWanted) ctx.onSuccess = (ndx) => this.removeSource(ndx);
  }

  /** Runs to the goodbye. Throws what ends the run: a broken connection, a peer that breaks the protocol. */
  async run(): Promise<void> {
    const { ctx } = this;
    const direction = 'send';
    const incremental = ctx.negotiated.incRecurse;
    ctx.emit({ type: 'flist', stage: 'start', direction, incremental, count: 0 });
    const first = await this.lists.sendFirst();
    this.hold(first);
    this.sentIoError = ctx.ioError;
    if (first.list.count === 1) await this.sendUntilMore();
    ctx.emit({ type: 'flist', stage: 'end', direction, incremental, count: this.known });
    ctx.wire.flush();
    if (first.list.count === 0 && ctx.isServer) return;
    while (this.phase <= 2) await this.step();
    if (ctx.options.verbose > 1) {
      const { matches, hashHits, falseAlarms } = this.files.search;
      const counts = `matches=${matches}  hash_hits=${hashHits}  false_alarms=${falseAlarms}`;
      ctx.info(`total: ${counts} data=${ctx.stats.literalData}`);
    }
    await this.finish();
  }

  /** One index and what belongs to it. However many there are, no answer is written to who takes none. */
  private async step(): Promise<void> {
    const { wire } = this.ctx;
    const ndx = this.indexAtHand() ?? (await this.nextIndex());
    if (ndx === NDX_DONE) this.done();
    else if (ndx === NDX_DEL_STATS && this.ctx.negotiated.hasDeleteStats) await this.deleteStats();
    else await this.item(ndx);
    wire.flushIfLarge();
    if (wire.isFull) await wire.drain();
  }

  private async item(ndx: number): Promise<void> {
    if (ndx < 0) throw protocolError(`unexpected index ${ndx} from the generator`);
    const { wire } = this.ctx;
    const head = wire.readNow(readItemHead) ?? (await wire.read(readItemHead));
    if (this.isOldKeepAlive(ndx, head)) return;
    this.bytesBefore = this.ctx.wire.bytesOut + this.ctx.wire.writer.length;
    if (head.iflags & ITEM.TRANSFER) await this.transfer(ndx, head);
    else this.echo(ndx, head);
  }

  /** The next index, if it has come and there is no list to be sent before. */
  private indexAtHand(): number | undefined {
    return this.lists.hasNext && this.ahead < LOOK_AHEAD ? undefined : this.ctx.wire.readNow(this.readNdx);
  }

  /** The next index; until it comes, lists are sent ahead. */
  private async nextIndex(): Promise<number> {
    const { wire } = this.ctx;
    let worked = performance.now();
    while (this.lists.hasNext && this.ahead < LOOK_AHEAD) await this.sendNext();
    for (;;) {
      const ndx = wire.readNow(this.readNdx);
      if (ndx !== undefined) return ndx;
      if (this.lists.hasNext && this.ahead < IDLE_LOOK_AHEAD) {
        await this.sendNext();
        // Scanning is synchronous: let bytes come and go between lists.
        if (performance.now() - worked > 10) {
          wire.flush();
          await new Promise(setImmediate);
          worked = performance.now();
        }
        continue;
      }
      wire.flush();
      await wire.more();
    }
  }

  /**
   * Entries sent beyond the list being worked on. The oldest list held is: a receiving side closes a list only when
   * it has a later one, so a list longer than any look-ahead must not keep the next one back.
   */
  private get ahead(): number {
    const oldest = this.held[0];
    const begun = oldest === undefined ? 0 : oldest.before + oldest.list.count;
    return this.known - Math.max(this.reached, begun);
  }

  private async sendNext(): Promise<void> {
    const { wire } = this.ctx;
    const next = await this.lists.sendNext();
    if (next !== undefined) this.hold(next);
    wire.flushIfLarge();
    if (wire.isFull) await wire.drain();
  }

  /** With a single entry in the first list the receiver waits for one more list, or for the end mark. */
  private async sendUntilMore(): Promise<void> {
    while (this.lists.hasNext && this.known === 1) await this.sendNext();
  }

  private hold(sourced: SourcedList): void {
    const held: HeldList = Object.assign(sourced, { before: this.known });
    this.held.push(held);
    this.known += sourced.list.count;
    const { list } = sourced;
    if (!this.ctx.negotiated.incRecurse) return;
    // The number before a list's first stands for its directory; the list that has its entry may be closed earlier.
    let directory = sourced.directory;
    if (directory === undefined && list.count > 0 && isDotDir(list.name(list.at(0))))
      directory = this.ref(held, list.at(0));
    if (directory !== undefined) this.directories.set(list.ndxStart - 1, directory);
  }

  private find(ndx: number): Found | undefined {
    for (const held of this.held) {
      const position = ndx - held.list.ndxStart;
      if (position >= 0 && position < held.list.count) return { held, i: held.list.at(position) };
    }
    return undefined;
  }

  private ref(held: HeldList, i: number): SourcedRef {
    return { list: held.list, i, origin: held.origin(i) };
  }

  private details({ list, i, origin }: SourcedRef): EntryDetails {
    const { given } = this.origins[origin]!;
    const details = entryDetails(list, i, this.ctx.options);
    return given === undefined ? details : { ...details, given };
  }

  /** MSG_SUCCESS: the receiving side has it. */
  private removeSource(ndx: number): void {
    const found = this.find(ndx);
    if (found === undefined) throw protocolError(`success for index ${ndx}, which is in no list`);
    this.removal.remove(ndx, this.origins[found.held.origin(found.i)]!, found.held.list, found.i);
  }

  private isOldKeepAlive(ndx: number, head: ItemHead): boolean {
    if (this.ctx.negotiated.protocol >= 30) return false;
    return ndx === this.known && head.iflags === OLD_KEEP_ALIVE;
  }

  /** An item without data: read, told, sent back unchanged. */
  private echo(ndx: number, head: ItemHead): void {
    const found = this.find(ndx);
    const ref = found === undefined ? this.directories.get(ndx) : this.ref(found.held, found.i);
    if (ref === undefined) throw protocolError(`item index ${ndx} is in no list`);
    if (found !== undefined) this.reached = found.held.before + found.held.list.count;
    this.tell(head, this.details(ref));
    this.ndxOut.write(this.ctx.wire.writer, ndx);
    writeItemHead(this.ctx.wire.writer, head);
  }

  private tell(head: ItemHead, entry: EntryDetails): void {
    if (head.iflags & ITEM.IS_NEW) countKind(this.ctx.stats.created, entry.mode);
    this.ctx.emit({ type: 'item', stage: 'start', iflags: head.iflags, entry, xname: head.xname });
  }

  private async transfer(ndx: number, head: ItemHead): Promise<void> {
    const { ctx } = this;
    const found = this.find(ndx);
    if (found === undefined) throw protocolError(`transfer index ${ndx} is in no list`);
    const { list } = found.held;
    if (!isRegular(list.mode(found.i)))
      throw protocolError(`received request to transfer non-regular file: ${ndx}`);
    if (this.phase >= 2) throw protocolError(`got transfer request in phase ${this.phase}`);
    this.reached = found.held.before + list.count;
    const entry = this.details(this.ref(found.held, found.i));
    const again = this.transferred.has(ndx);
    ctx.stats.transferredFiles++;
    ctx.stats.transferredSize += entry.size;
    if (ctx.options.dryRun) {
      this.tell(head, entry);
      this.ndxOut.write(ctx.wire.writer, ndx);
      writeItemHead(ctx.wire.writer, head);
      return;
    }
    const sumHead = ctx.wire.readNow(this.readHead) ?? (await ctx.wire.read(this.readHead));
    const appends = ctx.options.append > 0 && !again;
    const sums = appends || sumHead.count === 0 ? NO_SUMS : await this.files.readSums(sumHead);
    const origin = this.origins[found.held.origin(found.i)]!;
    const kept = appends ? coveredLength(sumHead) : 0;
    const isHeldBack = ctx.guard?.maySend?.(entry.name) === false;
    const source = isHeldBack ? undefined : this.files.open(origin, entry.name, kept);
    if (source === undefined) {
      ctx.stats.transferredFiles--;
      ctx.stats.transferredSize -= entry.size;
      if (ctx.negotiated.protocol >= 30) ctx.wire.sendMessage(MSG.NO_SEND, intPayload(ndx));
      return;
    }
    try {
      if (again) ctx.emit({ type: 'item', stage: 'start', iflags: head.iflags, entry, xname: head.xname });
      else this.tell(head, entry);
      this.transferred.add(ndx);
      const w = ctx.wire.writer;
      this.ndxOut.write(w, ndx);
      writeItemHead(w, head);
      // Generators of 3.2.0 to 3.4.1 ask for 16 bytes of 8-byte digests; their receiving half wants 8 back.
      writeSumHead(w, { ...sumHead, s2length: Math.min(sumHead.s2length, Math.max(this.digestLength, 2)) });
      const digest = await this.files.send(
        ndx,
        source,
        { head: sumHead, sums, inplace: this.isInplace(head), kept },
        origin.display(entry.name),
        (done) => this.progress(found, done, source.size, false),
      );
      this.progress(found, source.size, source.size, true);
      ctx.wire.writer.bytes(digest);
      const data = ctx.wire.bytesOut + ctx.wire.writer.length - this.bytesBefore;
      const bytes = { data, sums: 16 + sums.length };
      ctx.emit({ type: 'item', stage: 'end', iflags: head.iflags, entry, xname: head.xname, bytes, digest });
    } finally {
      source.close();
    }
  }

  /** Blocks lie in the file that is written: what has been written over may not be referred to. */
  private isInplace({ basisType }: ItemHead): boolean {
    const { options, negotiated } = this.ctx;
    if (basisType === BASIS.DESTINATION) return options.inplace;
    return basisType === BASIS.PARTIAL_DIR && negotiated.updatesPartialInPlace;
  }

  private progress(found: Found, done: number, size: number, last: boolean): void {
    if (!this.ctx.options.progress) return;
    const { list } = found.held;
    this.ctx.emit({
      type: 'progress',
      name: list.name(found.i),
      done,
      size,
      last,
      transfers: this.ctx.stats.transferredFiles,
      left: this.known - 1 - found.held.before - list.position(found.i),
      known: this.known,
      growing: this.lists.hasNext,
    });
  }

  /** A DONE: a list is closed, or a phase ends. */
  private done(): void {
    const { ctx } = this;
    if (ctx.negotiated.incRecurse && this.held.length > 1) {
      const closed = this.held.shift()!;
      this.directories.delete(closed.list.ndxStart - 1);
      this.ndxOut.write(ctx.wire.writer, NDX_DONE);
      return;
    }
    if (this.lists.hasNext) throw protocolError('the phase was ended before the last file list');
    this.phase++;
    if (this.phase > 2) return;
    this.ndxOut.write(ctx.wire.writer, NDX_DONE);
  }

  private async deleteStats(): Promise<void> {
    const { ctx } = this;
    const counts = await ctx.wire.read(readDeleteStats);
    ctx.stats.deleted = counts;
    if (!ctx.isServer) return;
    this.ndxOut.write(ctx.wire.writer, NDX_DEL_STATS);
    writeDeleteStats(ctx.wire.writer, counts);
  }

  /** From the third DONE to the goodbye. */
  private async finish(): Promise<void> {
    const { ctx } = this;
    const { wire, negotiated } = ctx;
    ctx.onGoodbye();
    if (negotiated.protocol >= 30 && ctx.ioError !== this.sentIoError) {
      wire.sendMessage(MSG.IO_ERROR, intPayload(ctx.ioError));
    }
    this.ndxOut.write(wire.writer, NDX_DONE);
    if (ctx.isServer) {
      writeStatistics(wire.writer, negotiated.protocol, {
        bytesRead: wire.bytesIn - ctx.startBytes.received,
        bytesWritten: wire.bytesOut - ctx.startBytes.sent,
        totalSize: ctx.stats.totalSize,
        fileListBuildTime: ctx.stats.fileListBuildTime,
        fileListTransferTime: ctx.stats.fileListTransferTime,
      });
    }
    wire.flush();
    if (negotiated.hasDeleteStats) {
      await this.goodbyeDone();
      this.ndxOut.write(wire.writer, NDX_DONE);
      wire.flush();
    }
    await this.goodbyeDone();
  }

  private async goodbyeDone(): Promise<void> {
    const { ctx } = this;
    for (;;) {
      ctx.wire.flush();
      const ndx = await ctx.wire.read(this.readNdx);
      if (ndx === NDX_DONE) return this.removal.finish();
      if (ndx === NDX_DEL_STATS && ctx.negotiated.hasDeleteStats) {
        await this.deleteStats();
        ctx.wire.flush();
        if (ctx.wire.isFull) await ctx.wire.drain();
        continue;
      }
      if (ctx.negotiated.protocol < 30 && ndx === this.known) {
        const head = await ctx.wire.read(readItemHead);
        if (head.iflags === OLD_KEEP_ALIVE) continue;
      }
      throw protocolError(`unexpected index ${ndx} during the goodbye`);
    }
  }
}
