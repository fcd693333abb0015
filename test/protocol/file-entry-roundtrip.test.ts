/** Our writer to our reader, over entries that no capture has; the captures prove each side by itself. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENTRY, FileList, type NewEntry } from '../../src/core/file-list.ts';
import { type EntryContext, FileEntryReader, FileEntryWriter } from '../../src/protocol/file-entry.ts';
import { Reader } from '../../src/protocol/reader.ts';
import { Writer } from '../../src/protocol/writer.ts';

const FORMATS = [
  { protocol: 29, varintFlags: false, safeFlist: false, incRecurse: false },
  { protocol: 30, varintFlags: false, safeFlist: false, incRecurse: true },
  { protocol: 30, varintFlags: true, safeFlist: true, incRecurse: false },
  { protocol: 31, varintFlags: false, safeFlist: true, incRecurse: true },
  { protocol: 31, varintFlags: true, safeFlist: true, incRecurse: false },
  { protocol: 32, varintFlags: true, safeFlist: true, incRecurse: true },
];

const nameByte = fc
  .integer({ min: 1, max: 255 })
  .map((byte) => (byte === 0x2f ? 'e' : String.fromCharCode(byte)));
const component = fc
  .oneof(
    fc.string({ unit: nameByte, minLength: 1, maxLength: 12 }),
    fc.constantFrom('a', 'ab', 'abc', 'a'.repeat(300), 'a'.repeat(256), 'a'.repeat(255)),
  )
  .filter((text) => text !== '.' && text !== '..');
const id = fc.oneof(fc.constantFrom(0, 1000, 3_000_000_000, 0xffffffff), fc.nat(70_000));
const KINDS = [0o100000, 0o100000, 0o040000, 0o120000, 0o020000, 0o060000, 0o010000, 0o140000];

const anyEntry = fc.record({
  name: component,
  mode: fc.tuple(fc.constantFrom(...KINDS), fc.constantFrom(0o644, 0o755, 0o7777, 0)).map(([a, b]) => a | b),
  size: fc.oneof(fc.maxSafeNat(), fc.nat(100), fc.constantFrom(0x7fffffff, 0x80000000, 0xffffffff)),
  mtime: fc.oneof(fc.constantFrom(0, 1_700_000_000, -1, 2 ** 32, -(2 ** 40)), fc.integer()),
  nsec: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999_999 })),
  uid: id,
  gid: id,
  dirFlags: fc.constantFrom(0, ENTRY.CONTENT_DIR, ENTRY.CONTENT_DIR | ENTRY.TOP_DIR, ENTRY.IMPLIED_DIR),
  major: fc.oneof(fc.constantFrom(0, 8, 5), fc.integer({ min: 0, max: 0xffffffff })),
  minor: fc.oneof(fc.constantFrom(0, 255, 256), fc.integer({ min: 0, max: 0xffffffff })),
  target: fc.string({ unit: nameByte, minLength: 1, maxLength: 300 }),
  checksum: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  // Links to the entry that many places before, in whichever list that is.
  linkBack: fc.oneof(fc.constant(0), fc.nat(8)),
});
type Source = typeof anyEntry extends fc.Arbitrary<infer T> ? T : never;

const anyPreserve = fc.record({
  uid: fc.boolean(),
  gid: fc.boolean(),
  devices: fc.boolean(),
  specials: fc.boolean(),
  links: fc.boolean(),
  hardLinks: fc.boolean(),
});

interface Sent {
  entry: NewEntry;
  number: number;
}

/** Lists as a sender makes them: a member of a hard-link group is its leader under another name. */
function build(sources: Source[][], ctx: EntryContext): { lists: FileList[]; sent: Sent[][] } {
  const all: Sent[] = [];
  let start = ctx.incRecurse ? 1 : 0;
  const lists: FileList[] = [];
  const sent = sources.map((entries, l) => {
    const dir = ctx.incRecurse && l > 0 ? `d${l}` : '';
    const list = new FileList(start, l - 1, dir);
    const rows = entries.map((source, i) => {
      const isDir = (source.mode & 0o170000) === 0o040000;
      const number = start + i;
      let entry: NewEntry = {
        ...source,
        name: dir === '' ? source.name : `${dir}/${source.name}`,
        flags: isDir ? source.dirFlags : 0,
        size: (source.mode & 0o170000) === 0o100000 ? source.size : 0,
        rdevMajor: source.major,
        rdevMinor: source.minor,
        target: (source.mode & 0o170000) === 0o120000 ? source.target : undefined,
        checksum: (source.mode & 0o170000) === 0o100000 ? source.checksum : undefined,
        hlink: -1,
      };
      const leader = all[all.length - source.linkBack];
      if (source.linkBack > 0 && !isDir && leader !== undefined && leader.entry.hlink === leader.number) {
        entry = { ...leader.entry, name: entry.name };
      } else if (!isDir && source.linkBack % 2 === 0) {
        entry.hlink = number;
      }
      list.add(entry);
      const row = { entry, number };
      all.push(row);
      return row;
    });
    lists.push(list);
    start += entries.length + 1;
    return rows;
  });
  return { lists, sent };
}

function expectedRow({ entry, number }: Sent, ctx: EntryContext): object {
  const { protocol, preserve } = ctx;
  const type = entry.mode & 0o170000;
  const isDevice = type === 0o020000 || type === 0o060000;
  const isDir = type === 0o040000;
  const hlink = preserve.hardLinks ? entry.hlink! : -1;
  return {
    name: entry.name,
    mode: entry.mode,
    size: entry.size,
    mtime: protocol === 29 ? entry.mtime - Math.floor(entry.mtime / 2 ** 32) * 2 ** 32 : entry.mtime,
    nsec: protocol >= 31 ? entry.nsec : 0,
    uid: preserve.uid ? entry.uid : 0,
    gid: preserve.gid ? entry.gid : 0,
    kind: protocol === 29 && isDir ? entry.flags & ENTRY.TOP_DIR : entry.flags,
    rdev: preserve.devices && isDevice ? [entry.rdevMajor, entry.rdevMinor] : undefined,
    target: preserve.links ? entry.target : undefined,
    checksum: ctx.checksumLength > 0 ? entry.checksum : undefined,
    hlink,
    isFirst: hlink === number,
  };
}

function receivedRow(list: FileList, i: number, ctx: EntryContext): object {
  const type = list.mode(i) & 0o170000;
  const kindMask =
    ctx.protocol === 29 ? ENTRY.TOP_DIR : ENTRY.TOP_DIR | ENTRY.CONTENT_DIR | ENTRY.IMPLIED_DIR;
  const hasRdev = ctx.preserve.devices && (type === 0o020000 || type === 0o060000);
  return {
    name: list.name(i),
    mode: list.mode(i),
    size: list.size(i),
    mtime: list.mtime(i),
    nsec: list.nsec(i),
    uid: list.uid(i),
    gid: list.gid(i),
    kind: list.flags(i) & kindMask,
    rdev: hasRdev ? [list.rdevMajor(i), list.rdevMinor(i)] : undefined,
    target: list.target(i),
    checksum: list.checksum(i),
    hlink: list.hlink(i),
    isFirst: (list.flags(i) & ENTRY.HLINK_FIRST) !== 0,
  };
}

describe.each(FORMATS)('protocol $protocol, varint flags $varintFlags, incremental $incRecurse', (format) => {
  it('brings any lists over, in any pieces', () => {
    const lists = fc.array(fc.array(anyEntry, { maxLength: 12 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(
        lists,
        anyPreserve,
        fc.boolean(),
        fc.integer({ min: 1, max: 200 }),
        (sources, preserve, c, chunk) => {
          const ctx: EntryContext = {
            ...format,
            preserve,
            numericIds: false,
            checksumLength: c ? 16 : 0,
            relative: false,
            recursive: true,
          };
          const { lists, sent } = build(format.incRecurse ? sources : sources.slice(0, 1), ctx);
          const names = new Map<string, string>();
          const calls: string[] = [];
          const writer = new FileEntryWriter(ctx, {
            userName: (uid) => `u${uid}`,
            groupName: (gid) => `g${gid}`,
          });
          const reader = new FileEntryReader(ctx, {
            uidName: (uid, name) => calls.push(`u${uid}`) && names.set(`u${uid}`, name),
            gidName: (gid, name) => calls.push(`g${gid}`) && names.set(`g${gid}`, name),
          });
          const w = new Writer();
          lists.forEach((list, l) => {
            for (let i = 0; i < list.count; i++) writer.writeEntry(w, list, i);
            writer.writeEnd(w, l);
            const bytes = w.take();
            const received = new FileList(list.ndxStart, list.dirIndex, list.dirName);
            const input = new Reader(bytes, 0, 0);
            while (!reader.readInto(input, received)) {
              expect(input.end).toBeLessThan(bytes.length);
              input.end = Math.min(input.end + chunk, bytes.length);
            }
            expect(input.pos).toBe(bytes.length);
            expect(sent[l]!.map((_, i) => receivedRow(received, i, ctx))).toEqual(
              sent[l]!.map((row) => expectedRow(row, ctx)),
            );
          });
          expect(reader.ioError).toBe(format.safeFlist ? lists.reduce((all, _, l) => all | l, 0) : 0);
          expect(new Set(calls).size).toBe(calls.length);
          expect([...names].every(([key, name]) => key === name)).toBe(true);
          if (format.incRecurse && preserve.uid) {
            const used = new Set(sent.flat().map(({ entry }) => `u${entry.uid}`));
            expect(new Set(calls.filter((call) => call.startsWith('u')))).toEqual(used);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('what the wire cannot hold', () => {
  const ctx: EntryContext = {
    ...FORMATS[5]!,
    preserve: { uid: true, gid: true, devices: true, specials: true, links: true, hardLinks: true },
    numericIds: false,
    checksumLength: 16,
    relative: false,
    recursive: true,
  };
  const plain: NewEntry = { name: 'f', mode: 0o100644, size: 0, mtime: 0, uid: 7, gid: 7, flags: 0 };

  it.each([
    ['a name of 4096 bytes', { name: `${'d'.repeat(2000)}/${'n'.repeat(2095)}` }],
    ['a symlink with an empty target', { mode: 0o120777, target: '' }],
    ['a symlink without a target', { mode: 0o120777 }],
    ['a symlink target of 4096 bytes', { mode: 0o120777, target: 't'.repeat(4096) }],
    ['a digest of another length', { checksum: new Uint8Array(8) }],
  ])('is refused before a byte is written: %s', (_, more) => {
    const asked: number[] = [];
    const writer = new FileEntryWriter(ctx, { userName: (uid) => `u${asked.push(uid)}` });
    const list = new FileList(1);
    list.add({ ...plain, ...more });
    const w = new Writer();
    expect(() => writer.writeEntry(w, list, 0)).toThrow(RangeError);
    expect([w.length, asked]).toEqual([0, []]);
  });

  it('an owner name over 255 bytes is no name', () => {
    const calls: unknown[] = [];
    const writer = new FileEntryWriter(ctx, {
      userName: () => 'u'.repeat(256),
      groupName: () => 'g'.repeat(255),
    });
    const list = new FileList(1);
    list.add(plain);
    const w = new Writer();
    writer.writeEntry(w, list, 0);
    writer.writeEnd(w, 0);
    const reader = new FileEntryReader(ctx, {
      uidName: (id) => calls.push(['uid', id]),
      gidName: (id, name) => calls.push(['gid', id, name.length]),
    });
    expect(reader.readInto(new Reader(w.view()), new FileList(1))).toBe(true);
    expect(calls).toEqual([['gid', 7, 255]]);
  });
});

it('remembers the leader after an abbreviated entry, though the file has changed meanwhile', () => {
  const ctx: EntryContext = {
    ...FORMATS[5]!,
    preserve: { uid: true, gid: true, devices: true, specials: true, links: true, hardLinks: true },
    numericIds: true,
    checksumLength: 0,
    relative: false,
    recursive: true,
  };
  const file = { mode: 0o100644, size: 1, mtime: 5, uid: 6, gid: 7, flags: 0 };
  const changed = { mode: 0o100600, size: 2, mtime: 8, uid: 9, gid: 10, flags: 0 };
  const list = new FileList(1);
  list.add({ ...file, name: 'a', hlink: 1 });
  list.add({ ...changed, name: 'b', hlink: 1 });
  list.add({ ...changed, name: 'c' });
  const writer = new FileEntryWriter(ctx);
  const w = new Writer();
  for (let i = 0; i < list.count; i++) writer.writeEntry(w, list, i);
  writer.writeEnd(w, 0);
  const received = new FileList(1);
  expect(new FileEntryReader(ctx).readInto(new Reader(w.view()), received)).toBe(true);
  const rows = [0, 1, 2].map((i) => [received.mode(i), received.mtime(i), received.uid(i), received.gid(i)]);
  expect(rows).toEqual([
    [0o100644, 5, 6, 7],
    [0o100644, 5, 6, 7],
    [0o100600, 8, 9, 10],
  ]);
});

it('sends the major in full after an abbreviated device, for receivers that forget it', () => {
  const ctx: EntryContext = {
    ...FORMATS[5]!,
    preserve: { uid: false, gid: false, devices: true, specials: true, links: true, hardLinks: true },
    numericIds: true,
    checksumLength: 0,
    relative: false,
    recursive: true,
  };
  const list = new FileList(1);
  const device = { mode: 0o020600, size: 0, mtime: 5, uid: 0, gid: 0, flags: 0, rdevMajor: 8, rdevMinor: 1 };
  list.add({ ...device, name: 'a', hlink: 1 });
  list.add({ ...device, name: 'b', rdevMajor: 9 });
  list.add({ ...device, name: 'c', hlink: 1 });
  list.add({ ...device, name: 'd', rdevMinor: 2 });
  list.add({ ...device, name: 'e', rdevMinor: 3 });
  const writer = new FileEntryWriter(ctx);
  const hex = Array.from({ length: list.count }, (_, i) => {
    const w = new Writer();
    writer.writeEntry(w, list, i);
    return Buffer.from(w.view()).toString('hex');
  });
  // flags, name, length, then major and minor, or the minor alone.
  expect(hex.slice(3)).toEqual(['809a01640000000802', '819a016500000003']);
});
