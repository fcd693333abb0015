import type { ByteString } from '../core/bytes.ts';
import type { FileList } from '../core/file-list.ts';
import { isDevice, isDirectory, isRegular, isSpecial, isSymlink } from '../core/mode.ts';
import { isUnsafeLink } from '../core/unsafe-link.ts';
import { platform } from '../files/platform/index.ts';
import type { Root } from '../files/root.ts';
import type { Stat } from '../files/stat.ts';
import { ITEM } from '../protocol/item.ts';
import { type AlternateMatch, LEVEL } from './alternates.ts';
import { GeneratorPart } from './generator-part.ts';
import type { ReceivedList } from './receiving-side.ts';

/** `made`: now. `there`: it was in its place, or something stands in for it. `left-out`: an alternate directory has it. */
export type NodeFate = 'made' | 'there' | 'left-out' | 'failed';

/** An item that is to be made. */
interface Plan {
  held: ReceivedList;
  i: number;
  ndx: number;
  name: ByteString;
  /** What it takes the place of. */
  old: Stat | undefined;
  /** The same, if it is of the same kind. */
  like: Stat | undefined;
  match: AlternateMatch | undefined;
}

/** Symlinks, devices, fifos and sockets: docs/protocol/3-transfer.md, 3.4. They need no data. */
export class NodeGenerator extends GeneratorPart {
  /**
   * What became of it (in a dry run: would have). `found`: what is there now. A promise only if there is something to
   * wait for.
   */
  node(
    held: ReceivedList,
    i: number,
    ndx: number,
    name: ByteString,
    found: Stat | undefined,
  ): NodeFate | Promise<NodeFate> {
    const { options } = this.ctx;
    const { list } = held;
    const mode = list.mode(i);
    let kind: string;
    if (isSymlink(mode) && options.links && list.target(i) !== undefined) kind = 'symlink';
    else if (isDevice(mode) && options.devices && platform.isRoot) kind = 'device file';
    else if (isSpecial(mode) && options.specials) kind = 'special file';
    else {
      if (this.info.NONREG > 0) this.ctx.info(`skipping non-regular file "${name}"`);
      return 'failed';
    }
    const target = list.target(i);
    if (options.safeLinks && target !== undefined && isUnsafeLink(target, list.name(i))) {
      if (this.info.SYMSAFE > 0) this.ctx.info(`ignoring unsafe symlink "${name}" -> "${target}"`);
      return 'failed';
    }
    const root = this.side.root;
    const sameKind = found !== undefined && kindOf(found.mode) === kindOf(mode);
    if (sameKind && this.sameValue(root!, list, i, name, found)) {
      const flags = this.comparison.differences(list, i, found, 0);
      const own = this.comparison.mode(list, i, found.mode);
      if (flags !== 0) this.items.apply(name, found, this.comparison.wanted(list, i, own, found));
      this.writer.report(held, list, i, ndx, flags);
      this.items.tellUnchanged(name, flags);
      return 'there';
    }
    const match = found === undefined ? this.alternate(list, i, name) : undefined;
    const isExact = match?.level === LEVEL.ALL;
    const { alternates } = this.side.keeping;
    if (isExact && alternates?.kind === 'compare') {
      this.writer.reportUnchanged(held, list, i, ndx, 0);
      this.items.tellUnchanged(name, 0);
      return 'left-out';
    }
    if (isExact && alternates?.kind === 'link' && this.link(held, i, ndx, name, match!)) return 'there';
    const plan: Plan = { held, i, ndx, name, old: found, like: sameKind ? found : undefined, match };
    if (!found?.isDirectory) return this.place(plan);
    return this.deletion
      .makeRoomOfDirectory(root!, name, found, kind)
      .then((isMade) => (isMade ? this.place({ ...plan, old: undefined }) : 'failed'));
  }

  private place({ held, i, ndx, name, old, like, match }: Plan): NodeFate {
    const { options } = this.ctx;
    const { list } = held;
    const { root } = this.side;
    if (!options.dryRun && root !== undefined) {
      try {
        if (!this.items.replace(root, name, old, (at) => this.create(root, list, i, at))) return 'failed';
      } catch (error) {
        const what = isSymlink(list.mode(i))
          ? `symlink "${root.display(name)}" -> "${list.target(i)}"`
          : `mknod "${root.display(name)}"`;
        this.items.fail(what, error);
        return 'failed';
      }
      const stat = root.lstat(name);
      if (stat !== undefined) {
        // Whatever was replaced, a symlink too, gives its permissions: as rsync does it for what needs no data.
        const own = this.comparison.mode(list, i, old?.mode);
        this.items.apply(name, stat, this.comparison.wanted(list, i, own, undefined));
      }
    }
    if (match?.level === LEVEL.ALL) {
      this.writer.reportUnchanged(held, list, i, ndx, ITEM.LOCAL_CHANGE);
      this.items.tellUnchanged(name, 0);
      return 'there';
    }
    let flags = ITEM.LOCAL_CHANGE | ITEM.REPORT_CHANGE;
    if (match !== undefined) flags |= this.comparison.differences(list, i, match.stat, ITEM.LOCAL_CHANGE);
    else if (like !== undefined) flags |= this.comparison.differences(list, i, like, ITEM.LOCAL_CHANGE);
    else flags |= ITEM.IS_NEW;
    this.writer.report(held, list, i, ndx, flags);
    return 'made';
  }

  private alternate(list: FileList, i: number, name: ByteString): AlternateMatch | undefined {
    const kind = kindOf(list.mode(i));
    return this.side.keeping.alternates?.find(
      name,
      (stat) => kindOf(stat.mode) === kind,
      (item) => this.sameValue(item.root, list, i, name, item.stat),
      (stat) => this.comparison.sameAttributes(list, i, stat),
    );
  }

  /** `--link-dest`; false: it has to be made, as where a file system links no such items. */
  private link(
    held: ReceivedList,
    i: number,
    ndx: number,
    name: ByteString,
    { root: from, stat }: AlternateMatch,
  ): boolean {
    if (stat.isSymlink && !platform.linksSymlinks) return false;
    const root = this.side.root;
    if (root !== undefined && !this.ctx.options.dryRun) {
      try {
        from.link(name, name, root);
      } catch {
        return false;
      }
    }
    this.writer.reportUnchanged(held, held.list, i, ndx, ITEM.LOCAL_CHANGE | ITEM.XNAME_FOLLOWS, '');
    this.items.tellUnchanged(name, 0);
    return true;
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
    if (isSymlink(mode)) {
      root.symlink(list.target(i)!, at);
      this.side.keptLinks.add(list.name(i));
    } else root.mknod(at, this.comparison.mode(list, i, undefined), list.rdevMajor(i), list.rdevMinor(i));
  }
}

/** Regular files, directories, symlinks, devices (both kinds), specials (both kinds): items of a kind are compatible. */
function kindOf(mode: number): string {
  if (isRegular(mode)) return 'regular';
  if (isDirectory(mode)) return 'directory';
  if (isSymlink(mode)) return 'symlink';
  return String(mode & 0o170000);
}
