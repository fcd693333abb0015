import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, rollingSum, shrink, slide } from '../../src/delta/rolling.ts';
import { type BlockSumsFile, inputBytes } from './block-sums.ts';
import { unhex, vectors } from './support.ts';

const { inputs } = vectors<BlockSumsFile>('transfer/block-sums');
const { checksums } = vectors<{
  checksums: { data: Record<string, string>; rolling: Record<string, string> };
}>('primitives');

describe('rolling sum', () => {
  it.each(inputs.map((input) => [input.name, input] as const))(
    'of %s is what a generator sent',
    (_, input) => {
      expect(rollingSum(inputBytes(input))).toBe(Number(input.rolling_sum_u32));
    },
  );

  it.each(Object.entries(checksums.rolling))('of primitive %s', (name, wire) => {
    const sum = rollingSum(unhex(checksums.data[name]!));
    expect(sum).toBe(Buffer.from(wire, 'hex').readUInt32LE());
  });

  it('slides, shrinks and concatenates to the sum of the bytes that it then covers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 300 }), fc.nat(299), (data, cut) => {
        const n = data.length - 1;
        expect(slide(rollingSum(data, 0, n), n, data[0]!, data[n]!)).toBe(rollingSum(data, 1));
        expect(shrink(rollingSum(data), n + 1, data[0]!)).toBe(rollingSum(data, 1));
        const at = cut % data.length;
        expect(concat(rollingSum(data, 0, at), rollingSum(data, at), data.length - at)).toBe(
          rollingSum(data),
        );
      }),
    );
  });
});
