/**
 * Sorting a list and finding its duplicates: docs/protocol/2-file-list.md, 4.1 and 4.2.
 *
 * In the order of 4.1 a directory is followed by what it holds: `.`, then its files, then its subdirectories with
 * theirs. So the entries fall into groups, one a directory (the directory's own entry first, then its files); the
 * groups are in the order of the directories' keys, and inside a group last components decide. Long names are
 * compared only between directories, and the keys of one group at a time exist.
 */

import type { ByteString } from './bytes.ts';
import { directoryKey } from './name-order.ts';

/** What the sort needs of a file list. */
export interface SortableList {
  readonly count: number;
  isDirectory(i: number): boolean;
  name(i: number): ByteString;
  basename(i: number): ByteString;
  dirId(i: number): number;
  directories(): readonly ByteString[];
  at(position: number): number;
  compareBasenames(i: number, j: number): number;
}

/** Wire positions in sorted order; equal names stay in wire order. */
export function sortedOrder(list: SortableList): Uint32Array {
  const count = list.count;
  const groups = new Uint32Array(count);
  const dirs = list.directories().slice();
  const known = new Map<ByteString, number>();
  for (let d = 0; d < dirs.length; d++) known.set(dirs[d]!, d);
  for (let i = 0; i < count; i++) {
    groups[i] = list.dirId(i);
    if (!list.isDirectory(i) || list.basename(i) === '.') continue;
    const name = list.name(i);
    let group = known.get(name);
    if (group === undefined) {
      group = dirs.push(name) - 1;
      known.set(name, group);
    }
    groups[i] = group;
  }
  const starts = groupStarts(groups, rankedGroups(dirs), dirs.length);
  const order = new Uint32Array(count);
  const next = starts.slice();
  for (let i = 0; i < count; i++) order[next[groups[i]!]!++] = i;
  for (let group = 0; group < dirs.length; group++) sortGroup(list, order, starts[group]!, next[group]!);
  return order;
}

/** Groups in the order of their directories' keys. */
function rankedGroups(dirs: readonly ByteString[]): number[] {
  const keys = dirs.map(directoryKey);
  return Array.from(dirs.keys()).sort((a, b) => (keys[a]! < keys[b]! ? -1 : keys[a]! > keys[b]! ? 1 : 0));
}

/** Sorted position of the first entry of each group. */
function groupStarts(groups: Uint32Array, ranked: readonly number[], groupCount: number): Uint32Array {
  const sizes = new Uint32Array(groupCount);
  for (let i = 0; i < groups.length; i++) sizes[groups[i]!] = sizes[groups[i]!]! + 1;
  const starts = new Uint32Array(groupCount);
  let start = 0;
  for (const group of ranked) {
    starts[group] = start;
    start += sizes[group]!;
  }
  return starts;
}

/** Sorts one group in place: its own directory, `.`, the files. */
function sortGroup(list: SortableList, order: Uint32Array, start: number, end: number): void {
  if (end - start < 2) return;
  const keyed: { key: string; i: number }[] = [];
  for (let at = start; at < end; at++) {
    const i = order[at]!;
    const base = list.basename(i);
    keyed.push({ key: list.isDirectory(i) ? (base === '.' ? '\0' : '') : `\x01${base}`, i });
  }
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  for (let at = start; at < end; at++) order[at] = keyed[at - start]!.i;
}

/**
 * Calls `lose` for each entry that another one of the same name beats: of equal names of one kind the first in wire
 * order stays, and a directory beats a file.
 */
export function duplicates(list: SortableList, lose: (winner: number, loser: number) => void): void {
  const dirCount = list.directories().length;
  // The files of a directory are contiguous: sorted positions [first, last).
  const first = new Uint32Array(dirCount);
  const last = new Uint32Array(dirCount);
  let winner = -1;
  for (let position = 0; position < list.count; position++) {
    const i = list.at(position);
    const dir = list.dirId(i);
    const isDir = list.isDirectory(i);
    if (!isDir) {
      if (last[dir] === 0) first[dir] = position;
      last[dir] = position + 1;
    }
    if (
      winner >= 0 &&
      list.dirId(winner) === dir &&
      list.isDirectory(winner) === isDir &&
      list.compareBasenames(winner, i) === 0
    ) {
      lose(winner, i);
      continue;
    }
    winner = i;
    if (isDir) beatFile(list, i, first[dir]!, last[dir]!, lose);
  }
}

/** Finds the file of directory `i`'s name among the sorted positions [low, high). */
function beatFile(
  list: SortableList,
  i: number,
  low: number,
  high: number,
  lose: (winner: number, loser: number) => void,
): void {
  const end = high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list.compareBasenames(list.at(middle), i) < 0) low = middle + 1;
    else high = middle;
  }
  // The lower bound is the first of equal names: the one that is still alive.
  if (low < end && list.compareBasenames(list.at(low), i) === 0) lose(i, list.at(low));
}
