import { type ByteString, fromText } from '../core/bytes.ts';
import { isRsyncError } from '../core/errors.ts';
import { compareNames, type FileList } from '../core/file-list.ts';
import { applyAttributes } from '../files/attributes.ts';
import { errnoCode, errnoText } from '../files/errors.ts';
import { splitPath } from '../files/places.ts';
import { platform } from '../files/platform/index.ts';
import type { Root } from '../files/root.ts';
import { scanDirectory } from '../files/scan.ts';
import type { Stat } from '../files/stat.ts';
import type { Position } from '../filter/filter-list.ts';
import { omitsDirectoryTimes } from '../options/implied.ts';
import type { InfoLevels } from '../options/info-levels.ts';
import type { Backups } from './backups.ts';
import { IOERR, type RoleContext } from './context.ts';
import { countKind } from './entry-details.ts';
import type { Exclusion } from './exclusion.ts';
import type { KeptLinks } from './kept-links.ts';

/** What became of an item that was to be removed. */
type Outcome = 'removed' | 'kept' | 'at-limit' | 'failed';

interface Candidate {
  name: ByteString;
  stat: Stat;
}

/** Found surplus, and to be removed later: by the rules that were in force then. */
interface Decided extends Candidate {
  position: Position;
}

/**
 * Removal of surplus names at the destination, docs/protocol/3-transfer.md, 9, and of items that are in the way, 3.5.
 * Nothing is removed for a directory whose listing failed at the sender (the general I/O error flag). Every removal is
 * told to a peer that may not listen: one that takes nothing stops it.
 */
export class Deletion {
  private readonly ctx: RoleContext;
  private readonly filter: Exclusion;
  private readonly info: InfoLevels;
  private readonly keptLinks: KeptLinks;
  private toldIoError = false;
  private readonly backups: Backups | undefined;
  /** `--delete-delay`: what was found, in this order. */
  private readonly decided: Decided[] = [];

  constructor(
    ctx: RoleContext,
    filter: Exclusion,
    info: InfoLevels,
    keptLinks: KeptLinks,
    backups: Backups | undefined,
  ) {
    this.keptLinks = keptLinks;
    this.ctx = ctx;
    this.backups = backups;
    this.filter = filter;
    this.info = info;
  }

  /** When surplus names go; undefined: never. `default` is settled by the protocol version. */
  get when(): 'before' | 'during' | 'delay' | 'after' | undefined {
    const { deleteMode } = this.ctx.options;
    if (deleteMode === 'none') return undefined;
    if (deleteMode !== 'default') return deleteMode;
    return this.ctx.negotiated.protocol >= 30 ? 'during' : 'before';
  }

  /**
   * Removes what is in a directory and not in the list.
   * @param directory  local name; '.' for the root
   * @param isListed   answers for a full name
   */
  async clean(root: Root, directory: ByteString, isListed: (name: ByteString) => boolean): Promise<void> {
    const ignores = this.ctx.options.ignoreErrors || this.ctx.policy?.ignoresErrors === true;
    if (this.ctx.ioError & IOERR.GENERAL && !ignores) {
      if (!this.toldIoError) this.ctx.info('IO error encountered -- skipping file deletion');
      this.toldIoError = true;
      return;
    }
    const own = this.look(root, directory);
    if (own === undefined || !own.isDirectory) return;
    // Also where nothing is surplus: its files are about to be replaced, and count as they are now for what is below.
    this.filter.enter(directory);
    const surplus = this.contents(root, directory).filter(({ name }) => !isListed(name));
    for (const { name, stat } of surplus) {
      if (this.ctx.wire.isFull) await this.ctx.wire.drain();
      this.filter.enter(directory);
      if (this.filter.isExcluded(name, stat.isDirectory)) continue;
      if (stat.isDirectory && stat.dev !== own.dev) {
        if (this.info.MOUNT > 0) this.ctx.info(`cannot delete mount point: ${name}`);
        continue;
      }
      if (this.when === 'delay') this.decided.push({ name, stat, position: this.filter.position });
      else if (stat.isDirectory) await this.removeDirectory(root, name, stat);
      else this.removeItem(root, name, stat, true);
    }
  }

  /**
   * `--delete-missing-args`: removes one item; the contents of a directory only where deletion is asked for as well.
   */
  async removeMissing(root: Root, name: ByteString, stat: Stat): Promise<void> {
    this.filter.enter(splitPath(name).directory);
    if (this.filter.isExcluded(name, stat.isDirectory)) return;
    const isFull = stat.isDirectory && this.when === undefined && this.contents(root, name).length > 0;
    if (isFull) this.tellNotEmpty(name);
    else if (stat.isDirectory) await this.removeDirectory(root, name, stat);
    else this.removeItem(root, name, stat, true);
  }

  /** Removes what `clean` has found with `--delete-delay`, unless it has gone or become something else since. */
  async removeDecided(root: Root): Promise<void> {
    let directory: ByteString | undefined;
    let leave = (): void => {};
    try {
      for (const { name, stat, position } of this.decided.splice(0)) {
        if (this.ctx.wire.isFull) await this.ctx.wire.drain();
        this.filter.resume(position);
        const { directory: parent } = splitPath(name);
        if (parent !== directory) {
          leave();
          directory = parent;
          leave = this.enter(root, parent);
        }
        const now = this.look(root, name);
        if (!now?.sameItem(stat)) continue;
        if (now.isDirectory) await this.removeDirectory(root, name, now);
        else this.removeItem(root, name, now, true);
      }
    } finally {
      leave();
    }
  }

  /** Makes a directory that is settled already fit for removals; the result puts its mode and time back. */
  private enter(root: Root, directory: ByteString): () => void {
    const own = this.ctx.options.dryRun ? undefined : this.look(root, directory);
    if (own === undefined) return () => {};
    const isClosed = !platform.isRoot && (own.mode & 0o300) !== 0o300;
    if (isClosed) makeWritable(root, directory, own);
    const { options } = this.ctx;
    const mtime = options.times && !omitsDirectoryTimes(options) ? own.mtime : undefined;
    return () => {
      const now = this.look(root, directory);
      if (now === undefined) return;
      const mode = isClosed ? own.mode : undefined;
      const wanted = { mode, uid: undefined, gid: undefined, mtime };
      for (const failure of applyAttributes(root, directory, now, { ...wanted, mtimeNsec: own.mtimeNsec }))
        this.ctx.error(`rsync: [generator] ${fromText(failure.text)}`);
    };
  }

  /** Undefined: not there, or not reached through directories alone, so that it is not what the list means. */
  private look(root: Root, directory: ByteString): Stat | undefined {
    try {
      return this.keptLinks.resolve(root, directory, root.lstat(directory));
    } catch (error) {
      if (!(isRsyncError(error) && error.code === 'RSYNC_UNSAFE_PATH'))
        this.fail(`failed to stat "${root.display(directory)}"`, error);
      return undefined;
    }
  }

  /**
   * Takes an item of the wrong kind, which is no directory, out of the way: neither reported nor counted. Returns false,
   * after reporting, if it could not be removed.
   */
  makeRoom(root: Root, name: ByteString, stat: Stat, kind: string): boolean {
    if (this.ctx.options.dryRun) return true;
    if (this.backups !== undefined) {
      return this.backups.keep(name, stat, 'goes') || this.cannotMakeRoom(name, kind);
    }
    try {
      root.unlink(name);
      return true;
    } catch (error) {
      this.fail(`delete_file: unlink(${name})`, error);
      return this.cannotMakeRoom(name, kind);
    }
  }

  /** The same for a directory. Its contents are reported and count against `--max-delete`. */
  async makeRoomOfDirectory(root: Root, name: ByteString, stat: Stat, kind: string): Promise<boolean> {
    const isEmpty =
      this.when === undefined && !this.ctx.options.force
        ? this.contents(root, name).length === 0
        : (await this.removeContents(root, name, stat)) === 'removed';
    if (!isEmpty) {
      this.tellNotEmpty(name);
      return this.cannotMakeRoom(name, kind);
    }
    if (this.ctx.options.dryRun) return true;
    try {
      root.rmdir(name);
      return true;
    } catch (error) {
      // Backups have taken the places of what was in it.
      if (isNotEmpty(error)) this.tellNotEmpty(name);
      else this.fail(`delete_file: rmdir(${name})`, error);
      return this.cannotMakeRoom(name, kind);
    }
  }

  private cannotMakeRoom(name: ByteString, kind: string): false {
    this.ctx.error(`could not make way for new ${kind}: ${name}`);
    return false;
  }

  /** What is in a directory, in the order of removal: last in list order first. */
  private contents(root: Root, directory: ByteString): Candidate[] {
    const scan = scanDirectory(root, directory);
    if (scan.failure !== undefined && scan.failure.kind !== 'vanished') {
      this.ctx.error(
        `rsync: [generator] opendir "${root.display(directory)}" failed: ${fromText(scan.failure.text)}`,
      );
      return [];
    }
    const prefix = directory === '.' ? '' : `${directory}/`;
    const found = scan.names.map((name, k) => ({ name: prefix + name, stat: scan.stats[k]! }));
    return found.sort((a, b) => compareNames(b.name, b.stat.isDirectory, a.name, a.stat.isDirectory));
  }

  /** A directory with its contents. */
  private async removeDirectory(root: Root, name: ByteString, stat: Stat): Promise<void> {
    const outcome = await this.removeContents(root, name, stat);
    if (outcome === 'removed') this.removeItem(root, name, stat, true);
    else this.tellNotEmpty(name);
  }

  /** The item itself. `isEmpty`: nothing is left in it, if it is a directory. */
  private removeItem(root: Root, name: ByteString, stat: Stat, isEmpty: boolean): Outcome {
    const { maxDelete, dryRun } = this.ctx.options;
    if (maxDelete !== undefined && this.ctx.stats.deleted.total >= Math.max(maxDelete, 0)) {
      this.ctx.skippedDeletions++;
      return 'at-limit';
    }
    if (!isEmpty) {
      this.tellNotEmpty(name);
      return 'kept';
    }
    if (this.ctx.isGuarded(name, stat)) return 'kept';
    const keeps = this.backups !== undefined && !stat.isDirectory && !this.backups.isBackup(name);
    if (keeps && !dryRun) {
      if (!this.backups!.keep(name, stat, 'goes')) return 'failed';
    } else if (!dryRun) {
      try {
        if (stat.isDirectory) root.rmdir(name);
        else root.unlink(name);
      } catch (error) {
        if (errnoCode(error) === 'ENOENT') return 'removed';
        if (stat.isDirectory && isNotEmpty(error)) {
          this.tellNotEmpty(name);
          return 'kept';
        }
        this.fail(`delete_file: ${stat.isDirectory ? 'rmdir' : 'unlink'}(${name})`, error);
        return 'failed';
      }
    }
    countKind(this.ctx.stats.deleted, stat.mode);
    this.ctx.emit({ type: 'deleted', name, isDirectory: stat.isDirectory, mode: stat.mode });
    return 'removed';
  }

  /** `removed`: the directory is empty now. A directory in it that keeps something is told of, and counts, once more. */
  private async removeContents(root: Root, directory: ByteString, own: Stat): Promise<Outcome> {
    if (!this.ctx.options.dryRun && !platform.isRoot && (own.mode & 0o300) !== 0o300)
      makeWritable(root, directory, own);
    let whole: Outcome = 'removed';
    for (const { name, stat } of this.contents(root, directory)) {
      if (this.ctx.wire.isFull) await this.ctx.wire.drain();
      this.filter.enter(directory);
      if (this.filter.isExcluded(name, stat.isDirectory, { deleting: true })) {
        whole = 'kept';
        continue;
      }
      if (stat.isDirectory && stat.dev !== own.dev) {
        if (this.info.MOUNT > 0) this.ctx.info(`cannot delete mount point: ${name}`);
        whole = 'kept';
        continue;
      }
      let isEmpty = true;
      if (stat.isDirectory) {
        isEmpty = (await this.removeContents(root, name, stat)) === 'removed';
        if (!isEmpty) this.tellNotEmpty(name);
      }
      const outcome = this.removeItem(root, name, stat, isEmpty);
      if (outcome !== 'removed') whole = outcome;
    }
    return whole;
  }

  private tellNotEmpty(name: ByteString): void {
    this.ctx.info(`cannot delete non-empty directory: ${name}`);
  }

  private fail(what: ByteString, error: unknown): void {
    this.ctx.error(`rsync: [generator] ${what} failed: ${fromText(errnoText(error))}`);
  }
}

function isNotEmpty(error: unknown): boolean {
  const code = errnoCode(error);
  return code === 'ENOTEMPTY' || code === 'EEXIST';
}

function makeWritable(root: Root, directory: ByteString, own: Stat): void {
  try {
    root.chmod(directory, (own.mode & 0o7777) | 0o700);
  } catch {
    // The removal itself will say what is wrong.
  }
}

/** Answers whether a full name is in a list that holds a whole directory or the whole transfer. */
export function listedNames(list: FileList): (name: ByteString) => boolean {
  const names = new Set<ByteString>();
  for (let i = 0; i < list.count; i++) if (!list.isDead(i)) names.add(list.name(i));
  return (name) => names.has(name);
}
