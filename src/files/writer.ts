import { fstatSync, fsync, ftruncateSync, write, writeSync } from 'node:fs';
import type { RsyncError } from '../core/errors.ts';
import { CHUNK, giveBuffer, takeBuffer } from './buffers.ts';
import { fileError } from './errors.ts';
import { dataRanges } from './sparse.ts';

/** Writes of 256 KiB under way before the caller has to wait. */
const IN_FLIGHT = 4;
/** Up to this many bytes a write is done at once: cheaper than a turn through the thread pool. */
const SYNC_LIMIT = 64 * 1024;

export interface FileSinkOptions {
  /** For messages: `toText(root.display(name))`. */
  path: string;
  /** `-S`: blocks of zeros become holes. */
  sparse?: boolean;
  /** Where the first write goes; default 0. `--append` starts at the old size. */
  position?: number;
  /** Bytes that the file has, if that is known; default: asked of the descriptor. */
  oldSize?: number;
}

/**
 * Writes the content of one file by its descriptor, from its beginning to its end. Data is gathered in buffers of
 * 256 KiB; a file that fits in one is written by one synchronous call at the end, a larger one by the thread pool with
 * four writes under way. The descriptor stays the caller's; it may be closed after `finish` or `abort` has resolved.
 *
 * A failed write (ENOSPC) is fatal to the run: RsyncError RSYNC_FILE_IO, exit 11, thrown by the next call.
 */
export class FileSink {
  private readonly fd: number;
  private readonly path: string;
  private readonly sparse: boolean;
  /** Bytes that the file had before (in place, append). */
  private readonly oldSize: number;
  /** Size of the file as far as the writes given to the system make it. */
  private extent: number;
  private buffer: Buffer | undefined;
  /** Bytes in the buffer, and the offset in the file of its first. */
  private used = 0;
  private offset: number;
  private underWay = 0;
  private failure: RsyncError | undefined;
  private waiting: { below: number; wake: () => void }[] = [];

  constructor(fd: number, options: FileSinkOptions) {
    this.fd = fd;
    this.path = options.path;
    this.sparse = options.sparse ?? false;
    this.oldSize = options.oldSize ?? fstatSync(fd).size;
    this.extent = this.oldSize;
    this.offset = options.position ?? 0;
  }

  /** Offset in the file of the next byte: bytes written and skipped so far. */
  get position(): number {
    return this.offset + this.used;
  }

  /** Copies the data before it returns. A promise: the disk is behind, wait for it. */
  write(data: Uint8Array): void | Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    let taken = 0;
    while (taken < data.length) {
      this.buffer ??= takeBuffer();
      const room = CHUNK - this.used;
      const part = taken === 0 && data.length <= room ? data : data.subarray(taken, taken + room);
      this.buffer.set(part, this.used);
      this.used += part.length;
      taken += part.length;
      // A full buffer waits for the byte after it: a file of exactly 256 KiB is still a small one.
      if (this.used === CHUNK && taken < data.length) this.flush();
    }
    return this.used === CHUNK && (this.offset > 0 || this.underWay > 0)
      ? this.flushFull()
      : this.backPressure();
  }

  /** Goes on without writing: the bytes are there already (in place). */
  skip(length: number): void | Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    if (length === 0) return undefined;
    this.flush();
    this.offset += length;
    return this.backPressure();
  }

  /** Writes what is left and makes the file end at `position`. */
  finish(): void | Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.flush(this.underWay === 0 && this.offset === 0);
    if (this.underWay === 0) return this.end();
    return this.settled(0).then(() => this.end());
  }

  /** `--fsync`. After `finish`. */
  fsync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fsync(this.fd, (error) =>
        error === null ? resolve() : reject(fileError('fsync failed on', this.path, error)),
      );
    });
  }

  /**
   * Stops, and drops what was gathered unless `keep` (`--partial`: it is written). Resolves when no write is under way;
   * never rejects.
   */
  async abort(keep = false): Promise<void> {
    if (keep && this.failure === undefined) {
      try {
        await this.finish();
      } catch {
        // What is on the disk is what is kept.
      }
    }
    this.drop();
    this.failure ??= fileError('write aborted on', this.path, new Error('aborted'));
    while (this.underWay > 0) await new Promise<void>((wake) => this.waiting.push({ below: 0, wake }));
  }

  private drop(): void {
    if (this.buffer !== undefined) giveBuffer(this.buffer);
    this.buffer = undefined;
    this.used = 0;
  }

  private backPressure(): void | Promise<void> {
    return this.underWay < IN_FLIGHT ? undefined : this.settled(IN_FLIGHT - 1);
  }

  private flushFull(): void | Promise<void> {
    this.flush();
    return this.backPressure();
  }

  /** Resolves when at most `below` writes are under way; rejects if one failed. */
  private async settled(below: number): Promise<void> {
    while (this.underWay > below) await new Promise<void>((wake) => this.waiting.push({ below, wake }));
    if (this.failure !== undefined) throw this.failure;
  }

  /** Gives the gathered bytes to the system. */
  private flush(atOnce = false): void {
    const { buffer, used, offset } = this;
    if (buffer === undefined || used === 0) return;
    this.buffer = undefined;
    this.used = 0;
    this.offset = offset + used;
    // Zeros over old content have to be written: Node can not punch holes.
    const ranges = this.sparse
      ? dataRanges(buffer, used, offset, Math.max(0, this.oldSize - offset))
      : [0, used];
    let users = ranges.length / 2;
    if (users === 0) giveBuffer(buffer);
    const done = (): void => {
      if (--users === 0) giveBuffer(buffer);
    };
    for (let i = 0; i < ranges.length; i += 2) {
      const from = ranges[i]!;
      const to = ranges[i + 1]!;
      this.extent = Math.max(this.extent, offset + to);
      if (atOnce || to - from < SYNC_LIMIT) {
        this.writeNow(buffer, from, to, offset + from);
        done();
      } else this.writeSoon(buffer, from, to, offset + from, done);
    }
  }

  private writeNow(buffer: Buffer, from: number, to: number, offset: number): void {
    try {
      for (let at = from; at < to; ) at += writeSync(this.fd, buffer, at, to - at, offset + at - from);
    } catch (error) {
      this.failure ??= fileError('write failed on', this.path, error);
      throw this.failure;
    }
  }

  private writeSoon(buffer: Buffer, from: number, to: number, offset: number, done: () => void): void {
    this.underWay++;
    write(this.fd, buffer, from, to - from, offset, (error, count) => {
      this.underWay--;
      if (error !== null) this.failure ??= fileError('write failed on', this.path, error);
      // A short write: the rest tells why.
      else if (count < to - from) this.writeSoon(buffer, from + count, to, offset + count, done);
      if (error !== null || count === to - from) done();
      this.wake();
    });
  }

  private wake(): void {
    const ready = this.waiting.filter(
      (waiter) => this.underWay <= waiter.below || this.failure !== undefined,
    );
    this.waiting = this.waiting.filter((waiter) => !ready.includes(waiter));
    for (const waiter of ready) waiter.wake();
  }

  private end(): void {
    // A file that was there is always truncated: its time becomes "now" even if every byte was in its place.
    if (this.extent === this.offset && this.oldSize === 0) return;
    try {
      ftruncateSync(this.fd, this.offset);
      this.extent = this.offset;
    } catch (error) {
      throw fileError('ftruncate failed on', this.path, error);
    }
  }
}
