import type { BigIntStats } from 'node:fs';
import { isDirectory, isRegular, isSymlink } from '../core/mode.ts';
import { platformMode } from './platform/index.ts';

const GIGA = 1_000_000_000n;

/**
 * What lstat(2) says of an item. Built from a bigint stat: Node's number form has 244 ns of error today and rounds
 * nsec 999,999,999 up to the next second; the bigint form costs 0.2 us more of 4.3 us.
 */
export class Stat {
  /** Type and permission bits. */
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  /** Seconds since 1970, UTC; negative before. */
  readonly mtime: number;
  /** 0 to 999,999,999. */
  readonly mtimeNsec: number;
  readonly atime: number;
  readonly atimeNsec: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  /** 64 bits each: inode numbers of some file systems do not fit in a number. */
  readonly dev: bigint;
  readonly ino: bigint;
  /** Device number of a device node, not yet split: `platform.rdevMajor`, `rdevMinor`. */
  readonly rdev: bigint;
  /** 512-byte units in use; less than the size: the file has holes. */
  readonly blocks: number;

  constructor(raw: BigIntStats) {
    this.mode = platformMode(Number(raw.mode));
    this.size = Number(raw.size);
    const mtime = floorSeconds(raw.mtimeNs);
    this.mtime = Number(mtime);
    this.mtimeNsec = Number(raw.mtimeNs - mtime * GIGA);
    const atime = floorSeconds(raw.atimeNs);
    this.atime = Number(atime);
    this.atimeNsec = Number(raw.atimeNs - atime * GIGA);
    this.uid = Number(raw.uid);
    this.gid = Number(raw.gid);
    this.nlink = Number(raw.nlink);
    this.dev = raw.dev;
    this.ino = raw.ino;
    this.rdev = raw.rdev;
    this.blocks = Number(raw.blocks);
  }

  get isRegular(): boolean {
    return isRegular(this.mode);
  }
  get isDirectory(): boolean {
    return isDirectory(this.mode);
  }
  get isSymlink(): boolean {
    return isSymlink(this.mode);
  }
  /** True if both are the same item: same device, same inode. */
  sameItem(other: Stat): boolean {
    return this.ino === other.ino && this.dev === other.dev;
  }
}

function floorSeconds(ns: bigint): bigint {
  const seconds = ns / GIGA;
  return seconds * GIGA > ns ? seconds - 1n : seconds;
}
