import type { ByteString } from '../core/bytes.ts';
import type { FileList } from '../core/file-list.ts';
import { isMissing, isRegular } from '../core/mode.ts';
import type { Stat } from '../files/stat.ts';
import { ITEM } from '../protocol/item.ts';
import { DirectoryGenerator } from './directory-generator.ts';
import { GeneratorPart, type Workbench } from './generator-part.ts';
import type { HardLinks, LinkMember } from './hard-links.ts';
import { fileDigest } from './list-sender.ts';
import { NodeGenerator } from './node-generator.ts';
import type { ReceivedList } from './receiving-side.ts';
import { transferFlags } from './request-writer.ts';

/** Decides about one entry at a time, in the order of docs/protocol/3-transfer.md, 3.1, and does what needs no data. */
export class EntryGenerator extends GeneratorPart {
  readonly directories: DirectoryGenerator;
  private readonly nodes: NodeGenerator;
  private readonly links: HardLinks;

  constructor(bench: Workbench) {
    super(bench);
    this.links = bench.side.links;
    this.directories = new DirectoryGenerator(bench);
    this.nodes = new NodeGenerator(bench);
  }

  /**
   * Anything but a directory. A promise only if there is I/O to wait for.
   * `ndx`: its index.
   */
  entry(held: ReceivedList, i: number, ndx: number): undefined | Promise<void> {
    const { list } = held;
    const name = this.side.localName(list, i);
    const { directories } = this;
    if (directories.isSkipped(list.dirname(i)) || directories.isBlocked(list, i, name))
      return this.leave(list, i, ndx);
    if (this.items.isRefused(name, false)) return this.leave(list, i, ndx);
    if (isMissing(list.mode(i))) return this.removeMissing(name);
    if (!directories.ensureAbove(list, i)) return this.leave(list, i, ndx);
    const stat = this.directories.lstat(list, i);
    if (stat === 'failed') return this.leave(list, i, ndx);
    if (this.items.isUnwanted(name, stat, false)) return this.leave(list, i, ndx);
    const group = list.hlink(i);
    if (group >= 0 && this.ctx.options.hardLinks) {
      const leader = this.links.leader(group);
      const member: LinkMember = { held, i, ndx };
      if (leader !== undefined) {
        this.link(member, leader);
        return undefined;
      }
      if (this.links.isInFlight(group)) {
        this.links.wait(group, member);
        return undefined;
      }
    }
    const mode = list.mode(i);
    if (isRegular(mode)) return this.regular(held, i, ndx, name, stat);
    if (!this.nodes.node(held, i, ndx, name, stat)) return this.leave(list, i, ndx);
    this.arrived(list, i, name);
    return undefined;
  }

  /** `--delete-missing-args`: the sender has no such thing, so that it is not to be here either. */
  private removeMissing(name: ByteString): undefined {
    const stat = this.items.lstat(name);
    if (stat === undefined || stat === 'failed') return undefined;
    this.deletion.removeMissing(this.side.root!, name, stat);
    return undefined;
  }

  /** Nothing is done about this entry; nobody may wait for it. */
  private leave(list: FileList, i: number, ndx: number): undefined {
    const group = list.hlink(i);
    if (group >= 0 && this.ctx.options.hardLinks) this.links.skipped(group, ndx);
    return undefined;
  }

  /** A redo, or a hard-link member that has to ask after another one failed. */
  async ask(held: ReceivedList, i: number, ndx: number, redo: boolean): Promise<void> {
    const name = this.side.localName(held.list, i);
    const stat = this.items.lstat(name);
    if (stat === 'failed') {
      const group = held.list.hlink(i);
      if (group >= 0 && this.ctx.options.hardLinks) this.links.failed(group);
      if (redo) this.side.settle(held);
      return;
    }
    const basis = stat?.isRegular ? stat : undefined;
    await this.request(held, i, ndx, name, basis, redo);
  }

  /** Makes a hard link to `leader` and reports it. */
  link(member: LinkMember, leader: ByteString): void {
    const { held, i, ndx } = member;
    const { list } = held;
    const name = this.side.localName(list, i);
    const root = this.side.root;
    const kind = ITEM.LOCAL_CHANGE | ITEM.XNAME_FOLLOWS;
    if (root === undefined || this.directories.isAbsent(list.dirname(i))) {
      this.writer.report(held, list, i, ndx, kind | ITEM.IS_NEW, leader);
      return;
    }
    const stat = this.directories.lstat(list, i);
    if (stat === 'failed') return;
    const target = root.lstat(leader);
    if (stat !== undefined && target !== undefined && stat.sameItem(target)) {
      this.writer.report(held, list, i, ndx, kind, '');
      this.items.tellUnchanged(name, 0);
      return;
    }
    if (stat?.isDirectory && !this.deletion.makeRoom(root, name, stat, 'hard link')) return;
    const exists = stat !== undefined && !stat.isDirectory;
    if (!this.ctx.options.dryRun) {
      try {
        this.items.replace(root, name, exists, (at) => root.link(leader, at));
      } catch (error) {
        this.items.fail(`link "${root.display(name)}" => ${leader}`, error);
        return;
      }
    }
    const flags = exists ? this.comparison.differences(list, i, stat, ITEM.LOCAL_CHANGE) : ITEM.IS_NEW;
    this.writer.report(held, list, i, ndx, kind | flags, leader);
  }

  private regular(
    held: ReceivedList,
    i: number,
    ndx: number,
    name: ByteString,
    found: Stat | undefined,
  ): undefined | Promise<void> {
    const { options } = this.ctx;
    const { list } = held;
    let stat = found;
    const { minSize, maxSize } = options;
    if (maxSize !== undefined && list.size(i) > maxSize)
      return this.skip(list, i, ndx, `${name} is over max-size`);
    if (minSize !== undefined && list.size(i) < minSize)
      return this.skip(list, i, ndx, `${name} is under min-size`);
    if (stat?.isRegular && options.update && list.mtime(i) < stat.mtime) {
      return this.skip(list, i, ndx, `${name} is newer`);
    }
    if (stat !== undefined && !stat.isRegular) {
      if (!this.deletion.makeRoom(this.side.root!, name, stat, 'regular file'))
        return this.leave(list, i, ndx);
      stat = undefined;
    }
    if (stat === undefined) return this.missing(held, i, ndx, name);
    if (options.checksum) return this.compareDigest(held, i, ndx, name, stat);
    if (this.comparison.quickCheck(list, i, stat)) this.unchanged(held, i, ndx, name, stat);
    else return this.request(held, i, ndx, name, stat, false);
    return undefined;
  }

  private skip(list: FileList, i: number, ndx: number, remark: ByteString): undefined {
    if (this.info.SKIP > 0) this.ctx.info(remark);
    return this.leave(list, i, ndx);
  }

  private missing(held: ReceivedList, i: number, ndx: number, name: ByteString): undefined | Promise<void> {
    const group = held.list.hlink(i);
    if (group >= 0 && this.ctx.options.hardLinks && !this.links.isLast(group, ndx)) {
      this.links.wait(group, { held, i, ndx });
      return undefined;
    }
    return this.request(held, i, ndx, name, undefined, false);
  }

  private async compareDigest(
    held: ReceivedList,
    i: number,
    ndx: number,
    name: ByteString,
    stat: Stat,
  ): Promise<void> {
    const wanted = held.list.checksum(i);
    let same = false;
    if (stat.size === held.list.size(i) && wanted !== undefined) {
      const digest = await fileDigest(this.side.root!, name, this.ctx.negotiated.listChecksum);
      same = Buffer.compare(digest ?? new Uint8Array(wanted.length), wanted) === 0;
    }
    if (same) this.unchanged(held, i, ndx, name, stat);
    else await this.request(held, i, ndx, name, stat, false);
  }

  private unchanged(held: ReceivedList, i: number, ndx: number, name: ByteString, stat: Stat): void {
    const { list } = held;
    const flags = this.comparison.differences(list, i, stat, 0);
    if (flags !== 0) {
      const mode = this.comparison.mode(list, i, stat.mode);
      this.items.apply(name, stat, this.comparison.wanted(list, i, mode, stat));
    }
    this.writer.report(held, list, i, ndx, flags);
    this.items.tellUnchanged(name, flags);
    this.arrived(list, i, name);
  }

  private request(
    held: ReceivedList,
    i: number,
    ndx: number,
    name: ByteString,
    stat: Stat | undefined,
    redo: boolean,
  ): Promise<void> {
    const { list } = held;
    const differences = stat === undefined ? 0 : this.comparison.differences(list, i, stat, ITEM.TRANSFER);
    const flags = transferFlags(differences, stat === undefined, this.ctx.options.checksum);
    const group = list.hlink(i);
    if (group >= 0 && this.ctx.options.hardLinks) {
      // Nothing will come in a dry run: the others can be linked to it at once.
      if (this.ctx.options.dryRun) this.links.arrived(group, name);
      else this.links.asked(group, ndx);
    }
    return this.writer.transfer(held, i, ndx, flags, stat === undefined ? undefined : name, redo);
  }

  /** The item is in place: the rest of its hard-link group can be linked to it. */
  private arrived(list: FileList, i: number, name: ByteString): void {
    const group = list.hlink(i);
    if (group >= 0 && this.ctx.options.hardLinks) this.links.arrived(group, name);
  }
}
