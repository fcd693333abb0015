import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCount, formatDecimal, formatInteger, formatRate } from '../../src/text/numbers.ts';

// As rsync 3.5 prints them.
it.each([
  [1_509_003, ['1509003', '1,509,003', '1.51M', '1.44M']],
  [3_000_000, ['3000000', '3,000,000', '3.00M', '2.86M']],
  [4096, ['4096', '4,096', '4.10K', '4.00K']],
  [1023, ['1023', '1,023', '1.02K', '1,023']],
  [1024, ['1024', '1,024', '1.02K', '1.00K']],
  [1000, ['1000', '1,000', '1.00K', '1,000']],
  [999, ['999', '999', '999', '999']],
  [0, ['0', '0', '0', '0']],
  [32_768, ['32768', '32,768', '32.77K', '32.00K']],
  [5e12, ['5000000000000', '5,000,000,000,000', '5.00T', '4.55T']],
  [7e18, ['7000000000000000000', '7,000,000,000,000,000,000', '7000.00P', '6217.25P']],
])('%d bytes', (value, expected) => {
  expect([0, 1, 2, 3].map((level) => formatInteger(value, level))).toEqual(expected);
});

it.each([
  [1_004_708.67, ['1004708.67', '1,004,708.67', '1.00M', '981.16K']],
  [280.6667, ['280.67', '280.67', '280.67', '280.67']],
  [1000, ['1000.00', '1,000.00', '1.00K', '1,000.00']],
])('%d bytes a second', (value, expected) => {
  expect([0, 1, 2, 3].map((level) => formatRate(value, level))).toEqual(expected);
});

describe('what never gets a unit', () => {
  it('is a count', () =>
    expect([0, 1, 2, 3].map((level) => formatCount(1501, level))).toEqual([
      '1501',
      '1,501',
      '1,501',
      '1,501',
    ]));

  it('is a speed-up or a time', () => {
    expect(formatDecimal(12_000.034, 2, 1)).toBe('12,000.03');
    expect(formatDecimal(12_605.07, 2, 2)).toBe('12,605.07');
    expect(formatDecimal(12_605.07, 2, 0)).toBe('12605.07');
    expect(formatDecimal(0.001, 3, 1)).toBe('0.001');
  });
});

it('keeps every digit, in groups of three', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const grouped = formatInteger(value, 1);
      expect(grouped.replaceAll(',', '')).toBe(String(value));
      expect(grouped).toMatch(/^\d{1,3}(,\d{3})*$/);
    }),
  );
});
