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
