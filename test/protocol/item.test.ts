import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BASIS, ITEM, type ItemHead, readItemHead, writeItemHead } from '../../src/protocol/item.ts';
import { NEED_MORE, Reader } from '../../src/protocol/reader.ts';
import { Writer } from '../../src/protocol/writer.ts';

const folder = new URL('../../fixtures/vectors/transfer/', import.meta.url);

interface Captured {
  iflags: number;
  hex: string;
}

/** Item heads of real requests and replies, whose index took one byte. */
const CAPTURED: Captured[] = readdirSync(folder)
  .filter((name) => name.startsWith('exchange-'))
  .flatMap((name) => {
    const { annotation, protocol } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
      protocol: number;
      annotation: Record<string, { what: string; hex?: string }[]>;
    };
    const width = protocol === 29 ? 4 : 1;
    return Object.values(annotation)
      .flat()
      .flatMap(({ what, hex = '' }) => {
        const found = /^re[qp] ndx=\d+ .*iflags=0x([0-9a-f]{4})/.exec(what);
        if (found === null || hex.startsWith('fe')) return [];
        return [{ iflags: Number.parseInt(found[1]!, 16), hex: hex.slice(width * 2) }];
      });
  });

const written = (head: ItemHead): string => {
  const w = new Writer();
  writeItemHead(w, head);
  return Buffer.from(w.take()).toString('hex');
};

describe('item head', () => {
  it('captured heads are read whole and written back', () => {
    expect(CAPTURED.length).toBeGreaterThan(100);
    expect(CAPTURED.some(({ iflags }) => iflags & ITEM.XNAME_FOLLOWS)).toBe(true);
    expect(CAPTURED.some(({ iflags }) => iflags & ITEM.BASIS_TYPE_FOLLOWS)).toBe(true);
    for (const { iflags, hex } of CAPTURED) {
      const reader = new Reader(Buffer.from(hex, 'hex'));
      const head = readItemHead(reader);
      expect(head.iflags).toBe(iflags);
      expect(reader.remaining).toBe(0);
      expect(written(head)).toBe(hex);
    }
  });

  it('basis type and xname only where the flags say so', () => {
    expect(readItemHead(new Reader(Uint8Array.of(0x00, 0xa0, 9, 9)))).toEqual({
      iflags: 0xa000,
      basisType: BASIS.DESTINATION,
      xname: undefined,
    });
    expect(readItemHead(new Reader(Uint8Array.of(0x00, 0x98, 0x83, 2, 0x61, 0xff)))).toEqual({
      iflags: 0x9800,
      basisType: BASIS.FUZZY,
      xname: 'a\xff',
    });
    expect(readItemHead(new Reader(Uint8Array.of(0x00, 0x50, 0)))).toMatchObject({ xname: '' });
  });

  it('every truncated prefix asks for more', () => {
    const bytes = Buffer.from(written({ iflags: 0x9800, basisType: 1, xname: 'x'.repeat(200) }), 'hex');
    for (let length = 0; length < bytes.length; length++) {
      let thrown: unknown;
      try {
        readItemHead(new Reader(bytes.subarray(0, length)));
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBe(NEED_MORE);
    }
  });

  it('an xname of 4095 bytes is the longest', () => {
    const head = (length: number): Buffer =>
      Buffer.concat([
        Buffer.from([0, 0x10, 0x80 | (length >>> 8), length & 0xff]),
        Buffer.alloc(length, 'x'),
      ]);
    expect(readItemHead(new Reader(head(4095))).xname).toHaveLength(4095);
    expect(() => readItemHead(new Reader(head(4096)))).toThrow(
      expect.objectContaining({ code: 'RSYNC_PROTOCOL', exitCode: 2 }),
    );
  });

  it('round trip', () => {
    const name = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff }),
        fc.integer({ min: 0, max: 255 }),
        name,
        (iflags, type, text) => {
          const head: ItemHead = {
            iflags,
            basisType: iflags & ITEM.BASIS_TYPE_FOLLOWS ? type : BASIS.DESTINATION,
            xname: iflags & ITEM.XNAME_FOLLOWS ? text : undefined,
          };
          const reader = new Reader(Buffer.from(written(head), 'hex'));
          expect(readItemHead(reader)).toEqual(head);
          expect(reader.remaining).toBe(0);
        },
      ),
    );
  });
});
