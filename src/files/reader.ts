import { closeSync, read, readSync } from 'node:fs';
import type { ByteString } from '../core/bytes.ts';
import { CHUNK, giveBuffer, takeBuffer } from './buffers.ts';
import { errnoError } from './errors.ts';
import type { Root } from './root.ts';
import type { Stat } from './stat.ts';

/** Buffers of one large file: one with the consumer, the others being filled. */
const BUFFERS = 4;

interface Filling {
  buffer: Buffer;
  /** Offset in the file and bytes wanted. */
  offset: number;
  length: number;
  /** Bytes read so far. */
  filled: number;
  done: boolean;
  error: NodeJS.ErrnoException | undefined;
  /** The consumer, if it waits for this buffer. */
  wake: (() => void) | undefined;
}

/**
 * Reads a whole file, in order. Up to 256 KiB it is one synchronous read; above that, four buffers of 256 KiB are
 * filled ahead by the thread pool. It ends at the size that the file had when it was opened: growth is not seen, a
 * loss is told by `missing`.
 */
export class FileSource {
  readonly stat: Stat;
  /** Bytes, when it was opened. */
  readonly size: number;
  /** Why the data ended early, if the system gave a reason. */
  error: NodeJS.ErrnoException | undefined;
  private readonly fd: number;
  /** Bytes given out. */
  private given = 0;
  /** Offset up to which reads were asked for. */
  private asked = 0;
  private readonly queue: Filling[] = [];
  private current: Buffer | undefined;
  private ended = false;
  private closed = false;
  /** Reads under way: the descriptor and the buffers are theirs until they end. */
  private underWay = 0;

  private constructor(fd: number, stat: Stat) {
    this.fd = fd;
    this.stat = stat;
    this.size = stat.size;
  }

  /**
   * @param follow  a symlink is followed as far as the root's policy allows
   * @throws ErrnoException of the open; EINVAL if it is no regular file
   */
  static open(root: Root, name: ByteString, follow = false): FileSource {
    const fd = root.openRead(name, follow);
    try {
      const stat = root.fstat(fd);
      if (!stat.isRegular) throw errnoError('EINVAL', 'open', name);
      return new FileSource(fd, stat);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Bytes of `size` that could not be had: the file shrank, or a read failed. Final after the `null`. */
  get missing(): number {
    return this.size - this.given;
  }

  /** Leaves the first bytes out; before the first `read`. */
  skip(length: number): void {
    this.given = this.asked = Math.min(length, this.size);
  }

  /**
   * The next bytes, 256 KiB or less, valid until the next call; null at the end. A promise only if they are not there
   * yet. A read error ends the data: see `error`.
   */
  read(): Uint8Array | null | Promise<Uint8Array | null> {
    this.release();
    if (this.ended || this.given >= this.size) return null;
    if (this.size <= CHUNK) return this.readWhole();
    while (this.queue.length < BUFFERS && this.asked < this.size) this.ask();
    const next = this.queue.shift()!;
    if (next.done) return this.give(next);
    return new Promise((resolve) => {
      next.wake = () => resolve(this.give(next));
    });
  }

  /** Of the open file; it stays this object's. */
  get descriptor(): number {
    return this.fd;
  }

  /** All of it was had at once, by other means than `read`: so many bytes. */
  hadAtOnce(bytes: number): void {
    this.given = Math.min(bytes, this.size);
    this.ended = true;
  }

  /** Reads under way are left to end by themselves. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.ended = true;
    this.release();
    this.finishClose();
  }

  private readWhole(): Uint8Array | null {
    const buffer = takeBuffer();
    this.current = buffer;
    this.ended = true;
    const start = this.given;
    const length = this.size - start;
    let filled = 0;
    try {
      while (filled < length) {
        const count = readSync(this.fd, buffer, filled, length - filled, start + filled);
        if (count === 0) break;
        filled += count;
      }
    } catch (error) {
      this.error = error as NodeJS.ErrnoException;
    }
    this.given = start + filled;
    return filled === 0 ? null : buffer.subarray(0, filled);
  }

  private ask(): void {
    const length = Math.min(CHUNK, this.size - this.asked);
    const filling: Filling = {
      buffer: takeBuffer(),
      offset: this.asked,
      length,
      filled: 0,
      done: false,
      error: undefined,
      wake: undefined,
    };
    this.asked += length;
    this.queue.push(filling);
    this.underWay++;
    this.fill(filling);
  }

  private fill(filling: Filling): void {
    const { buffer, filled, length, offset } = filling;
    read(this.fd, buffer, filled, length - filled, offset + filled, (error, count) => {
      if (error === null && count > 0) {
        filling.filled += count;
        if (filling.filled < length && !this.closed) return this.fill(filling);
      } else if (error !== null) filling.error = error;
      filling.done = true;
      this.underWay--;
      filling.wake?.();
      if (this.closed) this.finishClose();
    });
  }

  private give(filling: Filling): Uint8Array | null {
    if (this.closed) {
      giveBuffer(filling.buffer);
      return null;
    }
    this.current = filling.buffer;
    this.given += filling.filled;
    if (filling.filled < filling.length) {
      this.ended = true;
      this.error = filling.error;
    }
    return filling.filled === 0 ? null : filling.buffer.subarray(0, filling.filled);
  }

  private release(): void {
    if (this.current !== undefined) giveBuffer(this.current);
    this.current = undefined;
  }

  private finishClose(): void {
    if (this.underWay > 0) return;
    for (const { buffer } of this.queue.splice(0)) giveBuffer(buffer);
    closeSync(this.fd);
  }
}
