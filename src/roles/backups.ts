import { type ByteString, fromText } from '../core/bytes.ts';
import { EXIT, isRsyncError, RsyncError } from '../core/errors.ts';
import { isDevice, isRegular, isSpecial, isSymlink } from '../core/mode.ts';
import { applyAttributes } from '../files/attributes.ts';
import { type Copy, copyToTemp, copyToTempNow, type Located, nameCopy } from '../files/copy.ts';
import { errnoCode, errnoText } from '../files/errors.ts';
import { isOwnDirectory, makeDirectories, nameBelow, optionPath } from '../files/option-paths.ts';
import { platform } from '../files/platform/index.ts';
import type { Root } from '../files/root.ts';
import type { Stat } from '../files/stat.ts';
import { backupSuffix } from '../options/implied.ts';
import { infoLevels } from '../options/info-levels.ts';
import type { RoleContext } from './context.ts';

/** What becomes of the old item: it `stays` until it is replaced, or it `goes`. */
export type Fate = 'stays' | 'goes';

/**
 * `--backup`: keeps what is replaced or deleted, docs/protocol/3-transfer.md, 4.6. A backup that could not be made is
 * reported, and whoever asked for it must then leave the item alone.
 */
export class Backups {
  private readonly ctx: RoleContext;
  private readonly suffix: ByteString;
  /** The tree of the destination. */
  private readonly root: Root;
  /** Of `--backup-dir`, for Places. */
  private readonly path: ByteString | undefined;
  private directory: Root | undefined;
  /** Of a `--backup-dir` in the destination: its name there. */
  private readonly inner: ByteString | undefined;
  private readonly tells: boolean;

  /** @throws RsyncError exit 1 if the directory is something else */
  constructor(ctx: RoleContext, root: Root, destination: ByteString) {
    this.ctx = ctx;
    this.root = root;
    const { options } = ctx;
    this.suffix = backupSuffix(options);
    this.tells = infoLevels(options).BACKUP > 0;
    this.path = options.backupDir === undefined ? undefined : optionPath(destination, options.backupDir);
    const stat = this.path === undefined ? undefined : ctx.places.stat(this.path);
    if (stat !== undefined && !stat.isDirectory) {
      throw new RsyncError('RSYNC_USAGE', `The backup-dir is not a directory: ${options.backupDir}`, {
        exitCode: EXIT.SYNTAX,
        origin: 'local',
        hint: 'Name another directory for --backup-dir.',
      });
    }
    if (this.path === undefined) return;
    const inner = nameBelow(ctx.places, destination, this.path);
    if (inner === undefined) return;
    // A symlink that is there before anything has come is the user's own; one that comes later is the peer's.
    if (stat !== undefined && !isOwnDirectory(root, inner)) this.directory = ctx.places.open(this.path);
    else this.inner = inner;
  }

  close(): void {
    this.directory?.close();
  }

  /** A backup that lies beside its file: it is deleted without one of its own. */
  isBackup(name: ByteString): boolean {
    return this.path === undefined && name.endsWith(this.suffix);
  }

  /**
   * Keeps an item that is no directory.
   * @returns false, after reporting, if it could not be kept
   */
  keep(name: ByteString, stat: Stat, fate: Fate): boolean {
    return this.guarded(name, () => {
      const to = this.place(name);
      if (!this.keepWithoutCopy(name, to, stat, fate)) {
        this.copyNow(name, to, stat);
        if (fate === 'goes') this.root.unlink(name);
      }
      this.tell(name);
    });
  }

  /** As `keep`, for a regular file that stays until it is replaced; large copies do not hold up the connection. */
  async keepLarge(name: ByteString): Promise<boolean> {
    const stat = this.root.lstat(name);
    if (stat === undefined || stat.isDirectory) return true;
    if (!stat.isRegular) return this.keep(name, stat, 'stays');
    return this.guardedAsync(name, async () => {
      const to = this.place(name);
      if (!this.keepWithoutCopy(name, to, stat, 'stays')) await this.copy(name, to);
      this.tell(name);
    });
  }

  /**
   * Keeps a copy of a file that is going to be changed in place.
   * @returns where it is; undefined, after reporting, if it could not be made
   */
  async keepCopy(name: ByteString): Promise<Located | undefined> {
    let to: Located | undefined;
    const done = await this.guardedAsync(name, async () => {
      to = this.place(name);
      await this.copy(name, to);
      this.tell(name);
    });
    return done ? to : undefined;
  }

  /** Where `keepCopy` put the copy of a file. */
  placeOf(name: ByteString): Located {
    return this.place(name);
  }

  private tell(name: ByteString): void {
    if (!this.tells) return;
    const { backupDir } = this.ctx.options;
    const slash = backupDir?.endsWith('/') === true ? '' : '/';
    const before = backupDir === undefined ? '' : backupDir + slash;
    this.ctx.info(`backed up ${name} to ${before}${name}${this.suffix}`);
  }

  /** Where the backup goes, with the directories above it, and nothing in its way that a rename would not replace. */
  private place(name: ByteString): Located {
    const to = name + this.suffix;
    if (this.path === undefined) {
      clear(this.root, to);
      return { root: this.root, name: to };
    }
    if (this.inner !== undefined) {
      const at = `${this.inner}/${to}`;
      this.makeParents(this.root, at, this.inner);
      clear(this.root, at);
      return { root: this.root, name: at };
    }
    const root = this.open(this.path);
    this.makeParents(root, to);
    clear(root, to);
    return { root, name: to };
  }

  private open(path: ByteString): Root {
    if (this.directory !== undefined) return this.directory;
    if (makeDirectories(this.ctx.places, path)) this.tellNew();
    this.directory = this.ctx.places.open(path);
    return this.directory;
  }

  private tellNew(): void {
    if (this.tells) this.ctx.info(`(new) backup_dir is ${this.ctx.options.backupDir}`);
  }

  /**
   * The directories of the backup are like those that its file is in. An older backup does not stand in their way.
   * @param top  the name of the directory of all backups, if it is in the same root
   */
  private makeParents(root: Root, name: ByteString, top = ''): void {
    for (let slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
      const directory = name.slice(0, slash);
      const found = root.lstat(directory);
      if (found?.isDirectory) continue;
      if (found !== undefined) root.unlink(directory);
      if (directory.length <= top.length) {
        root.mkdir(directory, 0o777);
        if (directory === top) this.tellNew();
        continue;
      }
      root.mkdir(directory, 0o700);
      const original = this.root.lstat(top === '' ? directory : directory.slice(top.length + 1));
      const made = root.lstat(directory);
      if (original === undefined || made === undefined) continue;
      const { mode, uid, gid, mtime, mtimeNsec } = original;
      // As far as this user may: the backup matters more than the owner of its directory.
      applyAttributes(root, directory, made, { mode: mode | 0o700, uid, gid, mtime, mtimeNsec });
    }
  }

  /** By another name, else by moving it. False: it takes a copy. */
  private keepWithoutCopy(name: ByteString, to: Located, stat: Stat, fate: Fate): boolean {
    if (fate === 'stays' && (platform.linksSymlinks || !isSymlink(stat.mode)) && this.linked(name, to))
      return true;
    try {
      this.root.rename(name, to.name, to.root);
      // Renaming a file over another name of itself does nothing.
      if (fate === 'goes' && this.root.lstat(name) !== undefined) this.root.unlink(name);
      return true;
    } catch (error) {
      if (errnoCode(error) === 'EXDEV') return false;
      throw error;
    }
  }

  /** The name never vanishes: the new item is going to take its place by a rename. */
  private linked(name: ByteString, to: Located): boolean {
    const temporary = to.root.tempName(to.name);
    try {
      this.root.link(name, temporary, to.root);
    } catch {
      return false;
    }
    try {
      to.root.rename(temporary, to.name);
    } finally {
      // As above: then the temporary name is still there.
      if (to.root.lstat(temporary) !== undefined) to.root.unlink(temporary);
    }
    return true;
  }

  private async copy(name: ByteString, to: Located): Promise<void> {
    const { sparse, fsync } = this.ctx.options;
    const copy = await copyToTemp({ root: this.root, name }, to, { sparse, fsync });
    this.finish(copy, to);
  }

  private copyNow(name: ByteString, to: Located, stat: Stat): void {
    if (isRegular(stat.mode)) this.finish(copyToTempNow({ root: this.root, name }, to), to);
    else this.copyNode(name, to, stat);
  }

  private finish(copy: Copy, to: Located): void {
    nameCopy(copy, to.name);
  }

  private copyNode(name: ByteString, to: Located, stat: Stat): void {
    const temporary = to.root.tempName(to.name);
    if (isSymlink(stat.mode)) to.root.symlink(this.root.readlink(name), temporary);
    else if (isDevice(stat.mode) || isSpecial(stat.mode)) {
      const { rdev } = stat;
      to.root.mknod(temporary, stat.mode, platform.rdevMajor(rdev), platform.rdevMinor(rdev));
    }
    const made = to.root.lstat(temporary);
    if (made !== undefined) {
      const { mode, uid, gid, mtime, mtimeNsec } = stat;
      applyAttributes(to.root, temporary, made, { mode, uid, gid, mtime, mtimeNsec });
    }
    to.root.rename(temporary, to.name);
  }

  private guarded(name: ByteString, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      return this.fail(name, error);
    }
  }

  private async guardedAsync(name: ByteString, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      return this.fail(name, error);
    }
  }

  private fail(name: ByteString, error: unknown): false {
    const reason = fromText(isRsyncError(error) ? error.message : errnoText(error));
    this.ctx.error(`rsync: backup of "${this.root.display(name)}" failed, it is left as it is: ${reason}`);
    return false;
  }
}

/** A directory stands where a backup is to go: it makes way if it is empty. */
function clear(root: Root, name: ByteString): void {
  if (root.lstat(name)?.isDirectory) root.rmdir(name);
}
