import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChecksumName, DIGEST_LENGTH } from '../../src/core/algorithms.ts';
import { EMPTY_SUM_HEAD } from '../../src/core/sum-head.ts';
import {
  chooseBlockLength,
  integerSquareRoot,
  Signer,
  strongSumLength,
  sumHeadFor,
} from '../../src/delta/signature.ts';
import { capturedTransfers } from './exchanges.ts';
import { context, ENGINES, hex, loadLibraries, noise, sign, vectors, withEngine } from './support.ts';

interface HeadRow {
  size: number;
  protocol: number;
  client: string;
  checksum: string;
  wire: string;
  block_size_option: number | null;
}

describe('sum heads', () => {
  it('are those of real generators', () => {
    const { rows } = vectors<{ rows: HeadRow[] }>('transfer/sum-heads');
    expect(rows.length).toBe(391);
    // Protocol 29 allows longer blocks than 131072; 3.0.0 does not use them there, and no more do we.
    const longer = rows.filter((row) => Buffer.from(row.wire, 'hex').readInt32LE(4) > 131_072);
    expect(longer.every((row) => row.protocol === 29 && row.client !== '3.0.0')).toBe(true);
    expect(longer.length).toBeLessThan(20);
    for (const row of rows.filter((row) => !longer.includes(row))) {
      const head = sumHeadFor({
        size: row.size,
        protocol: row.protocol,
        blockSize: row.block_size_option ?? 0,
        digestLength: DIGEST_LENGTH[row.checksum as ChecksumName],
      });
      const wire = Buffer.alloc(16);
      [head.count, head.blength, head.s2length, head.remainder].forEach((value, i) => {
        wire.writeInt32LE(value, 4 * i);
      });
      expect({ ...row, wire: hex(wire) }).toEqual(row);
    }
  });

  it('have the samples of the specification', () => {
    const head = (size: number): number[] =>
      Object.values(sumHeadFor({ size, protocol: 31, digestLength: 16 }));
    expect(head(500_000)).toEqual([711, 704, 2, 160]);
    expect(head(2 ** 26)).toEqual([8192, 8192, 3, 0]);
    expect(head(2 ** 31)).toEqual([46_346, 46_336, 4, 2 ** 31 - 46_345 * 46_336]);
    expect(head(1e11)).toEqual([Math.ceil(1e11 / 131_072), 131_072, 5, 59_392]);
    expect(head(2 ** 40).slice(1, 3)).toEqual([131_072, 6]);
  });

  it('take all of the digest in a redo, but never more than 16 bytes', () => {
    for (const [digestLength, s2length] of [
      [8, 8],
      [16, 16],
      [20, 16],
    ] as const) {
      expect(sumHeadFor({ size: 5_000, protocol: 32, digestLength, redo: true }).s2length).toBe(s2length);
      expect(strongSumLength(2 ** 53 - 1, 700, digestLength)).toBeLessThanOrEqual(s2length);
    }
  });

  it('are empty without a basis, and where an int cannot count the blocks', () => {
    expect(sumHeadFor({ size: 0, protocol: 32, digestLength: 16 })).toEqual(EMPTY_SUM_HEAD);
    expect(sumHeadFor({ size: 2 ** 50, protocol: 32, digestLength: 16 })).toEqual(EMPTY_SUM_HEAD);
    expect(sumHeadFor({ size: 2 ** 40, protocol: 32, digestLength: 16, blockSize: 1 })).toEqual(
      EMPTY_SUM_HEAD,
    );
  });

  it('cut a block size to what the protocol takes', () => {
    expect(chooseBlockLength(1, 32, 2 ** 20)).toBe(131_072);
    expect(chooseBlockLength(1, 29, 2 ** 20)).toBe(2 ** 20);
    expect(chooseBlockLength(2 ** 52, 29)).toBe(131_072);
  });
});

describe('integer square root', () => {
  it('is exact', () => {
    const check = (n: number): void => {
      const root = BigInt(integerSquareRoot(n));
      expect(root * root <= BigInt(n) && (root + 1n) * (root + 1n) > BigInt(n)).toBe(true);
    };
    for (const n of [
      0,
      1,
      2,
      3,
      4,
      489_999,
      490_000,
      490_001,
      2 ** 53 - 1,
      94_906_265 ** 2,
      94_906_265 ** 2 - 1,
    ]) {
      check(n);
    }
    fc.assert(fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), check));
    fc.assert(fc.property(fc.integer({ min: 1, max: 94_906_265 }), (root) => check(root * root - 1)));
  });
});

const transfers = capturedTransfers().filter(({ basis }) => basis !== undefined);
await loadLibraries([42, ...transfers.map(({ ctx }) => ctx.seed)]);

describe.each(ENGINES)('signatures, %s', (_, kernel) => {
  it.each(transfers.map((transfer) => [transfer.label, transfer] as const))('%s', (_label, transfer) => {
    const { ctx, protocol, redo, basis } = transfer;
    // Redo requests after --append-verify have a basis that the session itself wrote.
    if (transfer.label.startsWith('append-verify') && redo) return;
    withEngine(kernel, () => {
      const signed = sign(basis!, ctx, { protocol, redo });
      if (transfer.label.startsWith('append-verify')) return;
      expect(signed.head).toEqual(transfer.head);
      expect(hex(signed.sums)).toBe(hex(transfer.sums));
    });
  });

  it('do not depend on how the basis was read', () => {
    const basis = noise(23_456, 4);
    withEngine(kernel, () => {
      for (const name of ['md5', 'xxh128'] as const) {
        const ctx = context(name, 42);
        for (const blockSize of [0, 1, 7, 1000, 23_456, 30_000]) {
          const whole = sign(basis, ctx, { blockSize });
          for (const cuts of [[1], [699, 2], [700], [701], [5_000, 3]]) {
            if (blockSize === 1 && cuts[0] === 1) continue;
            expect(hex(sign(basis, ctx, { blockSize, cuts }).sums)).toBe(hex(whole.sums));
          }
        }
      }
    });
  });

  it('of very long blocks need no block in memory', () => {
    const basis = noise(1_300_000, 8);
    const ctx = context('md4', 9);
    withEngine(kernel, () => {
      const signed = sign(basis, ctx, { protocol: 29, blockSize: 600_000, cuts: [65_536, 1] });
      expect(signed.head.count).toBe(3);
      const alone = [0, 1, 2].map((i) => {
        const block = basis.subarray(600_000 * i, 600_000 * (i + 1));
        return sign(block, ctx, { protocol: 29, blockSize: 400_000_000, redo: true }).sums;
      });
      const record = 4 + signed.head.s2length;
      alone.forEach((sums, i) => {
        expect(hex(signed.sums.subarray(i * record, (i + 1) * record))).toBe(hex(sums.subarray(0, record)));
      });
    });
  });
});

describe('a basis that changes while it is read', () => {
  const ctx = context('xxh3');
  const head = sumHeadFor({ size: 2_000, protocol: 32, digestLength: 8 });

  it('too short: zeros take the place of what is missing', () => {
    const signer = new Signer(head, ctx);
    const first = signer.push(noise(900)).slice();
    const rest = signer.finish();
    const padded = new Uint8Array(2_000);
    padded.set(noise(900));
    expect(hex(Buffer.concat([first, rest]))).toBe(hex(sign(padded, ctx).sums));
  });

  it('too long: the rest is ignored', () => {
    const signer = new Signer(head, ctx);
    const longer = noise(3_000);
    expect(hex(signer.push(longer).slice())).toBe(hex(sign(longer.subarray(0, 2_000), ctx).sums));
    expect(signer.push(longer).length).toBe(0);
    expect(signer.finish().length).toBe(0);
  });

  it('strong sums longer than the digest are refused', () => {
    expect(() => new Signer({ ...head, s2length: 16 }, ctx)).toThrow(/16 bytes with xxh3/);
  });
});
