import { type ByteString, fromText } from '../core/bytes.ts';
import { isRsyncError } from '../core/errors.ts';
import type { FileList } from '../core/file-list.ts';
import { type AttributeFailure, applyAttributes, type WantedAttributes } from '../files/attributes.ts';
import { errnoText } from '../files/errors.ts';
import type { Root } from '../files/root.ts';
import type { Stat } from '../files/stat.ts';
import type { InfoLevels } from '../options/info-levels.ts';
import type { RoleContext } from './context.ts';
import type { ReceivingSide } from './receiving-side.ts';

/** What the generator does to single items of the destination, with failures reported and not thrown. */
export class LocalItems {
  private readonly side: ReceivingSide;
  private readonly ctx: RoleContext;
  private readonly info: InfoLevels;
  private readonly tellsUnchanged: boolean;

  constructor(side: ReceivingSide, info: InfoLevels) {
    this.side = side;
    this.ctx = side.ctx;
    this.info = info;
    const { options } = side.ctx;
    const itemizes = options.itemize > 0 || options.outFormat?.includes('%i') === true;
    this.tellsUnchanged = info.NAME > 1 && !itemizes;
  }

  /** What is there; undefined: nothing, or no destination at all (dry run). */
  lstat(name: ByteString): Stat | undefined | 'failed' {
    const root = this.side.root;
    if (root === undefined) return undefined;
    try {
      return root.lstat(name);
    } catch (error) {
      this.fail(`recv_generator: failed to stat "${root.display(name)}"`, error);
      return 'failed';
    }
  }

  /** Sets what differs, and tells what cannot be. Nothing in a dry run. */
  apply(name: ByteString, stat: Stat, wanted: WantedAttributes): void {
    for (const failure of this.attempt(name, stat, wanted)) this.tellFailure(failure);
  }

  /** Sets what differs. Nothing in a dry run. @returns what could not be set */
  attempt(name: ByteString, stat: Stat, wanted: WantedAttributes): AttributeFailure[] {
    const root = this.side.root;
    if (root === undefined || this.ctx.options.dryRun) return [];
    // The attributes of a directory behind a kept link are not the link's.
    const kept =
      stat.isDirectory && this.side.keptLinks.isKept(root, name) ? root.openBelow(name) : undefined;
    const failures = applyAttributes(kept ?? root, kept === undefined ? name : '.', stat, wanted);
    kept?.close();
    return failures;
  }

  tellFailure(failure: AttributeFailure): void {
    this.ctx.error(`rsync: [generator] ${fromText(failure.text)}`);
  }

  /**
   * Makes something under `name`; over an existing non-directory by a rename, so that the name never vanishes.
   * @param found  what is there, no directory; undefined: nothing
   * @returns false, after reporting, if what is there could not be kept (`--backup`) and therefore stays
   */
  replace(root: Root, name: ByteString, found: Stat | undefined, make: (at: ByteString) => void): boolean {
    if (found === undefined) {
      make(name);
      return true;
    }
    const temporary = root.tempName(name);
    make(temporary);
    try {
      const { backups } = this.side.keeping;
      if (backups !== undefined && !backups.keep(name, found, 'stays')) {
        root.unlink(temporary);
        return false;
      }
      root.rename(temporary, name);
      // Renaming a file over another name of itself does nothing.
      if (root.lstat(temporary) !== undefined) root.unlink(temporary);
      return true;
    } catch (error) {
      root.unlink(temporary);
      throw error;
    }
  }

  /** `--existing`, `--ignore-existing`. */
  isUnwanted(name: ByteString, stat: Stat | undefined, wantsDirectory: boolean): boolean {
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

  /** What is there is not to be touched by an entry. */
  isGuarded(name: ByteString, found: Stat | undefined, list: FileList, i: number): boolean {
    return this.ctx.isGuarded(name, found, () => ({ mode: list.mode(i), size: list.size(i) }));
  }

  /** The filters of a daemon's module are about it. */
  isHidden(name: ByteString, isDirectory: boolean): boolean {
    const { policy } = this.ctx;
    if (policy === undefined || name === '.') return false;
    const { root } = this.side;
    return policy.hides(root === undefined ? name : root.display(name), isDirectory);
  }

  /** As `isHidden`; that it is so is an error. */
  isRefused(name: ByteString, isDirectory: boolean): boolean {
    if (!this.isHidden(name, isDirectory)) return false;
    const kind = isDirectory ? 'directory' : 'file';
    this.ctx.error(`ERROR: daemon refused to receive ${kind} "${name}"`);
    return true;
  }

  /** With `-vv`, where no format itemizes: an item that needs no data. */
  tellUnchanged(name: ByteString, flags: number): void {
    if (this.tellsUnchanged) this.ctx.info(flags === 0 ? `${name} is uptodate` : name);
  }

  fail(what: ByteString, error: unknown): void {
    const text = isRsyncError(error) ? error.message : errnoText(error);
    this.ctx.error(`rsync: [generator] ${what} failed: ${fromText(text)}`);
  }
}
