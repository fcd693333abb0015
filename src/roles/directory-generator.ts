import type { ByteString } from '../core/bytes.ts';
import type { FileList } from '../core/file-list.ts';
import { newDirectoryMode } from '../files/modes.ts';
import { platform } from '../files/platform/index.ts';
import type { Stat } from '../files/stat.ts';
import { ITEM } from '../protocol/item.ts';
import { LEVEL } from './alternates.ts';
import { GeneratorPart } from './generator-part.ts';
import type { ReceivedList } from './receiving-side.ts';

/** Directories of the destination, docs/protocol/3-transfer.md, 4.1 and 4.4: made, reported, settled at the end. */
export class DirectoryGenerator extends GeneratorPart {
  /** Directories whose contents are left alone: not made, or not wanted. */
  private readonly skipped = new Set<ByteString>();
  /** Directories made in this run, which their own lists have not reported; with a dry run: that would be made. */
  private readonly made = new Set<ByteString>();
  /** `--no-implied-dirs`: directories that are there, or have been made. */
  private readonly present = new Set<ByteString>();
  /** Directories in whose place something else is left alone (`--ignore-existing`): nothing in them can exist. */
  private readonly blocked = new Set<ByteString>();

  /** True if nothing below this directory is to be touched. */
  isSkipped(directory: ByteString): boolean {
    return this.skipped.has(directory);
  }

  /** True if the directory does not exist here (dry run): nothing in it does. */
  isAbsent(directory: ByteString): boolean {
    return this.ctx.options.dryRun && this.made.has(directory);
  }

  /**
   * What is at the place of an entry. Nothing is, in a directory that this run has made, or in a dry run would have
   * made: the system is not asked (measured: a tenth of the time that many new small files take).
   */
  lstat(list: FileList, i: number): Stat | undefined | 'failed' {
    const directory = list.dirname(i);
    const isNew = this.made.has(directory === '' ? '.' : directory) && list.name(i) !== '.';
    if (isNew) return undefined;
    const name = this.side.localName(list, i);
    const stat = this.items.lstat(name);
    if (stat === 'failed' || !list.isDirectory(i) || this.side.root === undefined) return stat;
    return this.side.keptLinks.resolve(this.side.root, name, stat);
  }

  /**
   * `--no-implied-dirs`: makes the directories above an entry that are missing, with what a directory has by default.
   * False, after a report: something in their place is not to be used.
   */
  ensureAbove(list: FileList, i: number): boolean {
    const { root, keptLinks } = this.side;
    const directory = list.dirname(i);
    if (this.ctx.options.impliedDirs || root === undefined || directory === '' || this.present.has(directory))
      return true;
    for (let end = directory.indexOf('/'); ; end = directory.indexOf('/', end + 1)) {
      const name = end < 0 ? directory : directory.slice(0, end);
      if (!this.present.has(name)) {
        try {
          if (this.items.lstat(name) === undefined) {
            this.made.add(name);
            if (!this.ctx.options.dryRun) root.mkdir(name, 0o777);
          } else if (keptLinks.follow(root, name)?.isDirectory !== true) {
            this.ctx.error(
              `rsync: [generator] recv_generator: failed to stat "${root.display(name)}": Not a directory (20)`,
            );
            return false;
          }
        } catch (error) {
          this.made.delete(name);
          this.items.fail(`recv_generator: mkdir "${root.display(name)}"`, error);
          return false;
        }
        this.present.add(name);
      }
      if (end < 0) return true;
    }
  }

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
    if (!this.ensureAbove(list, i)) {
      this.skipped.add(key);
      return false;
    }
    if (this.isBlocked(list, i, name)) {
      this.blocked.add(key);
      return false;
    }
    if (this.items.isRefused(name, true)) return this.skipContents(key);
    let stat = this.lstat(list, i);
    if (stat === 'failed') {
      this.skipped.add(key);
      return false;
    }
    if (name === '.' && this.side.destination.created) this.made.add(key);
    const wasMade = this.made.has(key) && !this.ctx.options.dryRun;
    if (!wasMade && this.items.isGuarded(name, stat, list, i)) {
      this.skipped.add(key);
      return false;
    }
    if (!wasMade && this.items.isUnwanted(name, stat, true)) {
      (stat === undefined ? this.skipped : this.blocked).add(key);
      return false;
    }
    let flags: number;
    if (stat?.isDirectory && !this.made.has(key)) {
      flags = this.keeps(key) ? 0 : this.comparison.differences(list, i, stat, 0);
    } else {
      flags = ITEM.LOCAL_CHANGE | this.novelty(list, i, name);
      if (!wasMade && !this.make(name, key, this.comparison.mode(list, i, undefined), stat)) return false;
      stat = this.ctx.options.dryRun ? undefined : this.side.root?.lstat(name);
    }
    if (stat?.isDirectory && !this.keeps(key)) this.setAttributes(list, i, name, stat, wasMade);
    this.writer.report(held, list, i, ndx, flags);
    return true;
  }

  /** How a directory that is made differs from what an alternate directory has; IS_NEW if none has it. */
  private novelty(list: FileList, i: number, name: ByteString): number {
    const match = this.side.keeping.alternates?.find(
      name,
      (stat) => stat.isDirectory,
      () => true,
      (stat) => this.comparison.sameAttributes(list, i, stat),
    );
    if (match === undefined) return ITEM.IS_NEW;
    const isExact = match.level === LEVEL.ALL;
    if (isExact) this.items.tellUnchanged(`${name}/`, 0);
    const changes = isExact ? 0 : ITEM.LOCAL_CHANGE;
    return this.comparison.differences(list, i, match.stat, changes);
  }

  /**
   * With incremental recursion and times: makes a missing directory when its parent's list is worked on, so that the
   * parent's time can be settled when that list is closed. The item is reported with the directory's own list.
   */
  makeEarly(list: FileList, i: number): void {
    if (this.ctx.options.dryRun || this.skipped.has(list.dirname(i))) return;
    if (this.side.isLeftAlone(list, i) || !this.ensureAbove(list, i)) return;
    const name = this.side.localName(list, i);
    if (this.items.isHidden(name, true)) return;
    const stat = this.lstat(list, i);
    if (stat === 'failed' || stat?.isDirectory || this.blocked.has(list.dirname(i))) return;
    const { existing, ignoreExisting } = this.ctx.options;
    if (stat === undefined ? existing : ignoreExisting || this.items.isGuarded(name, stat, list, i)) return;
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
      this.items.fail(`recv_generator: mkdir "${root.display(name)}"`, error);
      return this.skipContents(key);
    }
  }

  private skipContents(key: ByteString): false {
    this.skipped.add(key);
    this.ctx.error('*** Skipping any contents from this failed directory ***');
    return false;
  }

  /** `early`: it was made by `makeEarly`, for the owner alone, and has no mode of its own so far. */
  private setAttributes(list: FileList, i: number, name: ByteString, stat: Stat, early: boolean): void {
    let { mode } = stat;
    if (this.ctx.options.perms) mode = list.mode(i);
    else if (early) mode = newDirectoryMode(this.comparison.mode(list, i, undefined), stat.mode);
    this.items.apply(name, stat, this.comparison.wanted(list, i, this.comparison.workingMode(mode), stat));
  }

  /** Settles time and mode of a directory into which everything has been put, docs/protocol/3-transfer.md, 4.4. */
  touchUp(list: FileList, i: number): void {
    const root = this.side.root;
    const { options } = this.ctx;
    if (root === undefined || options.dryRun || options.listOnly) return;
    if (list.isDead(i) || this.side.isLeftAlone(list, i) || this.skipped.has(list.name(i))) return;
    if (this.keeps(list.name(i))) return;
    const name = this.side.localName(list, i);
    let stat: Stat | undefined;
    try {
      stat = this.side.keptLinks.resolve(root, name, root.lstat(name));
    } catch {
      return;
    }
    if (stat === undefined || !stat.isDirectory) return;
    const restoresMode = options.perms && !platform.isRoot;
    const wanted = this.comparison.wanted(list, i, list.mode(i), stat);
    // Like C, without a word: what cannot be set here was told when the directory came, or is a matter of its time alone.
    this.items.attempt(name, stat, {
      ...wanted,
      uid: undefined,
      gid: undefined,
      mode: restoresMode ? wanted.mode : undefined,
    });
  }

  /** The root of the destination stays as it was found. */
  private keeps(key: ByteString): boolean {
    return key === '.' && this.ctx.root === 'kept' && !this.made.has(key);
  }

  /** Below something that is no directory: an error for the entry, as the system would give it. */
  isBlocked(list: FileList, i: number, name: ByteString): boolean {
    if (!this.blocked.has(list.dirname(i))) return false;
    const shown = this.side.root?.display(name) ?? name;
    this.ctx.error(`rsync: [generator] recv_generator: failed to stat "${shown}": Not a directory (20)`);
    return true;
  }
}
