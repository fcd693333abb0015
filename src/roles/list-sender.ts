import { DIGEST_LENGTH } from '../core/algorithms.ts';
import type { ByteString } from '../core/bytes.ts';
import type { FileList } from '../core/file-list.ts';
import { isRegular } from '../core/mode.ts';
import { createHash } from '../delta/hashes.ts';
import { platform } from '../files/platform/index.ts';
import { FileSource } from '../files/reader.ts';
import type { Root } from '../files/root.ts';
import { FileEntryWriter } from '../protocol/file-entry.ts';
import { writeIdList } from '../protocol/id-list.ts';
import { intPayload, MSG } from '../protocol/mux.ts';
import { NDX_FLIST_EOF, NDX_FLIST_OFFSET, type NdxWriter } from '../protocol/ndx.ts';
import type { RoleContext } from './context.ts';
import { entryContext } from './entry-context.ts';
import { countList } from './entry-details.ts';
import type { ListBuilder } from './list-builder.ts';
import type { Origin } from './source.ts';
import type { SourcedList } from './sourced-list.ts';

/** Sends file lists: docs/protocol/2-file-list.md, 1, 2.11, 3 and 5. */
export class ListSender {
  private readonly ctx: RoleContext;
  private readonly builder: ListBuilder;
  private readonly origins: readonly Origin[];
  private readonly ndx: NdxWriter;
  private readonly entries: FileEntryWriter;
  /** NDX_FLIST_EOF has gone out; true from the start without incremental recursion. */
  private eofSent: boolean;

  constructor(ctx: RoleContext, builder: ListBuilder, origins: readonly Origin[], ndx: NdxWriter) {
    this.ctx = ctx;
    this.builder = builder;
    this.origins = origins;
    this.ndx = ndx;
    const names = ctx.options.numericIds
      ? {}
      : {
          userName: (id: number) => platform.userName(id),
          groupName: (id: number) => platform.groupName(id),
        };
    this.entries = new FileEntryWriter(entryContext(ctx), names);
    this.eofSent = !ctx.negotiated.incRecurse;
  }

  /** True while there are sub-lists to send, or their end mark. */
  get hasNext(): boolean {
    return !this.eofSent;
  }

  async sendFirst(): Promise<SourcedList> {
    const { ctx } = this;
    const started = performance.now();
    const sourced = await this.builder.first();
    await this.addChecksums(sourced);
    const built = performance.now();
    const before = ctx.wire.bytesOut + ctx.wire.writer.length;
    await this.writeList(sourced.list, ctx.ioError);
    if (!ctx.negotiated.incRecurse) this.writeTrailer(sourced.list);
    ctx.stats.fileListBuildTime = Math.round(built - started);
    ctx.stats.fileListTransferTime = Math.round(performance.now() - built);
    ctx.stats.fileListSize += ctx.wire.bytesOut + ctx.wire.writer.length - before;
    if (!this.eofSent && !this.builder.hasNext) this.writeEof();
    return sourced;
  }

  /** The next sub-list; undefined when it was only the end mark. */
  async sendNext(): Promise<SourcedList | undefined> {
    const { ctx } = this;
    if (!this.builder.hasNext) {
      this.writeEof();
      return undefined;
    }
    const before = ctx.ioError;
    const bytesBefore = ctx.wire.bytesOut + ctx.wire.writer.length;
    const sourced = await this.builder.next();
    await this.addChecksums(sourced);
    this.ndx.write(ctx.wire.writer, NDX_FLIST_OFFSET - sourced.list.dirIndex);
    await this.writeList(sourced.list, ctx.ioError === before ? 0 : ctx.ioError);
    ctx.stats.fileListSize += ctx.wire.bytesOut + ctx.wire.writer.length - bytesBefore;
    if (!this.builder.hasNext) this.writeEof();
    return sourced;
  }

  private writeEof(): void {
    this.ndx.write(this.ctx.wire.writer, NDX_FLIST_EOF);
    this.eofSent = true;
  }

  private async writeList(list: FileList, ioError: number): Promise<void> {
    const { wire, stats } = this.ctx;
    for (let i = 0; i < list.count; i++) {
      this.entries.writeEntry(wire.writer, list, i);
      wire.flushIfLarge();
      if (wire.isFull) await wire.drain();
    }
    this.entries.writeEnd(wire.writer, ioError);
    countList(list, stats);
    if (!this.ctx.negotiated.safeFlist && this.ctx.negotiated.protocol >= 30 && ioError !== 0) {
      wire.sendMessage(MSG.IO_ERROR, intPayload(ioError));
    }
  }

  /** What follows a single list: id lists, and at protocol 29 the I/O error. */
  private writeTrailer(list: FileList): void {
    const { options, negotiated, wire } = this.ctx;
    if (!options.numericIds) {
      const context = { protocol: negotiated.protocol, id0Names: negotiated.hasId0Names };
      if (options.owner) {
        const ids = distinct(list.count, (i) => list.uid(i));
        writeIdList(
          wire.writer,
          context,
          named(ids, (id) => platform.userName(id)),
        );
      }
      if (options.group) {
        const ids = distinct(list.count, (i) => list.gid(i));
        writeIdList(
          wire.writer,
          context,
          named(ids, (id) => platform.groupName(id)),
        );
      }
    }
    if (negotiated.protocol < 30) wire.writer.int(this.ctx.ioError);
  }

  /** `-c`: the digest of every regular file; zeros for one that cannot be read. */
  private async addChecksums(sourced: SourcedList): Promise<void> {
    const { options, negotiated } = this.ctx;
    if (!options.checksum) return;
    const { list } = sourced;
    for (let i = 0; i < list.count; i++) {
      if (!isRegular(list.mode(i))) continue;
      const origin = this.origins[sourced.origin(i)]!;
      const name = origin.at(list.name(i));
      const digest = await fileDigest(origin.root, name, negotiated.listChecksum, origin.followsFiles);
      list.setChecksum(i, digest ?? new Uint8Array(DIGEST_LENGTH[negotiated.listChecksum]));
    }
  }
}

/** Whole-file digest for `-c`, never seeded; undefined if the file cannot be read. */
export async function fileDigest(
  root: Root,
  name: ByteString,
  algorithm: Parameters<typeof createHash>[0],
  follow = false,
): Promise<Uint8Array | undefined> {
  let source: FileSource;
  try {
    source = FileSource.open(root, name, follow);
  } catch {
    return undefined;
  }
  try {
    const hash = createHash(algorithm);
    for (;;) {
      const next = source.read();
      const chunk = next instanceof Promise ? await next : next;
      if (chunk === null) break;
      hash.update(chunk);
    }
    return source.missing > 0 ? undefined : hash.digest();
  } finally {
    source.close();
  }
}

function distinct(count: number, idOf: (i: number) => number): Set<number> {
  const ids = new Set<number>();
  for (let i = 0; i < count; i++) ids.add(idOf(i));
  return ids;
}

function* named(
  ids: Iterable<number>,
  nameOf: (id: number) => ByteString | undefined,
): Generator<readonly [number, ByteString]> {
  for (const id of ids) {
    const name = nameOf(id);
    if (name !== undefined) yield [id, name];
  }
}
