import { DIGEST_LENGTH } from '../core/algorithms.ts';
import { type ByteString, fromText, toText } from '../core/bytes.ts';
import { isRsyncError, protocolError } from '../core/errors.ts';
import { blockLength, type SumHead } from '../core/sum-head.ts';
import type { Hash } from '../delta/hashes.ts';
import { fileSum } from '../delta/strong.ts';
import { applyAttributes } from '../files/attributes.ts';
import { BasisFile } from '../files/basis.ts';
import { closeFile } from '../files/close.ts';
import { errnoText } from '../files/errors.ts';
import { tempFileMode } from '../files/modes.ts';
import type { FileSource } from '../files/reader.ts';
import type { Root, TempFile } from '../files/root.ts';
import type { Stat } from '../files/stat.ts';
import { copyBySystem } from '../files/system-copy.ts';
import { FileSink } from '../files/writer.ts';
import { NEED_MORE } from '../protocol/reader.ts';
import { createTokenReader, TOKEN, type TokenReader } from '../protocol/token.ts';
import type { Comparison } from './comparison.ts';
import type { RoleContext } from './context.ts';
import type { ReceivingSide, Request } from './receiving-side.ts';
import { strongContext } from './strong-context.ts';

/** What became of one transfer. `mismatch`: the digest was wrong. `failed`: it could not be written here. */
export type Reception = 'done' | 'mismatch' | 'failed';

export interface Received {
  outcome: Reception;
  /** Of the new content, wire order. */
  digest: Uint8Array;
}

/** Where the new content goes. */
interface Target {
  fd: number;
  sink: FileSink;
  /** Undefined: written in place. */
  temp: TempFile | undefined;
  /** The file that was there before; asked only where its mode matters (without `-p`). */
  existing: Stat | undefined;
}

/**
 * Receives the data of one file and puts it in place: docs/protocol/3-transfer.md, 4.2, 4.3, 8.1 and 8.4. The old
 * file or the new one is there at every moment, except with `--inplace`.
 */
export class FileReceiver {
  private readonly side: ReceivingSide;
  private readonly ctx: RoleContext;
  private readonly comparison: Comparison;
  private readonly tokens: TokenReader;

  constructor(side: ReceivingSide, comparison: Comparison) {
    this.side = side;
    this.ctx = side.ctx;
    this.comparison = comparison;
    const { compressor, protocol } = side.ctx.negotiated;
    this.tokens = createTokenReader({ compressor, protocol, level: side.ctx.options.compressLevel });
  }

  /**
   * @param handed    the file itself, if the sender is in this process and has not sent its data
   * @param progress  called with the bytes of the new file so far
   */
  async receive(
    request: Request,
    head: SumHead,
    handed: FileSource | undefined,
    progress: (done: number) => void,
  ): Promise<Received> {
    const { list, i } = request;
    const name = this.side.localName(list, i);
    const root = this.side.root!;
    const basis = head.count > 0 ? this.openBasis(root, name) : undefined;
    try {
      // A digest that cannot be right makes the run ask again, without the basis that went away.
      const usable = head.count === 0 || basis !== undefined;
      const target = usable ? this.openTarget(request, root, name) : undefined;
      if (target === undefined) {
        if (handed !== undefined) this.ctx.handover!.settle();
        await this.discard(head);
        const digest = await this.readDigest();
        return { outcome: usable ? 'failed' : 'mismatch', digest };
      }
      return await this.receiveInto(target, request, head, basis, handed, root, name, progress);
    } finally {
      basis?.close();
    }
  }

  private async receiveInto(
    target: Target,
    request: Request,
    head: SumHead,
    basis: BasisFile | undefined,
    handed: FileSource | undefined,
    root: Root,
    name: ByteString,
    progress: (done: number) => void,
  ): Promise<Received> {
    const { temp, sink } = target;
    let literal = 0;
    if (temp !== undefined && this.ctx.options.partial) {
      temp.onAbort = () => {
        if (literal > 0) this.keepPartial(root, temp, name, true);
        else root.unlink(temp.name);
      };
    }
    try {
      const advance = (bytes: number, done: number): void => {
        literal += bytes;
        progress(done);
      };
      let digest: Uint8Array;
      let isWhole: boolean;
      if (handed !== undefined) {
        await this.copyHanded(target, request, handed, advance);
        this.ctx.handover!.settle();
        await this.discard(head);
        digest = await this.readDigest();
        isWhole = handed.missing === 0;
      } else {
        const hash = fileSum(strongContext(this.ctx.negotiated));
        await this.copyTokens(head, basis, temp === undefined, sink, hash, advance);
        const finished = sink.finish();
        if (finished !== undefined) await finished;
        digest = await this.readDigest();
        isWhole = Buffer.compare(hash.digest(), digest) === 0;
      }
      if (!isWhole) {
        if (temp !== undefined) this.dropOrKeep(root, temp, name, literal, false);
        return { outcome: 'mismatch', digest };
      }
      return { outcome: this.putInPlace(target, request, root, name) ? 'done' : 'failed', digest };
    } catch (error) {
      await sink.abort(this.ctx.options.partial);
      if (temp !== undefined) this.dropOrKeep(root, temp, name, literal, true);
      throw error;
    } finally {
      closeFile(target.fd);
    }
  }

  /** The content of an open file: by the system where that gives the same, else chunk by chunk. */
  private async copyHanded(
    { temp, fd, sink, existing }: Target,
    { list, i }: Request,
    source: FileSource,
    advance: (literal: number, done: number) => void,
  ): Promise<void> {
    const { options, stats } = this.ctx;
    const mode = this.comparison.mode(list, i, existing?.isRegular ? existing.mode : undefined);
    if (temp !== undefined && !options.sparse && (await copyBySystem(source, fd, mode))) {
      advance(source.size - source.missing, source.size - source.missing);
    } else {
      for (;;) {
        const next = source.read();
        const chunk = next instanceof Promise ? await next : next;
        if (chunk === null) break;
        const full = sink.write(chunk);
        advance(chunk.length, sink.position);
        if (full !== undefined) await full;
      }
      const finished = sink.finish();
      if (finished !== undefined) await finished;
    }
    stats.literalData += source.size - source.missing;
  }

  private async copyTokens(
    head: SumHead,
    basis: BasisFile | undefined,
    inplace: boolean,
    sink: FileSink,
    hash: Hash,
    advance: (literal: number, done: number) => void,
  ): Promise<void> {
    const { wire, stats } = this.ctx;
    const { tokens } = this;
    const { reader } = wire;
    tokens.begin(head.count);
    for (;;) {
      let kind: number;
      try {
        kind = tokens.next(reader);
      } catch (error) {
        if (error !== NEED_MORE) throw error;
        await wire.more();
        continue;
      }
      if (kind === TOKEN.END) return;
      if (kind === TOKEN.LITERAL) {
        const { data } = tokens;
        stats.literalData += data.length;
        hash.update(data);
        const full = sink.write(data);
        advance(data.length, sink.position);
        if (full !== undefined) await full;
        continue;
      }
      for (let block = tokens.block; block < tokens.block + tokens.run; block++) {
        const length = blockLength(head, block);
        const offset = block * head.blength;
        const data = basis!.read(offset, length);
        tokens.matched(data);
        stats.matchedData += length;
        hash.update(data);
        const full = inplace && offset === sink.position ? sink.skip(length) : sink.write(data);
        if (full !== undefined) await full;
      }
      advance(0, sink.position);
    }
  }

  /** Reads a reply that cannot be used: the decompressor's state must go on as if it were. */
  private async discard(head: SumHead): Promise<void> {
    const { wire } = this.ctx;
    const { tokens } = this;
    tokens.begin(head.count);
    for (;;) {
      let kind: number;
      try {
        kind = tokens.next(wire.reader);
      } catch (error) {
        if (error !== NEED_MORE) throw error;
        await wire.more();
        continue;
      }
      if (kind === TOKEN.END) return;
      if (kind !== TOKEN.BLOCKS) continue;
      for (let k = 0; k < tokens.run; k++)
        tokens.matched(new Uint8Array(blockLength(head, tokens.block + k)));
    }
  }

  private readDigest(): Promise<Uint8Array> {
    const length = DIGEST_LENGTH[this.ctx.negotiated.transferChecksum];
    return this.ctx.wire.read((r) => r.bytes(length));
  }

  private openBasis(root: Root, name: ByteString): BasisFile | undefined {
    try {
      const basis = BasisFile.open(root, name);
      if (basis.stat.isRegular) return basis;
      basis.close();
    } catch {
      // Gone or changed since it was signed: the digest decides.
    }
    return undefined;
  }

  private openTarget(request: Request, root: Root, name: ByteString): Target | undefined {
    const { options } = this.ctx;
    const sinkOptions = { path: toText(root.display(name)), sparse: options.sparse };
    try {
      const existing = options.perms ? undefined : root.lstat(name);
      if (options.inplace) {
        const fd = root.openInplace(name, true);
        return { fd, sink: new FileSink(fd, sinkOptions), temp: undefined, existing };
      }
      const temp = root.createTemp(name, tempFileMode(request.list.mode(request.i)));
      return { fd: temp.fd, sink: new FileSink(temp.fd, { ...sinkOptions, oldSize: 0 }), temp, existing };
    } catch (error) {
      const what = options.inplace ? 'open' : 'mkstemp';
      const text = isRsyncError(error) ? error.message : errnoText(error);
      this.ctx.error(`rsync: [receiver] ${what} "${root.display(name)}" failed: ${fromText(text)}`);
      return undefined;
    }
  }

  /** Attributes on the open file, then the rename: nobody sees a file with the wrong ones. */
  private putInPlace(target: Target, request: Request, root: Root, name: ByteString): boolean {
    const { list, i } = request;
    const { temp, fd, existing } = target;
    const at = temp?.name ?? name;
    try {
      const current = root.fstat(fd);
      const mode = this.comparison.mode(list, i, existing?.isRegular ? existing.mode : undefined);
      const wanted = this.comparison.wanted(list, i, mode, undefined);
      for (const failure of applyAttributes(root, at, current, wanted, fd)) {
        this.ctx.error(`rsync: [receiver] ${fromText(failure.text)}`);
      }
      if (temp !== undefined) root.rename(temp.name, name);
      return true;
    } catch (error) {
      const shown = `rename "${root.display(at)}" -> "${name}"`;
      this.ctx.error(`rsync: [receiver] ${shown} failed: ${fromText(errnoText(error))}`);
      if (temp !== undefined) this.remove(root, temp);
      return false;
    }
  }

  private dropOrKeep(
    root: Root,
    temp: TempFile,
    name: ByteString,
    literal: number,
    interrupted: boolean,
  ): void {
    if (this.ctx.options.partial && literal > 0) this.keepPartial(root, temp, name, interrupted);
    else this.remove(root, temp);
  }

  /** `--partial`: what has come becomes the file; 1970 as its time, so that no comparison takes it for new. */
  private keepPartial(root: Root, temp: TempFile, name: ByteString, interrupted: boolean): void {
    try {
      if (interrupted && this.ctx.options.times) root.utimes(temp.name, 0, 0);
      root.rename(temp.name, name);
    } catch {
      this.remove(root, temp);
    }
  }

  private remove(root: Root, temp: TempFile): void {
    try {
      root.unlink(temp.name);
    } catch {
      // Already gone.
    }
  }
}

/** The sum head of a reply must be the one that was asked with: blocks of anything else have no meaning here. */
export function checkEcho(asked: Omit<SumHead, 's2length'>, got: SumHead): void {
  if (asked.count !== got.count || asked.blength !== got.blength || asked.remainder !== got.remainder) {
    throw protocolError('the reply has another sum head than the request');
  }
}
