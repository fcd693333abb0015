import { mkdirSync, openSync, statSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import { type ByteString, fromText, toText } from '../core/bytes.ts';
import { isRsyncError } from '../core/errors.ts';
import { errnoCode } from './errors.ts';
import { nativePath, platform } from './platform/index.ts';
import { READ_REGULAR, readRegular } from './regular-file.ts';
import { Root } from './root.ts';
import { Stat } from './stat.ts';

/**
 * Where the paths of a command line lead: sources, destinations and the directories that options name. Paths are bytes
 * with `/` between components; relative ones start at the working directory of the command.
 */
export interface Places {
  /** The path as messages tell it: absolute, without `.` and `..`. */
  display(path: ByteString): ByteString;
  /** What is there, symlinks followed as far as they may be; undefined: nothing. Throws an ErrnoException otherwise. */
  stat(path: ByteString): Stat | undefined;
  /**
   * @param follows  symlinks below the directory are followed: wherever they lead, or in a tree within the directory
   * @throws RsyncError RSYNC_FILE_SELECT, exit 3, if it is missing, no directory, or not accessible
   */
  open(path: ByteString, follows?: boolean): Root;
  /**
   * As `open`, for what is read: symlinks are followed as far as they may be, also those that lead out of the directory.
   */
  openSource(path: ByteString): SourcePlace;
  /**
   * Content of a regular file, symlinks followed as far as they may be; undefined: nothing there, or nothing of the kind.
   * Nothing else is opened: it does not wait for a fifo.
   * @param most  bytes
   * @throws RsyncError RSYNC_LIMIT, exit 22, if there is more; an ErrnoException if it cannot be read
   */
  readFile(path: ByteString, most: number): Uint8Array | undefined;
  /** Makes one directory; the umask applies. Throws an ErrnoException, or RSYNC_UNSAFE_PATH. */
  mkdir(path: ByteString, mode?: number): void;
  /** The directory with the settings of the user; undefined: there is none. */
  readonly home: ByteString | undefined;
}

/** A directory as a place in a root. */
export interface SourcePlace {
  root: Root;
  /** What names start with below the root to be in the directory: '', or a name with a slash at its end. */
  prefix: ByteString;
}

const STAT = { bigint: true, throwIfNoEntry: false } as const;

/** The directory of a path and its last component, which is '' for a path that ends in a slash. */
export function splitPath(path: ByteString): { directory: ByteString; base: ByteString } {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return { directory: '.', base: path };
  return { directory: path.slice(0, slash) || '/', base: path.slice(slash + 1) };
}

/** Everything that this process can reach: what a command on one's own machine sees, and a server without limits. */
export class WholeDisk implements Places {
  /** The directory that relative paths start at; '': the working directory of the process. */
  private readonly base: ByteString;

  constructor(base: ByteString = '') {
    this.base = base;
  }

  display(path: ByteString): ByteString {
    if (!platform.isWindows) return posix.resolve(fromText(process.cwd()), this.base, path);
    return fromText(win32.resolve(toText(this.base), toText(path))).replaceAll('\\', '/');
  }

  stat(path: ByteString): Stat | undefined {
    try {
      const raw = statSync(this.native(path), STAT);
      return raw === undefined ? undefined : new Stat(raw);
    } catch (error) {
      if (errnoCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  open(path: ByteString, follows = false): Root {
    const follow = follows ? 'anywhere' : 'never';
    return Root.open(this.native(path), { follow, shownAs: this.display(path) });
  }

  openSource(path: ByteString): SourcePlace {
    return { root: this.open(path, true), prefix: '' };
  }

  readFile(path: ByteString, most: number): Uint8Array | undefined {
    try {
      if (this.stat(path)?.isRegular !== true) return undefined;
      return readRegular(openSync(this.native(path), READ_REGULAR), { path: this.display(path), most });
    } catch (error) {
      if (isNothing(error)) return undefined;
      throw error;
    }
  }

  mkdir(path: ByteString, mode = 0o777): void {
    mkdirSync(this.native(path), { mode });
  }

  get home(): ByteString | undefined {
    const { HOME, USERPROFILE } = process.env;
    const home = platform.isWindows ? (USERPROFILE ?? HOME) : HOME;
    return home === undefined || home === '' ? undefined : fromText(home);
  }

  private native(path: ByteString): string | Buffer {
    const isAbsolute = path.startsWith('/') || (platform.isWindows && win32.isAbsolute(toText(path)));
    if (this.base === '' || isAbsolute) return nativePath(path === '' ? '.' : path);
    return nativePath(`${this.base}/${path}`);
  }
}

/**
 * One tree as if it were the whole disk: `/` is its root, `..` of the root is the root, and no symlink leads out of it.
 * Messages tell paths as they look from inside, so that nobody learns where the tree is.
 */
export class ConfinedPlaces implements Places {
  private readonly root: Root;
  private readonly base: ByteString;

  /** @param base  the directory in the tree that relative paths start at */
  private constructor(root: Root, base: ByteString) {
    this.root = root;
    this.base = base;
  }

  /** @throws RsyncError as `Root.open` */
  static open(path: string | Buffer, base: ByteString = '/'): ConfinedPlaces {
    return new ConfinedPlaces(Root.open(path, { follow: 'inside', shownAs: '/' }), base);
  }

  close(): void {
    this.root.close();
  }

  display(path: ByteString): ByteString {
    return posix.resolve('/', this.base, path);
  }

  stat(path: ByteString): Stat | undefined {
    return this.root.stat(this.name(path));
  }

  open(path: ByteString, follows = false): Root {
    return this.root.openBelow(this.name(path), follows ? 'inside' : 'never');
  }

  openSource(path: ByteString): SourcePlace {
    const name = this.name(path);
    // That it can be entered is to be known now, not at the first name in it.
    this.root.openBelow(name).close();
    return { root: this.root.openBelow('', 'inside'), prefix: name === '' ? '' : `${name}/` };
  }

  readFile(path: ByteString, most: number): Uint8Array | undefined {
    const name = this.name(path);
    try {
      if (name === '' || this.root.stat(name)?.isRegular !== true) return undefined;
      return readRegular(this.root.openRead(name, true), { path: this.display(path), most });
    } catch (error) {
      if (isNothing(error)) return undefined;
      throw error;
    }
  }

  mkdir(path: ByteString, mode = 0o777): void {
    this.root.mkdir(this.name(path), mode);
  }

  /** The top of the tree: nothing is read outside. */
  get home(): ByteString {
    return '/';
  }

  /** Relative to the root; '' is the root. */
  private name(path: ByteString): ByteString {
    return this.display(path).slice(1);
  }
}

/** Nothing is there, or it is out of reach. */
function isNothing(error: unknown): boolean {
  if (isRsyncError(error)) return error.code === 'RSYNC_UNSAFE_PATH';
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EINVAL'].includes(errnoCode(error) ?? '');
}
