/**
 * One list or sub-list of files: docs/protocol/2-file-list.md, 2 and 4. A row is an entry at its *wire position* (0
 * for the first entry written); `at` and `position` go between that and the sorted position, which NDX counts.
 *
 * Rows are packed into typed arrays, names into an interned directory and the bytes of the last component: 80 to 120
 * bytes an entry with the sort order, against 500 and more for objects. All 32-bit fields share one array, because
 * an array a field cost 3.7 KB for a sub-list of 8 entries, of which a transfer may hold tens of thousands.
 */
import { type ByteString, toBuffer } from './bytes.ts';
import { DirectoryNames } from './directory-names.ts';
import { ENTRY, type NewEntry } from './entry.ts';
import { duplicates, sortedOrder } from './list-order.ts';
import { isDirectory, isRegular } from './mode.ts';

export { ENTRY, type NewEntry } from './entry.ts';
export { compareNames } from './name-order.ts';

const SLASH = 0x2f;
const FIRST_CAPACITY = 8;
const NO_BYTES = new Uint8Array(0);

// 32-bit fields of a row.
const FIELDS = 8;
const MODE = 0;
const NSEC = 1;
const UID = 2;
const GID = 3;
const FLAGS = 4;
const DIR = 5;
// Where the bytes of a row start: the basename, right behind it the symlink target.
const TEXT = 6;
// Low half: length of the basename. High half: length of the target + 1, 0 for no target.
const LENGTHS = 7;

export class FileList {
  /** NDX of sorted position 0. */
  readonly ndxStart: number;
  /** Dir index that a sub-list was announced for; -1 for the first or only list. */
  readonly dirIndex: number;
  /** Name of that directory; '' for the first or only list. */
  readonly dirName: ByteString;
  /** Entries, dead ones included. */
  count = 0;

  private capacity = FIRST_CAPACITY;
  private fields = new Uint32Array(FIRST_CAPACITY * FIELDS);
  // Size and modification time of each row.
  private wide = new Float64Array(FIRST_CAPACITY * 2);
  private text: Buffer = Buffer.allocUnsafeSlow(64);
  private textLength = 0;
  private readonly dirs = new DirectoryNames();

  // Made when the first entry needs them.
  private rdevMajors: Uint32Array | undefined;
  private rdevMinors: Uint32Array | undefined;
  private hlinks: Int32Array | undefined;
  private checksums: Uint8Array = NO_BYTES;
  private checksumLength = 0;

  private order: Uint32Array | undefined;
  private positions: Uint32Array | undefined;

  // The name given out last: whoever works on an entry asks for it several times, at 0.3 us each.
  private lastNamed = -1;
  private lastName: ByteString = '';

  /**
   * `ndxStart`: 0 without incremental recursion, 1 for the first list with it, then previous start + count + 1.
   * `dirIndex` and `dirName` tell which directory a sub-list describes.
   */
  constructor(ndxStart: number, dirIndex = -1, dirName: ByteString = '') {
    this.ndxStart = ndxStart;
    this.dirIndex = dirIndex;
    this.dirName = dirName;
  }

  /** Adds an entry; returns its wire position. */
  add(entry: NewEntry): number {
    const name = toBuffer(entry.name);
    const target = entry.target === undefined ? undefined : toBuffer(entry.target);
    const { mode, size, mtime, uid, gid, flags } = entry;
    const i = this.append(name, name.length, mode, size, mtime, entry.nsec ?? 0, uid, gid, flags, target);
    if (entry.rdevMajor !== undefined || entry.rdevMinor !== undefined) {
      this.setRdev(i, entry.rdevMajor ?? 0, entry.rdevMinor ?? 0);
    }
    if (entry.checksum !== undefined) this.setChecksum(i, entry.checksum);
    if (entry.hlink !== undefined && entry.hlink >= 0) this.setHlink(i, entry.hlink);
    return i;
  }

  /** `add` for hot loops: the name is `name[0..end)`; the bytes are copied. */
  append(
    name: Buffer,
    end: number,
    mode: number,
    size: number,
    mtime: number,
    nsec: number,
    uid: number,
    gid: number,
    flags: number,
    target: Uint8Array | undefined,
  ): number {
    const i = this.count;
    if (i === this.capacity) this.grow();
    let slash = end - 1;
    while (slash >= 0 && name[slash] !== SLASH) slash--;
    const start = this.textLength;
    const baseLength = end - slash - 1;
    const targetLength = target === undefined ? 0 : target.length;
    const text = this.reserveText(baseLength + targetLength);
    for (let from = slash + 1, to = start; from < end; ) text[to++] = name[from++]!;
    if (target !== undefined) text.set(target, start + baseLength);
    this.textLength = start + baseLength + targetLength;
    const fields = this.fields;
    const row = i * FIELDS;
    fields[row + MODE] = mode;
    fields[row + NSEC] = nsec;
    fields[row + UID] = uid;
    fields[row + GID] = gid;
    fields[row + FLAGS] = flags;
    fields[row + DIR] = this.dirs.intern(name, slash === 0 ? 1 : Math.max(slash, 0));
    fields[row + TEXT] = start;
    fields[row + LENGTHS] = baseLength | (target === undefined ? 0 : (targetLength + 1) << 16);
    this.wide[i * 2] = size;
    this.wide[i * 2 + 1] = mtime;
    this.count = i + 1;
    return i;
  }

  /** Full name, without a trailing slash. */
  name(i: number): ByteString {
    if (i === this.lastNamed) return this.lastName;
    const dir = this.dirs.names[this.fields[i * FIELDS + DIR]!]!;
    const base = this.basename(i);
    let name = base;
    if (dir !== '') name = dir === '/' ? `/${base}` : `${dir}/${base}`;
    this.lastNamed = i;
    this.lastName = name;
    return name;
  }

  /** Everything before the last slash: '' at the root of the transfer, `/` for `/name`. */
  dirname(i: number): ByteString {
    return this.dirs.names[this.fields[i * FIELDS + DIR]!]!;
  }

  /** The last component. */
  basename(i: number): ByteString {
    const start = this.fields[i * FIELDS + TEXT]!;
    return this.text.toString('latin1', start, start + this.baseLength(i));
  }

  /** Writes the full name to `target` (4096 bytes are enough) and returns its length. */
  copyName(i: number, target: Uint8Array): number {
    const dir = this.dirs.names[this.fields[i * FIELDS + DIR]!]!;
    let length = dir.length;
    for (let c = 0; c < length; c++) target[c] = dir.charCodeAt(c);
    if (length > 0 && dir !== '/') target[length++] = SLASH;
    const text = this.text;
    const start = this.fields[i * FIELDS + TEXT]!;
    const end = start + this.baseLength(i);
    for (let from = start; from < end; ) target[length++] = text[from++]!;
    return length;
  }

  mode(i: number): number {
    return this.fields[i * FIELDS + MODE]!;
  }

  /** Bytes; meaningless for directories. */
  size(i: number): number {
    return this.wide[i * 2]!;
  }

  /** Seconds since 1970, UTC. */
  mtime(i: number): number {
    return this.wide[i * 2 + 1]!;
  }

  nsec(i: number): number {
    return this.fields[i * FIELDS + NSEC]!;
  }

  /** The sender's number; 0 if owners are not in the list. */
  uid(i: number): number {
    return this.fields[i * FIELDS + UID]!;
  }

  /** The sender's number; 0 if groups are not in the list. */
  gid(i: number): number {
    return this.fields[i * FIELDS + GID]!;
  }

  /** `ENTRY` bits. */
  flags(i: number): number {
    return this.fields[i * FIELDS + FLAGS]!;
  }

  isDirectory(i: number): boolean {
    return isDirectory(this.fields[i * FIELDS + MODE]!);
  }

  isDead(i: number): boolean {
    return (this.fields[i * FIELDS + FLAGS]! & ENTRY.DEAD) !== 0;
  }

  /** Where a symlink points; undefined for other kinds and when links are not in the list. */
  target(i: number): ByteString | undefined {
    const length = this.fields[i * FIELDS + LENGTHS]! >>> 16;
    if (length === 0) return undefined;
    const start = this.fields[i * FIELDS + TEXT]! + this.baseLength(i);
    return this.text.toString('latin1', start, start + length - 1);
  }

  rdevMajor(i: number): number {
    return this.rdevMajors === undefined ? 0 : this.rdevMajors[i]!;
  }

  rdevMinor(i: number): number {
    return this.rdevMinors === undefined ? 0 : this.rdevMinors[i]!;
  }

  /** Whole-file digest of a regular file, as a view; undefined when digests are not in the list. */
  checksum(i: number): Uint8Array | undefined {
    const length = this.checksumLength;
    if (length === 0 || !isRegular(this.fields[i * FIELDS + MODE]!)) return undefined;
    return this.checksums.subarray(i * length, (i + 1) * length);
  }

  /** Number of the hard-link group, unique in the session; -1 for an entry of none. */
  hlink(i: number): number {
    return this.hlinks === undefined ? -1 : this.hlinks[i]!;
  }

  setMode(i: number, mode: number): void {
    this.fields[i * FIELDS + MODE] = mode;
  }

  setSize(i: number, size: number): void {
    this.wide[i * 2] = size;
  }

  setTime(i: number, mtime: number, nsec: number): void {
    this.wide[i * 2 + 1] = mtime;
    this.fields[i * FIELDS + NSEC] = nsec;
  }

  setFlags(i: number, flags: number): void {
    this.fields[i * FIELDS + FLAGS] = this.fields[i * FIELDS + FLAGS]! | flags;
  }

  clearFlags(i: number, flags: number): void {
    this.fields[i * FIELDS + FLAGS] = this.fields[i * FIELDS + FLAGS]! & ~flags;
  }

  setRdev(i: number, major: number, minor: number): void {
    this.rdevMajors ??= new Uint32Array(this.capacity);
    this.rdevMinors ??= new Uint32Array(this.capacity);
    this.rdevMajors[i] = major;
    this.rdevMinors[i] = minor;
  }

  /** Puts the entry into hard-link group `group`, -1 for none. */
  setHlink(i: number, group: number): void {
    this.hlinks ??= new Int32Array(this.capacity).fill(-1);
    this.hlinks[i] = group;
  }

  /** The first digest decides the length for the list; regular files without one have zeros. */
  setChecksum(i: number, checksum: Uint8Array): void {
    if (this.checksumLength === 0) {
      this.checksumLength = checksum.length;
      this.checksums = new Uint8Array(this.capacity * checksum.length);
    }
    if (checksum.length !== this.checksumLength) {
      throw new RangeError(`digest of ${checksum.length} bytes in a list of ${this.checksumLength}`);
    }
    this.checksums.set(checksum, i * checksum.length);
  }

  /** Number of the interned directory part of an entry: equal numbers, equal `dirname`. */
  dirId(i: number): number {
    return this.fields[i * FIELDS + DIR]!;
  }

  /** The interned directory parts, by `dirId`. */
  directories(): readonly ByteString[] {
    return this.dirs.names;
  }

  /** Orders the last components of two entries bytewise. */
  compareBasenames(i: number, j: number): number {
    const a = this.fields[i * FIELDS + TEXT]!;
    const b = this.fields[j * FIELDS + TEXT]!;
    const text = this.text;
    return text.compare(text, b, b + this.baseLength(j), a, a + this.baseLength(i));
  }

  /** Fills the order of 4.1, stable; until then the sorted position is the wire position. */
  sort(): void {
    this.order = sortedOrder(this);
    this.positions = undefined;
  }

  /** Sorted position to wire position. */
  at(position: number): number {
    return this.order === undefined ? position : this.order[position]!;
  }

  /** Wire position to sorted position. */
  position(i: number): number {
    if (this.order === undefined) return i;
    if (this.positions === undefined) {
      this.positions = new Uint32Array(this.count);
      for (let at = 0; at < this.count; at++) this.positions[this.order[at]!] = at;
    }
    return this.positions[i]!;
  }

  /** The receiver's part of 4.2: marks the losers among equal names DEAD. The list must be sorted. */
  dropDuplicates(): void {
    duplicates(this, (winner, loser) => {
      if (this.isDirectory(winner) && this.isDirectory(loser)) {
        this.setFlags(winner, this.flags(loser) & (ENTRY.TOP_DIR | ENTRY.CONTENT_DIR));
        if ((this.flags(loser) & ENTRY.IMPLIED_DIR) === 0) this.clearFlags(winner, ENTRY.IMPLIED_DIR);
      }
      this.setFlags(loser, ENTRY.DEAD);
    });
  }

  /** The receiver's part of relative mode: names lose their leading slash. After `sort` and `dropDuplicates` only. */
  stripLeadingSlashes(): void {
    this.dirs.stripLeadingSlashes();
    this.lastNamed = -1;
  }

  /** Bytes of storage that the entries take, roughly. */
  get byteLength(): number {
    const rare = (this.hlinks ? 4 : 0) + (this.rdevMajors ? 8 : 0) + this.checksumLength;
    return this.capacity * (FIELDS * 4 + 16 + rare) + this.text.length + this.dirs.byteLength;
  }

  private baseLength(i: number): number {
    return this.fields[i * FIELDS + LENGTHS]! & 0xffff;
  }

  private reserveText(count: number): Buffer {
    const wanted = this.textLength + count;
    if (wanted > this.text.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(wanted, this.text.length * 2));
      grown.set(this.text.subarray(0, this.textLength));
      this.text = grown;
    }
    return this.text;
  }

  private grow(): void {
    // Long lists grow by half: at a million entries doubling would leave up to 60 MB unused.
    const capacity = this.capacity < 4096 ? this.capacity * 2 : Math.ceil(this.capacity * 1.5);
    this.fields = enlarged(this.fields, new Uint32Array(capacity * FIELDS));
    this.wide = enlarged(this.wide, new Float64Array(capacity * 2));
    if (this.rdevMajors) this.rdevMajors = enlarged(this.rdevMajors, new Uint32Array(capacity));
    if (this.rdevMinors) this.rdevMinors = enlarged(this.rdevMinors, new Uint32Array(capacity));
    if (this.hlinks) this.hlinks = enlarged(this.hlinks, new Int32Array(capacity).fill(-1));
    if (this.checksumLength > 0) {
      this.checksums = enlarged(this.checksums, new Uint8Array(capacity * this.checksumLength));
    }
    this.capacity = capacity;
  }
}

function enlarged<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
