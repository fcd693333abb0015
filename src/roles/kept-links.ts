import type { ByteString } from '../core/bytes.ts';
import type { Root } from '../files/root.ts';
import type { Stat } from '../files/stat.ts';
import { keepsPaths } from '../options/files-from.ts';
import type { TransferOptions } from '../options/transfer-options.ts';

/**
 * Symlinks of the destination that stand for directories: `-K`, and above the sources of `-R --no-implied-dirs`.
 * One that this very run has made is none of them: a sender could make it to get out of the destination.
 */
export class KeptLinks {
  /** The root of the destination has to follow symlinks. */
  readonly isActive: boolean;
  private readonly keepDirlinks: boolean;
  /** In lower case: two names may be one to the file system. */
  private readonly made = new Set<ByteString>();

  constructor(options: TransferOptions) {
    const { keepDirlinks, impliedDirs } = options;
    this.keepDirlinks = keepDirlinks;
    this.isActive = keepDirlinks || (keepsPaths(options) && !impliedDirs);
  }

  /** A symlink that this run has made. */
  add(name: ByteString): void {
    if (this.isActive) this.made.add(name.toLowerCase());
  }

  /** What is at the place of a directory: the directory that a kept link leads to, or `own`. */
  resolve(root: Root, name: ByteString, own: Stat | undefined): Stat | undefined {
    if (!this.keepDirlinks || own?.isSymlink !== true) return own;
    const referent = this.follow(root, name);
    return referent?.isDirectory ? referent : own;
  }

  /** True if a directory is reached through a link at its end. */
  isKept(root: Root, name: ByteString): boolean {
    return this.keepDirlinks && root.lstat(name)?.isSymlink === true;
  }

  /** What is there, symlinks followed as far as they may be; undefined: nothing that may be used. */
  follow(root: Root, name: ByteString): Stat | undefined {
    if (this.made.has(name.toLowerCase())) return undefined;
    try {
      return root.stat(name);
    } catch {
      // It leads out of what may be reached.
      return undefined;
    }
  }
}
