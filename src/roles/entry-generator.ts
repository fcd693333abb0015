import { type ByteString, fromText } from '../core/bytes.ts';
import { isRsyncError } from '../core/errors.ts';
import type { FileList } from '../core/file-list.ts';
import { isDevice, isDirectory, isRegular, isSpecial, isSymlink } from '../core/mode.ts';
import { applyAttributes } from '../files/attributes.ts';
import { errnoText } from '../files/errors.ts';
import { newDirectoryMode } from '../files/modes.ts';
import { platform } from '../files/platform/index.ts';
import type { Root } from '../files/root.ts';
import type { Stat } from '../files/stat.ts';
import type { InfoLevels } from '../options/info-levels.ts';
import { ITEM } from '../protocol/item.ts';
import type { Comparison } from './comparison.ts';
import type { RoleContext } from './context.ts';
import type { Deletion } from './deletion.ts';
import type { HardLinks, LinkMember } from './hard-links.ts';
import { fileDigest } from './list-sender.ts';
import type { ReceivedList, ReceivingSide } from './receiving-side.ts';
import { type RequestWriter, transferFlags } from './request-writer.ts';

/** Decides about one entry at a time, in the order of docs/protocol/3-transfer.md, 3.1, and does what needs no data. */
export class EntryGenerator {
  private readonly links: HardLinks;
  private readonly side: ReceivingSide;
  private readonly ctx: RoleContext;
  private readonly writer: RequestWriter;
  private readonly comparison: Comparison;
  private readonly deletion: Deletion;
  private readonly info: InfoLevels;
  /** Directories whose contents are left alone: not made, or not wanted. */
  private readonly skipped = new Set<ByteString>();
  /** Directories made in this run, which their own lists have not reported; with a dry run: that would be made. */
  private readonly made = new Set<ByteString>();
  /** Directories in whose place something else is left alone (`--ignore-existing`): nothing in them can exist. */
  private readonly blocked = new Set<ByteString>();
  private readonly tellsUnchanged: boolean;

  constructor(
    side: ReceivingSide,
    writer: RequestWriter,
    comparison: Comparison,
    deletion: Deletion,
    info: InfoLevels,
  ) {
    this.side = side;
    this.ctx = side.ctx;
    this.links = side.links;
    this.writer = writer;
    this.comparison = comparison;
    this.deletion = deletion;
    this.info = info;
    const { options } = side.ctx;
    const itemizes = options.itemize > 0 || options.outFormat?.includes('%i') === true;
    this.tellsUnchanged = info.NAME > 1 && !itemizes;
  }

  /** True if nothing below this directory is to be touched. */
  isSkipped(directory: ByteString): boolean {
    return this.skipped.has(directory);
  }

  /** True if the directory does not exist here (dry run): nothing in it does. */
  isAbsent(directory: ByteString): boolean {
    return this.ctx.options.dryRun && this.made.has(directory);
  }

  /**
   * Anything but a directory. A promise only if there is I/O to wait for.
   * `ndx`: its index.
   */
  entry(held: ReceivedList, i: number, ndx: number): undefined | Promise<void> {
    const { list } = held;
    const name = this.side.localName(list, i);
    if (this.skipped.has(list.dirname(i)) || this.isBlocked(list, i, name)) return this.leave(list, i, ndx);
    const stat = this.lstat(name, list.dirname(i));
    if (stat === 'failed') return this.leave(list, i, ndx);
    if (this.isUnwanted(name, stat, false)) return this.leave(list, i, ndx);
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
    this.other(held, i, ndx, name, stat);
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
    const stat = this.lstat(name, held.list.dirname(i));
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
    if (root === undefined || this.isAbsent(list.dirname(i))) {
      this.writer.report(held, list, i, ndx, kind | ITEM.IS_NEW, leader);
      return;
    }
    const stat = this.lstat(name, list.dirname(i));
    if (stat === 'failed') return;
    const target = root.lstat(leader);
    if (stat !== undefined && target !== undefined && stat.sameItem(target)) {
      this.writer.report(held, list, i, ndx, kind, '');
      return;
    }
    if (stat?.isDirectory && !this.deletion.makeRoom(root, name, stat, 'hard link')) return;
    const exists = stat !== undefined && !stat.isDirectory;
    if (!this.ctx.options.dryRun) {
      try {
        this.replace(root, name, exists, (at) => root.link(leader, at));
      } catch (error) {
        this.fail(`link "${root.display(name)}" => ${leader}`, error);
        return;
      }
    }
    const flags = exists ? this.comparison.differences(list, i, stat, 0) : ITEM.IS_NEW;
    this.writer.report(held, list, i, ndx, kind | flags, leader);
    if (this.info.NAME > 1 && this.tellsUnchanged) this.ctx.info(`${name} => ${leader}`);
  }

  // ---- directories ----

  /**
   * A directory with its report. Returns false if its contents are to be left alone.
   * @param held  the list that counts the item; `list` and `i` have the entry
   */
  directory(held: ReceivedList, list: FileList, i: number, ndx: number): boolean {
    const name = this.side.localName(list, i);
    const key = list.name(i);
    if (this.skipped.has(list.dirname(i)) && name !== '.') {
      this.skipped.add(key);
      return false;
    }
    if (this.isBlocked(list, i, name)) {
      this.blocked.add(key);
      return false;
    }
    let stat = this.lstat(name, list.dirname(i));
    if (stat === 'failed') {
      this.skipped.add(key);
      return false;
    }
    if (name === '.' && this.side.destination.created) this.made.add(key);
    const wasMade = this.made.has(key) && !this.ctx.options.dryRun;
    if (!wasMade && this.isUnwanted(name, stat, true)) {
      (stat === undefined ? this.skipped : this.blocked).add(key);
      return false;
    }
    let flags: number;
    if (stat?.isDirectory && !this.made.has(key)) {
      flags = this.comparison.differences(list, i, stat, 0);
    } else {
      flags = ITEM.LOCAL_CHANGE | ITEM.IS_NEW;
      if (!wasMade && !this.make(name, key, this.comparison.mode(list, i, undefined), stat)) return false;
      stat = this.ctx.options.dryRun ? undefined : this.side.root?.lstat(name);
    }
    if (stat?.isDirectory) this.setDirectoryAttributes(list, i, name, stat, wasMade);
    this.writer.report(held, list, i, ndx, flags);
    return true;
  }

  /**
   * With incremental recursion and times: makes a missing directory when its parent's list is worked on, so that the
   * parent's time can be settled when that list is closed. The item is reported with the directory's own list.
   */
  makeEarly(list: FileList, i: number): void {
    if (this.ctx.options.dryRun || this.skipped.has(list.dirname(i))) return;
    const name = this.side.localName(list, i);
    const stat = this.lstat(name, list.dirname(i));
    if (stat === 'failed' || stat?.isDirectory || this.blocked.has(list.dirname(i))) return;
    const { existing, ignoreExisting } = this.ctx.options;
    if (stat === undefined ? existing : ignoreExisting) return;
    this.make(name, list.name(i), 0o700, stat);
  }

  private make(name: ByteString, key: ByteString, mode: number, stat: Stat | undefined): boolean {
    const root = this.side.root;
    const inTheWay = stat !== undefined && !stat.isDirectory;
    if (root !== undefined && inTheWay && !this.deletion.makeRoom(root, name, stat, 'directory')) {
      return this.skipContents(key);
    }
    this.made.add(key);
    if (this.ctx.options.dryRun || root === undefined) return true;
    try {
      root.mkdir(name, mode & 0o777);
      return true;
    } catch (error) {
      this.made.delete(key);
      this.fail(`recv_generator: mkdir "${root.display(name)}"`, error);
      return this.skipContents(key);
    }
  }

  private skipContents(key: ByteString): false {
    this.skipped.add(key);
    this.ctx.error('*** Skipping any contents from this failed directory ***');
    return false;
  }

  /** `early`: it was made by `makeEarly`, for the owner alone, and has no mode of its own so far. */
  private setDirectoryAttributes(
    list: FileList,
    i: number,
    name: ByteString,
    stat: Stat,
    early: boolean,
  ): void {
    let { mode } = stat;
    if (this.ctx.options.perms) mode = list.mode(i);
    else if (early) mode = newDirectoryMode(this.comparison.mode(list, i, undefined), stat.mode);
    this.apply(name, stat, this.comparison.wanted(list, i, this.comparison.workingMode(mode), stat));
  }

  /** Settles time and mode of a directory into which everything has been put, docs/protocol/3-transfer.md, 4.4. */
  touchUp(list: FileList, i: number): void {
    const root = this.side.root;
    const { options } = this.ctx;
    if (root === undefined || options.dryRun || options.listOnly) return;
    if (list.isDead(i) || this.skipped.has(list.name(i))) return;
    const name = this.side.localName(list, i);
    let stat: Stat | undefined;
    try {
      stat = root.lstat(name);
    } catch {
      return;
    }
    if (stat === undefined || !stat.isDirectory) return;
    const restoresMode = options.perms && !platform.isRoot;
    const wanted = this.comparison.wanted(list, i, list.mode(i), stat);
    this.apply(name, stat, {
      ...wanted,
      uid: undefined,
      gid: undefined,
      mode: restoresMode ? wanted.mode : undefined,
    });
  }

  // ---- regular files ----

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
    if (stat?.isRegular && options.update && list.mtime(i) < stat.mtime) {
      if (this.info.SKIP > 0) this.ctx.info(`${name} is newer`);
      return this.leave(list, i, ndx);
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
      this.apply(name, stat, this.comparison.wanted(list, i, mode, stat));
    }
    this.writer.report(held, list, i, ndx, flags);
    this.tellUnchanged(name, flags);
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

  // ---- symlinks, devices, specials ----

  private other(held: ReceivedList, i: number, ndx: number, name: ByteString, found: Stat | undefined): void {
    const { options } = this.ctx;
    const { list } = held;
    const mode = list.mode(i);
    let kind: string;
    if (isSymlink(mode) && options.links && list.target(i) !== undefined) kind = 'symlink';
    else if (isDevice(mode) && options.devices && platform.isRoot) kind = 'device file';
    else if (isSpecial(mode) && options.specials) kind = 'special file';
    else {
      if (this.info.NONREG > 0) this.ctx.info(`skipping non-regular file "${name}"`);
      return;
    }
    const root = this.side.root;
    const sameKind = found !== undefined && kindOf(found.mode) === kindOf(mode);
    if (sameKind && this.sameValue(root!, list, i, name, found)) {
      const flags = this.comparison.differences(list, i, found, 0);
      if (flags !== 0) this.apply(name, found, this.comparison.wanted(list, i, mode, found));
      this.writer.report(held, list, i, ndx, flags);
      this.tellUnchanged(name, flags);
      this.arrived(list, i, name);
      return;
    }
    let exists = found !== undefined;
    if (found?.isDirectory) {
      if (!this.deletion.makeRoom(root!, name, found, kind)) return;
      exists = false;
    }
    if (!options.dryRun && root !== undefined) {
      try {
        this.replace(root, name, exists, (at) => this.create(root, list, i, at));
      } catch (error) {
        const what = isSymlink(mode)
          ? `symlink "${root.display(name)}" -> "${list.target(i)}"`
          : `mknod "${root.display(name)}"`;
        this.fail(what, error);
        return;
      }
      const stat = root.lstat(name);
      if (stat !== undefined) {
        const own = this.comparison.mode(list, i, sameKind ? found.mode : undefined);
        this.apply(name, stat, this.comparison.wanted(list, i, own, undefined));
      }
    }
    let flags = ITEM.LOCAL_CHANGE | ITEM.REPORT_CHANGE;
    if (sameKind) flags |= this.comparison.differences(list, i, found, ITEM.LOCAL_CHANGE);
    else flags |= ITEM.IS_NEW;
    this.writer.report(held, list, i, ndx, flags);
    this.arrived(list, i, name);
  }

  private sameValue(root: Root, list: FileList, i: number, name: ByteString, stat: Stat): boolean {
    const mode = list.mode(i);
    if (isSymlink(mode)) return root.readlink(name) === list.target(i);
    if (isDevice(mode)) {
      return (
        platform.rdevMajor(stat.rdev) === list.rdevMajor(i) &&
        platform.rdevMinor(stat.rdev) === list.rdevMinor(i)
      );
    }
    return true;
  }

  private create(root: Root, list: FileList, i: number, at: ByteString): void {
    const mode = list.mode(i);
    if (isSymlink(mode)) root.symlink(list.target(i)!, at);
    else root.mknod(at, this.comparison.mode(list, i, undefined), list.rdevMajor(i), list.rdevMinor(i));
  }

  // ---- common ----

  /** Makes something under `name`; over an existing non-directory by a rename, so that the name never vanishes. */
  private replace(root: Root, name: ByteString, exists: boolean, make: (at: ByteString) => void): void {
    if (!exists) {
      make(name);
      return;
    }
    const temporary = root.tempName(name);
    make(temporary);
    try {
      root.rename(temporary, name);
    } catch (error) {
      root.unlink(temporary);
      throw error;
    }
  }

  /** The item is in place: the rest of its hard-link group can be linked to it. */
  private arrived(list: FileList, i: number, name: ByteString): void {
    const group = list.hlink(i);
    if (group >= 0 && this.ctx.options.hardLinks) this.links.arrived(group, name);
  }

  /** `--existing`, `--ignore-existing`. */
  private isUnwanted(name: ByteString, stat: Stat | undefined, wantsDirectory: boolean): boolean {
    const { options } = this.ctx;
    if (options.existing && stat === undefined) {
      const kind = wantsDirectory ? 'directory' : 'file';
      if (this.info.SKIP > 0) this.ctx.info(`not creating new ${kind} "${name}"`);
      return true;
    }
    if (options.ignoreExisting && stat !== undefined && !(wantsDirectory && stat.isDirectory)) {
      if (this.info.SKIP > 0) this.ctx.info(`${name} exists`);
      return true;
    }
    return false;
  }

  /** Below something that is no directory: an error for the entry, as the system would give it. */
  private isBlocked(list: FileList, i: number, name: ByteString): boolean {
    if (!this.blocked.has(list.dirname(i))) return false;
    const shown = this.side.root?.display(name) ?? name;
    this.ctx.error(`rsync: [generator] recv_generator: failed to stat "${shown}": Not a directory (20)`);
    return true;
  }

  private lstat(name: ByteString, directory: ByteString): Stat | undefined | 'failed' {
    const root = this.side.root;
    if (root === undefined || this.isAbsent(directory)) return undefined;
    try {
      return root.lstat(name);
    } catch (error) {
      this.fail(`recv_generator: failed to stat "${root.display(name)}"`, error);
      return 'failed';
    }
  }

  private apply(name: ByteString, stat: Stat, wanted: Parameters<typeof applyAttributes>[3]): void {
    const root = this.side.root;
    if (root === undefined || this.ctx.options.dryRun) return;
    for (const failure of applyAttributes(root, name, stat, wanted)) {
      this.ctx.error(`rsync: [generator] ${fromText(failure.text)}`);
    }
  }

  private tellUnchanged(name: ByteString, flags: number): void {
    if (this.tellsUnchanged) this.ctx.info(flags === 0 ? `${name} is uptodate` : name);
  }

  private fail(what: ByteString, error: unknown): void {
    const text = isRsyncError(error) ? error.message : errnoText(error);
    this.ctx.error(`rsync: [generator] ${what} failed: ${fromText(text)}`);
  }
}

/** Regular files, directories, symlinks, devices (both kinds), specials (both kinds): items of a kind are compatible. */
function kindOf(mode: number): string {
  if (isRegular(mode)) return 'regular';
  if (isDirectory(mode)) return 'directory';
  if (isSymlink(mode)) return 'symlink';
  return String(mode & 0o170000);
}
