import { type ByteString, fromText } from '../core/bytes.ts';
import { protocolError } from '../core/errors.ts';
import type { FileList } from '../core/file-list.ts';
import { isSymlink } from '../core/mode.ts';
import { errnoCode, errnoText } from '../files/errors.ts';
import { infoLevels } from '../options/info-levels.ts';
import type { RoleContext } from './context.ts';
import type { Origin } from './source.ts';

/**
 * `--remove-source-files`: a sender removes what the receiving side has, docs/protocol/3-transfer.md, 8.5. A source that
 * is not what was listed stays.
 */
export class SourceRemoval {
  private readonly ctx: RoleContext;
  private readonly tells: boolean;

  constructor(ctx: RoleContext) {
    this.ctx = ctx;
    this.tells = infoLevels(ctx.options).REMOVE > 0;
  }

  /** True if the options ask for it: otherwise what the receiving side says of it does not matter. */
  get isWanted(): boolean {
    const { removeSourceFiles, removeSentFiles } = this.ctx.options;
    return removeSourceFiles || removeSentFiles;
  }

  /**
   * Removes the source of an entry.
   * @throws RsyncError exit 2 for a directory, which nobody may ask for
   */
  remove(origin: Origin, list: FileList, i: number): void {
    const name = list.name(i);
    const { root } = origin;
    const at = origin.at(name);
    if (list.isDirectory(i)) throw protocolError(`the receiver has done with directory ${name}`);
    try {
      // A symlink whose content was sent is what is removed.
      const follows = origin.followsFiles && !isSymlink(list.mode(i));
      const stat = follows ? root.stat(at) : root.lstat(at);
      if (stat === undefined) {
        this.ctx.info(`sender file already removed: ${name}`);
        return;
      }
      const sameTime = stat.mtime === list.mtime(i) && stat.mtimeNsec === list.nsec(i);
      if (stat.size !== list.size(i) || !sameTime) {
        this.fail(`ERROR: Skipping sender remove for changed file: ${name}`);
        return;
      }
      root.unlink(at);
      if (this.tells) this.ctx.info(`sender removed ${name}`);
    } catch (error) {
      if (errnoCode(error) === 'ENOENT') this.ctx.info(`sender file already removed: ${name}`);
      else this.fail(`rsync: [sender] sender failed to remove ${name}: ${fromText(errnoText(error))}`);
    }
  }

  private fail(text: ByteString): void {
    this.ctx.error(text);
  }
}
