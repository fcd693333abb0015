import { type ByteString, fromBuffer, toBuffer } from '../core/bytes.ts';
import { protocolError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/**
 * Item flags, docs/protocol/3-transfer.md, 2.1: what an item is about, and what differed. Only XATTR, BASIS_TYPE,
 * XNAME and TRANSFER change what follows on the wire.
 */
export const ITEM = {
  REPORT_ATIME: 0x0001,
  REPORT_CHANGE: 0x0002,
  REPORT_SIZE: 0x0004,
  /** Symlinks only: the time could not be set. */
  REPORT_TIMEFAIL: 0x0004,
  REPORT_TIME: 0x0008,
  REPORT_PERMS: 0x0010,
  REPORT_OWNER: 0x0020,
  REPORT_GROUP: 0x0040,
  REPORT_ACL: 0x0080,
  REPORT_XATTR: 0x0100,
  REPORT_CRTIME: 0x0400,
  BASIS_TYPE_FOLLOWS: 0x0800,
  XNAME_FOLLOWS: 0x1000,
  IS_NEW: 0x2000,
  LOCAL_CHANGE: 0x4000,
  TRANSFER: 0x8000,
} as const;

/** Flags that say how, not what: an item with nothing else is not worth a line by itself. */
export const ITEM_UNREMARKABLE = ITEM.BASIS_TYPE_FOLLOWS | ITEM.XNAME_FOLLOWS | ITEM.LOCAL_CHANGE;

/** What a transfer's blocks refer to, docs/protocol/3-transfer.md, 2.4. 0x00 to 0x7f: an alternate directory. */
export const BASIS = {
  DESTINATION: 0x80,
  PARTIAL_DIR: 0x81,
  BACKUP: 0x82,
  FUZZY: 0x83,
} as const;

/** The head of a request and of a reply: `short iflags [byte basis] [vstring xname]`, after the index. */
export interface ItemHead {
  iflags: number;
  /** BASIS.DESTINATION unless BASIS_TYPE_FOLLOWS. */
  basisType: number;
  /** Undefined unless XNAME_FOLLOWS. */
  xname: ByteString | undefined;
}

export function writeItemHead(w: Writer, head: ItemHead): void {
  w.shortint(head.iflags);
  if (head.iflags & ITEM.BASIS_TYPE_FOLLOWS) w.byte(head.basisType);
  if (head.iflags & ITEM.XNAME_FOLLOWS) w.vstring(toBuffer(head.xname ?? ''));
}

/** Throws NEED_MORE, or a protocol error (exit 2) for an over-long xname. */
export function readItemHead(r: Reader): ItemHead {
  const iflags = r.shortint();
  const basisType = iflags & ITEM.BASIS_TYPE_FOLLOWS ? r.byte() : BASIS.DESTINATION;
  let xname: ByteString | undefined;
  if (iflags & ITEM.XNAME_FOLLOWS) {
    const bytes = r.vstring();
    if (bytes.length > LIMITS.XNAME_LENGTH) throw protocolError(`xname of ${bytes.length} bytes`);
    xname = fromBuffer(bytes);
  }
  return { iflags, basisType, xname };
}
