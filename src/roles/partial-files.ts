import { posix } from 'node:path';
import type { ByteString } from '../core/bytes.ts';
import type { TempFile } from '../files/cleanup.ts';
import { copyToTempNow, type Located, nameCopy } from '../files/copy.ts';
import { errnoCode } from '../files/errors.ts';
import { isAbsolutePath, isOwnDirectory, nameBelow, optionPath } from '../files/option-paths.ts';
import { splitPath } from '../files/places.ts';
import type { Root } from '../files/root.ts';
import type { Stat } from '../files/stat.ts';
import type { RoleContext } from './context.ts';

/** For its owner alone: a stranger could put something into the file to come. */
const MODE = 0o700;

/**
 * `--partial-dir`: where interrupted files are kept and found again, and where finished ones wait (`--delay-updates`);
 * docs/protocol/3-transfer.md, 4.3. A relative one is a directory in the directory of each file, made when it is needed
 * and removed when it is empty; an absolute one is a single directory.
 */
export class PartialFiles {
  private readonly ctx: RoleContext;
  private readonly root: Root;
  private readonly destination: ByteString;
  private readonly directory: ByteString;
  private readonly isShared: boolean;
  /** The name of a shared directory that is in the destination. */
  private readonly inner: ByteString | undefined;
  /** Directories outside of the destination, by their path. */
  private readonly outside = new Map<ByteString, Root>();

  constructor(ctx: RoleContext, root: Root, destination: ByteString, directory: ByteString) {
    this.ctx = ctx;
    this.root = root;
    this.destination = destination;
    this.directory = directory;
    this.isShared = isAbsolutePath(directory);
    if (!this.isShared) return;
    this.inner = nameBelow(ctx.places, destination, directory);
    if (this.inner === undefined || isOwnDirectory(root, this.inner)) return;
    // A symlink that is there before anything has come is the user's own; one that comes later is the peer's.
    try {
      if (ctx.places.stat(directory)?.isDirectory) this.outside.set(directory, ctx.places.open(directory));
    } catch {
      // It is of no use, which will be told when something is to go there.
    }
  }

  close(): void {
    for (const root of this.outside.values()) root.close();
  }

  /** The partial file of a name, if there is one. Never throws. */
  find(name: ByteString): (Located & { stat: Stat }) | undefined {
    try {
      const at = this.locate(name, false);
      const stat = at?.root.lstat(at.name);
      return at !== undefined && stat?.isRegular ? { ...at, stat } : undefined;
    } catch {
      return undefined;
    }
  }

  /** Where the partial file of a name goes; its directory is there afterwards. Throws if it cannot be made. */
  prepare(name: ByteString): Located {
    return this.locate(name, true)!;
  }

  /** Puts a temporary file there, synchronously. Throws if that is not possible. */
  keep(temp: TempFile, name: ByteString): Located {
    const to = this.prepare(name);
    moveNow(temp, to);
    return to;
  }

  /** The partial file is not needed any more; nor is its directory, if it was the last one. */
  remove(name: ByteString): void {
    try {
      const at = this.locate(name, false);
      if (at === undefined) return;
      if (at.root.lstat(at.name) !== undefined) at.root.unlink(at.name);
      this.removeDirectory(at);
    } catch {
      // It does no harm.
    }
  }

  /** After the file has left it. */
  tidy(name: ByteString): void {
    try {
      const at = this.locate(name, false);
      if (at !== undefined) this.removeDirectory(at);
    } catch {
      // Something else is in it.
    }
  }

  private removeDirectory({ root, name }: Located): void {
    if (this.isShared || root !== this.root) return;
    const { directory } = splitPath(name);
    try {
      root.rmdir(directory);
    } catch (error) {
      const code = errnoCode(error);
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw error;
    }
  }

  /** Undefined: its directory does not exist. */
  private locate(name: ByteString, make: boolean): Located | undefined {
    const { directory, base } = splitPath(name);
    if (this.isShared) {
      const isInside = this.inner !== undefined && !this.outside.has(this.directory);
      return isInside
        ? this.locateInside(this.inner!, base, make)
        : this.locateOutside(this.directory, base, make);
    }
    const joined = posix.normalize(`${directory}/${this.directory}`);
    if (joined !== '..' && !joined.startsWith('../')) return this.locateInside(joined, base, make);
    const path = optionPath(this.destination, joined);
    const inner = nameBelow(this.ctx.places, this.destination, path);
    return inner === undefined ? this.locateOutside(path, base, make) : this.locateInside(inner, base, make);
  }

  private locateInside(joined: ByteString, base: ByteString, make: boolean): Located | undefined {
    const at = { root: this.root, name: `${joined}/${base}` };
    const stat = this.root.lstat(joined);
    if (stat?.isDirectory) return at;
    if (!make) return undefined;
    if (stat !== undefined) this.root.unlink(joined);
    this.root.mkdir(joined, MODE);
    return at;
  }

  private locateOutside(path: ByteString, base: ByteString, make: boolean): Located | undefined {
    const known = this.outside.get(path);
    if (known !== undefined) return { root: known, name: base };
    if (this.ctx.places.stat(path) === undefined) {
      if (!make) return undefined;
      this.ctx.places.mkdir(path, MODE);
    }
    const root = this.ctx.places.open(path);
    this.outside.set(path, root);
    return { root, name: base };
  }
}

/** Gives a temporary file a name in another tree, by a copy if it takes one. Throws, and the file stays, on failure. */
export function moveNow(temp: TempFile, to: Located): void {
  try {
    temp.root.rename(temp.name, to.name, to.root);
  } catch (error) {
    if (errnoCode(error) !== 'EXDEV') throw error;
    nameCopy(copyToTempNow({ root: temp.root, name: temp.name }, to), to.name);
    temp.root.unlink(temp.name);
  }
}
