import { DIGEST_LENGTH } from '../core/algorithms.ts';
import { protocolError } from '../core/errors.ts';
import type { EntryDetails } from '../core/events.ts';
import type { SumHead } from '../core/sum-head.ts';
import { partialDirectory } from '../options/implied.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import { readDeleteStats, readStatistics } from '../protocol/goodbye.ts';
import { ITEM, type ItemHead, readItemHead } from '../protocol/item.ts';
import { NDX_DEL_STATS, NDX_DONE, NDX_FLIST_EOF, NDX_FLIST_OFFSET, NdxReader } from '../protocol/ndx.ts';
import type { Reader } from '../protocol/reader.ts';
import { readSumHead } from '../protocol/sum-head.ts';
import { Comparison } from './comparison.ts';
import { countKind, entryDetails } from './entry-details.ts';
import { checkEcho, FileReceiver, type Received } from './file-receiver.ts';
import type { Delayed } from './file-target.ts';
import type { ReceivingSide, Request } from './receiving-side.ts';

/**
 * The reading half of the receiving side: further lists, replies, phase ends, statistics. Pairs replies with requests
 * by index; nothing is applied that was not asked for (docs/protocol/3-transfer.md, 2.4).
 */
export class Receiver {
  private readonly side: ReceivingSide;
  private readonly ndx: NdxReader;
  private readonly files: FileReceiver;
  private readonly digestLength: number;
  private readonly readNdx = (r: Reader): number => this.ndx.read(r);
  private readonly readHead = (r: Reader): SumHead =>
    readSumHead(r, this.side.ctx.negotiated.protocol, this.digestLength);

  constructor(side: ReceivingSide) {
    this.side = side;
    this.ndx = new NdxReader(side.ctx.negotiated.protocol);
    this.files = new FileReceiver(side, new Comparison(side.ctx, side.ids));
    this.digestLength = DIGEST_LENGTH[side.ctx.negotiated.transferChecksum];
  }

  /** With a single entry in the first list: reads on until it is known whether there are more. */
  async readUntilMore(): Promise<void> {
    const { side } = this;
    while (!side.complete && side.known === 1) {
      const ndx = await side.ctx.wire.read(this.readNdx);
      if (!(await this.list(ndx))) throw protocolError(`index ${ndx} before the second file list`);
    }
  }

  async run(): Promise<void> {
    const { side } = this;
    const { ctx } = side;
    const last = ctx.negotiated.hasDeleteStats ? 4 : 3;
    while (side.echoes < last) {
      const ndx = ctx.wire.readNow(this.readNdx) ?? (await ctx.wire.read(this.readNdx));
      if (ndx >= 0) await this.reply(ndx);
      else if (ndx === NDX_DONE) await this.done();
      else if (ndx === NDX_DEL_STATS && ctx.negotiated.hasDeleteStats) await ctx.wire.read(readDeleteStats);
      else if (!(await this.list(ndx))) throw protocolError(`unexpected index ${ndx} from the sender`);
    }
  }

  /** A sub-list or the end of them; false for anything else. */
  private async list(ndx: number): Promise<boolean> {
    if (ndx === NDX_FLIST_EOF) this.side.endOfLists();
    else if (ndx <= NDX_FLIST_OFFSET) await this.side.receiveSubList(NDX_FLIST_OFFSET - ndx);
    else return false;
    return true;
  }

  private async done(): Promise<void> {
    const { side } = this;
    const { ctx } = side;
    if (++side.donesReceived > side.dones) throw protocolError('the sender ended a phase that is under way');
    if (ctx.negotiated.incRecurse && side.lists.length > 0) {
      const oldest = side.lists[0]!;
      if (!oldest.closed) throw protocolError('the sender closed a file list that is in use');
      side.lists.shift();
      if (side.lists.length > 0) return;
    }
    // Before anybody is told that the second phase is over.
    if (side.echoes === 1) await this.files.placeDelayed();
    side.echoes++;
    if (side.echoes <= 2) this.unanswered();
    if (side.echoes === 3 && !ctx.isServer) {
      const statistics = await ctx.wire.read((r) => readStatistics(r, ctx.negotiated.protocol));
      ctx.stats.fileListBuildTime = statistics.fileListBuildTime;
      ctx.stats.fileListTransferTime = statistics.fileListTransferTime;
    }
    side.progress.notify();
  }

  private async reply(ndx: number): Promise<void> {
    const { side } = this;
    const { ctx } = side;
    const head = ctx.wire.readNow(readItemHead) ?? (await ctx.wire.read(readItemHead));
    if (ctx.negotiated.protocol < 30 && ndx === side.known && head.iflags === ITEM.IS_NEW) return;
    const isTransfer = (head.iflags & ITEM.TRANSFER) !== 0;
    if (isTransfer && side.echoes >= 2) throw protocolError(`got a transfer reply in phase ${side.echoes}`);
    const request = side.takeRequest(ndx, isTransfer);
    if (isTransfer) await this.transfer(ndx, head, request);
    else this.tell(head, request, entryDetails(request.list, request.i, ctx.options));
  }

  private tell(head: ItemHead, request: Request, entry: EntryDetails): void {
    const { ctx } = this.side;
    if (head.iflags & ITEM.IS_NEW && request.transfer?.redo !== true)
      countKind(ctx.stats.created, entry.mode);
    ctx.emit({ type: 'item', stage: 'start', iflags: head.iflags, entry, xname: head.xname });
  }

  private async transfer(ndx: number, head: ItemHead, request: Request): Promise<void> {
    const { side } = this;
    const { ctx } = side;
    const { wire, stats, options } = ctx;
    const { list, i, held } = request;
    const asked = request.transfer!;
    stats.transferredFiles++;
    stats.transferredSize += list.size(i);
    const before = wire.bytesIn - wire.reader.remaining;
    const entry = entryDetails(list, i, options);
    this.tell(head, request, entry);
    if (options.dryRun) {
      side.settle(held);
      return;
    }
    const sumHead = wire.readNow(this.readHead) ?? (await wire.read(this.readHead));
    checkEcho(asked, sumHead);
    const received = await this.files.receive(request, sumHead, {
      handed: ctx.handover?.taken(ndx),
      progress: (done) => this.progress(request, done, false),
      whenDelayed: this.whenDelayed(ndx, request),
    });

    const bytes = { data: wire.bytesIn - wire.reader.remaining - before, sums: 0 };
    if (options.progress) this.progress(request, list.size(i), true);
    ctx.emit({
      type: 'item',
      stage: 'end',
      iflags: head.iflags,
      entry,
      xname: head.xname,
      bytes,
      digest: received.digest,
    });
    this.settle(ndx, request, received);
  }

  private settle(ndx: number, request: Request, received: Received): void {
    const { side } = this;
    const { ctx } = side;
    const { held, list, i } = request;
    const name = side.localName(list, i);
    const group = ctx.options.hardLinks ? list.hlink(i) : -1;
    if (received.outcome === 'mismatch') {
      const fate = fateOfMismatch(ctx.options);
      if (!request.transfer!.redo) {
        ctx.warning(`WARNING: ${name} failed verification -- update ${fate} (will try again).`);
        side.redo.push({ ndx, held, i });
        side.progress.notify();
        return;
      }
      ctx.error(`ERROR: ${name} failed verification -- update ${fate}.`);
    }
    if (received.outcome === 'done') this.arrived(ndx, request);
    else if (received.outcome !== 'delayed' && group >= 0) side.links.failed(group);
    side.settle(held);
  }

  private arrived(ndx: number, { list, i }: Request): void {
    const { ctx, links } = this.side;
    ctx.tellSuccess(ndx, true);
    const group = ctx.options.hardLinks ? list.hlink(i) : -1;
    if (group >= 0) links.arrived(group, this.side.localName(list, i));
  }

  private whenDelayed(ndx: number, request: Request): Delayed {
    return {
      arrived: () => this.arrived(ndx, request),
      failed: () => {
        const group = this.side.ctx.options.hardLinks ? request.list.hlink(request.i) : -1;
        if (group >= 0) this.side.links.failed(group);
      },
    };
  }

  /**
   * What is open when a phase ends never comes. Protocol 29 has no other way to tell of a file that the sender has
   * not got; later ones have MSG_NO_SEND, so that silence is a fault.
   */
  private unanswered(): void {
    for (const [ndx, requests] of [...this.side.requests]) {
      for (const request of requests) {
        if (request.transfer === undefined) continue;
        if (this.side.ctx.negotiated.protocol >= 30)
          throw protocolError(`the sender ended a phase without an answer for index ${ndx}`);
        this.notSent(ndx);
      }
    }
  }

  /** MSG_NO_SEND: the sender has not got it. */
  notSent(ndx: number): void {
    const { side } = this;
    const request = side.takeRequest(ndx, true);
    const group = side.ctx.options.hardLinks ? request.list.hlink(request.i) : -1;
    if (group >= 0) side.links.failed(group);
    side.settle(request.held);
  }

  private progress(request: Request, done: number, last: boolean): void {
    const { side } = this;
    const { ctx } = side;
    if (!ctx.options.progress) return;
    const { list, i, held } = request;
    ctx.emit({
      type: 'progress',
      name: list.name(i),
      done,
      size: list.size(i),
      last,
      transfers: ctx.stats.transferredFiles,
      left: side.known - 1 - held.before - list.position(i),
      known: side.known,
      growing: !side.complete,
    });
  }
}

/** What is said of content that came out wrong. */
function fateOfMismatch(options: TransferOptions): string {
  if (partialDirectory(options) !== undefined) return 'put into partial-dir';
  return options.inplace || options.partial ? 'retained' : 'discarded';
}
