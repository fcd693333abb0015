/** Encoder of file-list entries: the grammar is in file-entry.ts; docs/protocol/2-file-list.md, 2, 6, 7 and 15. */
import type { ByteString } from '../core/bytes.ts';
import { ENTRY, type FileList } from '../core/file-list.ts';
import { LIMITS } from '../core/limits.ts';
import { isDevice, isRegular, isSpecial, isSymlink } from '../core/mode.ts';
import type { EntryContext, IdNameSource } from './file-entry.ts';
import * as FLAG from './file-entry-flags.ts';
import type { Writer } from './writer.ts';

const MAX_PATH = LIMITS.NAME_LENGTH;
/** The length of a shared prefix is one byte. */
const MAX_PREFIX = 255;
const MAX_ID_NAME = 255;
const LINK_DEVICE = 1;

/** One per connection: what an entry shares with the one before it is remembered across lists. */
export class FileEntryWriter {
  private readonly ctx: EntryContext;
  private readonly hooks: IdNameSource;
  private readonly modern: boolean;
  private readonly sendsNames: boolean;

  // Remembered state, 2.4.
  private name = Buffer.alloc(MAX_PATH + 1);
  private nameLength = 0;
  private nextName = Buffer.alloc(MAX_PATH + 1);
  private isFirst = true;
  private mode = 0;
  private mtime = 0;
  private uid = 0;
  private gid = 0;
  // -1: not known to be the same at the other end.
  private rdevMajor = 0;
  private hasLinkDevice = false;

  private readonly uidsNamed = new Set<number>();
  private readonly gidsNamed = new Set<number>();

  constructor(ctx: EntryContext, hooks: IdNameSource = {}) {
    this.ctx = ctx;
    this.hooks = hooks;
    this.modern = ctx.protocol >= 30;
    this.sendsNames = ctx.incRecurse && !ctx.numericIds;
  }

  /**
   * Writes the entry at wire position `i`. Entries must be written once each and in wire order. With hard links
   * `hlink` tells the group: its first member is written whole, later ones of the same list as references.
   * @throws RangeError for what the wire cannot hold: a name over 4095 bytes, a link target that is empty or over
   *   4095 bytes, a digest of another length than agreed; leave such an entry out and report it
   */
  writeEntry(w: Writer, list: FileList, i: number): void {
    const length = list.copyName(i, this.nextName);
    if (length === 0 || length > MAX_PATH) throw new RangeError(`name of ${length} bytes`);
    const group = this.ctx.preserve.hardLinks && !list.isDirectory(i) ? list.hlink(i) : -1;
    const isLeader = group === list.ndxStart + i;
    const isReference = this.modern && group >= 0 && !isLeader;
    const isAbbreviated = isReference && group >= list.ndxStart;
    // The other end copies an abbreviated entry from its leader, so that is what both remember.
    const from = isAbbreviated ? group - list.ndxStart : i;
    this.checkFields(list, from);

    const prefix = commonPrefix(this.name, this.nameLength, this.nextName, length);
    let flags = this.fieldFlags(list, from);
    if (list.isDirectory(i)) flags |= this.directoryFlags(list.flags(i));
    if (group >= 0) flags |= this.hlinkFlags(isLeader);
    if (prefix > 0) flags |= FLAG.SAME_NAME;
    if (length - prefix > 255) flags |= FLAG.LONG_NAME;
    let userName: ByteString | undefined;
    let groupName: ByteString | undefined;
    if (this.sendsNames && !isAbbreviated) {
      if (!(flags & FLAG.SAME_UID)) userName = this.userName(list.uid(i));
      if (!(flags & FLAG.SAME_GID)) groupName = this.groupName(list.gid(i));
      if (userName !== undefined) flags |= FLAG.USER_NAME_FOLLOWS;
      if (groupName !== undefined) flags |= FLAG.GROUP_NAME_FOLLOWS;
    }

    this.writeFlags(w, flags, list.isDirectory(i));
    this.writeName(w, flags, prefix, length);
    if (isReference) w.varint(group);
    if (!isAbbreviated) this.writeBody(w, list, i, flags, group, userName, groupName);
    this.remember(list, from, length, isAbbreviated);
  }

  /** Writes the end of a list. `ioError` is told when the format can; otherwise send MSG_IO_ERROR (2.11). */
  writeEnd(w: Writer, ioError: number): void {
    if (this.ctx.varintFlags) {
      w.varint(0);
      w.varint(ioError);
    } else if (ioError !== 0 && this.ctx.safeFlist) {
      w.shortint(FLAG.IO_ERROR_ENDLIST);
      w.varint(ioError);
    } else {
      w.byte(0);
    }
  }

  /** @throws RangeError */
  private checkFields(list: FileList, i: number): void {
    if (this.ctx.preserve.links && isSymlink(list.mode(i))) {
      const length = list.target(i)?.length ?? 0;
      if (length === 0 || length > MAX_PATH) throw new RangeError(`symlink target of ${length} bytes`);
    }
    const digest = list.checksum(i);
    const wanted = this.ctx.checksumLength;
    if (wanted > 0 && digest !== undefined && digest.length !== wanted) {
      throw new RangeError(`digest of ${digest.length} bytes, agreed are ${wanted}`);
    }
  }

  /** Flags that tell which of fields 5 to 14 are sent. */
  private fieldFlags(list: FileList, i: number): number {
    const { protocol, preserve } = this.ctx;
    let flags = 0;
    if (list.mode(i) === this.mode) flags |= FLAG.SAME_MODE;
    if (list.mtime(i) === this.mtime) flags |= FLAG.SAME_TIME;
    if (protocol >= 31 && list.nsec(i) !== 0) flags |= FLAG.MOD_NSEC;
    // The first entry sends its ids in full, so that their names can go along.
    if (!preserve.uid || (list.uid(i) === this.uid && !this.isFirst)) flags |= FLAG.SAME_UID;
    if (!preserve.gid || (list.gid(i) === this.gid && !this.isFirst)) flags |= FLAG.SAME_GID;
    if (this.hasRdev(list.mode(i))) {
      const isOurs = isDevice(list.mode(i));
      if (!isOurs || list.rdevMajor(i) === this.rdevMajor) flags |= FLAG.SAME_RDEV_MAJOR;
      if (!this.modern && (!isOurs || list.rdevMinor(i) <= 0xff)) flags |= FLAG.RDEV_MINOR_8;
    }
    return flags;
  }

  private hasRdev(mode: number): boolean {
    const { protocol, preserve } = this.ctx;
    return (preserve.devices && isDevice(mode)) || (preserve.specials && protocol < 31 && isSpecial(mode));
  }

  private directoryFlags(flags: number): number {
    if (!this.modern) return flags & ENTRY.TOP_DIR ? FLAG.TOP_DIR : 0;
    if (flags & ENTRY.IMPLIED_DIR) return FLAG.TOP_DIR | FLAG.NO_CONTENT_DIR;
    if (!(flags & ENTRY.CONTENT_DIR)) return FLAG.NO_CONTENT_DIR;
    return flags & ENTRY.TOP_DIR ? FLAG.TOP_DIR : 0;
  }

  private hlinkFlags(isLeader: boolean): number {
    if (this.modern) return FLAG.HLINKED | (isLeader ? FLAG.HLINK_FIRST : 0);
    return FLAG.HLINKED | (this.hasLinkDevice ? FLAG.SAME_DEV : 0);
  }

  private writeFlags(w: Writer, flags: number, isDir: boolean): void {
    if (this.ctx.varintFlags) {
      w.varint(flags === 0 ? FLAG.EXTENDED_FLAGS : flags);
    } else if (flags > 0xff || (flags === 0 && isDir)) {
      w.shortint(flags | FLAG.EXTENDED_FLAGS);
    } else {
      // TOP_DIR means nothing on a file: the filler that keeps the byte from ending the list.
      w.byte(flags === 0 ? FLAG.TOP_DIR : flags);
    }
  }

  private writeName(w: Writer, flags: number, prefix: number, length: number): void {
    if (flags & FLAG.SAME_NAME) w.byte(prefix);
    if (flags & FLAG.LONG_NAME) this.varint30(w, length - prefix);
    else w.byte(length - prefix);
    const to = w.reserve(length - prefix);
    let at = w.length;
    for (let c = prefix; c < length; c++) to[at++] = this.nextName[c]!;
    w.length = at;
  }

  /** Fields 5 to 17 of 2.3. */
  private writeBody(
    w: Writer,
    list: FileList,
    i: number,
    flags: number,
    group: number,
    userName: ByteString | undefined,
    groupName: ByteString | undefined,
  ): void {
    const { preserve, checksumLength } = this.ctx;
    const mode = list.mode(i);
    if (this.modern) w.varlong(list.size(i), 3);
    else w.longint(list.size(i));
    if (!(flags & FLAG.SAME_TIME)) {
      if (this.modern) w.varlong(list.mtime(i), 4);
      else w.int(list.mtime(i));
    }
    if (flags & FLAG.MOD_NSEC) w.varint(list.nsec(i));
    if (!(flags & FLAG.SAME_MODE)) w.int(mode);
    if (!(flags & FLAG.SAME_UID)) this.varint30(w, list.uid(i));
    if (userName !== undefined) writeIdName(w, userName);
    if (!(flags & FLAG.SAME_GID)) this.varint30(w, list.gid(i));
    if (groupName !== undefined) writeIdName(w, groupName);
    if (this.hasRdev(mode)) {
      // A special's number means nothing: as short as it can be, and the remembered major stays.
      const minor = isDevice(mode) ? list.rdevMinor(i) : 0;
      if (!(flags & FLAG.SAME_RDEV_MAJOR)) this.varint30(w, list.rdevMajor(i));
      if (!this.modern && flags & FLAG.RDEV_MINOR_8) w.byte(minor);
      else this.varint30(w, minor);
    }
    if (preserve.links && isSymlink(mode)) {
      const target = list.target(i)!;
      this.varint30(w, target.length);
      w.text(target);
    }
    if (!this.modern && group >= 0) {
      // Only equality matters there; an inode of 0 may be taken for none.
      if (!(flags & FLAG.SAME_DEV)) w.longint(LINK_DEVICE);
      w.longint(group + 1);
      this.hasLinkDevice = true;
    }
    // A file that could not be read has zeros.
    if (checksumLength > 0 && isRegular(mode)) w.bytes(list.checksum(i) ?? new Uint8Array(checksumLength));
  }

  private remember(list: FileList, i: number, nameLength: number, isAbbreviated: boolean): void {
    const name = this.name;
    this.name = this.nextName;
    this.nextName = name;
    this.nameLength = nameLength;
    this.isFirst = false;
    this.mode = list.mode(i);
    this.mtime = list.mtime(i);
    this.uid = list.uid(i);
    this.gid = list.gid(i);
    // Receivers before 3.2.3 do not take the major of an abbreviated device over (7.2): send the next one in full.
    if (this.ctx.preserve.devices && isDevice(this.mode)) {
      this.rdevMajor = isAbbreviated ? -1 : list.rdevMajor(i);
    }
  }

  private userName(uid: number): ByteString | undefined {
    if (this.uidsNamed.has(uid)) return undefined;
    this.uidsNamed.add(uid);
    return fitting(this.hooks.userName?.(uid));
  }

  private groupName(gid: number): ByteString | undefined {
    if (this.gidsNamed.has(gid)) return undefined;
    this.gidsNamed.add(gid);
    return fitting(this.hooks.groupName?.(gid));
  }

  private varint30(w: Writer, value: number): void {
    if (this.modern) w.varint(value);
    else w.int(value);
  }
}

/** A name that does not fit is none: a part of it would be somebody else's. */
function fitting(name: ByteString | undefined): ByteString | undefined {
  return name === undefined || name.length > MAX_ID_NAME ? undefined : name;
}

function writeIdName(w: Writer, name: ByteString): void {
  w.byte(name.length);
  w.text(name);
}

function commonPrefix(a: Uint8Array, aLength: number, b: Uint8Array, bLength: number): number {
  const end = Math.min(aLength, bLength, MAX_PREFIX);
  let at = 0;
  while (at < end && a[at] === b[at]) at++;
  return at;
}
