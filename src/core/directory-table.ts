/**
 * Dir index numbering under incremental recursion: docs/protocol/2-file-list.md, 4.5 and 5.3. One counter over all
 * lists; a directory's number is used only to announce its sub-list.
 */
import type { ByteString } from './bytes.ts';
import { protocolError } from './errors.ts';
import { FileList } from './file-list.ts';

export class DirectoryTable {
  private readonly lists: (FileList | undefined)[] = [];
  private readonly rows: number[] = [];

  /** Directories known so far. */
  get count(): number {
    return this.rows.length;
  }

  /**
   * Numbers all directories of a complete, sorted list (dead ones too) in sorted order. Returns the first number
   * given; the last is `count - 1`.
   */
  append(list: FileList): number {
    const first = this.rows.length;
    for (let position = 0; position < list.count; position++) {
      const i = list.at(position);
      if (!list.isDirectory(i)) continue;
      this.lists.push(list);
      this.rows.push(i);
    }
    return first;
  }

  /** The list that names directory `dirIndex`; undefined once its sub-list was opened and `release` called. */
  list(dirIndex: number): FileList | undefined {
    return this.lists[dirIndex];
  }

  /** Wire position of the directory in that list. */
  row(dirIndex: number): number {
    const row = this.rows[dirIndex];
    if (row === undefined) throw new RangeError(`no directory ${dirIndex}`);
    return row < 0 ? ~row : row;
  }

  /** Sorted position of the directory in that list. */
  position(dirIndex: number): number {
    return this.held(dirIndex).position(this.row(dirIndex));
  }

  name(dirIndex: number): ByteString {
    return this.held(dirIndex).name(this.row(dirIndex));
  }

  /** True once the directory's sub-list was sent or announced. */
  isOpened(dirIndex: number): boolean {
    return this.rows[dirIndex]! < 0;
  }

  /** Marks the sub-list of the directory as sent or announced. */
  markOpened(dirIndex: number): void {
    this.rows[dirIndex] = ~this.row(dirIndex);
  }

  /**
   * The receiver's checks of a sub-list marker; returns the sub-list to read into.
   * @throws RsyncError (exit 2) for an unknown or dead directory and for a second sub-list
   */
  open(dirIndex: number, ndxStart: number): FileList {
    if (!(dirIndex >= 0 && dirIndex < this.rows.length)) {
      throw protocolError(`sub-list for directory ${dirIndex} of ${this.rows.length}`);
    }
    if (this.isOpened(dirIndex)) throw protocolError(`second sub-list for directory ${dirIndex}`);
    const list = this.held(dirIndex);
    const i = this.row(dirIndex);
    if (list.isDead(i)) throw protocolError(`sub-list for a dropped duplicate, directory ${dirIndex}`);
    this.markOpened(dirIndex);
    return new FileList(ndxStart, dirIndex, list.name(i));
  }

  /** Lets go of the list that names the directory, when nothing more will be asked about it. */
  release(dirIndex: number): void {
    this.lists[dirIndex] = undefined;
  }

  private held(dirIndex: number): FileList {
    const list = this.lists[dirIndex];
    if (list === undefined) throw new RangeError(`no directory ${dirIndex}`);
    return list;
  }
}
