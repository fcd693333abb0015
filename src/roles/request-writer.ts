import { DIGEST_LENGTH } from '../core/algorithms.ts';
import { type ByteString, fromText } from '../core/bytes.ts';
import { EMPTY_SUM_HEAD, type SumHead } from '../core/sum-head.ts';
import { Signer, sumHeadFor } from '../delta/signature.ts';
import { errnoText } from '../files/errors.ts';
import { FileSource } from '../files/reader.ts';
import type { InfoLevels } from '../options/info-levels.ts';
import { BASIS, ITEM, ITEM_UNREMARKABLE, writeItemHead } from '../protocol/item.ts';
import { NDX_DONE, NdxWriter } from '../protocol/ndx.ts';
import { writeSumHead } from '../protocol/sum-head.ts';
import type { ReceivedList, ReceivingSide } from './receiving-side.ts';
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
    if (!remarkable && !this.tellsAll) return;
    const { wire } = this.side.ctx;
    this.side.addRequest(ndx, { held, list, i, iflags, transfer: undefined });
    this.ndx.write(wire.writer, ndx);
    writeItemHead(wire.writer, { iflags, basisType: BASIS.DESTINATION, xname });
    wire.flushIfLarge();
  }

  /**
   * Asks for the data of a regular file.
   * @param basis  local name of the old content; undefined: there is none
   */
  async transfer(
    held: ReceivedList,
    i: number,
    ndx: number,
    iflags: number,
    basis: ByteString | undefined,
    redo: boolean,
  ): Promise<void> {
    const { ctx } = this.side;
    const { wire } = ctx;
    let source: FileSource | undefined;
    if (basis !== undefined && !this.wholeFile && !ctx.options.dryRun) source = this.openBasis(basis);
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
      const transfer = { count: head.count, blength: head.blength, remainder: head.remainder, redo };
      this.side.addRequest(ndx, { held, list: held.list, i, iflags, transfer });
      if (!redo) held.open++;
      this.ndx.write(wire.writer, ndx);
      writeItemHead(wire.writer, { iflags, basisType: BASIS.DESTINATION, xname: undefined });
      if (!ctx.options.dryRun) {
        writeSumHead(wire.writer, head);
        if (head.count > 0) await this.writeSums(source!, head);
      }
      wire.flushIfLarge();
      if (wire.isFull) await wire.drain();
    } finally {
      source?.close();
    }
  }

  private openBasis(name: ByteString): FileSource | undefined {
    const root = this.side.root;
    if (root === undefined) return undefined;
    try {
      return FileSource.open(root, name);
    } catch (error) {
      const text = fromText(errnoText(error));
      this.side.ctx.error(`rsync: [generator] failed to open "${root.display(name)}", continuing: ${text}`);
      return undefined;
    }
  }

  private async writeSums(source: FileSource, head: SumHead): Promise<void> {
    const { wire, negotiated } = this.side.ctx;
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
  }
}

/** Convenience for flags that mean "the data is wanted". */
export function transferFlags(differences: number, isNew: boolean, checksum: boolean): number {
  return ITEM.TRANSFER | (isNew ? ITEM.IS_NEW : differences | (checksum ? ITEM.REPORT_CHANGE : 0));
}
