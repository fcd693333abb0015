import { type ByteString, fromText } from '../core/bytes.ts';
import { isRsyncError } from '../core/errors.ts';
import { isUnsafeLink } from '../core/unsafe-link.ts';
import { errnoText } from '../files/errors.ts';
import type { Stat } from '../files/stat.ts';
import { type InfoLevels, infoLevels } from '../options/info-levels.ts';
import { IOERR, type RoleContext } from './context.ts';
import type { Origin } from './source.ts';

/** What a sender takes a symlink for: docs/protocol/2-file-list.md, 1.4. How far one leads is for the root to say. */
export class LinkFollower {
  /** Some symlinks are followed. */
  readonly isActive: boolean;
  private readonly ctx: RoleContext;
  private readonly info: InfoLevels;

  constructor(ctx: RoleContext) {
    const { copyLinks, copyDirlinks, copyUnsafeLinks } = ctx.options;
    this.ctx = ctx;
    this.info = infoLevels(ctx.options);
    this.isActive = copyLinks || copyDirlinks || copyUnsafeLinks;
  }

  /**
   * What is sent for a symlink: itself, or what it leads to. Undefined, after a report: nothing.
   * @param own         of the symlink
   * @param wantsDirectory  its content was asked for by name, so that it is followed to a directory
   */
  resolve(origin: Origin, name: ByteString, own: Stat, wantsDirectory = false): Stat | undefined {
    const { copyLinks, copyDirlinks, copyUnsafeLinks } = this.ctx.options;
    try {
      const unsafe = copyUnsafeLinks && !copyLinks ? this.unsafeTarget(origin, name) : undefined;
      if (unsafe !== undefined && this.info.SYMSAFE > 0)
        this.ctx.info(`copying unsafe symlink "${name}" -> "${unsafe}"`);
      if (copyLinks || unsafe !== undefined) {
        const referent = origin.root.stat(origin.at(name));
        if (referent === undefined) this.tell(`symlink has no referent: "${origin.display(name)}"`);
        return referent;
      }
    } catch (error) {
      const text = isRsyncError(error) ? error.message : errnoText(error);
      this.tell(`rsync: [sender] readlink_stat("${origin.display(name)}") failed: ${fromText(text)}`);
      return undefined;
    }
    if (!copyDirlinks && !wantsDirectory) return own;
    try {
      const referent = origin.root.stat(origin.at(name));
      return referent?.isDirectory ? referent : own;
    } catch {
      // It leads nowhere, or out of what may be reached: it is sent as what it is.
      return own;
    }
  }

  /** Where it leads, if that may be out of the transfer. */
  private unsafeTarget(origin: Origin, name: ByteString): ByteString | undefined {
    const target = origin.root.readlink(origin.at(name));
    return isUnsafeLink(target, name) ? target : undefined;
  }

  private tell(text: ByteString): void {
    this.ctx.ioError |= IOERR.GENERAL;
    this.ctx.error(text);
  }
}
