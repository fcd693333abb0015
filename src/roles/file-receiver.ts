import { DIGEST_LENGTH } from '../core/algorithms.ts';
import type { ByteString } from '../core/bytes.ts';
import { protocolError } from '../core/errors.ts';
import { blockLength, coveredLength, type SumHead } from '../core/sum-head.ts';
import type { Hash } from '../delta/hashes.ts';
import { fileSum } from '../delta/strong.ts';
import { BasisFile } from '../files/basis.ts';
import { CHUNK } from '../files/buffers.ts';
import type { TempFile } from '../files/cleanup.ts';
import { closeFile } from '../files/close.ts';
import { removeTemp } from '../files/copy.ts';
import type { FileSource } from '../files/reader.ts';
import { copyBySystem } from '../files/system-copy.ts';
import type { FileSink } from '../files/writer.ts';
import { keepsPartial } from '../options/implied.ts';
import { NEED_MORE, type Reader } from '../protocol/reader.ts';
import { createTokenReader, TOKEN, type TokenReader } from '../protocol/token.ts';
import type { Comparison } from './comparison.ts';
import type { RoleContext } from './context.ts';
import { type Delayed, FileTargets, type Placement, type Target } from './file-target.ts';
import type { Basis, ReceivingSide, Request } from './receiving-side.ts';
import { strongContext } from './strong-context.ts';

/**
 * What became of one transfer. `mismatch`: the digest was wrong. `failed`: it could not be written here. `delayed`: it gets
 * its place at the end.
 */
export type Outcome = Placement | 'mismatch';

export interface Received {
  outcome: Outcome;
  /** Of the new content, wire order. */
  digest: Uint8Array;
}

/** What goes with a reply, beside what is in it. */
export interface Circumstances {
  /** The file itself, if the sender is in this process and has not sent its data. */
  handed: FileSource | undefined;
  /** Called with the bytes of the new file so far. */
  progress: (done: number) => void;
  /** For a file that gets its place at the end of the transfer. */
  whenDelayed: Delayed;
}

/** Tokens on their way into a file. */
interface Copy {
  head: SumHead;
  basis: BasisFile | undefined;
  sink: FileSink;
  hash: Hash;
  /** Blocks lie in the very file that is written: those that stay in their place are skipped. */
  isInplace: boolean;
  /** Called with the literal bytes that were added, and the bytes of the new file so far. */
  advance: (literal: number, done: number) => void;
}

/** One file being received. */
interface Reception extends Circumstances {
  request: Request;
  head: SumHead;
  basis: BasisFile | undefined;
  /** Local name. */
  name: ByteString;
  /** Bytes that stay as they are (`--append`). */
  kept: number;
}

/**
 * Receives the data of one file: docs/protocol/3-transfer.md, 4.2, 8.1, 8.2 and 8.4. Where it goes is for FileTargets.
 */
export class FileReceiver {
  private readonly side: ReceivingSide;
  private readonly ctx: RoleContext;
  private readonly comparison: Comparison;
  private readonly targets: FileTargets;
  private readonly tokens: TokenReader;
  private readonly takeDigest = (r: Reader): Uint8Array =>
    r.bytes(DIGEST_LENGTH[this.ctx.negotiated.transferChecksum]);

  constructor(side: ReceivingSide, comparison: Comparison) {
    this.side = side;
    this.ctx = side.ctx;
    this.comparison = comparison;
    this.targets = new FileTargets(side, comparison);
    const { compressor, protocol } = side.ctx.negotiated;
    this.tokens = createTokenReader({ compressor, protocol, level: side.ctx.options.compressLevel });
  }

  /** See FileTargets. */
  placeDelayed(): Promise<void> {
    return this.targets.placeDelayed();
  }

  async receive(request: Request, head: SumHead, circumstances: Circumstances): Promise<Received> {
    const { list, i, transfer } = request;
    const name = this.side.localName(list, i);
    const basis = head.count > 0 ? this.openBasis(transfer!.basis) : undefined;
    try {
      // A digest that cannot be right makes the run ask again, without the basis that went away.
      const kept = transfer!.append ? coveredLength(head) : 0;
      const usable = head.count === 0 || (basis !== undefined && basis.size >= kept);
      const target = usable ? this.targets.open(request, name, kept) : undefined;
      if (target === undefined) {
        if (circumstances.handed !== undefined) this.ctx.handover!.settle();
        await this.discard(head);
        const digest = await this.readDigest();
        return { outcome: usable ? 'failed' : 'mismatch', digest };
      }
      return await this.receiveInto(target, { request, head, basis, name, kept, ...circumstances });
    } finally {
      basis?.close();
    }
  }

  private async receiveInto(target: Target, reception: Reception): Promise<Received> {
    const { temp, sink } = target;
    const { request, head, name, basis, kept, handed, progress, whenDelayed } = reception;
    const { options } = this.ctx;
    let literal = 0;
    if (temp !== undefined && keepsPartial(options)) {
      temp.onAbort = () => this.dropOrKeep(temp, name, literal, true);
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
        if (options.fsync) await sink.fsync();
        digest = await this.readDigest();
        isWhole = handed.missing === 0;
      } else {
        const hash = fileSum(strongContext(this.ctx.negotiated));
        if (kept > 0 && this.verifiesAppended) await hashStart(basis!, kept, hash);
        const isInplace = temp === undefined && isSelf(target, request.transfer!.basis);
        // Nothing refers to what stays where it is.
        this.tokens.begin(request.transfer!.append ? 0 : head.count);
        const copy: Copy = { head, basis, sink, hash, isInplace, advance };
        // A small file has mostly come whole: nothing is waited for.
        const state = this.copyTokens(copy);
        if (state !== 'end') await this.copyRest(copy, state);
        const finished = sink.finish();
        if (finished !== undefined) await finished;
        if (options.fsync) await sink.fsync();
        const expected = this.readDigest();
        digest = expected instanceof Promise ? await expected : expected;
        isWhole = Buffer.compare(hash.digest(), digest) === 0;
      }
      if (!isWhole) {
        if (temp !== undefined) this.dropOrKeep(temp, name, literal, false);
        return { outcome: 'mismatch', digest };
      }
      return { outcome: await this.targets.place(target, request, name, whenDelayed), digest };
    } catch (error) {
      await sink.abort(keepsPartial(options));
      if (temp !== undefined) this.dropOrKeep(temp, name, literal, true);
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

  /** `--append` trusts what is there; `--append-verify`, and either at protocol 29, has it in the digest. */
  private get verifiesAppended(): boolean {
    return this.ctx.options.append > 1 || this.ctx.negotiated.protocol < 30;
  }

  /** Copies what has come: to the end, or until bytes are missing, or until the disk is behind (the promise). */
  private copyTokens(copy: Copy): 'end' | 'more' | Promise<void> {
    const { wire, stats } = this.ctx;
    const { tokens } = this;
    const { sink, hash, advance } = copy;
    for (;;) {
      let kind: number;
      try {
        kind = tokens.next(wire.reader);
      } catch (error) {
        if (error !== NEED_MORE) throw error;
        return 'more';
      }
      if (kind === TOKEN.END) return 'end';
      if (kind === TOKEN.BLOCKS) {
        const end = tokens.block + tokens.run;
        for (let block = tokens.block; block < end; block++) {
          const full = this.copyBlock(copy, block);
          if (full !== undefined) return this.copyBlocks(copy, block + 1, end, full);
        }
        advance(0, sink.position);
        continue;
      }
      const { data } = tokens;
      stats.literalData += data.length;
      hash.update(data);
      const full = sink.write(data);
      advance(data.length, sink.position);
      if (full !== undefined) return full;
    }
  }

  /** From the first wait to the end. */
  private async copyRest(copy: Copy, first: 'more' | Promise<void>): Promise<void> {
    for (
      let state: ReturnType<typeof this.copyTokens> = first;
      state !== 'end';
      state = this.copyTokens(copy)
    )
      await (state === 'more' ? this.ctx.wire.more() : state);
  }

  private copyBlock({ head, basis, sink, hash, isInplace }: Copy, block: number): void | Promise<void> {
    const length = blockLength(head, block);
    const offset = block * head.blength;
    const data = basis!.read(offset, length);
    this.tokens.matched(data);
    this.ctx.stats.matchedData += length;
    hash.update(data);
    return isInplace && offset === sink.position ? sink.skip(length) : sink.write(data);
  }

  /** The rest of a run of blocks, once the disk has caught up. */
  private async copyBlocks(copy: Copy, from: number, end: number, full: Promise<void>): Promise<void> {
    await full;
    for (let block = from; block < end; block++) await this.copyBlock(copy, block);
    copy.advance(0, copy.sink.position);
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

  private readDigest(): Uint8Array | Promise<Uint8Array> {
    const { wire } = this.ctx;
    return wire.readNow(this.takeDigest) ?? wire.read(this.takeDigest);
  }

  /** As it was signed; the destination's own file, what another run kept, or a namesake elsewhere. */
  private openBasis(basis: Basis | undefined): BasisFile | undefined {
    if (basis === undefined) return undefined;
    try {
      const file = BasisFile.open(basis.root, basis.name);
      if (file.stat.isRegular) return file;
      file.close();
    } catch {
      // Gone or changed since it was signed: the digest decides.
    }
    return undefined;
  }

  private dropOrKeep(temp: TempFile, name: ByteString, literal: number, interrupted: boolean): void {
    if (literal > 0 && keepsPartial(this.ctx.options)) this.targets.keep(temp, name, interrupted);
    else removeTemp(temp);
  }
}

/** The sum head of a reply must be the one that was asked with: blocks of anything else have no meaning here. */
export function checkEcho(asked: Omit<SumHead, 's2length'>, got: SumHead): void {
  if (asked.count !== got.count || asked.blength !== got.blength || asked.remainder !== got.remainder) {
    throw protocolError('the reply has another sum head than the request');
  }
}

/** The blocks lie in the very file that is written. */
function isSelf(target: Target, basis: Basis | undefined): boolean {
  return basis !== undefined && basis.root === target.root && basis.name === target.name;
}

async function hashStart(basis: BasisFile, length: number, hash: Hash): Promise<void> {
  for (let at = 0; at < length; ) {
    const part = Math.min(CHUNK, length - at);
    hash.update(basis.read(at, part));
    at += part;
    // Bytes may come and go meanwhile.
    if (at % (16 * CHUNK) === 0) await new Promise(setImmediate);
  }
}
