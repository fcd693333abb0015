import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdListReader, MAX_IDS, writeIdList } from '../../src/protocol/id-list.ts';
import { Reader } from '../../src/protocol/reader.ts';
import { Writer } from '../../src/protocol/writer.ts';
import { id0Names, loadVector, VECTORS } from './file-entry-vectors.ts';

const captured = VECTORS.map(loadVector).filter((vector) => vector.id_lists !== undefined);

it('has captures with and without names of id 0', () => {
  expect(new Set(captured.map((vector) => `${vector.protocol >= 30} ${id0Names(vector)}`))).toEqual(
    new Set(['false false', 'true false', 'true true']),
  );
});

describe.each(captured.map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
  const ctx = { protocol: vector.protocol, id0Names: id0Names(vector) };
  const bytes = Buffer.from(vector.id_lists_hex!, 'hex');

  it('decodes to its names at every split', () => {
    for (let split = 0; split <= bytes.length; split++) {
      const input = new Reader(bytes, 0, split);
      for (const kind of ['uid', 'gid'] as const) {
        const reader = new IdListReader(ctx);
        if (!reader.read(input)) {
          expect(split).toBeLessThan(bytes.length);
          input.end = bytes.length;
          expect(reader.read(input)).toBe(true);
        }
        expect([...reader.names]).toEqual(vector.id_lists![kind]);
      }
      expect(input.pos).toBe(bytes.length);
    }
  });

  it('asks for more at every truncation of its first list', () => {
    const whole = new Reader(bytes);
    expect(new IdListReader(ctx).read(whole)).toBe(true);
    for (let end = 0; end < whole.pos; end++) {
      expect(new IdListReader(ctx).read(new Reader(bytes, 0, end))).toBe(false);
    }
  });

  it('is written as the real sender wrote it', () => {
    const w = new Writer();
    writeIdList(w, ctx, vector.id_lists!.uid);
    writeIdList(w, ctx, vector.id_lists!.gid);
    expect(Buffer.from(w.view()).toString('hex')).toBe(vector.id_lists_hex);
  });
});

it('brings any names over, ids above 2^31 too', () => {
  const bytesName = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
    minLength: 1,
    maxLength: 255,
  });
  const names = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 0xffffffff }), bytesName), {
    selector: ([id]) => id,
  });
  fc.assert(
    fc.property(names, fc.constantFrom(29, 30, 32), fc.boolean(), (pairs, protocol, zero) => {
      const ctx = { protocol, id0Names: zero && protocol >= 30 };
      const w = new Writer();
      writeIdList(w, ctx, pairs);
      const reader = new IdListReader(ctx);
      const input = new Reader(w.view());
      expect(reader.read(input)).toBe(true);
      expect(input.remaining).toBe(0);
      const expected = new Map(pairs.filter(([id]) => id !== 0));
      if (ctx.id0Names) expected.set(0, new Map(pairs).get(0) ?? '');
      expect(reader.names).toEqual(expected);
    }),
  );
});

it('leaves out ids without a name and names that do not fit', () => {
  const w = new Writer();
  writeIdList(w, { protocol: 32, id0Names: false }, [
    [5, ''],
    [6, 'x'.repeat(256)],
    [7, 'y'],
  ]);
  expect(Buffer.from(w.view()).toString('hex')).toBe('07017900');
});

it('ends a list that never ends', () => {
  const reader = new IdListReader({ protocol: 29, id0Names: false });
  const chunk = new Writer();
  const feed = (): void => {
    for (let id = 1; id <= MAX_IDS + 1; id += 1) {
      chunk.int(id);
      chunk.byte(0);
      if (chunk.length < 65536) continue;
      reader.read(new Reader(chunk.take()));
    }
    reader.read(new Reader(chunk.take()));
  };
  expect(feed).toThrow(expect.objectContaining({ code: 'RSYNC_LIMIT', exitCode: 22 }));
});
