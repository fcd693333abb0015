import { chmodSync, closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileError } from '../../files/errors.ts';
import { makeFolders } from '../../files/make-folders.ts';
import { platform } from '../../files/platform/index.ts';
import { renameWindows } from '../../files/rename-windows.ts';
import { randomSuffix } from '../../files/temp-names.ts';

/**
 * Files of our own that are there whole or not at all: temporary file beside, fsync, rename. Mode 0600 in folders of mode
 * 0700: names and hosts are nobody else's business.
 */

/** Makes a folder of ours, and those above it. Throws RsyncError (exit 11). */
export function makeFolder(path: string): void {
  try {
    makeFolders(path, 0o700);
  } catch (error) {
    throw fileError('mkdir', path, error);
  }
}

/** Replaces a file, and makes its folder. Throws RsyncError (exit 11); the old file is then still there. */
export function writeWhole(path: string, content: Uint8Array | string): void {
  const file = new WholeFile(path);
  try {
    file.write(typeof content === 'string' ? Buffer.from(content, 'utf8') : content);
    file.commit();
  } catch (error) {
    file.abandon();
    throw error;
  }
}

/** One file on its way: `write` as often as needed, then `commit`, or `abandon`. */
export class WholeFile {
  readonly path: string;
  private readonly temp: string;
  private fd: number | undefined;

  constructor(path: string) {
    makeFolder(dirname(path));
    this.path = path;
    this.temp = `${path}.${randomSuffix()}.tmp`;
    this.fd = this.attempt('open', () => openSync(this.temp, 'wx', 0o600));
  }

  write(bytes: Uint8Array): void {
    this.attempt('write', () => {
      let done = 0;
      while (done < bytes.length) done += writeSync(this.fd!, bytes, done, bytes.length - done);
    });
  }

  commit(): void {
    this.attempt('rename', () => {
      // The umask may have taken away what the owner needs.
      if (!platform.isWindows) chmodSync(this.temp, 0o600);
      fsyncSync(this.fd!);
      this.close();
      renameOver(this.temp, this.path);
      syncFolder(dirname(this.path));
    });
  }

  /** Leaves nothing behind; does no harm after `commit`. */
  abandon(): void {
    try {
      this.close();
      unlinkSync(this.temp);
    } catch {
      // It was renamed, or never made.
    }
  }

  private close(): void {
    const { fd } = this;
    this.fd = undefined;
    if (fd !== undefined) closeSync(fd);
  }

  private attempt<T>(what: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw fileError(what, this.path, error);
    }
  }
}

/** rename(2) over what is there; on Windows it is tried again while somebody has the file open. */
export function renameOver(from: string, to: string): void {
  if (platform.isWindows) renameWindows(from, to);
  else renameSync(from, to);
}

/** Without it a power cut may bring the old name back. Not every file system lets a directory be synced. */
function syncFolder(path: string): void {
  if (platform.isWindows) return;
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    fsyncSync(fd);
  } catch {
    // The file itself is complete in either case.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
