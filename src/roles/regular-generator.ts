import type { ByteString } from '../core/bytes.ts';
import type { FileList } from '../core/file-list.ts';
import { applyAttributes } from '../files/attributes.ts';
import { closeFile } from '../files/close.ts';
import { copyToTemp, removeTemp } from '../files/copy.ts';
import type { Stat } from '../files/stat.ts';
import { BASIS, ITEM } from '../protocol/item.ts';
import { type AlternateItem, type AlternateMatch, LEVEL } from './alternates.ts';
import { GeneratorPart } from './generator-part.ts';
import { fileDigest } from './list-sender.ts';
import type { Basis, ReceivedList } from './receiving-side.ts';
import { transferFlags } from './request-writer.ts';

/** The entry in question: its list, its place there, its index on the wire, its local name. */
interface Entry {
  held: ReceivedList;
  i: number;
  ndx: number;
  name: ByteString;
}

/** Regular files: docs/protocol/3-transfer.md, 3.1 from row 14 on, 3.2, 3.3 and 3.7. */
export class RegularGenerator extends GeneratorPart {
  /** `found`: what is there now. A promise only if there is I/O to wait for. */
  file(
    held: ReceivedList,
    i: number,
    ndx: number,
    name: ByteString,
    found: Stat | undefined,
  ): undefined | Promise<void> {
    const { options } = this.ctx;
    const { list } = held;
    const entry: Entry = { held, i, ndx, name };
    const { minSize, maxSize } = options;
    if (maxSize !== undefined && list.size(i) > maxSize) return this.skip(entry, `${name} is over max-size`);
    if (minSize !== undefined && list.size(i) < minSize) return this.skip(entry, `${name} is under min-size`);
    if (found?.isRegular && options.update && this.comparison.isNewer(list, i, found))
      return this.skip(entry, `${name} is newer`);
    if (found === undefined || found.isRegular) return this.compare(entry, found);
    const settle = (isMade: boolean): undefined | Promise<void> =>
      isMade ? this.compare(entry, undefined) : this.leave(list, i, ndx);
    const { root } = this.side;
    if (found.isDirectory)
      return this.deletion.makeRoomOfDirectory(root!, name, found, 'regular file').then(settle);
    return settle(this.deletion.makeRoom(root!, name, found, 'regular file'));
  }

  private compare(entry: Entry, stat: Stat | undefined): undefined | Promise<void> {
    const { options } = this.ctx;
    const { held, i, name } = entry;
    const { list } = held;
    const { alternates } = this.side.keeping;
    if (options.checksum) return this.withDigests(entry, stat);
    if (alternates === undefined || (stat !== undefined && alternates.kind === 'copy'))
      return this.decide(entry, stat, undefined, (own) => this.comparison.quickCheck(list, i, own));
    const match = alternates.find(
      name,
      (item) => item.isRegular,
      (item) => this.comparison.quickCheck(list, i, item.stat),
      (item) => this.comparison.sameAttributes(list, i, item),
    );
    return this.decide(entry, stat, match, (own) => this.comparison.quickCheck(list, i, own));
  }

  private skip({ held, i, ndx }: Entry, remark: ByteString): undefined {
    if (this.info.SKIP > 0) this.ctx.info(remark);
    return this.leave(held.list, i, ndx);
  }

  /** A redo, or a hard-link member that has to ask after another one failed: the data is asked for in any case. */
  async ask(entry: Entry, stat: Stat | undefined, redo: boolean): Promise<void> {
    let other: AlternateItem | undefined;
    if (stat === undefined)
      for (const item of this.side.keeping.alternates?.items(entry.name) ?? [])
        if (item.stat.isRegular) {
          other = item;
          break;
        }
    await this.request(entry, stat, other, redo);
  }

  /** `-c`: contents are compared by their digests. */
  private async withDigests(entry: Entry, stat: Stat | undefined): Promise<void> {
    const { held, i, name } = entry;
    const { list } = held;
    const { alternates } = this.side.keeping;
    let match: AlternateMatch | undefined;
    if (alternates !== undefined && (stat === undefined || alternates.kind !== 'copy')) {
      match = await alternates.findByContent(
        name,
        (item) => this.sameDigest(list, i, { root: item.root, name }, item.stat),
        (item) => this.comparison.sameAttributes(list, i, item),
      );
    }
    const same =
      stat !== undefined && (await this.sameDigest(list, i, { root: this.side.root!, name }, stat));
    await this.decide(entry, stat, match, () => same);
  }

  private async sameDigest(
    list: FileList,
    i: number,
    { root, name }: Pick<Basis, 'root' | 'name'>,
    stat: Stat,
  ): Promise<boolean> {
    const wanted = list.checksum(i);
    if (stat.size !== list.size(i) || wanted === undefined) return false;
    const digest = await fileDigest(root, name, this.ctx.negotiated.listChecksum);
    return Buffer.compare(digest ?? new Uint8Array(wanted.length), wanted) === 0;
  }

  private decide(
    entry: Entry,
    stat: Stat | undefined,
    match: AlternateMatch | undefined,
    isUnchanged: (own: Stat) => boolean,
  ): undefined | Promise<void> {
    const { held, i, ndx } = entry;
    const { list } = held;
    if (match !== undefined && this.standsIn(match, stat)) return this.useAlternate(entry, stat, match);
    if (stat === undefined) {
      const group = this.groupOf(list, i);
      if (group >= 0 && match === undefined && !this.side.links.isLast(group, ndx)) {
        this.side.links.wait(group, { held, i, ndx });
        return undefined;
      }
      return this.request(entry, undefined, match, false);
    }
    if (isUnchanged(stat)) {
      this.unchanged(entry, stat);
      return undefined;
    }
    if (this.ctx.options.append > 0 && stat.size >= list.size(i)) return this.leave(list, i, ndx);
    return this.request(entry, stat, undefined, false);
  }

  // ---- alternate directories ----

  /** What is in an alternate directory takes the place of data. */
  private standsIn(match: AlternateMatch, stat: Stat | undefined): boolean {
    if (stat === undefined) return match.level >= LEVEL.CONTENT;
    if (match.level < LEVEL.ALL) return false;
    return this.side.keeping.alternates!.kind === 'compare' || !stat.sameItem(match.stat);
  }

  private useAlternate(
    entry: Entry,
    stat: Stat | undefined,
    match: AlternateMatch,
  ): undefined | Promise<void> {
    const { kind } = this.side.keeping.alternates!;
    if (match.level === LEVEL.ALL && kind === 'compare') return this.omit(entry, stat);
    if (match.level === LEVEL.ALL && kind === 'link' && this.link(entry, stat, match)) return undefined;
    return this.copy(entry, stat, match);
  }

  /** `--compare-dest` has it just so: it stays out of the destination. */
  private omit({ held, i, ndx, name }: Entry, stat: Stat | undefined): undefined {
    const { list } = held;
    const root = this.side.root!;
    if (stat !== undefined && !this.deletion.makeRoom(root, name, stat, 'regular file'))
      return this.leave(list, i, ndx);
    this.writer.reportUnchanged(held, list, i, ndx, 0);
    this.items.tellUnchanged(name, 0);
    this.succeedUnchanged(ndx);
    return this.leave(list, i, ndx);
  }

  /** `--link-dest`. False: it cannot be linked, or what is in its place could not be kept. */
  private link({ held, i, ndx, name }: Entry, stat: Stat | undefined, match: AlternateMatch): boolean {
    const { list } = held;
    const root = this.side.root;
    if (root !== undefined && !this.ctx.options.dryRun) {
      try {
        if (!this.items.replace(root, name, stat, (at) => match.root.link(name, at, root))) return false;
      } catch {
        return false;
      }
    }
    if (this.ctx.options.dryRun && this.groupOf(list, i) >= 0)
      this.side.keeping.alternates!.taken.set(name, match.stat);
    const flags = ITEM.LOCAL_CHANGE | ITEM.XNAME_FOLLOWS;
    this.writer.reportUnchanged(held, list, i, ndx, flags, '');
    this.items.tellUnchanged(name, 0);
    this.succeedUnchanged(ndx);
    this.arrived(list, i, name);
    return true;
  }

  /** A local copy, with the attributes of the entry, goes through a temporary file as a transfer does. */
  private async copy(entry: Entry, stat: Stat | undefined, match: AlternateMatch): Promise<void> {
    const { held, i, ndx, name } = entry;
    const { list } = held;
    const root = this.side.root;
    if (root !== undefined && !this.ctx.options.dryRun) {
      const from = { root: match.root, name };
      try {
        const mode = this.comparison.mode(list, i, undefined);
        const { sparse, fsync } = this.ctx.options;
        const { temp } = await copyToTemp(from, { root, name }, { sparse, fsync, mode });
        try {
          const wanted = this.comparison.wanted(list, i, mode, undefined);
          for (const failure of applyAttributes(root, temp.name, root.fstat(temp.fd), wanted, temp.fd))
            this.items.tellFailure(failure);
          if (stat !== undefined && this.side.keeping.backups?.keep(name, stat, 'stays') === false) {
            removeTemp(temp);
            return this.leave(list, i, ndx);
          }
          root.rename(temp.name, name);
        } catch (error) {
          removeTemp(temp);
          throw error;
        } finally {
          closeFile(temp.fd);
        }
      } catch (error) {
        this.items.fail(`copy_file "${match.root.display(name)}" => "${root.display(name)}"`, error);
        return this.leave(list, i, ndx);
      }
    }
    const differences = this.comparison.differences(list, i, match.stat, ITEM.LOCAL_CHANGE);
    this.writer.report(held, list, i, ndx, ITEM.LOCAL_CHANGE | differences);
    if (differences === 0) this.items.tellUnchanged(name, 0);
    this.succeedUnchanged(ndx);
    this.arrived(list, i, name);
  }

  // ---- the file itself ----

  private unchanged({ held, i, ndx, name }: Entry, stat: Stat): void {
    const { list } = held;
    const flags = this.comparison.differences(list, i, stat, 0);
    if (flags !== 0) {
      const mode = this.comparison.mode(list, i, stat.mode);
      this.items.apply(name, stat, this.comparison.wanted(list, i, mode, stat));
    }
    this.writer.report(held, list, i, ndx, flags);
    this.items.tellUnchanged(name, flags);
    if (!this.ctx.options.dryRun) this.side.keeping.partials?.remove(name);
    this.succeedUnchanged(ndx);
    this.arrived(list, i, name);
  }

  /** `--remove-sent-files` means those that were sent. */
  private succeedUnchanged(ndx: number): void {
    this.ctx.tellSuccess(ndx, false);
  }

  /** A promise only if there is I/O to wait for, or the connection is full. */
  private request(
    entry: Entry,
    stat: Stat | undefined,
    other: AlternateItem | undefined,
    redo: boolean,
  ): undefined | Promise<void> {
    const { held, i, name } = entry;
    const { list } = held;
    const { options } = this.ctx;
    const compared = stat ?? other?.stat;
    const differences =
      compared === undefined ? 0 : this.comparison.differences(list, i, compared, ITEM.TRANSFER);
    const flags = transferFlags(differences, compared === undefined, options.checksum);
    const basis = this.basis(entry, stat, other);
    this.side.keeping.namesakes?.use(name);
    if (options.inplace && basis?.type === BASIS.DESTINATION && !redo && !options.dryRun) {
      const { backups } = this.side.keeping;
      if (backups !== undefined)
        return backups.keepCopy(name).then((copy) => {
          if (copy === undefined) return this.fail(list, i);
          const blocks: Basis =
            this.writer.sendsSums && options.append === 0 ? { ...copy, type: BASIS.BACKUP } : basis;
          return this.requestWith(entry, flags, blocks, redo);
        });
    }
    return this.requestWith(entry, flags, basis, redo);
  }

  private requestWith(
    { held, i, ndx, name }: Entry,
    flags: number,
    basis: Basis | undefined,
    redo: boolean,
  ): undefined | Promise<void> {
    const { options } = this.ctx;
    const group = this.groupOf(held.list, i);
    if (group >= 0) {
      // Nothing will come in a dry run: the others can be linked to it at once.
      if (options.dryRun) this.side.links.arrived(group, name);
      else this.side.links.asked(group, ndx);
    }
    return this.writer.transfer(held, i, ndx, flags, basis, redo);
  }

  /** It is not asked for after all: another member of its group may be. */
  private fail(list: FileList, i: number): undefined {
    const group = this.groupOf(list, i);
    if (group >= 0) this.side.links.failed(group);
    return undefined;
  }

  /** Old content: an interrupted transfer's before the file's own, and that before a namesake's. */
  private basis(
    { held, i, name }: Entry,
    stat: Stat | undefined,
    other: AlternateItem | undefined,
  ): Basis | undefined {
    const partial = this.side.keeping.partials?.find(name);
    if (partial !== undefined) return { root: partial.root, name: partial.name, type: BASIS.PARTIAL_DIR };
    const root = this.side.root;
    if (stat !== undefined && root !== undefined) return { root, name, type: BASIS.DESTINATION };
    if (other !== undefined) return { root: other.root, name, type: other.index };
    const { list } = held;
    return this.side.keeping.namesakes?.find(name, { size: list.size(i), mtime: list.mtime(i) });
  }
}
