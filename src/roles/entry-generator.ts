import type { ByteString } from '../core/bytes.ts';
import { isMissing, isRegular, isSymlink } from '../core/mode.ts';
import type { Stat } from '../files/stat.ts';
import { ITEM } from '../protocol/item.ts';
import { DirectoryGenerator } from './directory-generator.ts';
import { GeneratorPart, type Workbench } from './generator-part.ts';
import type { HardLinks, LinkMember } from './hard-links.ts';
import { type NodeFate, NodeGenerator } from './node-generator.ts';
import type { ReceivedList } from './receiving-side.ts';
import { RegularGenerator } from './regular-generator.ts';

/** Decides about one entry at a time, in the order of docs/protocol/3-transfer.md, 3.1, and does what needs no data. */
export class EntryGenerator extends GeneratorPart {
  readonly directories: DirectoryGenerator;
  private readonly files: RegularGenerator;
  private readonly nodes: NodeGenerator;
  private readonly links: HardLinks;

  constructor(bench: Workbench) {
    super(bench);
    this.links = bench.side.links;
    this.directories = new DirectoryGenerator(bench);
    this.files = new RegularGenerator(bench);
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
    if (this.items.isGuarded(name, stat, list, i) || this.items.isUnwanted(name, stat, false))
      return this.leave(list, i, ndx);
    const group = this.groupOf(list, i);
    if (group >= 0) {
      const leader = this.links.leader(group);
      const member: LinkMember = { held, i, ndx };
      if (leader !== undefined) return this.link(member, leader);
      if (this.links.isInFlight(group)) {
        this.links.wait(group, member);
        return undefined;
      }
    }
    const mode = list.mode(i);
    if (isRegular(mode)) return this.files.file(held, i, ndx, name, stat);
    const fate = this.nodes.node(held, i, ndx, name, stat);
    if (fate instanceof Promise) return fate.then((known) => this.settleNode(held, i, ndx, name, known));
    this.settleNode(held, i, ndx, name, fate);
    return undefined;
  }

  private settleNode({ list }: ReceivedList, i: number, ndx: number, name: ByteString, fate: NodeFate): void {
    if (fate === 'made' || fate === 'there') {
      this.ctx.tellSuccess(ndx, fate === 'made' && isSymlink(list.mode(i)));
      this.arrived(list, i, name);
    } else this.leave(list, i, ndx);
  }

  /** `--delete-missing-args`: the sender has no such thing, so that it is not to be here either. */
  private removeMissing(name: ByteString): undefined | Promise<void> {
    const stat = this.items.lstat(name);
    if (stat === undefined || stat === 'failed') return undefined;
    return this.deletion.removeMissing(this.side.root!, name, stat);
  }

  /** A redo, or a hard-link member that has to ask after another one failed. */
  async ask(held: ReceivedList, i: number, ndx: number, redo: boolean): Promise<void> {
    const name = this.side.localName(held.list, i);
    const stat = this.items.lstat(name);
    if (stat === 'failed') {
      const group = this.groupOf(held.list, i);
      if (group >= 0) this.links.failed(group);
      if (redo) this.side.settle(held);
      return;
    }
    await this.files.ask({ held, i, ndx, name }, stat?.isRegular ? stat : undefined, redo);
  }

  /** Makes a hard link to `leader` and reports it. A promise only if there is something to wait for. */
  link(member: LinkMember, leader: ByteString): undefined | Promise<void> {
    const { held, i, ndx } = member;
    const { list } = held;
    const name = this.side.localName(list, i);
    const root = this.side.root;
    const kind = ITEM.LOCAL_CHANGE | ITEM.XNAME_FOLLOWS;
    const isAbsent = this.directories.isAbsent(list.dirname(i));
    const stat = isAbsent ? undefined : this.directories.lstat(list, i);
    if (stat === 'failed' || this.items.isGuarded(name, stat, list, i)) return undefined;
    const { alternates } = this.side.keeping;
    const target = root?.lstat(leader) ?? alternates?.taken.get(leader);
    // It may have come out shorter than the list has it.
    if (target !== undefined && this.ctx.isGuarded(name, stat, () => target)) return undefined;
    if (stat !== undefined && target !== undefined && stat.sameItem(target)) {
      this.writer.report(held, list, i, ndx, kind, '');
      this.items.tellUnchanged(name, 0);
      this.ctx.tellSuccess(ndx, false);
      return undefined;
    }
    if (stat?.isDirectory) {
      return this.deletion.makeRoomOfDirectory(root!, name, stat, 'hard link').then((isMade) => {
        if (isMade) this.linkThere(member, leader, name, undefined, target);
      });
    }
    this.linkThere(member, leader, name, stat, target);
    return undefined;
  }

  /** `found`: what the link takes the place of. `target`: what is at `leader`. */
  private linkThere(
    { held, i, ndx }: LinkMember,
    leader: ByteString,
    name: ByteString,
    found: Stat | undefined,
    target: Stat | undefined,
  ): void {
    const { list } = held;
    const { root } = this.side;
    const { alternates } = this.side.keeping;
    const kind = ITEM.LOCAL_CHANGE | ITEM.XNAME_FOLLOWS;
    if (!this.ctx.options.dryRun && root !== undefined) {
      try {
        if (!this.items.replace(root, name, found, (at) => root.link(leader, at))) return;
      } catch (error) {
        this.items.fail(`link "${root.display(name)}" => ${leader}`, error);
        return;
      }
    }
    this.ctx.tellSuccess(ndx, false);
    const other =
      found === undefined
        ? alternates?.memberOf(name, target, (own) => this.comparison.quickCheck(list, i, own))
        : undefined;
    if (other !== undefined && alternates?.kind === 'link') {
      this.writer.reportUnchanged(held, list, i, ndx, kind, leader);
      return;
    }
    const compared = found ?? other;
    const flags =
      compared === undefined
        ? ITEM.IS_NEW
        : this.comparison.differences(list, i, compared, ITEM.LOCAL_CHANGE);
    this.writer.report(held, list, i, ndx, kind | flags, leader);
  }
}
