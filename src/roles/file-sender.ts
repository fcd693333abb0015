import { DIGEST_LENGTH } from '../core/algorithms.ts';
import { type ByteString, fromText } from '../core/bytes.ts';
import { EXIT, protocolError, RsyncError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { SumHead } from '../core/sum-head.ts';
import { Matcher, SumTable, type TokenSink } from '../delta/match.ts';
import { fileSum, type StrongContext } from '../delta/strong.ts';
import { errnoText } from '../files/errors.ts';
import { FileSource } from '../files/reader.ts';
import { createTokenWriter, type TokenWriter } from '../protocol/token.ts';
import { IOERR, type RoleContext } from './context.ts';
import type { Origin } from './source.ts';
import { strongContext } from './strong-context.ts';

/** Block sums as asked with, and whether the blocks lie in the very file that is written. */
export interface Basis {
  head: SumHead;
  sums: Uint8Array;
  inplace: boolean;
  /** Bytes at its start that the receiver has and keeps (`--append`): there are no sums then. */
  kept: number;
}

/** Sends the content of files as tokens: docs/protocol/3-transfer.md, 6 to 8. */
export class FileSender {
  /** Figures of the search over all files. */
  readonly search = { matches: 0, hashHits: 0, falseAlarms: 0 };
  private readonly ctx: RoleContext;
  private readonly tokens: TokenWriter;
  private readonly strong: StrongContext;

  constructor(ctx: RoleContext) {
    this.ctx = ctx;
    this.strong = strongContext(ctx.negotiated);
    this.tokens = createTokenWriter({
      compressor: ctx.negotiated.compressor,
      level: ctx.options.compressLevel,
      protocol: ctx.negotiated.protocol,
    });
  }

  /** Storage grows with the bytes that come: a forged count allocates nothing. */
  async readSums(head: SumHead): Promise<Uint8Array> {
    const { wire } = this.ctx;
    const total = head.count * (4 + head.s2length);
    if (total > LIMITS.BLOCK_SUM_BYTES) throw protocolError(`block sums of ${total} bytes`, EXIT.MALLOC);
    let sums = new Uint8Array(Math.min(total, 1 << 16));
    let length = 0;
    while (length < total) {
      const take = Math.min(total - length, wire.reader.remaining);
      if (take === 0) {
        await wire.more();
        continue;
      }
      if (length + take > sums.length) {
        const grown = new Uint8Array(Math.min(total, Math.max(sums.length * 2, length + take)));
        grown.set(sums.subarray(0, length));
        sums = grown;
      }
      sums.set(wire.reader.view(take), length);
      length += take;
    }
    return sums;
  }

  /**
   * Opens a source; on failure reports it, sets the I/O error, and returns undefined.
   * @param least  bytes that it must have: it is going to be continued there
   */
  open(origin: Origin, name: ByteString, least: number): FileSource | undefined {
    const { ctx } = this;
    try {
      const source = FileSource.open(origin.root, origin.at(name), origin.followsFiles);
      if (source.stat.isRegular && source.size >= least) return source;
      source.close();
      if (source.size < least) {
        ctx.ioError |= IOERR.GENERAL;
        ctx.warning(`skipped diminished file: ${origin.display(name)}`);
        return undefined;
      }
      throw protocolError(`received request to transfer non-regular file: ${name}`);
    } catch (error) {
      if (error instanceof RsyncError && error.code === 'RSYNC_PROTOCOL') throw error;
      const path = origin.display(name);
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        ctx.ioError |= IOERR.VANISHED;
        ctx.warning(`file has vanished: "${path}"`);
      } else {
        ctx.ioError |= IOERR.GENERAL;
        ctx.error(`rsync: [sender] send_files failed to open "${path}": ${fromText(errnoText(error))}`);
      }
      return undefined;
    }
  }

  /**
   * Streams a file as tokens, or gives it to a receiver in this process; returns its digest.
   * @param path      of the file, for messages
   * @param progress  called with the bytes read so far
   */
  async send(
    ndx: number,
    source: FileSource,
    basis: Basis,
    path: ByteString,
    progress: (done: number) => void,
  ): Promise<Uint8Array> {
    const { wire } = this.ctx;
    if (basis.head.count === 0 && this.ctx.handover?.accepts(source)) return this.handOver(ndx, source, path);
    const hash = fileSum(this.strong);
    const sink = this.sink();
    let matcher: Matcher | undefined;
    const { head, sums, inplace, kept } = basis;
    if (kept > 0 && !this.verifiesAppended) source.skip(kept);
    if (kept === 0 && head.count > 0) {
      matcher = new Matcher(new SumTable(head, sums, this.strong, { inplace }), sink);
    }
    let done = this.verifiesAppended ? 0 : kept;
    for (;;) {
      const next = source.read();
      const chunk = next instanceof Promise ? await next : next;
      if (chunk === null) break;
      hash.update(chunk);
      if (matcher !== undefined) matcher.push(chunk);
      else if (done + chunk.length > kept) sink.literal(chunk.subarray(Math.max(0, kept - done)));
      done += chunk.length;
      progress(done);
      if (wire.isFull) await wire.drain();
    }
    if (matcher !== undefined) this.finishSearch(matcher);
    this.tokens.end(wire.writer);
    const digest = hash.digest();
    return source.missing > 0 ? this.spoil(source, path, digest) : digest;
  }

  /** Waits until the receiver in this process has copied the file. */
  private async handOver(ndx: number, source: FileSource, path: ByteString): Promise<Uint8Array> {
    const { wire, stats, handover } = this.ctx;
    const copied = handover!.offer(ndx, source);
    this.tokens.end(wire.writer);
    wire.flush();
    await copied;
    const done = source.size - source.missing;
    stats.literalData += done;
    handover!.bytes += done;
    const digest = new Uint8Array(DIGEST_LENGTH[this.ctx.negotiated.transferChecksum]);
    return source.missing > 0 ? this.spoil(source, path, digest) : digest;
  }

  /** The digest covers what the receiver has already: `--append-verify`, and `--append` at protocol 29. */
  private get verifiesAppended(): boolean {
    return this.ctx.options.append > 1 || this.ctx.negotiated.protocol < 30;
  }

  private sink(): TokenSink {
    const { wire, stats } = this.ctx;
    return {
      literal: (data) => {
        stats.literalData += data.length;
        this.tokens.literal(wire.writer, data);
        wire.flushIfLarge();
      },
      match: (block, data) => {
        stats.matchedData += data.length;
        this.tokens.match(wire.writer, block, data);
        wire.flushIfLarge();
      },
    };
  }

  private finishSearch(matcher: Matcher): void {
    matcher.finish();
    this.search.matches += matcher.stats.matches;
    this.search.hashHits += matcher.stats.hashHits;
    this.search.falseAlarms += matcher.stats.falseAlarms;
  }

  /** Part of the file could not be read: a digest that cannot match makes the receiving side ask again. */
  private spoil(source: FileSource, path: ByteString, digest: Uint8Array): Uint8Array {
    const { ctx } = this;
    ctx.ioError |= IOERR.GENERAL;
    const reason = source.error === undefined ? 'No data available (61)' : errnoText(source.error);
    ctx.error(`rsync: [sender] read errors mapping "${path}": ${fromText(reason)}`);
    const zeros = new Uint8Array(digest.length);
    if (digest.every((byte) => byte === 0)) zeros[zeros.length - 1] = 1;
    return zeros;
  }
}
