import type { FileList } from '../core/file-list.ts';
import { isDirectory, isRegular, isSymlink } from '../core/mode.ts';
import type { WantedAttributes } from '../files/attributes.ts';
import { modeWithoutPerms } from '../files/modes.ts';
import { platform } from '../files/platform/index.ts';
import type { Stat } from '../files/stat.ts';
import { omitsDirectoryTimes } from '../options/implied.ts';
import { ITEM } from '../protocol/item.ts';
import type { RoleContext } from './context.ts';
import type { IdMap } from './id-map.ts';

const PERMISSIONS = 0o7777;

/**
 * How an entry of the list and what is at the destination differ, and what the entry's attributes are here:
 * docs/protocol/3-transfer.md, 2.2, 3.2 and 4.5.
 */
export class Comparison {
  private readonly ctx: RoleContext;
  private readonly ids: IdMap;

  constructor(ctx: RoleContext, ids: IdMap) {
    this.ctx = ctx;
    this.ids = ids;
  }

  /** Size and time (or what the options put in their place) say that a regular file is unchanged. Not for `-c`. */
  quickCheck(list: FileList, i: number, stat: Stat): boolean {
    const { options } = this.ctx;
    if (stat.size !== list.size(i)) return false;
    if (options.sizeOnly) return true;
    if (options.ignoreTimes) return false;
    return this.sameTime(list, i, stat);
  }

  /** `--modify-window`: within so many seconds; by default, the same second; negative: the same nanosecond. */
  private sameTime(list: FileList, i: number, stat: Stat): boolean {
    const { modifyWindow } = this.ctx.options;
    if (modifyWindow > 0) return Math.abs(stat.mtime - list.mtime(i)) <= modifyWindow;
    if (stat.mtime !== list.mtime(i)) return false;
    return modifyWindow === 0 || stat.mtimeNsec === list.nsec(i);
  }

  /** `--update`: the file here is newer. With a window, also if it is older by less than that. */
  isNewer(list: FileList, i: number, stat: Stat): boolean {
    return list.mtime(i) - stat.mtime < this.ctx.options.modifyWindow;
  }

  /** An item elsewhere is just what the entry wants: nothing would have to be set. */
  sameAttributes(list: FileList, i: number, stat: Stat): boolean {
    return (this.differences(list, i, stat, 0) & ~ITEM.REPORT_SIZE) === 0;
  }

  /**
   * REPORT flags of an item that exists.
   * @param changes  TRANSFER or LOCAL_CHANGE if the item's time will become "now"
   */
  differences(list: FileList, i: number, stat: Stat, changes: number): number {
    const { options } = this.ctx;
    const mode = list.mode(i);
    let flags = 0;
    if (isRegular(mode) && stat.size !== list.size(i)) flags |= ITEM.REPORT_SIZE;
    if (this.keepsTime(mode)) {
      if (!this.sameTime(list, i, stat)) flags |= ITEM.REPORT_TIME;
    } else if (changes & (ITEM.TRANSFER | ITEM.LOCAL_CHANGE)) {
      flags |= ITEM.REPORT_TIME;
    }
    if (options.perms && !isSymlink(mode) && ((stat.mode ^ mode) & PERMISSIONS) !== 0)
      flags |= ITEM.REPORT_PERMS;
    if (options.owner && platform.isRoot && stat.uid !== this.ids.uid(list.uid(i)))
      flags |= ITEM.REPORT_OWNER;
    if (options.group) {
      const gid = this.ids.gid(list.gid(i));
      if (gid !== undefined && stat.gid !== gid) flags |= ITEM.REPORT_GROUP;
    }
    return flags;
  }

  /** The time of such an item is to be that of the entry. */
  keepsTime(mode: number): boolean {
    const { options } = this.ctx;
    if (isDirectory(mode) && omitsDirectoryTimes(options)) return false;
    return options.times && !(options.omitLinkTimes && isSymlink(mode));
  }

  /**
   * The mode of the entry here, with type bits.
   * @param existing  mode of an item of a compatible kind at the destination
   */
  mode(list: FileList, i: number, existing: number | undefined): number {
    const mode = list.mode(i);
    return this.ctx.options.perms ? mode : modeWithoutPerms(mode, existing, platform.umask, false);
  }

  /**
   * What to set on the item. A time that counts as equal is left alone, so that a destination made in the same
   * second keeps its own nanoseconds, as with rsync.
   * @param current  the item as it is; undefined: just made, everything is set
   */
  wanted(list: FileList, i: number, mode: number, current: Stat | undefined): WantedAttributes {
    const { options } = this.ctx;
    const keepTime =
      !this.keepsTime(list.mode(i)) || (current !== undefined && this.sameTime(list, i, current));
    return {
      mode: isSymlink(mode) ? undefined : mode & PERMISSIONS,
      uid: options.owner && platform.isRoot ? this.ids.uid(list.uid(i)) : undefined,
      gid: options.group ? this.ids.gid(list.gid(i)) : undefined,
      mtime: keepTime ? undefined : list.mtime(i),
      mtimeNsec: list.nsec(i),
    };
  }

  /** The mode a directory needs while files are put into it: a process that is not root must be able to work in it. */
  workingMode(mode: number): number {
    return platform.isRoot || !isDirectory(mode) ? mode : mode | 0o700;
  }
}
