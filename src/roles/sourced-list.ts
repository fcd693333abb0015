import type { FileList } from '../core/file-list.ts';

/** An entry of a list, by wire position. */
export interface EntryRef {
  list: FileList;
  i: number;
}

/** An entry of a sender's list, with the origin that it comes from. */
export interface SourcedRef extends EntryRef {
  origin: number;
}

/** A list with, for each entry (wire position), the origin that it comes from. */
export class SourcedList {
  readonly list: FileList;
  /** The entry of the directory that a sub-list describes, in its parent's list. */
  readonly directory: SourcedRef | undefined;
  private readonly origins: number[] = [];

  constructor(list: FileList, directory?: SourcedRef) {
    this.list = list;
    this.directory = directory;
  }

  setOrigin(i: number, origin: number): void {
    this.origins[i] = origin;
  }

  origin(i: number): number {
    return this.origins[i]!;
  }
}
