/** Decoder of file-list entries: the grammar is in file-entry.ts; docs/protocol/2-file-list.md, 2, 6, 7 and 10. */
import { type ByteString, fromBuffer } from '../core/bytes.ts';
import { EXIT, protocolError, RsyncError } from '../core/errors.ts';
import { ENTRY, type FileList } from '../core/file-list.ts';
import { LIMITS } from '../core/limits.ts';
import {
  hasKnownType,
  isDevice,
  isDirectory,
  isMissing,
  isRegular,
  isSpecial,
  isSymlink,
} from '../core/mode.ts';
import { sanitizedTarget } from '../core/sanitized-target.ts';
import type { EntryContext, IdNameSink } from './file-entry.ts';
import * as FLAG from './file-entry-flags.ts';
import { checkDirectory, cleanName, depthOf, endsInDot } from './file-entry-name.ts';
import { NEED_MORE, type Reader } from './reader.ts';

const MAX_PATH = LIMITS.NAME_LENGTH;
const DEFAULT_MAX_LIST_BYTES = 2 ** 32;
const MAX_NSEC = 999_999_999;
const SLASH = 0x2f;

/** The entry at hand, before it is known to be complete. One object for all: a million would be garbage. */
class Draft {
  mode = 0;
  size = 0;
  mtime = 0;
  nsec = 0;
  uid = 0;
  gid = 0;
  hasRdev = false;
  rdevMajor = 0;
  rdevMinor = 0;
  // Views of the reader's buffer, or of the list when copied.
  target: Uint8Array | undefined;
  checksum: Uint8Array | undefined;
  uidName: Uint8Array | undefined;
  gidName: Uint8Array | undefined;
  /** Hard-link group, -1 for none. */
  group = -1;
  isFirst = false;
  // Protocol 29: as keys, because only equality matters and inodes may exceed 2^53.
  linkDevice: ByteString = '';
  inode: ByteString | undefined;
}

/**
 * One per connection: what an entry shares with the one before it is remembered across lists. Nothing is remembered
 * of an entry before its last byte has come.
 */
export class FileEntryReader {
  /** OR of the io_error bits (1 general, 2 vanished, 4 delete limit) that end markers carried. */
  ioError = 0;

  private readonly ctx: EntryContext;
  private readonly hooks: IdNameSink;
  private readonly modern: boolean;
  private readonly maxListBytes: number;

  // Remembered state, 2.4. The name is the wire's, not the cleaned one.
  private readonly name = Buffer.alloc(MAX_PATH);
  private nameLength = 0;
  private mode = 0;
  private mtime = 0;
  private uid = 0;
  private gid = 0;
  private rdevMajor = 0;
  private linkDevice: ByteString = '0';

  private readonly draft = new Draft();
  private readonly clean = Buffer.alloc(MAX_PATH + 2);
  // Group numbers that HLINK_FIRST announced.
  private readonly leaders = new NumberSet();
  // Protocol 29: device and inode to group number.
  private readonly inodes = new Map<ByteString, number>();
  // Protocol 29: the argument whose contents follow, 2.8; undefined outside.
  private hierarchy: ByteString | undefined;

  constructor(ctx: EntryContext, hooks: IdNameSink = {}) {
    this.ctx = ctx;
    this.hooks = hooks;
    this.modern = ctx.protocol >= 30;
    this.maxListBytes = ctx.maxListBytes ?? DEFAULT_MAX_LIST_BYTES;
  }

  /**
   * Decodes as many entries as `reader` holds and adds them to `list`. True at the end of the list; false when more
   * bytes are needed: call again then, `reader` stands at the start of the entry that did not fit.
   * @throws RsyncError with the exit code of docs/protocol/2-file-list.md, 2.5 to 7.2 and 10, if the peer broke a rule
   */
  readInto(reader: Reader, list: FileList): boolean {
    let start = reader.pos;
    try {
      for (;;) {
        const flags = this.readFlags(reader);
        if (flags === 0) return true;
        this.readEntry(reader, list, flags);
        start = reader.pos;
      }
    } catch (error) {
      if (error !== NEED_MORE) throw error;
      reader.pos = start;
      return false;
    }
  }

  /** Flags of the next entry; 0 at the end of the list, whose io_error is taken. */
  private readFlags(reader: Reader): number {
    if (this.ctx.varintFlags) {
      const flags = reader.varint();
      if (flags === 0) this.takeIoError(reader);
      return flags;
    }
    const low = reader.byte();
    if ((low & FLAG.EXTENDED_FLAGS) === 0) return low;
    const flags = low | (reader.byte() << 8);
    if (flags !== FLAG.IO_ERROR_ENDLIST) return flags;
    if (!this.ctx.safeFlist)
      throw protocolError('end of list with an io_error, but safe lists are not in force');
    this.takeIoError(reader);
    return 0;
  }

  private takeIoError(reader: Reader): void {
    this.ioError |= reader.varint() & FLAG.IO_ERROR_MASK;
  }

  private readEntry(reader: Reader, list: FileList, flags: number): void {
    const prefix = flags & FLAG.SAME_NAME ? reader.byte() : 0;
    const suffix = flags & FLAG.LONG_NAME ? this.varint30(reader) : reader.byte();
    if (prefix > this.nameLength) {
      throw protocolError(`name prefix of ${prefix} bytes, but the name before it has ${this.nameLength}`);
    }
    if (suffix < 0 || prefix + suffix > MAX_PATH)
      throw tooLong('name', suffix < 0 ? suffix : prefix + suffix);
    if (prefix + suffix === 0) throw protocolError('empty name in the file list');
    reader.need(suffix);
    const suffixAt = reader.pos;
    reader.pos += suffix;

    const draft = this.draft;
    const number = list.ndxStart + list.count;
    draft.group = -1;
    draft.isFirst = false;
    if (this.modern && flags & FLAG.HLINKED) {
      draft.isFirst = (flags & FLAG.HLINK_FIRST) !== 0;
      draft.group = draft.isFirst ? number : this.readReference(reader, number);
    }
    if (draft.group >= list.ndxStart && !draft.isFirst) {
      this.copyFields(list, draft.group - list.ndxStart);
    } else {
      this.readFields(reader, flags);
    }

    // The entry is complete: from here on nothing throws NEED_MORE.
    const { name } = this;
    for (let c = 0; c < suffix; c++) name[prefix + c] = reader.buffer[suffixAt + c]!;
    this.nameLength = prefix + suffix;
    this.append(list, flags);
    this.remember();
  }

  /** The number of a hard-link group whose first member has come before. */
  private readReference(reader: Reader, number: number): number {
    const group = reader.varint();
    if (group < 0 || group >= number) throw protocolError(`hard-link reference ${group} of ${number}`);
    if (!this.leaders.has(group))
      throw protocolError(`hard-link reference ${group} to an entry that leads no group`);
    return group;
  }

  /** An abbreviated entry: everything but the name is the leader's, at wire position `i` of the same list. */
  private copyFields(list: FileList, i: number): void {
    const draft = this.draft;
    const target = list.target(i);
    draft.mode = list.mode(i);
    draft.size = list.size(i);
    draft.mtime = list.mtime(i);
    draft.nsec = list.nsec(i);
    draft.uid = list.uid(i);
    draft.gid = list.gid(i);
    draft.hasRdev = this.ctx.preserve.devices && isDevice(draft.mode);
    draft.rdevMajor = list.rdevMajor(i);
    draft.rdevMinor = list.rdevMinor(i);
    draft.target = target === undefined ? undefined : Buffer.from(target, 'latin1');
    draft.checksum = list.checksum(i);
    draft.uidName = undefined;
    draft.gidName = undefined;
    draft.inode = undefined;
  }

  /** Fields 5 to 17 of 2.3. */
  private readFields(reader: Reader, flags: number): void {
    const { protocol, preserve, checksumLength } = this.ctx;
    const modern = this.modern;
    const draft = this.draft;

    draft.size = modern ? reader.varlong(3) : reader.longint();
    if (draft.size < 0) throw protocolError(`file length ${draft.size}`, EXIT.UNSUPPORTED);
    if (flags & FLAG.SAME_TIME) draft.mtime = this.mtime;
    else draft.mtime = modern ? reader.varlong(4) : reader.uint();
    draft.nsec = flags & FLAG.MOD_NSEC && protocol >= 31 ? reader.varint() : 0;
    if (draft.nsec < 0 || draft.nsec > MAX_NSEC)
      throw protocolError(`modification time with ${draft.nsec} ns`);
    const mode = flags & FLAG.SAME_MODE ? this.mode : reader.uint();
    draft.mode = mode;
    if (!hasKnownType(mode) && !(isMissing(mode) && this.ctx.missingArgs)) {
      throw protocolError(`file mode ${mode.toString(8)} of no known type`);
    }

    draft.uid = this.uid;
    draft.uidName = undefined;
    if (preserve.uid && !(flags & FLAG.SAME_UID)) {
      draft.uid = this.readId(reader);
      if (modern && flags & FLAG.USER_NAME_FOLLOWS) draft.uidName = reader.view(reader.byte());
    }
    draft.gid = this.gid;
    draft.gidName = undefined;
    if (preserve.gid && !(flags & FLAG.SAME_GID)) {
      draft.gid = this.readId(reader);
      if (modern && flags & FLAG.GROUP_NAME_FOLLOWS) draft.gidName = reader.view(reader.byte());
    }

    draft.hasRdev =
      (preserve.devices && isDevice(mode)) || (preserve.specials && protocol < 31 && isSpecial(mode));
    if (draft.hasRdev) {
      draft.rdevMajor = flags & FLAG.SAME_RDEV_MAJOR ? this.rdevMajor : this.varint30(reader) >>> 0;
      const isByte = !modern && flags & FLAG.RDEV_MINOR_8;
      draft.rdevMinor = isByte ? reader.byte() : this.varint30(reader) >>> 0;
    }
    draft.target = preserve.links && isSymlink(mode) ? this.readTarget(reader) : undefined;
    draft.inode = undefined;
    if (!modern && preserve.hardLinks && flags & FLAG.HLINKED) {
      draft.linkDevice = flags & FLAG.SAME_DEV ? this.linkDevice : longintKey(reader);
      draft.inode = longintKey(reader);
    }
    draft.checksum = checksumLength > 0 && isRegular(mode) ? reader.view(checksumLength) : undefined;
    if (isDevice(mode) || isSpecial(mode)) draft.size = 0;
  }

  private readTarget(reader: Reader): Uint8Array {
    const length = this.varint30(reader);
    if (length < 0 || length > MAX_PATH) throw tooLong('symlink target', length);
    const target = reader.view(length);
    if (target.includes(0)) throw protocolError('NUL byte in a symlink target of the file list');
    const { targetPrefix } = this.ctx;
    return targetPrefix === undefined ? target : Buffer.concat([targetPrefix, target]);
  }

  private readId(reader: Reader): number {
    return this.varint30(reader) >>> 0;
  }

  private varint30(reader: Reader): number {
    return this.modern ? reader.varint() : reader.int();
  }

  /** Checks the name and adds the entry to the list. */
  private append(list: FileList, wireFlags: number): void {
    const { relative, incRecurse, preserve } = this.ctx;
    const draft = this.draft;
    const { mode } = draft;
    const isDir = isDirectory(mode);
    const clean = this.clean;
    const length = cleanName(this.name, this.nameLength, clean, relative);
    if (!isDir && endsInDot(clean, length)) throw protocolError('`.` in the file list is not a directory');
    if (incRecurse) checkDirectory(clean, length, list.dirName);
    if (list.count >= LIMITS.FILE_LIST_ENTRIES || list.byteLength > this.maxListBytes) {
      throw limitError(`a list of ${list.count} entries and ${list.byteLength} bytes`);
    }

    let flags = 0;
    if (isDir) {
      flags = this.modern ? directoryFlags(wireFlags) : this.deriveDirectoryFlags(wireFlags, clean, length);
    } else {
      if (draft.inode !== undefined) this.groupByInode(list.ndxStart + list.count);
      // With and without -H: references are checked either way.
      if (draft.isFirst) this.leaders.add(draft.group);
      if (draft.group >= 0 && preserve.hardLinks)
        flags = ENTRY.HLINKED | (draft.isFirst ? ENTRY.HLINK_FIRST : 0);
    }
    if (draft.target !== undefined && this.ctx.sanitizedTargets === true) {
      draft.target = sanitizedTarget(draft.target, depthOf(clean, length));
    }
    const { size, mtime, nsec, uid, gid } = draft;
    const i = list.append(clean, length, mode, size, mtime, nsec, uid, gid, flags, draft.target);
    if (draft.hasRdev) list.setRdev(i, draft.rdevMajor, draft.rdevMinor);
    if (flags & ENTRY.HLINKED) list.setHlink(i, draft.group);
    if (draft.checksum !== undefined) list.setChecksum(i, draft.checksum);
    if (draft.uidName !== undefined) this.hooks.uidName?.(uid, fromBuffer(draft.uidName));
    if (draft.gidName !== undefined) this.hooks.gidName?.(gid, fromBuffer(draft.gidName));
  }

  private remember(): void {
    const draft = this.draft;
    this.mode = draft.mode;
    this.mtime = draft.mtime;
    this.uid = draft.uid;
    this.gid = draft.gid;
    if (draft.hasRdev) this.rdevMajor = draft.rdevMajor;
    if (draft.inode !== undefined) this.linkDevice = draft.linkDevice;
  }

  /** Protocol 29: equal device and inode make a group, numbered like those of later protocols. */
  private groupByInode(number: number): void {
    const draft = this.draft;
    const key = `${draft.linkDevice}/${draft.inode}`;
    const known = this.inodes.get(key);
    draft.isFirst = known === undefined;
    draft.group = known ?? number;
    if (known === undefined) this.inodes.set(key, number);
  }

  /** Protocol 29 does not tell which directories' contents are in the transfer: 2.8. */
  private deriveDirectoryFlags(wireFlags: number, name: Buffer, length: number): number {
    if (wireFlags & FLAG.TOP_DIR) {
      let end = length;
      if (this.ctx.relative && length > 2 && endsInDot(name, length)) end -= 2;
      if (length === 1 && endsInDot(name, length)) end = 0;
      this.hierarchy = this.ctx.recursive ? fromBuffer(name, 0, end) : undefined;
      return ENTRY.TOP_DIR | ENTRY.CONTENT_DIR;
    }
    const top = this.hierarchy;
    if (top === undefined) return 0;
    if (top === '' || !this.ctx.relative) return ENTRY.CONTENT_DIR;
    if (length > top.length && name[top.length] === SLASH && fromBuffer(name, 0, top.length) === top) {
      return ENTRY.CONTENT_DIR;
    }
    this.hierarchy = undefined;
    return 0;
  }
}

/** From protocol 30 on two bits tell of four kinds of directory: 2.2. */
function directoryFlags(wireFlags: number): number {
  const isTop = (wireFlags & FLAG.TOP_DIR) !== 0;
  if (wireFlags & FLAG.NO_CONTENT_DIR) return isTop ? ENTRY.IMPLIED_DIR : 0;
  return ENTRY.CONTENT_DIR | (isTop ? ENTRY.TOP_DIR : 0);
}

/** A longint as a key: inodes may exceed 2^53. */
function longintKey(reader: Reader): ByteString {
  const low = reader.int();
  return low === -1 ? fromBuffer(reader.view(8)) : String(low);
}

function tooLong(what: string, length: number): RsyncError {
  return limitError(`a ${what} of ${length >>> 0} bytes (at most ${MAX_PATH})`);
}

function limitError(what: string): RsyncError {
  return new RsyncError('RSYNC_LIMIT', `the sender's file list has ${what}`, {
    exitCode: EXIT.MALLOC,
    origin: 'remote',
  });
}

/** A set of numbers that grow by at most the entries read, one bit each: a `Set` would take 40 bytes. */
class NumberSet {
  private bits = new Uint32Array(16);

  add(value: number): void {
    const word = value >>> 5;
    if (word >= this.bits.length) {
      const grown = new Uint32Array(Math.max(word + 1, this.bits.length * 2));
      grown.set(this.bits);
      this.bits = grown;
    }
    this.bits[word] = this.bits[word]! | (1 << (value & 31));
  }

  has(value: number): boolean {
    const word = value >>> 5;
    return word < this.bits.length && (this.bits[word]! & (1 << (value & 31))) !== 0;
  }
}
