import type { EntryDetails, KindCounts } from '../core/events.ts';
import type { FileList } from '../core/file-list.ts';
import { isDevice, isDirectory, isRegular, isSymlink } from '../core/mode.ts';
import type { TransferOptions } from '../options/transfer-options.ts';

/** What events tell of entry `i`. */
export function entryDetails(list: FileList, i: number, options: TransferOptions): EntryDetails {
  return {
    name: list.name(i),
    mode: list.mode(i),
    size: list.size(i),
    mtime: list.mtime(i),
    mtimeNsec: list.nsec(i),
    uid: options.owner ? list.uid(i) : undefined,
    gid: options.group ? list.gid(i) : undefined,
    target: list.target(i),
    checksum: list.checksum(i),
  };
}

/** Counts one item of this kind. */
export function countKind(counts: KindCounts, mode: number): void {
  counts.total++;
  if (isRegular(mode)) counts.regular++;
  else if (isDirectory(mode)) counts.directories++;
  else if (isSymlink(mode)) counts.symlinks++;
  else if (isDevice(mode)) counts.devices++;
  else counts.specials++;
}

/** Adds a complete list to the figures of the run: every live and dead entry counts, as rsync does it. */
export function countList(list: FileList, stats: { files: KindCounts; totalSize: number }): void {
  for (let i = 0; i < list.count; i++) {
    const mode = list.mode(i);
    countKind(stats.files, mode);
    if (isRegular(mode) || isSymlink(mode)) stats.totalSize += list.size(i);
  }
}
