import { createHash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { type ByteString, fromBuffer, toBuffer } from '../../src/core/bytes.ts';

/** What is seen of one entry. Fields that the options leave out are missing. */
export interface SnapshotEntry {
  type: 'file' | 'dir' | 'symlink' | 'fifo' | 'socket' | 'char' | 'block';
  mode: string;
  size?: number;
  /** Decimal seconds (with a fraction when asked for), or `now`: see `hideTimesSince`. */
  mtime?: string;
  owner?: string;
  target?: ByteString;
  rdev?: string;
  /** First name, in sorted order, of the file that this is another name of. */
  sameAs?: ByteString;
  content?: string;
  /** Whether a large file has clearly fewer blocks than bytes. */
  holes?: boolean;
}

export type Tree = Map<ByteString, SnapshotEntry>;

export interface SnapshotOptions {
  /** Default: whole seconds, as rsync's quick check does. */
  nanoseconds?: boolean;
  /** The finest that Node.js can set. */
  microseconds?: boolean;
  /** Seconds since the epoch. Later times become `now`: they come from the run, not from a file list. */
  hideTimesSince?: number;
  times?: boolean;
  owners?: boolean;
  hardLinks?: boolean;
  holes?: boolean;
}

/** A time to pass as `hideTimesSince`: a little before now, because file systems use a coarse clock. */
export function hideTimesSince(): number {
  return Date.now() / 1000 - 2;
}

/** Less slack than this is a matter of block size and preallocation, not of holes. */
const HOLE_BYTES = 256 * 1024;

const TYPES: Readonly<Record<number, SnapshotEntry['type']>> = {
  32768: 'file',
  16384: 'dir',
  40960: 'symlink',
  4096: 'fifo',
  49152: 'socket',
  8192: 'char',
  24576: 'block',
};

/** All entries below a folder (itself as `.`), by path in byte order. An empty map if it does not exist. */
export function snapshotTree(root: string, options: SnapshotOptions = {}): Tree {
  const found: Tree = new Map();
  const firstNames = new Map<string, ByteString>();
  const visit = (path: Buffer, name: ByteString): void => {
    let stat: ReturnType<typeof lstat>;
    try {
      stat = lstat(path);
    } catch {
      return;
    }
    const type = TYPES[Number(stat.mode) & 0o170000] ?? 'file';
    const entry: SnapshotEntry = { type, mode: (Number(stat.mode) & 0o7777).toString(8).padStart(4, '0') };
    if (options.times !== false) entry.mtime = timeOf(stat.mtimeNs, options);
    if (options.owners !== false) entry.owner = `${stat.uid}:${stat.gid}`;
    if (type === 'file') {
      entry.size = Number(stat.size);
      entry.content = digest(path, entry.size, Number(stat.blocks) * 512);
      if (options.holes !== false && Number(stat.blocks) * 512 + HOLE_BYTES < entry.size) entry.holes = true;
    }
    if (type === 'symlink') entry.target = fromBuffer(readlinkSync(path, { encoding: 'buffer' }));
    if (type === 'char' || type === 'block') entry.rdev = stat.rdev.toString();
    found.set(name, entry);
    if (type !== 'dir' && stat.nlink > 1n && options.hardLinks !== false) {
      const inode = `${stat.dev}:${stat.ino}`;
      const first = firstNames.get(inode);
      if (first === undefined) firstNames.set(inode, name);
      else entry.sameAs = first;
    }
    if (type !== 'dir') return;
    const children = readdirSync(path, { encoding: 'buffer' }).map((child) => fromBuffer(child));
    for (const child of children.sort()) {
      visit(
        Buffer.concat([path, Buffer.from('/'), toBuffer(child)]),
        name === '.' ? child : `${name}/${child}`,
      );
    }
  };
  visit(Buffer.from(root), '.');
  return found;
}

const lstat = (path: Buffer) => lstatSync(path, { bigint: true });

function timeOf(ns: bigint, options: SnapshotOptions): string {
  // Floor division: the time before 1970 -1.5 s is second -2 and half a second.
  const second = ns >= 0n ? ns / 1_000_000_000n : -((999_999_999n - ns) / 1_000_000_000n);
  if (options.hideTimesSince !== undefined && Number(ns) / 1e9 >= options.hideTimesSince) {
    // Years from now is no clock reading: such a time was set on purpose.
    if (Number(ns) / 1e9 < Date.now() / 1000 + 60) return 'now';
  }
  if (options.nanoseconds !== true && options.microseconds !== true) return String(second);
  const fraction = String(ns - second * 1_000_000_000n).padStart(9, '0');
  return `${second}.${options.nanoseconds === true ? fraction : fraction.slice(0, 6)}`;
}

const CHUNK = 1 << 20;

function digest(path: Buffer, size: number, allocated: number): string {
  // A huge sparse file is read where it may hold data only: its start, its end and some places between.
  const sampled = size > 1 << 30 && allocated < size / 4;
  const hash = createHash('md5');
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unreadable';
  }
  try {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(size, 1)));
    const step = sampled ? 64 * CHUNK : CHUNK;
    for (let at = 0; at < size; at += step) {
      hash.update(buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, at)));
    }
    if (sampled)
      hash.update(buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, size - buffer.length)));
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex').slice(0, 12);
}

export interface CompareOptions {
  /** Names of the two trees in the report. */
  names?: readonly [string, string];
  /** Fields of an entry that are not compared. */
  ignore?: readonly (keyof SnapshotEntry)[];
  /** Entries that are not compared. */
  skip?: (path: ByteString, entry: SnapshotEntry) => boolean;
  limit?: number;
}

/** Differences, one line each; an empty list when the trees are equal. */
export function compareTrees(a: Tree, b: Tree, options: CompareOptions = {}): string[] {
  const [nameA, nameB] = options.names ?? ['expected', 'actual'];
  const lines: string[] = [];
  for (const path of new Set([...a.keys(), ...b.keys()].sort())) {
    const left = a.get(path);
    const right = b.get(path);
    if (options.skip?.(path, (left ?? right)!) === true) continue;
    if (left === undefined) lines.push(`${JSON.stringify(path)}: only in ${nameB} (${describe(right!)})`);
    else if (right === undefined) lines.push(`${JSON.stringify(path)}: only in ${nameA} (${describe(left)})`);
    else {
      const keys = new Set([...Object.keys(left), ...Object.keys(right)]) as Set<keyof SnapshotEntry>;
      for (const key of keys) {
        if (options.ignore?.includes(key) === true || left[key] === right[key]) continue;
        lines.push(
          `${JSON.stringify(path)}: ${key} is ${show(left[key])} in ${nameA}, ${show(right[key])} in ${nameB}`,
        );
      }
    }
  }
  const limit = options.limit ?? 40;
  return lines.length <= limit ? lines : [...lines.slice(0, limit), `... ${lines.length - limit} more`];
}

function show(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}

function describe(entry: SnapshotEntry): string {
  return [entry.type, entry.mode, entry.size, entry.target].filter((part) => part !== undefined).join(' ');
}
