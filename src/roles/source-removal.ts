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
  /** What has been said to have arrived: said once more, it means nothing. */
  private readonly arrived = new Set<number>();
  private readonly waiting: { origin: Origin; list: FileList; i: number }[] = [];
  private working: Promise<void> | undefined;

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
   * Removes the source of an entry: at once, or when a peer that is told of it listens again.
   * @throws RsyncError exit 2 for a directory, which nobody may ask for
   */
  remove(ndx: number, origin: Origin, list: FileList, i: number): void {
    if (list.isDirectory(i)) throw protocolError(`the receiver has done with directory ${list.name(i)}`);
    if (this.arrived.has(ndx)) return;
    this.arrived.add(ndx);
    if (this.working === undefined && !this.ctx.wire.isFull) {
      this.removeNow(origin, list, i);
      return;
    }
    this.waiting.push({ origin, list, i });
    if (this.working !== undefined) return;
    this.working = this.work();
    // `finish` tells of it; whoever reads and writes sees it before.
    this.working.catch(() => {});
  }

  /** Waits until nothing is left to be removed. */
  async finish(): Promise<void> {
    await this.working;
  }

  private async work(): Promise<void> {
    const { wire } = this.ctx;
    for (const { origin, list, i } of this.waiting) {
      if (wire.isFull) await wire.drain();
      this.removeNow(origin, list, i);
    }
    this.waiting.length = 0;
    this.working = undefined;
  }

  private removeNow(origin: Origin, list: FileList, i: number): void {
    const name = list.name(i);
    const { root } = origin;
    const at = origin.at(name);
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
