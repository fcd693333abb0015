import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { type ByteString, fromBuffer, toBuffer } from '../../src/core/bytes.ts';

export { compareTrees, hideTimesSince, type SnapshotEntry, snapshotTree, type Tree } from './snapshot.ts';

export const isRoot = process.getuid?.() === 0;

/** A run of data inside a file that is otherwise a hole. */
export interface Extent {
  at: number;
  data: Uint8Array;
}

/** One entry of a tree. Folders above it are made as needed (0755, DEFAULT_TIME). */
export interface EntrySpec {
  /** Relative, `/` between the components, one character a byte. */
  path: ByteString | Buffer;
  type?: 'file' | 'dir' | 'symlink' | 'hardlink' | 'fifo' | 'char' | 'block';
  /** Contents of a file; text is written as Latin-1. */
  content?: string | Uint8Array;
  /** Instead of `content`: a file of this many bytes, of which only these are written. */
  sparse?: { size: number; extents: Extent[] };
  /** Target of a symbolic link (as stored) or of a hard link (relative to the tree's root). */
  target?: ByteString;
  /** Permission bits. Default: 0755 for folders, 0644 for others. */
  mode?: number;
  /** Seconds, or `[seconds, nanoseconds]`. Default: DEFAULT_TIME, so that no tree depends on the clock. */
  mtime?: number | readonly [seconds: number, nanoseconds: number];
  /** Only for root; ignored otherwise. */
  uid?: number;
  gid?: number;
  /** Major and minor number of a device. Devices are left out when not root. */
  rdev?: readonly [major: number, minor: number];
}

/** 2020-09-13 12:26:40 UTC. */
export const DEFAULT_TIME = 1_600_000_000;

/** The path of an entry below a root, as the bytes the platform wants. */
export function under(root: string, path: ByteString | Buffer): Buffer {
  const name = typeof path === 'string' ? toBuffer(path) : path;
  return Buffer.concat([Buffer.from(`${root}/`), name]);
}

/** Bytes that do not compress and do not repeat, the same ones for the same seed. */
export function noise(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let i = 0; i < size; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state & 0xff;
  }
  return bytes;
}

/** A word of a shell script, as bytes. */
function quoted(path: Buffer): Buffer {
  return Buffer.from(`'${path.toString('latin1').replaceAll("'", "'\\''")}'`, 'latin1');
}

/**
 * Makes exactly the tree that the entries describe below `root`, which is made too. Times are set
 * when everything is made, so that no entry touches its folder later.
 */
export function makeTree(root: string, entries: readonly EntrySpec[]): void {
  mkdirSync(root, { recursive: true });
  // What Node cannot do (mkfifo, mknod, times to the nanosecond) is done by one shell, fed with bytes.
  const nodes: Buffer[] = [];
  const times: Buffer[] = [];
  const made = entries.filter((entry) => isRoot || (entry.type !== 'char' && entry.type !== 'block'));
  const folders = new Set<ByteString>();
  for (const entry of made) makeEntry(root, entry, nodes, folders);
  runShell(nodes);
  for (const entry of made) {
    if (entry.type === 'hardlink') linkSync(under(root, entry.target ?? ''), under(root, entry.path));
  }
  for (const folder of folders) utimesSync(under(root, folder), DEFAULT_TIME, DEFAULT_TIME);
  for (const entry of made) setAttributes(under(root, entry.path), entry);
  for (const entry of made) setTime(under(root, entry.path), entry, times);
  runShell(times);
  utimesSync(root, DEFAULT_TIME, DEFAULT_TIME);
}

function makeEntry(root: string, entry: EntrySpec, script: Buffer[], folders: Set<ByteString>): void {
  const path = under(root, entry.path);
  const name = typeof entry.path === 'string' ? entry.path : fromBuffer(entry.path);
  for (let slash = name.lastIndexOf('/'); slash > 0; slash = name.lastIndexOf('/', slash - 1)) {
    folders.add(name.slice(0, slash));
  }
  mkdirSync(path.subarray(0, path.lastIndexOf(0x2f)), { recursive: true });
  switch (entry.type ?? 'file') {
    case 'dir':
      mkdirSync(path, { recursive: true });
      break;
    case 'symlink':
      symlinkSync(toBuffer(entry.target ?? ''), path);
      break;
    case 'hardlink': // made when its target is certainly there
      break;
    case 'fifo':
      script.push(Buffer.from('mkfifo '), quoted(path), Buffer.from('\n'));
      break;
    case 'char':
    case 'block': {
      const [major, minor] = entry.rdev ?? [1, 3];
      const kind = entry.type === 'char' ? 'c' : 'b';
      script.push(Buffer.from('mknod '), quoted(path), Buffer.from(` ${kind} ${major} ${minor}\n`));
      break;
    }
    case 'file':
      makeFile(path, entry);
  }
}

function makeFile(path: Buffer, entry: EntrySpec): void {
  const fd = openSync(path, 'w', 0o644);
  try {
    if (entry.sparse !== undefined) {
      ftruncateSync(fd, entry.sparse.size);
      for (const { at, data } of entry.sparse.extents) writeSync(fd, data, 0, data.length, at);
    } else {
      const { content = '' } = entry;
      const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
      if (bytes.length > 0) writeSync(fd, bytes);
    }
  } finally {
    closeSync(fd);
  }
}

function setAttributes(path: Buffer, entry: EntrySpec): void {
  if (isRoot && (entry.uid !== undefined || entry.gid !== undefined)) {
    lchownSync(path, entry.uid ?? 0, entry.gid ?? 0);
  }
  if (entry.type === 'symlink' || entry.type === 'hardlink') return;
  chmodSync(path, entry.mode ?? (entry.type === 'dir' ? 0o755 : 0o644));
}

function setTime(path: Buffer, entry: EntrySpec, script: Buffer[]): void {
  if (entry.type === 'hardlink') return;
  const { mtime = DEFAULT_TIME } = entry;
  if (typeof mtime === 'number') {
    // Node takes a negative number for "now", but not a string.
    lutimesSync(path, String(mtime), String(mtime));
    return;
  }
  const stamp = `${mtime[0]}.${String(mtime[1]).padStart(9, '0')}`;
  script.push(Buffer.from(`touch -h -d @${stamp} -- `), quoted(path), Buffer.from('\n'));
}

function runShell(script: Buffer[]): void {
  if (script.length === 0) return;
  const input = Buffer.concat([Buffer.from('set -e\n'), ...script]);
  const { status, stderr } = spawnSync('/bin/sh', ['-s'], { input, env: { ...process.env, LC_ALL: 'C' } });
  if (status !== 0) throw new Error(`the tree could not be made: ${stderr.toString('latin1')}`);
}

/** Copies trees as they are: links, holes, owners, times to the nanosecond. */
export function copyTree(from: string, to: string): void {
  const { status, stderr } = spawnSync('cp', ['-a', '--sparse=auto', '-T', from, to]);
  if (status !== 0) throw new Error(`cp: ${stderr.toString('latin1')}`);
}

/** Removes a tree, read-only folders and names of any bytes included; no error if there is none. */
export function removeTree(path: string | Buffer): void {
  const top = typeof path === 'string' ? Buffer.from(path) : path;
  if (lstatSync(top, { throwIfNoEntry: false })?.isDirectory() !== true) {
    rmSync(top, { force: true });
    return;
  }
  if (!isRoot) chmodSync(top, 0o700);
  for (const child of readdirSync(top, { withFileTypes: true, encoding: 'buffer' })) {
    const below = Buffer.concat([top, Buffer.from('/'), child.name]);
    if (child.isDirectory()) removeTree(below);
    else unlinkSync(below);
  }
  rmdirSync(top);
}
