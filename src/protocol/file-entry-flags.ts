/** Wire flags of a file-list entry: docs/protocol/2-file-list.md, 2.2. Several bits mean two things by kind or protocol. */

/** Directories. */
export const TOP_DIR = 0x0001;
export const SAME_MODE = 0x0002;
/** A second flag byte follows; with varint flags only the filler for "no bit set". */
export const EXTENDED_FLAGS = 0x0004;
export const SAME_UID = 0x0008;
export const SAME_GID = 0x0010;
/** A prefix length precedes the name. */
export const SAME_NAME = 0x0020;
/** The suffix length is a varint30. */
export const LONG_NAME = 0x0040;
export const SAME_TIME = 0x0080;
/** Devices and specials. */
export const SAME_RDEV_MAJOR = 0x0100;
/** Directories, protocol 30 and up. */
export const NO_CONTENT_DIR = 0x0100;
export const HLINKED = 0x0200;
/** Protocol 29, with HLINKED. */
export const SAME_DEV = 0x0400;
/** Protocol 30 and up. */
export const USER_NAME_FOLLOWS = 0x0400;
/** Protocol 29: devices and specials. */
export const RDEV_MINOR_8 = 0x0800;
/** Protocol 30 and up. */
export const GROUP_NAME_FOLLOWS = 0x0800;
/** Protocol 30 and up, with HLINKED. */
export const HLINK_FIRST = 0x1000;
/** Protocol 31 and up. */
export const MOD_NSEC = 0x2000;

/** Not an entry: the end marker of a safe list without varint flags. */
export const IO_ERROR_ENDLIST = 0x1004;

/** io_error bits: 1 general, 2 vanished, 4 delete limit. */
export const IO_ERROR_MASK = 7;
