/** A forged sender: one test for each hazard of docs/protocol/2-file-list.md, 10 that parsing must stop. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRsyncError } from '../../src/core/errors.ts';
import { FileList } from '../../src/core/file-list.ts';
import { type EntryContext, FileEntryReader } from '../../src/protocol/file-entry.ts';
import * as FLAG from '../../src/protocol/file-entry-flags.ts';
import { Reader } from '../../src/protocol/reader.ts';
import { Writer } from '../../src/protocol/writer.ts';

const FILE = 0o100644;
const DIR = 0o040755;
const LINK = 0o120777;

function context(more: Partial<EntryContext> = {}): EntryContext {
  return {
    protocol: 32,
    varintFlags: true,
    safeFlist: true,
    incRecurse: false,
    preserve: { uid: false, gid: false, devices: true, specials: true, links: true, hardLinks: true },
    numericIds: false,
    checksumLength: 0,
    relative: false,
    recursive: true,
    ...more,
  };
}

interface Forged {
  name?: string;
  flags?: number;
  prefix?: number;
  suffixLength?: number;
  reference?: number;
  size?: number;
  nsec?: number;
  mode?: number;
  targetLength?: number;
  target?: string;
}

/** One entry of protocol 30 and up, varint flags, with whatever lie is asked for. */
function forge(w: Writer, entry: Forged): void {
  const name = entry.name ?? 'f';
  let flags = (entry.flags ?? 0) | FLAG.LONG_NAME;
  if (entry.prefix !== undefined) flags |= FLAG.SAME_NAME;
  if (entry.nsec !== undefined) flags |= FLAG.MOD_NSEC;
  w.varint(flags);
  if (entry.prefix !== undefined) w.byte(entry.prefix);
  w.varint(entry.suffixLength ?? name.length);
  w.text(name);
  if (entry.reference !== undefined) w.varint(entry.reference);
  w.varlong(entry.size ?? 0, 3);
  w.varlong(0, 4);
  if (entry.nsec !== undefined) w.varint(entry.nsec);
  w.int(entry.mode ?? FILE);
  if (entry.target !== undefined || entry.targetLength !== undefined) {
    w.varint(entry.targetLength ?? entry.target!.length);
    w.text(entry.target ?? '');
  }
}

function read(entries: Forged[], ctx: Partial<EntryContext> = {}, list = new FileList(1)): FileList {
  const w = new Writer();
  for (const entry of entries) forge(w, entry);
  w.varint(0);
  w.varint(0);
  const reader = new FileEntryReader(context(ctx));
  expect(reader.readInto(new Reader(w.view()), list)).toBe(true);
  return list;
}

function refused(exitCode: number, code = 'RSYNC_PROTOCOL'): object {
  return expect.objectContaining({ code, exitCode, origin: 'remote' });
}

const UNSAFE = refused(4, 'RSYNC_UNSAFE_PATH');
const TOO_LONG = refused(22, 'RSYNC_LIMIT');

describe('names', () => {
  it.each(['..', '../x', 'a/../b', 'a/..', 'a/b/../../..', './..', 'a//../b'])('climbing out: %s', (name) => {
    expect(() => read([{ name }])).toThrow(UNSAFE);
    expect(() => read([{ name }], { relative: true })).toThrow(UNSAFE);
  });

  it('climbing out in two halves: the prefix of the name before makes the `..`', () => {
    expect(() => read([{ name: 'a/..b' }, { prefix: 4, name: '/x' }])).toThrow(UNSAFE);
  });

  it('absolute, without -R', () => {
    expect(() => read([{ name: '/etc/passwd' }])).toThrow(UNSAFE);
    expect(read([{ name: '/etc/passwd' }], { relative: true }).name(0)).toBe('/etc/passwd');
  });

  it('a prefix longer than the name before', () => {
    expect(() => read([{ prefix: 1, name: 'x' }])).toThrow(refused(2));
    expect(() => read([{ name: 'abc' }, { prefix: 4, name: 'x' }])).toThrow(refused(2));
    // Bytes of an older, longer name are still in the buffer there.
    expect(() => read([{ name: 'abcdef' }, { name: 'abc' }, { prefix: 4, name: 'x' }])).toThrow(refused(2));
    expect(read([{ name: 'abc' }, { prefix: 3, name: 'x' }]).name(1)).toBe('abcx');
  });

  it('a prefix that counts the cleaned name instead of the one on the wire', () => {
    const list = read([{ name: './/a//b/' }, { prefix: 8, name: 'c' }]);
    expect([list.name(0), list.name(1)]).toEqual(['a/b', 'a/b/c']);
  });

  it('over-long: by itself, with the prefix, negative', () => {
    expect(() => read([{ name: 'x'.repeat(4096) }])).toThrow(TOO_LONG);
    expect(() => read([{ name: 'x'.repeat(4000) }, { prefix: 255, name: 'y'.repeat(3841) }])).toThrow(
      TOO_LONG,
    );
    expect(() => read([{ suffixLength: -1 }])).toThrow(TOO_LONG);
    expect(read([{ name: 'x'.repeat(4000) }, { prefix: 255, name: 'y'.repeat(3840) }]).name(1)).toHaveLength(
      4095,
    );
  });

  it('an over-long name is refused before its bytes have come', () => {
    const reader = new FileEntryReader(context());
    const w = new Writer();
    w.varint(FLAG.LONG_NAME);
    w.varint(0x7fffffff);
    expect(() => reader.readInto(new Reader(w.view()), new FileList(1))).toThrow(TOO_LONG);
  });

  it('a NUL inside', () => {
    expect(() => read([{ name: 'good\0/../bad' }])).toThrow(refused(2));
  });

  it('empty', () => {
    expect(() => read([{ name: '' }])).toThrow(refused(2));
    expect(() => read([{ name: 'abc' }, { prefix: 0, name: '' }])).toThrow(refused(2));
  });

  it('`.` that is not a directory, however it is spelled', () => {
    for (const name of ['.', './', './/.', '././.']) {
      expect(() => read([{ name }])).toThrow(refused(2));
      expect(read([{ name, mode: DIR }]).name(0)).toBe('.');
    }
    for (const name of ['/.', '/', '//./']) {
      expect(() => read([{ name }], { relative: true })).toThrow(refused(2));
      expect(read([{ name, mode: DIR }], { relative: true }).name(0)).toBe('/.');
    }
  });

  it('outside the directory of the sub-list', () => {
    const ctx = { incRecurse: true };
    const sub = () => new FileList(5, 1, 'a/b');
    expect(read([{ name: 'a/b/c' }, { name: 'a/b//d' }], ctx, sub()).name(1)).toBe('a/b/d');
    for (const name of ['x', 'a/b', 'a/bb/c', 'a/c/c', 'a/b/c/d', 'b/a/b/c', '.']) {
      expect(() => read([{ name, mode: DIR }], ctx, sub())).toThrow(UNSAFE);
    }
    expect(() => read([{ name: 'a/b' }], ctx)).toThrow(UNSAFE);
    expect(() => read([{ name: '/a/b' }], { ...ctx, relative: true })).toThrow(UNSAFE);
    expect(read([{ name: '/a' }], { ...ctx, relative: true }).name(0)).toBe('/a');
    expect(read([{ name: '/a/b/c' }], { ...ctx, relative: true }, sub()).name(0)).toBe('/a/b/c');
  });
});

describe('fields', () => {
  it('a negative length', () => {
    expect(() => read([{ size: -1 }])).toThrow(refused(4));
  });

  it.each([0o000644, 0o030644, 0o070644, 0o110644, 0o170644])('a mode of no kind: %o', (mode) => {
    expect(() => read([{ mode }])).toThrow(refused(2));
  });

  it('a missing argument that was not asked for', () => {
    const w = new Writer();
    w.varint(FLAG.SAME_MODE);
    w.vstring(Buffer.from('gone'));
    w.varlong(0, 3);
    w.varlong(0, 4);
    w.varint(0);
    w.varint(0);
    const list = new FileList(1);
    expect(() => new FileEntryReader(context()).readInto(new Reader(w.view()), list)).toThrow(refused(2));
    const allowed = new FileEntryReader(context({ missingArgs: true }));
    expect(allowed.readInto(new Reader(w.view()), list)).toBe(true);
    expect([list.name(0), list.mode(0)]).toEqual(['gone', 0]);
  });

  it('nanoseconds out of range', () => {
    expect(() => read([{ nsec: 1_000_000_000 }])).toThrow(refused(2));
    expect(() => read([{ nsec: -1 }])).toThrow(refused(2));
    expect(read([{ nsec: 999_999_999 }]).nsec(0)).toBe(999_999_999);
  });

  it('a symlink target that is over-long, or has a NUL', () => {
    const link = { mode: LINK };
    expect(() => read([{ ...link, targetLength: -1 }])).toThrow(TOO_LONG);
    expect(() => read([{ ...link, targetLength: 0x7fffffff }])).toThrow(TOO_LONG);
    expect(() => read([{ ...link, target: 't'.repeat(4096) }])).toThrow(TOO_LONG);
    expect(() => read([{ ...link, target: 'a\0b' }])).toThrow(refused(2));
    expect(read([{ ...link, target: 't'.repeat(4095) }]).target(0)).toHaveLength(4095);
    expect(read([{ ...link, target: '' }]).target(0)).toBe('');
  });

  it('a device with a size', () => {
    const list = new FileList(1);
    const w = new Writer();
    forge(w, { mode: 0o020600, size: 77 });
    w.varint(1);
    w.varint(3);
    w.varint(0);
    w.varint(0);
    expect(new FileEntryReader(context()).readInto(new Reader(w.view()), list)).toBe(true);
    expect([list.size(0), list.rdevMajor(0), list.rdevMinor(0)]).toEqual([0, 1, 3]);
  });

  it('an io_error with undefined bits', () => {
    const reader = new FileEntryReader(context());
    expect(reader.readInto(new Reader(Uint8Array.of(0, 0x7a)), new FileList(1))).toBe(true);
    expect(reader.ioError).toBe(2);
  });

  it('an io_error marker where safe lists are not in force', () => {
    const bytes = Uint8Array.of(0x04, 0x10, 0x01);
    for (const protocol of [29, 30]) {
      const ctx = context({ protocol, varintFlags: false, safeFlist: false });
      expect(() => new FileEntryReader(ctx).readInto(new Reader(bytes), new FileList(0))).toThrow(refused(2));
    }
    const safe = new FileEntryReader(context({ protocol: 30, varintFlags: false }));
    expect(safe.readInto(new Reader(bytes), new FileList(0))).toBe(true);
    expect(safe.ioError).toBe(1);
  });

  it('more entries than the limit of memory', () => {
    const entries = Array.from({ length: 2000 }, (_, i) => ({ name: `${'d'.repeat(1000)}${i}/f` }));
    expect(() => read(entries, { maxListBytes: 1 << 20 })).toThrow(TOO_LONG);
    expect(read(entries, { maxListBytes: 1 << 22 }).count).toBe(2000);
  });
});

describe('hard-link references', () => {
  const first = FLAG.HLINKED | FLAG.HLINK_FIRST;

  it('out of range', () => {
    for (const reference of [-1, 2, 3, 0x7fffffff]) {
      expect(() => read([{ flags: first }, { flags: FLAG.HLINKED, reference }])).toThrow(refused(2));
    }
  });

  it('to an entry that leads no group, in this list and before it', () => {
    expect(() => read([{}, { flags: FLAG.HLINKED, reference: 1 }])).toThrow(refused(2));
    expect(() => read([{ flags: first }, { flags: FLAG.HLINKED, reference: 0 }])).toThrow(refused(2));
  });

  it('to a directory', () => {
    const forged = [
      { mode: DIR, flags: first },
      { flags: FLAG.HLINKED, reference: 1 },
    ];
    expect(() => read(forged)).toThrow(refused(2));
  });

  it('to itself', () => {
    expect(() => read([{ flags: FLAG.HLINKED, reference: 1 }])).toThrow(refused(2));
  });

  it('of a directory make it no member of a group', () => {
    const list = new FileList(1);
    const reader = new FileEntryReader(context());
    const w = new Writer();
    forge(w, { flags: first });
    w.varint(0);
    w.varint(0);
    expect(reader.readInto(new Reader(w.take()), list)).toBe(true);
    forge(w, { flags: FLAG.HLINKED, reference: 1, mode: DIR });
    w.varint(0);
    w.varint(0);
    const later = new FileList(3);
    expect(reader.readInto(new Reader(w.take()), later)).toBe(true);
    expect([list.hlink(0), later.hlink(0)]).toEqual([1, -1]);
  });
});

it('inodes beyond 2^53 at protocol 29 are told apart', () => {
  const ctx = context({ protocol: 29, varintFlags: false, safeFlist: false });
  const inode = (low: number) => [0xff, 0xff, 0xff, 0xff, low, 0, 0, 0, 0, 0, 0, 0xf0];
  const link = (name: string, low: number) => {
    const head = [0x80 | FLAG.EXTENDED_FLAGS, FLAG.HLINKED >> 8, 1, name.charCodeAt(0), 0, 0, 0, 0];
    return [...head, 0xa4, 0x81, 0, 0, 9, 0, 0, 0, ...inode(low)];
  };
  const bytes = Uint8Array.from([...link('a', 1), ...link('b', 2), ...link('c', 1), 0]);
  const list = new FileList(0);
  expect(new FileEntryReader(ctx).readInto(new Reader(bytes), list)).toBe(true);
  expect([list.hlink(0), list.hlink(1), list.hlink(2)]).toEqual([0, 1, 0]);
});

it('any bytes end in a list, a wait or a typed error', () => {
  const formats = [
    context(),
    context({ incRecurse: true, relative: true, checksumLength: 16 }),
    context({ protocol: 30, varintFlags: false, safeFlist: false }),
    context({ protocol: 29, varintFlags: false, safeFlist: false }),
  ];
  const outcomes = new Set<string>();
  const bytes = fc.array(fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 2, 3, 0x2f)));
  fc.assert(
    fc.property(fc.constantFrom(...formats), bytes, (ctx, input) => {
      const reader = new Reader(Uint8Array.from(input));
      try {
        const done = new FileEntryReader(ctx).readInto(reader, new FileList(1));
        outcomes.add(done ? 'list' : 'wait');
        expect(reader.pos).toBeLessThanOrEqual(input.length);
      } catch (error) {
        if (!isRsyncError(error)) throw error;
        outcomes.add('error');
      }
    }),
    { numRuns: 3000 },
  );
  expect(outcomes).toEqual(new Set(['list', 'wait', 'error']));
});
