import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRsyncError } from '../../src/core/errors.ts';
import {
  NDX_DEL_STATS,
  NDX_DONE,
  NDX_FLIST_EOF,
  NDX_FLIST_OFFSET,
  NdxReader,
  NdxWriter,
} from '../../src/protocol/ndx.ts';
import { NEED_MORE, Reader } from '../../src/protocol/reader.ts';
import { Writer } from '../../src/protocol/writer.ts';

type Pairs = [number | string, string][];

const vectors = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/primitives.json', import.meta.url), 'utf8'),
) as {
  byte: Pairs;
  shortint: Pairs;
  int: Pairs;
  longint: Pairs;
  varint: Pairs;
  varlong3: Pairs;
  varlong4: Pairs;
  varlong_other_min: [number, string, string][];
  varint_decode_only: [string, number | 'error', string][];
  varlong_decode_only: [number, string, string, string][];
  vstring: { length: number; head: string }[];
  ndx: { sequences: [number, string][][]; before_30: [number, string][] };
  del_stats: { counts: Record<string, number>; hex: string };
};

interface Codec {
  name: string;
  pairs: Pairs;
  write: (w: Writer, value: number) => void;
  read: (r: Reader) => number;
}

const codecs: Codec[] = [
  { name: 'byte', pairs: vectors.byte, write: (w, v) => w.byte(v), read: (r) => r.byte() },
  { name: 'shortint', pairs: vectors.shortint, write: (w, v) => w.shortint(v), read: (r) => r.shortint() },
  { name: 'int', pairs: vectors.int, write: (w, v) => w.int(v), read: (r) => r.int() },
  { name: 'longint', pairs: vectors.longint, write: (w, v) => w.longint(v), read: (r) => r.longint() },
  { name: 'varint', pairs: vectors.varint, write: (w, v) => w.varint(v), read: (r) => r.varint() },
  {
    name: 'varlong(3)',
    pairs: vectors.varlong3,
    write: (w, v) => w.varlong(v, 3),
    read: (r) => r.varlong(3),
  },
  {
    name: 'varlong(4)',
    pairs: vectors.varlong4,
    write: (w, v) => w.varlong(v, 4),
    read: (r) => r.varlong(4),
  },
];

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

function written(write: (w: Writer) => void): string {
  const w = new Writer(1);
  write(w);
  return Buffer.from(w.take()).toString('hex');
}

/** Fails with NEED_MORE on every prefix, and then has not moved. */
function expectPatience(hex: string, read: (r: Reader) => unknown): void {
  const bytes = bytesOf(hex);
  for (let length = 0; length < bytes.length; length++) {
    const reader = new Reader(bytes, 0, length);
    let thrown: unknown;
    try {
      read(reader);
    } catch (error) {
      thrown = error;
    }
    expect(thrown, `${hex} cut to ${length} bytes`).toBe(NEED_MORE);
    expect(reader.pos).toBe(0);
  }
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe.each(codecs)('$name', ({ pairs, write, read }) => {
  const safe = pairs.filter(([value]) => Number.isSafeInteger(Number(value)));

  it('is written as rsync writes it', () => {
    for (const [value, hex] of safe)
      expect(
        written((w) => write(w, Number(value))),
        String(value),
      ).toBe(hex);
  });

  it('is read, from the middle of a buffer too', () => {
    for (const [value, hex] of safe) {
      expect(read(new Reader(bytesOf(hex))), hex).toBe(Number(value));
      const within = new Reader(bytesOf(`aa${hex}bb`), 1);
      expect(read(within)).toBe(Number(value));
      expect(within.remaining).toBe(1);
    }
  });

  it('waits on every truncated prefix', () => {
    for (const [, hex] of pairs) expectPatience(hex, read);
  });

  it('refuses what a number can not hold', () => {
    for (const [value, hex] of pairs.filter((pair) => !safe.includes(pair))) {
      const error = thrownBy(() => read(new Reader(bytesOf(hex))));
      expect(isRsyncError(error), String(value)).toBe(true);
      expect(error).toMatchObject({ code: 'RSYNC_STREAM', exitCode: 12 });
    }
  });
});

describe('varint and varlong', () => {
  it.each(vectors.varint_decode_only)('varint %s is %s: %s', (hex, value) => {
    const read = () => new Reader(bytesOf(hex)).varint();
    if (value === 'error') expect(thrownBy(read)).toMatchObject({ exitCode: 12 });
    else expect(read()).toBe(value);
  });

  it.each(vectors.varlong_decode_only)('varlong(%i) %s is %s: %s', (min, hex, value) => {
    const read = () => new Reader(bytesOf(hex)).varlong(min);
    if (value === 'error') expect(thrownBy(read)).toMatchObject({ exitCode: 12 });
    else expect(read()).toBe(Number(value));
  });

  it('other minima are written as rsync writes them', () => {
    for (const [min, value, hex] of vectors.varlong_other_min) {
      if (!Number.isSafeInteger(Number(value))) continue;
      expect(written((w) => w.varlong(Number(value), min))).toBe(hex);
      // Reading announces at most 6 extra bytes, which is enough for the minima that are in use.
      if (min >= 3) expect(new Reader(bytesOf(hex)).varlong(min)).toBe(Number(value));
    }
  });

  it('round trip', () => {
    const int = fc.integer({ min: -0x80000000, max: 0x7fffffff });
    const long = fc.oneof(
      fc.maxSafeInteger(),
      fc.integer({ min: 0, max: 52 }).map((n) => 2 ** n),
    );
    fc.assert(
      fc.property(int, long, fc.constantFrom(3, 4), (a, b, min) => {
        const w = new Writer(1);
        w.varint(a);
        w.varlong(b, min);
        w.longint(b);
        w.int(a);
        const r = new Reader(w.take());
        expect([r.varint(), r.varlong(min), r.longint(), r.int(), r.remaining]).toEqual([a, b, b, a, 0]);
      }),
    );
  });

  it('an unsigned value in 32 bits is written as its signed twin', () => {
    expect(written((w) => w.varint(0xffffffff))).toBe(written((w) => w.varint(-1)));
    expect(written((w) => w.int(0xffffffff))).toBe('ffffffff');
    expect(new Reader(bytesOf('ffffffff')).uint()).toBe(0xffffffff);
  });
});

describe('vstring and bytes', () => {
  it.each(vectors.vstring)('length $length', ({ length, head }) => {
    const data = Uint8Array.from({ length }, (_, i) => i * 7);
    const hex = written((w) => w.vstring(data));
    expect(hex).toBe(head + Buffer.from(data).toString('hex'));
    expect(new Reader(bytesOf(hex)).vstring()).toEqual(data);
    for (const cut of [0, 1, 2, 3, length]) {
      if (cut >= hex.length / 2) continue;
      const reader = new Reader(bytesOf(hex), 0, cut);
      expect(thrownBy(() => reader.vstring())).toBe(NEED_MORE);
      expect(reader.pos).toBe(0);
    }
  });

  it('is not written beyond 32767 bytes', () => {
    expect(() => new Writer().vstring(new Uint8Array(32768))).toThrow(RangeError);
  });

  it('view is a window on the buffer, bytes a copy', () => {
    const reader = new Reader(Uint8Array.of(1, 2, 3, 4));
    const view = reader.view(2);
    const copy = reader.bytes(2);
    reader.buffer.fill(9);
    expect(view).toEqual(Uint8Array.of(9, 9));
    expect(copy).toEqual(Uint8Array.of(3, 4));
    expect(thrownBy(() => reader.view(1))).toBe(NEED_MORE);
    expect(thrownBy(() => reader.peek())).toBe(NEED_MORE);
  });

  it('bytes of a Buffer are a copy too', () => {
    const storage = Buffer.from([1, 2, 3]);
    const copy = new Reader(storage).bytes(3);
    storage.fill(9);
    expect([...copy]).toEqual([1, 2, 3]);
  });

  it('the writer grows, hands out, starts anew', () => {
    const w = new Writer(2);
    w.text('\u00ff\u0000a');
    w.bytes(new Uint8Array(100).fill(5));
    expect(w.view().subarray(0, 4)).toEqual(Uint8Array.of(255, 0, 97, 5));
    const taken = w.take();
    expect([taken.length, w.length]).toEqual([103, 0]);
    w.byte(1);
    expect(taken[0]).toBe(255);
    w.reset();
    expect(w.view().length).toBe(0);
  });
});

describe('index', () => {
  it.each(vectors.ndx.sequences)('%j ...', (...sequence) => {
    const ndxWriter = new NdxWriter(31);
    const ndxReader = new NdxReader(31);
    for (const [ndx, hex] of sequence as [number, string][]) {
      expect(
        written((w) => ndxWriter.write(w, ndx)),
        String(ndx),
      ).toBe(hex);
      // The memories stay as they are when bytes are missing, or the reading below goes wrong.
      expectPatience(hex, (r) => ndxReader.read(r));
      const reader = new Reader(bytesOf(`${hex}77`));
      expect(ndxReader.read(reader)).toBe(ndx);
      expect(reader.remaining).toBe(1);
    }
  });

  it('is an int before protocol 30', () => {
    for (const [ndx, hex] of vectors.ndx.before_30) {
      expect(written((w) => new NdxWriter(29).write(w, ndx))).toBe(hex);
      expect(new NdxReader(29).read(new Reader(bytesOf(hex)))).toBe(ndx);
      expectPatience(hex, (r) => new NdxReader(29).read(r));
    }
  });

  it('introduces deletion statistics as captured', () => {
    const w = new Writer();
    new NdxWriter(31).write(w, NDX_DEL_STATS);
    for (const count of Object.values(vectors.del_stats.counts)) w.varint(count);
    expect(Buffer.from(w.take()).toString('hex')).toBe(vectors.del_stats.hex);
  });

  it('round trip', () => {
    const ndx = fc.oneof(
      fc.nat({ max: 300 }),
      fc.nat({ max: 0x7fffffff }),
      fc.constantFrom(NDX_DONE, NDX_FLIST_EOF, NDX_DEL_STATS, NDX_FLIST_OFFSET),
      fc.integer({ min: -0x7fffffff, max: NDX_FLIST_OFFSET }),
    );
    fc.assert(
      fc.property(fc.array(ndx), fc.constantFrom(29, 30, 32), (sequence, protocol) => {
        const w = new Writer();
        const ndxWriter = new NdxWriter(protocol);
        for (const value of sequence) ndxWriter.write(w, value);
        const r = new Reader(w.take());
        const ndxReader = new NdxReader(protocol);
        expect(sequence.map(() => ndxReader.read(r))).toEqual(sequence);
        expect(r.remaining).toBe(0);
      }),
    );
  });

  it.each([
    ['ff00', 'a negative done'],
    ['ffff', 'two signs'],
    ['fffe80000000', 'minus zero'],
    ['fffe80010000', 'done in a long form'],
    ['feffffffff01', 'a step beyond 2^31 - 1'],
    ['feffffffff0001', 'done does not move the memory'],
    ['feffffffff fe7fff', 'a long step beyond 2^31 - 1'],
  ])('%s is refused: %s', (hex) => {
    const reader = new Reader(bytesOf(hex.replace(' ', '')));
    const ndxReader = new NdxReader(30);
    const error = thrownBy(() => {
      while (reader.remaining > 0) ndxReader.read(reader);
    });
    expect(error).toMatchObject({ code: 'RSYNC_PROTOCOL', exitCode: 2 });
  });
});
