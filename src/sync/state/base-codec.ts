import { type ByteString, fromBuffer } from '../../core/bytes.ts';
import { LIMITS } from '../../core/limits.ts';
import { S_IFLNK, S_IFMT, S_IFREG } from '../../core/mode.ts';
import { kindOf, type TreeEntry } from '../project/tree.ts';

/**
 * Entries of a base as bytes, in ascending order of their paths:
 *
 *     body   := { entry } end
 *     entry  := flags shared:uint suffixLength:uint suffix
 *               [mode:uint]                 unless SAME_MODE: as in the entry before
 *               [size:uint mtime:sint]      files; the time is a difference from that of the file before
 *               [micros:uint]               HAS_MICROS: microseconds
 *               [length:uint target]        symlinks
 *     end    := 0xff
 *     uint   := base 128, low digits first, 0x80 = more follow; sint: zigzag
 *
 * `shared` bytes are those of the path before.
 */
const SAME_MODE = 1;
const HAS_MICROS = 2;
const END = 0xff;

const MAX_PATH = LIMITS.NAME_LENGTH;
/** What an entry may need at most: two texts of MAX_PATH and eight numbers. */
const MAX_ENTRY = 2 * MAX_PATH + 128;
const CHUNK = 1 << 16;

/** Writes entries; a chunk is handed on as soon as it is full. */
export class BaseEncoder {
  private readonly chunk = Buffer.allocUnsafe(CHUNK + MAX_ENTRY);
  private at = 0;
  private path: ByteString = '';
  private mode = -1;
  private mtime = 0;

  /** Returns a full chunk, good until the next call, or undefined. Paths ascend. Throws RangeError if one is too long. */
  add(path: ByteString, entry: TreeEntry): Buffer | undefined {
    const target = entry.target ?? '';
    if (path.length > MAX_PATH || target.length > MAX_PATH)
      throw new RangeError('a path is longer than any can be');
    if (this.at >= CHUNK) this.at = 0;
    const sameMode = entry.mode === this.mode;
    const isFile = (entry.mode & S_IFMT) === S_IFREG;
    const micros = isFile ? Math.floor(entry.mtimeNsec / 1000) : 0;
    this.chunk[this.at++] = (sameMode ? SAME_MODE : 0) | (micros > 0 ? HAS_MICROS : 0);
    const shared = sharedLength(this.path, path);
    this.uint(shared);
    this.text(path.slice(shared));
    if (!sameMode) this.uint(entry.mode);
    if (isFile) {
      this.uint(entry.size);
      this.sint(entry.mtime - this.mtime);
      if (micros > 0) this.uint(micros);
      this.mtime = entry.mtime;
    } else if ((entry.mode & S_IFMT) === S_IFLNK) this.text(target);
    this.path = path;
    this.mode = entry.mode;
    return this.at >= CHUNK ? this.chunk.subarray(0, this.at) : undefined;
  }

  /** The last chunk. */
  end(): Buffer {
    if (this.at >= CHUNK) this.at = 0;
    this.chunk[this.at++] = END;
    return this.chunk.subarray(0, this.at);
  }

  private text(value: ByteString): void {
    this.uint(value.length);
    this.at += this.chunk.write(value, this.at, 'latin1');
  }

  private uint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.chunk[this.at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.chunk[this.at++] = rest;
  }

  private sint(value: number): void {
    this.uint(value < 0 ? -2 * value - 1 : 2 * value);
  }
}

/** The body is not what an encoder writes. `message` is a part of a sentence. */
export class DamagedBase extends Error {}

const NEED_MORE = Symbol();

/** Reads entries out of chunks of any size. */
export class BaseDecoder {
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  private path: ByteString = '';
  private mode = 0;
  private mtime = 0;
  private count = 0;
  private readonly add: (path: ByteString, entry: TreeEntry) => void;
  /** The end was read; nothing may follow. */
  complete = false;

  constructor(add: (path: ByteString, entry: TreeEntry) => void) {
    this.add = add;
  }

  /** Throws DamagedBase. */
  feed(chunk: Buffer): void {
    this.bytes = this.at === this.bytes.length ? chunk : Buffer.concat([this.bytes.subarray(this.at), chunk]);
    this.at = 0;
    while (this.at < this.bytes.length) {
      if (this.complete) throw new DamagedBase('bytes follow its end');
      const start = this.at;
      try {
        this.entry();
      } catch (error) {
        if (error !== NEED_MORE) throw error;
        this.at = start;
        // No entry is that long: it would grow for ever.
        if (this.bytes.length - start > MAX_ENTRY) throw new DamagedBase('an entry of it has no end');
        return;
      }
    }
  }

  private entry(): void {
    const flags = this.byte();
    if (flags === END) {
      this.complete = true;
      return;
    }
    if (flags > (SAME_MODE | HAS_MICROS)) throw new DamagedBase('an entry of it is of no known form');
    const shared = this.uint(this.path.length);
    const path = this.path.slice(0, shared) + this.text(MAX_PATH - shared);
    if (path <= this.path || !isPath(path)) throw new DamagedBase('a path in it is out of order or none');
    const mode = flags & SAME_MODE ? this.mode : this.uint(0o177777);
    const facts: TreeEntry = { kind: kindOf(mode), size: 0, mtime: 0, mtimeNsec: 0, mode };
    let mtime = this.mtime;
    if (facts.kind === 'file') {
      facts.size = this.uint(Number.MAX_SAFE_INTEGER);
      mtime += this.sint();
      if (!Number.isSafeInteger(mtime)) throw new DamagedBase('a time in it is none');
      facts.mtime = mtime;
      if (flags & HAS_MICROS) facts.mtimeNsec = this.uint(999_999) * 1000;
    } else if (facts.kind === 'symlink') facts.target = this.text(MAX_PATH);
    else if (facts.kind !== 'directory' && (mode & S_IFMT) === 0)
      throw new DamagedBase('a mode in it is none');
    if (++this.count > LIMITS.FILE_LIST_ENTRIES)
      throw new DamagedBase('it has more entries than a list may have');
    // All of the entry has come: only now it counts.
    this.path = path;
    this.mode = mode;
    this.mtime = mtime;
    this.add(path, facts);
  }

  private byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw NEED_MORE;
    this.at++;
    return byte;
  }

  private uint(most: number): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (value > most) throw new DamagedBase('a number in it is too large');
      if (byte < 0x80) return value;
      // Digits of 0 would go on for ever below any limit.
      if (factor > Number.MAX_SAFE_INTEGER) throw new DamagedBase('a number in it is too large');
    }
  }

  private sint(): number {
    const value = this.uint(Number.MAX_SAFE_INTEGER);
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  private text(most: number): ByteString {
    const length = this.uint(most);
    if (this.bytes.length - this.at < length) throw NEED_MORE;
    this.at += length;
    return fromBuffer(this.bytes, this.at - length, this.at);
  }
}

function sharedLength(a: ByteString, b: ByteString): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at;
}

/** Relative, and through directories alone. */
function isPath(path: ByteString): boolean {
  if (path.includes('\0')) return false;
  return !/^\/|\/$|\/\/|(?:^|\/)\.\.?(?:\/|$)/.test(path);
}
