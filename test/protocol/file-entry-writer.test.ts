import { describe, expect, it } from 'vitest';
import { fromText } from '../../src/core/bytes.ts';
import { ENTRY, FileList, type NewEntry } from '../../src/core/file-list.ts';
import { type EntryContext, FileEntryWriter } from '../../src/protocol/file-entry.ts';
import { Writer } from '../../src/protocol/writer.ts';
import {
  contextOf,
  loadVector,
  namesIdZero,
  sourceLists,
  VECTORS,
  type Vector,
  type VectorEntry,
} from './file-entry-vectors.ts';

/**
 * Captures of 3.0.0 with fifos and sockets at protocols below 31: that release sends their real number (0, 0), which
 * also changes the remembered major; later ones and we send the shortest form and leave it alone (6).
 */
const OTHER_RDEV = ['p29-300-hardlinks-md4-devices', 'p30-300-devices'];

function hooks(vector: Vector): ConstructorParameters<typeof FileEntryWriter>[1] {
  const named = (names: Record<string, string>, id: number) =>
    (id === 0 && !namesIdZero(vector)) || names[id] === undefined ? undefined : fromText(names[id]);
  return {
    userName: (uid) => named(vector.user_names, uid),
    groupName: (gid) => named(vector.group_names, gid),
  };
}

/** The captured bytes; at protocol 29 with our own device and inode numbers, of which only equality counts (7.3). */
function expectedHex(entry: VectorEntry, group: number, isFirstLink: boolean): string {
  if (entry.ino_on_wire === undefined) return entry.raw_hex;
  const digest = entry.checksum_hex ?? '';
  const head = entry.raw_hex.slice(0, entry.raw_hex.length - digest.length - (isFirstLink ? 16 : 8));
  const numbers = Buffer.alloc(isFirstLink ? 8 : 4);
  numbers.writeInt32LE(1);
  numbers.writeInt32LE(group + 1, numbers.length - 4);
  return head + numbers.toString('hex') + digest;
}

describe.each(VECTORS.filter((name) => !OTHER_RDEV.includes(name)))('%s', (name) => {
  it('is written as the real sender wrote it', () => {
    const vector = loadVector(name);
    const writer = new FileEntryWriter(contextOf(vector), hooks(vector));
    const w = new Writer();
    let seenLink = false;
    sourceLists(vector).forEach((list, l) => {
      const expected = vector.lists[l]!;
      expected.entries_in_wire_order.forEach((entry, i) => {
        w.reset();
        writer.writeEntry(w, list, i);
        const hex = Buffer.from(w.view()).toString('hex');
        expect([list.name(i), hex]).toEqual([list.name(i), expectedHex(entry, list.hlink(i), !seenLink)]);
        if (entry.ino_on_wire !== undefined) seenLink = true;
      });
      w.reset();
      writer.writeEnd(w, expected.io_error ?? 0);
      expect(Buffer.from(w.view()).toString('hex')).toBe(expected.end_marker_hex);
    });
  });
});

it.each(OTHER_RDEV)('%s is written the same up to the first special', (name) => {
  const vector = loadVector(name);
  const writer = new FileEntryWriter(contextOf(vector), hooks(vector));
  const list = sourceLists(vector)[0]!;
  const w = new Writer();
  const entries = vector.lists[0]!.entries_in_wire_order;
  const special = entries.findIndex((entry) => entry.mode === '10644');
  expect(special).toBeGreaterThan(1);
  for (let i = 0; i < special; i++) {
    w.reset();
    writer.writeEntry(w, list, i);
    const first = entries.findIndex((entry) => entry.ino_on_wire !== undefined);
    expect(Buffer.from(w.view()).toString('hex')).toBe(expectedHex(entries[i]!, list.hlink(i), i === first));
  }
});

const DIR = 0o040755;
const FILE = 0o100644;

function context(more: Partial<EntryContext>): EntryContext {
  return {
    protocol: 32,
    varintFlags: true,
    safeFlist: true,
    incRecurse: true,
    preserve: { uid: true, gid: true, devices: true, specials: true, links: true, hardLinks: false },
    numericIds: false,
    checksumLength: 0,
    relative: false,
    recursive: true,
    ...more,
  };
}

function written(ctx: EntryContext, lists: NewEntry[][]): string[] {
  const writer = new FileEntryWriter(ctx);
  const w = new Writer();
  let start = ctx.incRecurse ? 1 : 0;
  return lists.map((entries) => {
    const list = new FileList(start);
    start += entries.length + 1;
    for (const entry of entries) writer.writeEntry(w, list, list.add(entry));
    writer.writeEnd(w, 0);
    return Buffer.from(w.take()).toString('hex');
  });
}

describe('the worked bytes of docs/protocol/2-file-list.md, 2.10', () => {
  const common = { mtime: 0x6b023d67, uid: 0, gid: 0, flags: ENTRY.CONTENT_DIR };
  const dot = { ...common, name: '.', mode: DIR, size: 4096, flags: ENTRY.CONTENT_DIR | ENTRY.TOP_DIR };
  const first = [
    { ...dot, nsec: 0 },
    { ...common, name: 'a', mode: FILE, size: 5, flags: 0 },
    { ...common, name: 'd', mode: DIR, size: 4096 },
  ];
  const second = [{ ...common, name: 'd/b', mode: FILE, size: 2, flags: 0 }];

  it('protocol 30', () => {
    const ctx = context({ protocol: 30, varintFlags: false, safeFlist: false });
    expect(written(ctx, [first, second])).toEqual([
      '01012e0000106b673d02ed4100000000980161000500a4810000980164000010ed41000000',
      'b801022f62000200a481000000',
    ]);
  });

  it('protocol 32, -r alone', () => {
    const preserve = {
      uid: false,
      gid: false,
      devices: false,
      specials: false,
      links: false,
      hardLinks: false,
    };
    const nsec = (entry: NewEntry, ns: number): NewEntry => ({ ...entry, nsec: ns });
    const lists = [
      [nsec(first[0]!, 0x1753d95d), nsec(first[1]!, 396548003), nsec(first[2]!, 396548003)],
      [nsec(second[0]!, 0x17a971c3)],
    ];
    expect(written(context({ preserve }), lists)).toEqual([
      'a019012e0000106b673d02f05dd95317ed410000a0980161000500f0a3d7a217a4810000a0980164000010f0a3d7a217ed4100000000',
      'a0b801022f62000200f0c371a917a48100000000',
    ]);
  });
});

describe('an entry without any flag', () => {
  const bare = { name: 'x', size: 0, mtime: 1, uid: 1, gid: 1, flags: ENTRY.CONTENT_DIR };

  it.each([
    ['varint flags: the filler', {}, '04', '04'],
    ['flag bytes: TOP_DIR on a file, two bytes for a directory', { varintFlags: false }, '01', '0400'],
    [
      'protocol 29: the same',
      { varintFlags: false, safeFlist: false, protocol: 29, incRecurse: false },
      '01',
      '0400',
    ],
  ])('%s', (_, more, file, directory) => {
    expect(written(context(more), [[{ ...bare, mode: FILE }]])[0]!).toMatch(new RegExp(`^${file}0178`));
    expect(written(context(more), [[{ ...bare, mode: DIR }]])[0]!).toMatch(new RegExp(`^${directory}0178`));
  });
});

it.each([
  ['varint flags', {}, ['0000', '0003']],
  ['safe lists', { varintFlags: false }, ['00', '041003']],
  ['neither: MSG_IO_ERROR tells it', { varintFlags: false, safeFlist: false, protocol: 30 }, ['00', '00']],
])('ends a list: %s', (_, more, ends) => {
  const writer = new FileEntryWriter(context(more));
  const end = (ioError: number): string => {
    const w = new Writer();
    writer.writeEnd(w, ioError);
    return Buffer.from(w.view()).toString('hex');
  };
  expect([end(0), end(3)]).toEqual(ends);
});
