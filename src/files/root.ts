import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { resolve } from 'node:path';
import { type ByteString, fromBuffer } from '../core/bytes.ts';
import { forgetTemp, registerTemp, removeAllTemps, type TempFile } from './cleanup.ts';
import { DirectoryHandles } from './directory-handles.ts';
import { cannotEnter, errnoCode, errnoError, unsafePath } from './errors.ts';
import { tempFileMode } from './modes.ts';
import { makeNode, placeNode } from './nodes.ts';
import {
  CheckedParents,
  type FollowPolicy,
  type Parents,
  PlainParents,
  realPath,
  relativeTo,
  rootBytes,
  splitName,
} from './parents.ts';
import { nameFault, nativePath, platform } from './platform/index.ts';
import { windowsLinkTarget } from './platform/windows.ts';
import { FD_PATH, O_PATH } from './proc.ts';
import { renameWindows } from './rename-windows.ts';
import { Stat } from './stat.ts';
import { randomSuffix, type TempKind, tempName } from './temp-names.ts';
import { CAN_OMIT_TIME, OMIT_TIME, timeArgument } from './times.ts';

export type { TempFile } from './cleanup.ts';
export type { FollowPolicy } from './parents.ts';

export interface RootOptions {
  /** Symlinked parents; default `never`. */
  follow?: FollowPolicy;
  /** False: look at each parent instead of holding handles, as on systems that have none. For tests. */
  handles?: boolean;
  /** The path that messages tell; default: the real one. */
  shownAs?: ByteString;
}

// O_NONBLOCK: a fifo put in the place of a file must not hang the open. Windows has neither flag.
const NOFOLLOW = constants.O_NOFOLLOW ?? 0;
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const EXCLUSIVE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NOFOLLOW;
const INPLACE = constants.O_WRONLY | NOFOLLOW | (constants.O_NONBLOCK ?? 0);
const TEMP_ATTEMPTS = 100;
const LSTAT = { bigint: true, throwIfNoEntry: false } as const;

/**
 * The only door to a tree. Names are relative, with `/` between components; '' or '.' is the root itself. No component
 * may be empty, `.`, `..` or hold a NUL, nor, on Windows, mean anything but a plain file there; no symlink is followed
 * but as the policy says. All methods are synchronous: such calls cost 2 to 6 us, an asynchronous one 20 us or more.
 *
 * Every method throws, unless it says otherwise, the ErrnoException of the system call (`errnoText` words it), or
 * RsyncError RSYNC_UNSAFE_PATH (exit 23) for a name that is refused.
 */
export class Root {
  /** Path of the root, absolute, with `/`: for messages. */
  readonly path: ByteString;
  readonly follow: FollowPolicy;
  private readonly parents: Parents;
  private readonly handles: boolean;
  private closed = false;

  private constructor(path: ByteString, follow: FollowPolicy, parents: Parents, handles: boolean) {
    this.path = path;
    this.follow = follow;
    this.parents = parents;
    this.handles = handles;
  }

  /**
   * Opens a tree.
   * @param path  text in the platform's form, or a Buffer for a POSIX path that is not UTF-8; symlinks in it are followed
   * @throws RsyncError RSYNC_FILE_SELECT, exit 3, if it is missing, no directory, or not accessible
   */
  static open(path: string | Buffer, options: RootOptions = {}): Root {
    const { follow = 'never', handles = true } = options;
    const bytes = rootBytes(path, resolve);
    const shown = options.shownAs ?? bytes;
    try {
      if (!statSync(nativePath(bytes)).isDirectory()) throw errnoError('ENOTDIR', 'chdir', shown);
      return new Root(shown, follow, Root.parentsOf(bytes, follow, handles), handles);
    } catch (error) {
      throw cannotEnter(shown, error);
    }
  }

  /**
   * Opens a directory of this tree as a tree of its own, which outlives this one; how far symlinks lead to it is for
   * the policy of this one to say.
   * @throws RsyncError as `open`
   */
  openBelow(name: ByteString, follow: FollowPolicy = 'never'): Root {
    const shown = this.display(name);
    try {
      const prefix = this.directoryPrefix(name);
      return new Root(shown, follow, Root.parentsOf(prefix, follow, this.handles), this.handles);
    } catch (error) {
      throw cannotEnter(shown, error);
    }
  }

  private static parentsOf(path: ByteString, follow: FollowPolicy, handles: boolean): Parents {
    const withSlash = (at: ByteString): ByteString => (at.endsWith('/') ? at : `${at}/`);
    if (follow === 'anywhere') return new PlainParents(withSlash(path));
    const inside = follow === 'inside';
    if (FD_PATH !== undefined && handles) return new DirectoryHandles(path, inside, FD_PATH);
    return new CheckedParents(withSlash(realPath(path)), inside);
  }

  /** Removes temporary files still alive and gives up the handles; the Root is not to be used any more. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    removeAllTemps(this);
    this.parents.close();
  }

  /** Path of a name for messages: path of the root + `/` + name. */
  display(name: ByteString): ByteString {
    if (name === '' || name === '.') return this.path;
    return this.path.endsWith('/') ? this.path + name : `${this.path}/${name}`;
  }

  /** A checked path as bytes. */
  private bytesAt(name: ByteString): ByteString {
    if (name === '' || name === '.') return `${this.parents.prefix('')}.`;
    const { directory, base } = splitName(name);
    const fault = nameFault(base);
    if (fault !== undefined) throw unsafePath(name, fault);
    return this.parents.prefix(directory) + base;
  }

  private at(name: ByteString): string | Buffer {
    return nativePath(this.bytesAt(name));
  }

  /** As `at`, for names that are about to be made, removed or moved: the root itself is not one of them. */
  private itemAt(name: ByteString): string | Buffer {
    if (name === '' || name === '.') throw unsafePath(name, 'the root itself');
    return this.at(name);
  }

  /** For names about to be made: a parent that was replaced behind our back is looked up once more. */
  private making<T>(name: ByteString, make: (path: string | Buffer) => T): T {
    try {
      return make(this.itemAt(name));
    } catch (error) {
      if (errnoCode(error) !== 'ENOENT' || !this.parents.refresh(splitName(name).directory)) throw error;
      return make(this.itemAt(name));
    }
  }

  /** Undefined if there is no such name, or a parent is missing or no directory. */
  lstat(name: ByteString): Stat | undefined {
    try {
      const raw = lstatSync(this.at(name), LSTAT);
      return raw === undefined ? undefined : new Stat(raw);
    } catch (error) {
      const code = errnoCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw error;
    }
  }

  /**
   * As `lstat`, but a symlink stands for what it leads to, as far as the policy lets it: `never` refuses any,
   * `inside` those that leave the root. Undefined if there is nothing there.
   */
  stat(name: ByteString): Stat | undefined {
    const own = this.lstat(name);
    if (own === undefined || !own.isSymlink) return own;
    const real = this.resolveLink(name);
    if (real === undefined) return undefined;
    if (this.follow !== 'anywhere') return this.lstat(real);
    const raw = statSync(this.at(name), LSTAT);
    return raw === undefined ? undefined : new Stat(raw);
  }

  /** The name that a symlink leads to; its own name under `anywhere`; undefined if nothing is there. */
  private resolveLink(name: ByteString): ByteString | undefined {
    if (this.follow === 'anywhere') return name;
    if (this.follow === 'never') throw unsafePath(name, 'a symlink');
    try {
      const real = relativeTo(realPath(`${this.parents.prefix('')}.`), realPath(this.bytesAt(name)));
      if (real === undefined) throw unsafePath(name, 'a symlink leads out of the root');
      return real === '' ? '.' : real;
    } catch (error) {
      if (errnoCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  fstat(fd: number): Stat {
    return new Stat(fstatSync(fd, { bigint: true }));
  }

  /** lstat for many names of one directory, without a check of each: they must come from `readdir`. */
  statterOf(directory: ByteString): (base: ByteString) => Stat | undefined {
    const prefix = this.directoryPrefix(directory);
    return (base) => {
      const raw = lstatSync(nativePath(prefix + base), LSTAT);
      return raw === undefined ? undefined : new Stat(raw);
    };
  }

  private directoryPrefix(name: ByteString): ByteString {
    return this.parents.prefix(name === '.' ? '' : name);
  }

  /** Names in a directory, in the system's order, without `.` and `..`. */
  readdir(name: ByteString): ByteString[] {
    return readdirSync(nativePath(`${this.directoryPrefix(name)}.`), { encoding: 'latin1' });
  }

  /** Whether this process may read it; a symlink is judged by what it leads to. */
  isReadable(name: ByteString): boolean {
    try {
      accessSync(this.at(name), constants.R_OK);
      return true;
    } catch {
      return false;
    }
  }

  readlink(name: ByteString): ByteString {
    const target = fromBuffer(readlinkSync(this.at(name), { encoding: 'buffer' }));
    return platform.isWindows ? windowsLinkTarget(target) : target;
  }

  /** @param mode  permission bits; the umask applies */
  mkdir(name: ByteString, mode: number): void {
    this.making(name, (path) => mkdirSync(path, { mode: mode & 0o7777 }));
  }

  rmdir(name: ByteString): void {
    const path = this.itemAt(name);
    this.parents.invalidate(name);
    rmdirSync(path);
  }

  unlink(name: ByteString): void {
    unlinkSync(this.itemAt(name));
    forgetTemp(this, name);
  }

  /** Replaces what is at `to`. Fails with EXDEV between file systems. */
  rename(from: ByteString, to: ByteString, toRoot: Root = this): void {
    const source = this.itemAt(from);
    const target = toRoot.itemAt(to);
    if (platform.isWindows) renameWindows(source, target);
    else renameSync(source, target);
    // A temporary file is no directory: nothing known of parents changes.
    if (forgetTemp(this, from)) return;
    this.parents.invalidate(from);
    toRoot.parents.invalidate(to);
  }

  /** Makes `to` another name of `from`, which must not be a directory. */
  link(from: ByteString, to: ByteString, toRoot: Root = this): void {
    const source = this.itemAt(from);
    toRoot.making(to, (path) => linkSync(source, path));
  }

  symlink(target: ByteString, name: ByteString): void {
    if (target.includes('\0')) throw unsafePath(name, 'NUL in a symlink target');
    this.making(name, (path) => symlinkSync(nativePath(target), path));
  }

  /**
   * Makes a fifo, socket or device node; the name must be free.
   * @param mode  with type bits
   * @throws RsyncError RSYNC_UNSUPPORTED (exit 23) where the system has no way to do it
   */
  mknod(name: ByteString, mode: number, major: number, minor: number): void {
    this.itemAt(name);
    const { directory } = splitName(name);
    const temporary = `${directory === '' ? '' : `${directory}/`}.rsync-${randomSuffix()}`;
    const path = this.bytesAt(temporary);
    makeNode(path, name, mode, major, minor);
    this.chmod(temporary, mode);
    placeNode(path, this.bytesAt(name));
  }

  /** Permission bits; never through a symlink (a symlink fails with EOPNOTSUPP or EINVAL). */
  chmod(name: ByteString, mode: number): void {
    const path = this.at(name);
    if (FD_PATH !== undefined) {
      const fd = openSync(path, O_PATH | NOFOLLOW);
      try {
        chmodSync(FD_PATH + fd, mode & 0o7777);
      } finally {
        closeSync(fd);
      }
      return;
    }
    if (lstatSync(path).isSymbolicLink()) throw errnoError('ENOTSUP', 'chmod', name);
    chmodSync(path, mode & 0o7777);
  }

  lchown(name: ByteString, uid: number, gid: number): void {
    lchownSync(this.at(name), uid, gid);
  }

  /**
   * Sets times of the item itself, also of a symlink; see `times.ts` for the precision.
   * @param atime  undefined: left as it is
   */
  utimes(name: ByteString, mtime: number, mtimeNsec: number, atime?: number, atimeNsec = 0): void {
    const path = this.at(name);
    const modified = timeArgument(mtime, mtimeNsec);
    let accessed: Date | number | string = OMIT_TIME;
    if (atime !== undefined) accessed = timeArgument(atime, atimeNsec);
    else if (!CAN_OMIT_TIME) {
      const now = new Stat(lstatSync(path, { bigint: true }));
      accessed = timeArgument(now.atime, now.atimeNsec);
    }
    lutimesSync(path, accessed, modified);
  }

  /**
   * Opens for reading; the caller looks with `fstat` at what it got, and closes it.
   * @param follow  a symlink is followed as `stat` does; otherwise it fails with ELOOP
   */
  openRead(name: ByteString, follow = false): number {
    if (!follow) {
      // Without O_NOFOLLOW (Windows) the look before has to do.
      if (NOFOLLOW === 0 && this.lstat(name)?.isSymlink) throw errnoError('ELOOP', 'open', name);
      return openSync(this.at(name), READ | NOFOLLOW);
    }
    if (this.follow === 'anywhere') return openSync(this.at(name), READ);
    if (this.lstat(name)?.isSymlink !== true) return this.openRead(name);
    const real = this.resolveLink(name);
    if (real === undefined) throw errnoError('ENOENT', 'open', name);
    return this.openRead(real);
  }

  /** Opens a file to be written in place; neither truncated nor followed. @param create  make it, 0600, if missing */
  openInplace(name: ByteString, create: boolean): number {
    if (NOFOLLOW === 0 && this.lstat(name)?.isSymlink) throw errnoError('ELOOP', 'open', name);
    if (!create) return openSync(this.itemAt(name), INPLACE);
    return this.making(name, (path) => openSync(path, INPLACE | constants.O_CREAT, 0o600));
  }

  /**
   * Makes a temporary file for a target, exclusively: docs/protocol/3-transfer.md, 4.2. `beside` puts it in the
   * target's directory; `temp-dir` into the root itself (a Root on `--temp-dir`). It is registered with `cleanup.ts`
   * until it is renamed or unlinked through this Root.
   * @param name  the target
   * @param mode  of the entry; the file gets its owner bits, writable
   */
  createTemp(name: ByteString, mode: number, kind: TempKind = 'beside'): TempFile {
    const { directory, base } = splitName(name);
    const fault = nameFault(base);
    if (fault !== undefined) throw unsafePath(name, fault);
    const before = kind === 'temp-dir' || directory === '' ? '' : `${directory}/`;
    for (let attempt = 1; ; attempt++) {
      const chosen = before + tempName(base, randomSuffix(), kind);
      try {
        const fd = this.making(chosen, (path) => openSync(path, EXCLUSIVE, tempFileMode(mode)));
        const temp: TempFile = { fd, root: this, name: chosen, onAbort: undefined };
        registerTemp(temp);
        return temp;
      } catch (error) {
        if (errnoCode(error) !== 'EEXIST' || attempt === TEMP_ATTEMPTS) throw error;
      }
    }
  }

  /** A free temporary name for a symlink, node or hard link that is to be renamed over `name`. */
  tempName(name: ByteString): ByteString {
    const { directory, base } = splitName(name);
    const before = directory === '' ? '' : `${directory}/`;
    for (let number = 0; ; number++) {
      const chosen = before + tempName(base, String(process.pid + number));
      if (this.lstat(chosen) === undefined) return chosen;
    }
  }
}
