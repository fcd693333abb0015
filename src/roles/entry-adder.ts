import { type ByteString, fromText } from '../core/bytes.ts';
import { ENTRY, type FileList } from '../core/file-list.ts';
import { isDirectory, isRegular, isSymlink, S_IFLNK, S_IFMT } from '../core/mode.ts';
import { unmunge } from '../core/munging.ts';
import { errnoText } from '../files/errors.ts';
import { platform } from '../files/platform/index.ts';
import type { Stat } from '../files/stat.ts';
import { IOERR, type RoleContext } from './context.ts';
import type { Origin } from './source.ts';
import type { SourcedList } from './sourced-list.ts';

/** Puts items of the disk into a sender's lists. */
export class EntryAdder {
  private readonly ctx: RoleContext;
  private readonly origins: readonly Origin[];
  /** Device and inode of a hard-linked item to its group, for the whole session. */
  private readonly groups = new Map<string, number>();

  constructor(ctx: RoleContext, origins: readonly Origin[]) {
    this.ctx = ctx;
    this.origins = origins;
  }

  /** @param flags  `ENTRY` bits of a directory */
  add(target: SourcedList, origin: number, name: ByteString, stat: Stat, flags: number): void {
    const { options } = this.ctx;
    const { list } = target;
    const own = name === '.' && this.ctx.root !== 'kept' ? this.ctx.root : undefined;
    const mode = own === undefined ? stat.mode : (stat.mode & S_IFMT) | (own.mode & ~S_IFMT);
    let link: ByteString | undefined;
    if (isSymlink(mode) && options.links) {
      link = this.readLink(origin, name);
      if (link === undefined) return;
    }
    const hasData = isRegular(mode) || isDirectory(mode) || isSymlink(mode);
    const i = list.add({
      name,
      mode: isSymlink(mode) ? S_IFLNK | (mode & ~S_IFMT) : mode,
      size: hasData ? stat.size : 0,
      mtime: own?.mtime ?? stat.mtime,
      nsec: own?.mtimeNsec ?? stat.mtimeNsec,
      uid: stat.uid,
      gid: stat.gid,
      flags,
      target: link,
    });
    target.setOrigin(i, origin);
    if (!hasData) list.setRdev(i, platform.rdevMajor(stat.rdev), platform.rdevMinor(stat.rdev));
    if (options.hardLinks && !isDirectory(mode) && stat.nlink > 1) this.joinGroup(list, i, stat);
  }

  /** A source that does not exist, docs/protocol/2-file-list.md, 2.9. */
  addMissing(target: SourcedList, origin: number, name: ByteString): void {
    const i = target.list.add({ name, mode: 0, size: 0, mtime: 0, uid: 0, gid: 0, flags: 0 });
    target.setOrigin(i, origin);
  }

  private joinGroup(list: FileList, i: number, stat: Stat): void {
    const key = `${stat.dev}:${stat.ino}`;
    const known = this.groups.get(key);
    const group = known ?? list.ndxStart + i;
    if (known === undefined) this.groups.set(key, group);
    list.setHlink(i, group);
    list.setFlags(i, known === undefined ? ENTRY.HLINKED | ENTRY.HLINK_FIRST : ENTRY.HLINKED);
  }

  private readLink(origin: number, name: ByteString): ByteString | undefined {
    const { root } = this.origins[origin]!;
    const at = this.origins[origin]!.at(name);
    try {
      const target = root.readlink(at);
      return this.ctx.options.mungeLinks ? unmunge(target) : target;
    } catch (error) {
      this.ctx.ioError |= IOERR.GENERAL;
      this.ctx.error(
        `rsync: [sender] readlink_stat("${root.display(at)}") failed: ${fromText(errnoText(error))}`,
      );
      return undefined;
    }
  }
}
