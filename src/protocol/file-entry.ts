/**
 * File-list entries: docs/protocol/2-file-list.md, 2, 6 and 7.
 *
 *   list  := entry* end
 *   entry := flags name [hlink-ref] [body]
 *   flags := varint                               with varint flags
 *          | byte [byte, if bit 0x04]             without
 *   name  := [byte l1, if SAME_NAME] (LONG_NAME ? varint30 : byte) l2, l2 bytes
 *   hlink-ref := varint g                         p >= 30, HLINKED and not HLINK_FIRST
 *   body  := varlong30(3) length                  no body at all if g is in the list being read
 *            [p >= 30 ? varlong(4) : int  mtime]  not SAME_TIME
 *            [varint nsec]                        MOD_NSEC, p >= 31
 *            ( creation time here )               not negotiated
 *            [int mode]                           not SAME_MODE
 *            ( access time here )                 not negotiated
 *            [p >= 30 ? varint : int  uid  [byte length, name, if USER_NAME_FOLLOWS]]   -o, not SAME_UID
 *            [p >= 30 ? varint : int  gid  [byte length, name, if GROUP_NAME_FOLLOWS]]  -g, not SAME_GID
 *            [[varint30 major, if not SAME_RDEV_MAJOR] minor]   a device with -D; p < 31 also a special
 *            [varint30 length, target]            -l, symlink
 *            [[longint device, if not SAME_DEV] longint inode]  p 29, -H, HLINKED
 *            [digest]                             -c, regular file
 *          ( ACLs, then extended attributes here: after the body, also when there is none; not negotiated )
 *   minor := p >= 30 ? varint : RDEV_MINOR_8 ? byte : int
 *   end   := varint 0, varint io_error            with varint flags
 *          | byte 0                               without
 *          | 04 10, varint io_error               without, safe lists in force and something to report
 */
import type { ByteString } from '../core/bytes.ts';

export { FileEntryReader } from './file-entry-reader.ts';
export { FileEntryWriter } from './file-entry-writer.ts';

/** What both ends have agreed on that decides which fields an entry has. */
export interface EntryContext {
  /** 29 to 32. */
  protocol: number;
  /** Compat flag 0x80, protocol 30 and up. */
  varintFlags: boolean;
  /** Safe lists: protocol 31 and up, or 30 with compat flag 0x08. */
  safeFlist: boolean;
  incRecurse: boolean;
  preserve: {
    /** -o */
    uid: boolean;
    /** -g */
    gid: boolean;
    devices: boolean;
    specials: boolean;
    /** -l */
    links: boolean;
    /** -H */
    hardLinks: boolean;
  };
  numericIds: boolean;
  /** Bytes of a list digest; 0 without -c. */
  checksumLength: number;
  /** -R */
  relative: boolean;
  /** -r */
  recursive: boolean;
  /** --delete-missing-args: entries of mode 0 are legal. Default false. */
  missingArgs?: boolean;
  /** What is put in front of the targets of received symlinks (`--munge-links`). Default nothing. */
  targetPrefix?: Uint8Array;
  /** The targets of received symlinks are made harmless by `sanitizedTarget`. Default false. */
  sanitizedTargets?: boolean;
  /** Storage that one received list may take, in bytes. Default 4 GiB. */
  maxListBytes?: number;
}

/** Names that arrive inside entries; '' is "has no name". Called once per name, in wire order. */
export interface IdNameSink {
  uidName?(id: number, name: ByteString): void;
  gidName?(id: number, name: ByteString): void;
}

/** Where the sender's names come from; undefined: none known. Asked once per id. */
export interface IdNameSource {
  userName?(uid: number): ByteString | undefined;
  groupName?(gid: number): ByteString | undefined;
}
