import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromText } from '../../src/core/bytes.ts';
import { DirectoryTable } from '../../src/core/directory-table.ts';
import { ENTRY, FileList } from '../../src/core/file-list.ts';
import { type EntryContext, FileEntryReader } from '../../src/protocol/file-entry.ts';
import { Reader } from '../../src/protocol/reader.ts';
import {
  contextOf,
  entryFlags,
  loadVector,
  OUT_OF_SCOPE,
  VECTOR_DIRECTORY,
  VECTORS,
  type Vector,
  vectorName,
} from './file-entry-vectors.ts';

/** Decodes the lists of a capture, giving the decoder at first `chunk` bytes, then `chunk` more and so on. */
function decode(
  vector: Vector,
  chunk: number,
): { lists: FileList[]; table: DirectoryTable; names: unknown[] } {
  const names: unknown[] = [];
  const reader = new FileEntryReader(contextOf(vector), {
    uidName: (id, name) => names.push(['uid', id, name]),
    gidName: (id, name) => names.push(['gid', id, name]),
  });
  const bytes = Buffer.from(vector.stream_hex, 'hex');
  const input = new Reader(bytes, 0, Math.min(chunk, bytes.length));
  const table = new DirectoryTable();
  const lists = vector.lists.map((expected) => {
    const marker = (expected.ndx_marker_hex ?? '').length / 2;
    while (input.remaining < marker) input.end = Math.min(input.end + chunk, bytes.length);
    expect(bytes.toString('hex', input.pos, input.pos + marker)).toBe(expected.ndx_marker_hex ?? '');
    input.pos += marker;
    const list =
      expected.dir_ndx === undefined
        ? new FileList(expected.ndx_start)
        : table.open(expected.dir_ndx, expected.ndx_start);
    while (!reader.readInto(input, list)) {
      if (input.end === bytes.length) throw new Error('the capture ended in the middle of a list');
      input.end = Math.min(input.end + chunk, bytes.length);
    }
    list.sort();
    list.dropDuplicates();
    if (vector.incremental_recursion) table.append(list);
    return list;
  });
  const rest = (vector.flist_eof_hex ?? vector.id_lists_hex ?? '').length / 2;
  const ioError = vector.io_error_int === undefined ? 0 : 4;
  expect(bytes.length - input.pos).toBe(rest + ioError);
  expect(reader.ioError).toBe(vector.lists.reduce((all, list) => all | (list.io_error ?? 0), 0));
  return { lists, table, names };
}

function expectLists(vector: Vector, { lists, table, names }: ReturnType<typeof decode>): void {
  vector.lists.forEach((expected, l) => {
    const list = lists[l]!;
    expect(list.count).toBe(expected.entry_count);
    expected.entries_in_wire_order.forEach((entry, i) => {
      expect({
        name: list.name(i),
        len: list.size(i),
        mtime: list.mtime(i),
        nsec: list.nsec(i),
        uid: list.uid(i),
        gid: list.gid(i),
        mode: list.mode(i).toString(8),
        target: list.target(i),
        rdev: entry.rdev && [list.rdevMajor(i), list.rdevMinor(i)],
        checksum: list.checksum(i) && Buffer.from(list.checksum(i)!).toString('hex'),
      }).toEqual({
        name: vectorName(entry.name),
        len: entry.len,
        mtime: entry.mtime,
        nsec: entry.mtime_nsec,
        uid: entry.uid,
        gid: entry.gid,
        mode: entry.mode,
        target: entry.symlink_target === undefined ? undefined : fromText(entry.symlink_target),
        rdev: entry.rdev,
        checksum: entry.checksum_hex,
      });
    });
    const order = expected.ndx_assignment.map(({ ndx }) => list.at(ndx - list.ndxStart));
    expect(order).toEqual(expected.ndx_assignment.map((row) => row.wire_index));
    expect(order.map((i) => list.position(i))).toEqual(order.map((_, position) => position));
  });
  const inline = vector.lists.flatMap((list) =>
    list.entries_in_wire_order.flatMap((entry) => [
      ...(entry.user_name_inline === undefined ? [] : [['uid', entry.uid, entry.user_name_inline]]),
      ...(entry.group_name_inline === undefined ? [] : [['gid', entry.gid, entry.group_name_inline]]),
    ]),
  );
  expect(names).toEqual(inline);
  const directories = Array.from({ length: table.count }, (_, k) => table.name(k));
  expect(directories).toEqual((vector.dir_index_table ?? []).map(fromText));
}

it('knows every capture, as a case or as out of scope', () => {
  const files = readdirSync(VECTOR_DIRECTORY).filter((file) => file.endsWith('.json'));
  expect([...VECTORS, ...OUT_OF_SCOPE].map((name) => `${name}.json`).sort()).toEqual(files.sort());
});

describe.each(VECTORS)('%s', (name) => {
  const vector = loadVector(name);

  it('decodes to its entries, order, directories and inline names', () => {
    expectLists(vector, decode(vector, Number.POSITIVE_INFINITY));
  });

  it.each([1, 7, 64])('decodes the same in pieces of %i bytes', (chunk) => {
    expectLists(vector, decode(vector, chunk));
  });
});

it.each(['p29-350-hardlinks-devices', 'p30-300-devices', 'p31-313-ioerror', 'p32-inc-hardlinks-xxh128'])(
  'decodes %s when it is split at any place, and asks for more at any truncation',
  (name) => {
    const vector = loadVector(name);
    const whole = vector.lists[0]!;
    const hex = whole.entries_in_wire_order.map((entry) => entry.raw_hex).join('') + whole.end_marker_hex;
    const bytes = Buffer.from(hex, 'hex');
    for (let split = 0; split < bytes.length; split++) {
      const reader = new FileEntryReader(contextOf(vector));
      const list = new FileList(whole.ndx_start);
      const input = new Reader(bytes, 0, split);
      expect(reader.readInto(input, list)).toBe(false);
      input.end = bytes.length;
      expect(reader.readInto(input, list)).toBe(true);
      expect(input.pos).toBe(bytes.length);
      const names = whole.entries_in_wire_order.map((entry) => vectorName(entry.name));
      expect(Array.from({ length: list.count }, (_, i) => list.name(i))).toEqual(names);
      expect(list.mtime(list.count - 1)).toBe(whole.entries_in_wire_order.at(-1)!.mtime);
    }
  },
);

describe('directory kinds', () => {
  it('takes them from the flags at protocol 30 and up', () => {
    for (const name of ['p32-relative', 'p32-filesfrom', 'p32-duplicates']) {
      const vector = loadVector(name);
      const { lists } = decode(vector, Number.POSITIVE_INFINITY);
      vector.lists.forEach((expected, l) => {
        expected.entries_in_wire_order.forEach((entry, i) => {
          const mask = ENTRY.TOP_DIR | ENTRY.CONTENT_DIR | ENTRY.IMPLIED_DIR;
          const own = entryFlags(Number(entry.xflags), Number.parseInt(entry.mode, 8), vector.protocol);
          if (!lists[l]!.isDead(i)) expect(lists[l]!.flags(i) & own).toBe(own);
          else expect(lists[l]!.flags(i) & mask).toBe(own);
        });
      });
    }
  });

  it('makes all directories below an argument content directories at protocol 29', () => {
    const { lists } = decode(loadVector('p29-basic'), Number.POSITIVE_INFINITY);
    const list = lists[0]!;
    for (let i = 0; i < list.count; i++) {
      const flags = list.isDirectory(i) ? ENTRY.CONTENT_DIR | (i === 0 ? ENTRY.TOP_DIR : 0) : 0;
      expect(list.flags(i)).toBe(flags);
    }
  });
});

describe('hard links', () => {
  it('gives the members of a group one number: inodes of protocol 29', () => {
    const vector = loadVector('p29-350-hardlinks-devices');
    const list = decode(vector, Number.POSITIVE_INFINITY).lists[0]!;
    const groups = vector.lists[0]!.entries_in_wire_order.map((entry, i) => [
      entry.ino_on_wire,
      list.hlink(i),
    ]);
    const byInode = new Map(groups.toReversed() as [number | undefined, number][]);
    expect(groups).toEqual(groups.map(([inode]) => [inode, byInode.get(inode)]));
    expect(new Set(byInode.values())).toEqual(new Set([-1, 1, 2, 4]));
  });

  it('gives them the number of the first one: references within a list and across lists', () => {
    const { lists } = decode(loadVector('p32-inc-hardlinks-xxh128'), Number.POSITIVE_INFINITY);
    expect(Array.from({ length: 8 }, (_, i) => lists[0]!.hlink(i))).toEqual([-1, 2, 3, 4, 4, -1, 3, -1]);
    expect([lists[1]!.hlink(0), lists[1]!.hlink(1)]).toEqual([2, 3]);
    expect(lists[0]!.flags(1)).toBe(ENTRY.HLINKED | ENTRY.HLINK_FIRST);
    expect(lists[0]!.flags(6)).toBe(ENTRY.HLINKED);
  });

  it('reads the references without -H too, and forgets the groups', () => {
    const vector = loadVector('p32-inc-hardlinks-xxh128');
    const context = contextOf(vector);
    const reader = new FileEntryReader({ ...context, preserve: { ...context.preserve, hardLinks: false } });
    const list = new FileList(1);
    expect(reader.readInto(new Reader(Buffer.from(vector.stream_hex, 'hex')), list)).toBe(true);
    expect(list.hlink(4)).toBe(-1);
    expect(list.checksum(4)).toEqual(list.checksum(3));
  });
});

it('drops the duplicates that the real generator dropped', () => {
  const { lists } = decode(loadVector('p32-duplicates'), Number.POSITIVE_INFINITY);
  const live = (list: FileList): string[] =>
    Array.from({ length: list.count }, (_, position) => list.at(position))
      .filter((i) => !list.isDead(i))
      .map((i) => `${list.name(i)} ${i}`);
  expect(live(lists[0]!)).toEqual(['. 0', 'same 3', 'sub 2', 'x 1']);
  expect(live(lists[1]!)).toEqual(['sub/f1 0', 'sub/f2 4', 'sub/deep 1', 'sub/deep2 2']);
});

describe('content directories of protocol 29', () => {
  const context = (more: Partial<EntryContext>): EntryContext => ({
    protocol: 29,
    varintFlags: false,
    safeFlist: false,
    incRecurse: false,
    preserve: { uid: false, gid: false, devices: false, specials: false, links: false, hardLinks: false },
    numericIds: true,
    checksumLength: 0,
    relative: false,
    recursive: true,
    ...more,
  });

  /** `name!` is a directory with TOP_DIR, `name/` one without, others are files. Returns the content directories. */
  function contentDirectories(names: string[], more: Partial<EntryContext>): string[] {
    const bytes = names.flatMap((name) => {
      const isFile = !/[!/]$/.test(name);
      const text = [...Buffer.from(isFile ? name : name.slice(0, -1))];
      const flags = name.endsWith('!') ? [1] : isFile ? [1] : [4, 0];
      return [...flags, text.length, ...text, 0, 0, 0, 0, 9, 0, 0, 0, 0xed, isFile ? 0x81 : 0x41, 0, 0];
    });
    const list = new FileList(0);
    const reader = new FileEntryReader(context(more));
    expect(reader.readInto(new Reader(Uint8Array.from([...bytes, 0])), list)).toBe(true);
    expect(list.count).toBe(names.length);
    return Array.from({ length: list.count }, (_, i) => i)
      .filter((i) => list.flags(i) & ENTRY.CONTENT_DIR)
      .map((i) => list.name(i));
  }

  it('are what an argument named, and everything after it', () => {
    expect(contentDirectories(['a/', 'd!', 'd/e/', 'd/e/f', 'x/'], {})).toEqual(['d', 'd/e', 'x']);
  });

  it('are the arguments alone without -r', () => {
    expect(contentDirectories(['d!', 'e/', '.!', 'f/'], { recursive: false })).toEqual(['d', '.']);
  });

  it('end in relative mode with the first directory that is not below the argument', () => {
    const names = ['a/', 'a/b/', 'a/b/c!', 'a/b/c/d/', 'a/b/cc/', 'a/b/c/e/', 'x/.!', 'x/y/', 'xy/', 'x/z/'];
    expect(contentDirectories(names, { relative: true })).toEqual(['a/b/c', 'a/b/c/d', 'x/.', 'x/y']);
  });

  it('are all that follow an argument `.` in relative mode', () => {
    expect(contentDirectories(['.!', 'a/', 'b/c/'], { relative: true })).toEqual(['.', 'a', 'b/c']);
  });
});
