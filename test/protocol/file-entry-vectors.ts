/** The captures of fixtures/vectors/flist, as contexts and lists for the tests of the file-entry codec. */
import { readFileSync } from 'node:fs';
import { type ByteString, fromText } from '../../src/core/bytes.ts';
import { DirectoryTable } from '../../src/core/directory-table.ts';
import { ENTRY, FileList } from '../../src/core/file-list.ts';
import type { EntryContext } from '../../src/protocol/file-entry.ts';

export interface VectorEntry {
  name: string | { hex: string };
  len: number;
  mtime: number;
  mtime_nsec: number;
  uid: number;
  gid: number;
  mode: string;
  xflags: string;
  rdev?: [number, number];
  symlink_target?: string;
  checksum_hex?: string;
  hlink_first?: boolean;
  hlink_gnum?: number;
  dev_on_wire?: number;
  ino_on_wire?: number;
  user_name_inline?: string;
  group_name_inline?: string;
  raw_hex: string;
}

export interface VectorList {
  ndx_start: number;
  entry_count: number;
  dir_ndx?: number;
  dir_name?: string;
  ndx_marker_hex?: string;
  io_error?: number;
  entries_in_wire_order: VectorEntry[];
  end_marker_hex: string;
  ndx_assignment: { ndx: number; wire_index: number; name: string }[];
}

export interface Vector {
  name: string;
  server_rsync: string;
  server_args: string;
  protocol: number;
  compat_flags: string | null;
  incremental_recursion: boolean;
  varint_flist_flags: boolean;
  checksum_length?: number;
  stream_hex: string;
  lists: VectorList[];
  dir_index_table?: string[];
  flist_eof_hex?: string;
  id_lists?: { uid: [number, string][]; gid: [number, string][] };
  id_lists_hex?: string;
  io_error_int?: number;
  user_names: Record<string, string>;
  group_names: Record<string, string>;
}

export const VECTORS = [
  'p29-300-hardlinks-md4-devices',
  'p29-350-hardlinks-devices',
  'p29-basic',
  'p29-extremes',
  'p29-longnames',
  'p29-push',
  'p30-300-devices',
  'p30-300-filesfrom',
  'p30-300-inc',
  'p30-300-ioerror',
  'p30-300-noinc',
  'p31-313-checksum-md5-hardlinks',
  'p31-313-inc',
  'p31-313-ioerror',
  'p32-devices',
  'p32-duplicates',
  'p32-extremes',
  'p32-filesfrom',
  'p32-inc',
  'p32-inc-hardlinks-xxh128',
  'p32-ioerror',
  'p32-missing-args',
  'p32-noinc',
  'p32-noinc-longnames',
  'p32-push-to-313',
  'p32-relative',
];

/** Captures whose options are not negotiated yet: -A, -X, -U, and --iconv (which numbers entries by wire order). */
export const OUT_OF_SCOPE = ['p32-acl', 'p32-xattr-transfer', 'p32-ids-atimes', 'p32-iconv'];

export const VECTOR_DIRECTORY = new URL('../../fixtures/vectors/flist/', import.meta.url);

export function loadVector(name: string): Vector {
  return JSON.parse(readFileSync(new URL(`${name}.json`, VECTOR_DIRECTORY), 'utf8')) as Vector;
}

/** What the server's command line and the compat flags agree on. */
export function contextOf(vector: Vector): EntryContext {
  const words = vector.server_args.split(' ');
  // Single letters up to `e`, whose value is the capability string.
  const letters = (words.find((word) => /^-[a-zA-Z]/.test(word)) ?? '').slice(1).split('e')[0]!;
  const has = (letter: string): boolean => letters.includes(letter);
  const compat = Number(vector.compat_flags ?? 0);
  return {
    protocol: vector.protocol,
    varintFlags: vector.varint_flist_flags,
    safeFlist: vector.protocol >= 31 || (compat & 8) !== 0,
    incRecurse: vector.incremental_recursion,
    preserve: {
      uid: has('o'),
      gid: has('g'),
      devices: has('D'),
      specials: has('D'),
      links: has('l'),
      hardLinks: has('H'),
    },
    numericIds: words.includes('--numeric-ids'),
    checksumLength: vector.checksum_length ?? 0,
    relative: has('R'),
    recursive: has('r'),
    missingArgs: words.includes('--delete-missing-args'),
  };
}

export function id0Names(vector: Vector): boolean {
  return (Number(vector.compat_flags ?? 0) & 0x100) !== 0;
}

export function vectorName(name: VectorEntry['name']): ByteString {
  return typeof name === 'string' ? fromText(name) : Buffer.from(name.hex, 'hex').toString('latin1');
}

/** Whether the sender puts id 0's name into entries: from 3.2.3 on. */
export function namesIdZero(vector: Vector): boolean {
  return vector.lists[0]!.entries_in_wire_order[0]!.user_name_inline !== undefined;
}

/** The lists as their sender held them, made from the decoded fields of the capture. */
export function sourceLists(vector: Vector): FileList[] {
  const inodes = new Map<string, number>();
  const table = new DirectoryTable();
  return vector.lists.map((source) => {
    const dir = source.dir_ndx ?? -1;
    const list = new FileList(source.ndx_start, dir, dir < 0 ? '' : table.name(dir));
    for (const entry of source.entries_in_wire_order) addEntry(list, entry, vector, inodes);
    list.sort();
    if (vector.incremental_recursion) table.append(list);
    return list;
  });
}

function addEntry(list: FileList, entry: VectorEntry, vector: Vector, inodes: Map<string, number>): void {
  const number = list.ndxStart + list.count;
  let hlink = entry.hlink_first ? number : (entry.hlink_gnum ?? -1);
  if (entry.ino_on_wire !== undefined) {
    const key = `${entry.dev_on_wire}/${entry.ino_on_wire}`;
    hlink = inodes.get(key) ?? number;
    inodes.set(key, hlink);
  }
  list.add({
    name: vectorName(entry.name),
    mode: Number.parseInt(entry.mode, 8),
    size: entry.len,
    mtime: entry.mtime,
    nsec: entry.mtime_nsec,
    uid: entry.uid,
    gid: entry.gid,
    flags: entryFlags(Number(entry.xflags), Number.parseInt(entry.mode, 8), vector.protocol),
    rdevMajor: entry.rdev?.[0],
    rdevMinor: entry.rdev?.[1],
    target: entry.symlink_target === undefined ? undefined : fromText(entry.symlink_target),
    checksum: entry.checksum_hex === undefined ? undefined : Buffer.from(entry.checksum_hex, 'hex'),
    hlink,
  });
}

/** `ENTRY` bits of a sender; protocol 29 says TOP_DIR alone. */
export function entryFlags(xflags: number, mode: number, protocol: number): number {
  if ((mode & 0o170000) !== 0o040000) return 0;
  const top = (xflags & 1) !== 0;
  if (protocol >= 30 && xflags & 0x100) return top ? ENTRY.IMPLIED_DIR : 0;
  return (protocol >= 30 ? ENTRY.CONTENT_DIR : 0) | (top ? ENTRY.TOP_DIR : 0);
}
