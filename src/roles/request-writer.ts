import { DIGEST_LENGTH } from '../core/algorithms.ts';
import { type ByteString, fromText } from '../core/bytes.ts';
import { EMPTY_SUM_HEAD, type SumHead } from '../core/sum-head.ts';
import { Signer, sumHeadFor } from '../delta/signature.ts';
import { errnoText } from '../files/errors.ts';
import { FileSource } from '../files/reader.ts';
import type { InfoLevels } from '../options/info-levels.ts';
import { BASIS, ITEM, ITEM_UNREMARKABLE, type ItemHead, writeItemHead } from '../protocol/item.ts';
import { NDX_DONE, NdxWriter } from '../protocol/ndx.ts';
import { writeSumHead } from '../protocol/sum-head.ts';
import type { Basis, ReceivedList, ReceivingSide } from './receiving-side.ts';
import { strongContext } from './strong-context.ts';

/**
 * Writes what the generator asks and tells: docs/protocol/3-transfer.md, 1.1 (request), 2.3 and 3.7. The only writer
 * of the data stream of a receiving side.
 */
export class RequestWriter {
  private readonly side: ReceivingSide;
  private readonly ndx: NdxWriter;
  private readonly tellsAll: boolean;
  private readonly wholeFile: boolean;

  constructor(side: ReceivingSide, info: InfoLevels) {
    this.side = side;
    this.ndx = new NdxWriter(side.ctx.negotiated.protocol);
    this.tellsAll = info.NAME > 1 || side.ctx.options.itemize > 1;
    this.wholeFile = side.ctx.options.wholeFile === true || side.ctx.negotiated.transferChecksum === 'none';
  }

  /** An index without an item: the end of a list or phase, deletion statistics. */
  index(ndx: number): void {
    if (ndx === NDX_DONE) this.side.dones++;
    this.ndx.write(this.side.ctx.wire.writer, ndx);
  }

  /** An item without data, if it is worth sending. */
  report(
    held: ReceivedList,
    list: ReceivedList['list'],
    i: number,
    ndx: number,
    iflags: number,
    xname?: ByteString,
  ): void {
    const remarkable = (iflags & ~ITEM_UNREMARKABLE) !== 0 || (xname !== undefined && xname !== '');
    if (remarkable) this.write(held, list, i, ndx, iflags, xname);
    else this.reportUnchanged(held, list, i, ndx, iflags, xname);
  }

  /** An item that is as it was, somewhere: sent only to those who want to see all. */
  reportUnchanged(
    held: ReceivedList,
    list: ReceivedList['list'],
    i: number,
    ndx: number,
    iflags: number,
    xname?: ByteString,
  ): void {
    if (this.tellsAll) this.write(held, list, i, ndx, iflags, xname);
  }

  private write(
    held: ReceivedList,
    list: ReceivedList['list'],
    i: number,
    ndx: number,
    iflags: number,
    xname: ByteString | undefined,
  ): void {
    const { wire } = this.side.ctx;
    this.side.addRequest(ndx, { held, list, i, iflags, transfer: undefined });
    this.ndx.write(wire.writer, ndx);
    writeItemHead(wire.writer, { iflags, basisType: BASIS.DESTINATION, xname });
    wire.flushIfLarge();
  }

  /** Block sums are of use: files are not sent whole. */
  get sendsSums(): boolean {
    return !this.wholeFile;
  }

  /**
   * Asks for the data of a regular file.
   * @param iflags  without the bits that the basis brings
   * @param basis   undefined: there is no old content
   * @returns a promise only if there are sums to read, or the connection is full
   */
  transfer(
    held: ReceivedList,
    i: number,
    ndx: number,
    iflags: number,
    basis: Basis | undefined,
    redo: boolean,
  ): undefined | Promise<void> {
    const { ctx } = this.side;
    const { wire } = ctx;
    const append = ctx.options.append > 0 && !redo;
    let source: FileSource | undefined;
    const wantsSums = append || !this.wholeFile;
    if (basis !== undefined && wantsSums && !ctx.options.dryRun) source = this.openBasis(basis);
    let isRead = false;
    try {
      let head: SumHead = EMPTY_SUM_HEAD;
      if (source !== undefined && source.size > 0) {
        head = sumHeadFor({
          size: source.size,
          protocol: ctx.negotiated.protocol,
          blockSize: ctx.options.blockSize,
          digestLength: DIGEST_LENGTH[ctx.negotiated.transferChecksum],
          redo,
        });
      }
      const { count, blength, remainder } = head;
      const item = itemHead(iflags, basis);
      const transfer = { basis, append, count, blength, remainder, redo };
      this.side.addRequest(ndx, { held, list: held.list, i, iflags: item.iflags, transfer });
      if (!redo) held.open++;
      this.ndx.write(wire.writer, ndx);
      writeItemHead(wire.writer, item);
      if (!ctx.options.dryRun) writeSumHead(wire.writer, head);
      isRead = count > 0 && !append && !ctx.options.dryRun;
      return isRead ? this.writeSums(source!, head) : this.sent();
    } finally {
      if (!isRead) source?.close();
    }
  }

  /** A promise if the connection takes no more for now. */
  private sent(): undefined | Promise<void> {
    const { wire } = this.side.ctx;
    wire.flushIfLarge();
    return wire.isFull ? wire.drain() : undefined;
  }

  private openBasis({ root, name }: Basis): FileSource | undefined {
    try {
      return FileSource.open(root, name);
    } catch (error) {
      const text = fromText(errnoText(error));
      this.side.ctx.error(`rsync: [generator] failed to open "${root.display(name)}", continuing: ${text}`);
      return undefined;
    }
  }

  /** Closes the source. */
  private async writeSums(source: FileSource, head: SumHead): Promise<void> {
    const { wire, negotiated } = this.side.ctx;
    try {
      const signer = new Signer(head, strongContext(negotiated));
      for (;;) {
        const next = source.read();
        const chunk = next instanceof Promise ? await next : next;
        if (chunk === null) break;
        wire.writer.bytes(signer.push(chunk));
        wire.flushIfLarge();
        if (wire.isFull) await wire.drain();
      }
      wire.writer.bytes(signer.finish());
      await this.sent();
    } finally {
      source.close();
    }
  }
}

/** What tells the sender of a basis that is not the file itself. */
function itemHead(iflags: number, basis: Basis | undefined): ItemHead {
  const basisType = basis?.type ?? BASIS.DESTINATION;
  const xname = basis?.xname;
  let flags = iflags;
  if (basisType !== BASIS.DESTINATION) flags |= ITEM.BASIS_TYPE_FOLLOWS;
  if (xname !== undefined) flags |= ITEM.XNAME_FOLLOWS;
  return { iflags: flags, basisType, xname };
}

/** Convenience for flags that mean "the data is wanted". */
export function transferFlags(differences: number, isNew: boolean, checksum: boolean): number {
  return ITEM.TRANSFER | (isNew ? ITEM.IS_NEW : differences | (checksum ? ITEM.REPORT_CHANGE : 0));
}
