import type { ByteString } from './bytes.ts';

/** Own flags of an entry (not wire flags). Bits from 0x100 up are free for the roles. */
export const ENTRY = {
  /** A directory named by an argument. */
  TOP_DIR: 0x01,
  /** A directory whose contents are in the transfer: deletion may scan it. */
  CONTENT_DIR: 0x02,
  /** A directory that is here only as a parent (`-R`); known from protocol 30 on. */
  IMPLIED_DIR: 0x04,
  /** Belongs to a hard-link group: `hlink` tells which. */
  HLINKED: 0x08,
  /** The first member of its group on the wire. */
  HLINK_FIRST: 0x10,
  /** A duplicate that lost: keeps its number, is never requested. */
  DEAD: 0x20,
} as const;

/** An entry to be added. `name` is the full name as on the wire. */
export interface NewEntry {
  name: ByteString;
  /** Unix mode with the type bits. */
  mode: number;
  /** Bytes. */
  size: number;
  /** Seconds since 1970, UTC; may be negative. */
  mtime: number;
  /** 0 to 999,999,999; default 0. */
  nsec?: number | undefined;
  uid: number;
  gid: number;
  /** `ENTRY` bits. */
  flags: number;
  rdevMajor?: number | undefined;
  rdevMinor?: number | undefined;
  /** Where a symlink points. */
  target?: ByteString | undefined;
  /** Whole-file digest (`-c`); all of a list have the same length. */
  checksum?: Uint8Array | undefined;
  /** Hard-link group: the first member's `ndxStart` + wire position. */
  hlink?: number | undefined;
}
