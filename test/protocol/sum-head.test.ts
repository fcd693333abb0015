import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NEED_MORE, Reader } from '../../src/protocol/reader.ts';
import { readSumHead, writeSumHead } from '../../src/protocol/sum-head.ts';
import { Writer } from '../../src/protocol/writer.ts';

const vectors = readFileSync(
  new URL('../../fixtures/vectors/transfer/sum-heads.json', import.meta.url),
  'utf8',
);
/** Every 16-byte sum head in the file, whatever the shape around it. */
const HEADS = [...new Set([...vectors.matchAll(/"([0-9a-f]{32})"/g)].map(([, hex]) => hex!))];

const ints = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [k, value] of values.entries()) bytes.writeInt32LE(value, k * 4);
  return bytes;
};

describe('sum head', () => {
  it('captured heads are read and written back', () => {
    expect(HEADS.length).toBeGreaterThan(50);
    for (const hex of HEADS) {
      const bytes = Buffer.from(hex, 'hex');
      const head = readSumHead(new Reader(bytes), 29, 16);
      const [count, blength, s2length, remainder] = [0, 4, 8, 12].map((at) => bytes.readInt32LE(at));
      expect(head).toEqual({ count, blength, s2length, remainder });
      const w = new Writer();
      writeSumHead(w, head);
      expect(Buffer.from(w.take()).toString('hex')).toBe(hex);
    }
  });

  it('every truncated prefix asks for more and takes nothing', () => {
    const bytes = ints(3, 700, 2, 100);
    for (let length = 0; length < 16; length++) {
      const reader = new Reader(bytes.subarray(0, length));
      expect(() => readSumHead(reader, 32, 16)).toThrow();
      try {
        readSumHead(reader, 32, 16);
      } catch (error) {
        expect(error).toBe(NEED_MORE);
      }
      expect(reader.pos).toBe(0);
    }
  });

  it.each([
    ['count', 32, 16, [-1, 700, 2, 0]],
    ['count', 32, 16, [-0x80000000, 700, 2, 0]],
    ['block', 32, 16, [1, -1, 2, 0]],
    ['block', 32, 16, [1, 131073, 2, 0]],
    ['block', 30, 16, [1, 131073, 2, 0]],
    ['block', 29, 16, [1, 2 ** 29 + 1, 2, 0]],
    ['block', 32, 16, [1, 0, 2, 0]],
    ['checksum length', 32, 16, [1, 700, -1, 0]],
    ['checksum length', 32, 16, [1, 700, 17, 0]],
    ['checksum length', 32, 8, [1, 700, 17, 0]],
    ['checksum length', 32, 20, [1, 700, 21, 0]],
    ['remainder', 32, 16, [1, 700, 2, -1]],
    ['remainder', 32, 16, [1, 700, 2, 701]],
    ['remainder', 32, 16, [0, 0, 0, 1]],
  ] as const)('refuses a %s at protocol %i with %i-byte digests: %j', (what, protocol, digest, values) => {
    const read = (): unknown => readSumHead(new Reader(ints(...values)), protocol, digest);
    expect(read).toThrow(expect.objectContaining({ code: 'RSYNC_PROTOCOL', exitCode: 2 }));
    expect(read).toThrow(what);
  });

  it.each([
    [32, 16, [0, 0, 0, 0]],
    [32, 16, [0x7fffffff, 131072, 16, 131072]],
    [29, 16, [1, 2 ** 29, 2, 0]],
    // 3.2.0 to 3.4.1 announce 16 for 8-byte digests in a redo.
    [32, 8, [1, 700, 16, 0]],
    [32, 20, [1, 700, 20, 0]],
    [32, 16, [0, 700, 2, 0]],
    [32, 16, [1, 700, 0, 0]],
  ] as const)('accepts at protocol %i with %i-byte digests: %j', (protocol, digest, values) => {
    expect(Object.values(readSumHead(new Reader(ints(...values)), protocol, digest))).toEqual([...values]);
  });

  it('any four ints are either in bounds or refused', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.integer(), fc.integer(), fc.integer({ min: -40, max: 40 }), fc.integer()),
        (values) => {
          const [count, blength, s2length, remainder] = values;
          const legal =
            count >= 0 &&
            blength >= (count > 0 ? 1 : 0) &&
            blength <= 131072 &&
            s2length >= 0 &&
            s2length <= 16 &&
            remainder >= 0 &&
            remainder <= blength;
          const read = (): unknown => readSumHead(new Reader(ints(...values)), 31, 16);
          if (legal) expect(read()).toEqual({ count, blength, s2length, remainder });
          else expect(read).toThrow();
        },
      ),
    );
  });
});
