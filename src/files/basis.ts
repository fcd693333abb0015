import { closeSync, readSync } from 'node:fs';
import { type ByteString, toText } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { CHUNK, giveBuffer, takeBuffer } from './buffers.ts';
import { errnoError, fileError } from './errors.ts';
import type { Root } from './root.ts';
import type { Stat } from './stat.ts';

/** Bytes ahead of the window that still count as "going on": a few changed blocks were skipped. */
const NEAR = 64 * 1024;

/**
 * Old content, read at any offset for the receiver. Blocks that follow one another come out of a window that is filled
 * by 256 KiB reads; a block elsewhere is read alone. Synchronous: 16 KiB out of the page cache cost 2 us, the way
 * through the thread pool alone costs 20.
 */
export class BasisFile {
  readonly stat: Stat;
  /** Bytes, when it was opened. */
  readonly size: number;
  private readonly fd: number;
  private readonly path: string;
  private window: Buffer;
  private start = 0;
  private end = 0;
  /** Where the last read ended. */
  private expected = 0;
  private closed = false;

  private constructor(fd: number, stat: Stat, path: string) {
    this.fd = fd;
    this.stat = stat;
    this.size = stat.size;
    this.path = path;
    this.window = takeBuffer();
  }

  /** @throws ErrnoException of the open; EINVAL if it is no regular file */
  static open(root: Root, name: ByteString): BasisFile {
    const fd = root.openRead(name);
    try {
      const stat = root.fstat(fd);
      if (!stat.isRegular) throw errnoError('EINVAL', 'open', name);
      return new BasisFile(fd, stat, toText(root.display(name)));
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /**
   * Exactly `length` bytes from `offset`, valid until the next read.
   * @throws RsyncError RSYNC_FILE_IO, exit 23: outside the file, or the file shrank, or a read failed
   */
  read(offset: number, length: number): Uint8Array {
    if (offset < 0 || length < 0 || offset + length > this.size) throw this.short(offset, length);
    if (offset >= this.start && offset + length <= this.end) {
      this.expected = offset + length;
      return this.window.subarray(offset - this.start, offset - this.start + length);
    }
    if (length > this.window.length) {
      // Blocks are 128 KiB at most, but 512 MiB with protocol 29; a window of that size is kept for the next.
      if (this.window.length === CHUNK) giveBuffer(this.window);
      this.window = Buffer.allocUnsafeSlow(length);
      this.start = this.end = 0;
    }
    const goesOn = offset >= this.expected - NEAR && offset <= this.expected + NEAR;
    const wanted = goesOn ? Math.min(this.window.length, this.size - offset) : length;
    this.fill(offset, wanted, length);
    this.expected = offset + length;
    return this.window.subarray(0, length);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.fd);
    if (this.window.length === CHUNK) giveBuffer(this.window);
  }

  private fill(offset: number, wanted: number, needed: number): void {
    let filled = 0;
    this.start = this.end = offset;
    try {
      while (filled < needed) {
        const count = readSync(this.fd, this.window, filled, wanted - filled, offset + filled);
        if (count === 0) break;
        filled += count;
      }
    } catch (error) {
      throw fileError('read errors mapping', this.path, error, EXIT.PARTIAL);
    }
    this.end = offset + filled;
    if (filled < needed) throw this.short(offset, needed);
  }

  private short(offset: number, length: number): RsyncError {
    const message = `read errors mapping "${this.path}": ${length} bytes at ${offset} are not there`;
    return new RsyncError('RSYNC_FILE_IO', message, {
      exitCode: EXIT.PARTIAL,
      origin: 'local',
      path: this.path,
    });
  }
}
