import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInteger, parseRate, parseSize } from '../../src/options/values.ts';

describe('integers', () => {
  it.each([
    ['', 0],
    ['0', 0],
    ['-0', 0],
    ['12', 12],
    ['+12', 12],
    [' 12', 12],
    ['-12', -12],
    ['0x1F', 31],
    ['-0xff', -255],
    ['017', 15],
    ['2147483647', 2147483647],
    ['-2147483648', -2147483648],
  ])('%j is %d', (text, value) => {
    expect(parseInteger(text, '--timeout')).toBe(value);
  });

  it.each(['x', '1x', '1 ', '08', '0x', '1.5', '--1', '1e3', '٣'])('%j is no integer', (text) => {
    expect(() => parseInteger(text, '--timeout=?')).toThrow('rsyncjs: --timeout=?: invalid numeric value');
  });

  it.each(['2147483648', '-2147483649', '99999999999999999999', '0xffffffff'])('%s does not fit', (text) => {
    expect(() => parseInteger(text, '-B')).toThrow('rsyncjs: -B: number too large or too small');
  });

  it('reads every 32-bit integer in its three bases', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        const sign = value < 0 ? '-' : '';
        const magnitude = Math.abs(value);
        for (const text of [`${magnitude}`, `0x${magnitude.toString(16)}`, `0${magnitude.toString(8)}`]) {
          expect(parseInteger(sign + text, '')).toBe(value);
        }
      }),
    );
  });
});

describe('sizes', () => {
  it.each([
    ['', 0],
    ['10', 10],
    ['10b', 10],
    ['1k', 1024],
    ['1K', 1024],
    ['1KiB', 1024],
    ['1kib', 1024],
    ['1KB', 1000],
    ['1.5m', 1_572_864],
    ['1.5mb-1', 1_499_999],
    ['1K-1', 1023],
    ['2g+1', 2_147_483_649],
    ['3T', 3 * 1024 ** 4],
    ['1PB', 1e15],
    ['1.1k', 1126],
    ['10+1', 11],
  ])('%j is %d bytes', (text, value) => {
    expect(parseSize(text, '')).toBe(value);
  });

  it.each([
    '-1',
    '+1',
    'k',
    '1x',
    '1kk',
    '1bb',
    '1ki',
    '1K+2',
    '1K-1-1',
    '1,5m',
    '.5',
    '1.',
    '1 k',
    '0-1',
    '9000p',
  ])('%j is no size', (text) => {
    expect(() => parseSize(text, '--block-size=?')).toThrow(
      /^rsyncjs: --block-size=\?: (invalid size|size too)/,
    );
  });
});

describe('rates', () => {
  it.each([
    ['', 0],
    ['0', 0],
    ['100', 100],
    ['1.5m', 1536],
    ['512b', 1],
    ['1535b', 1],
    ['1536b', 2],
    ['0.5', 1],
    ['10MB', 9766],
  ])('%j is %d KiB a second', (text, value) => {
    expect(parseRate(text, '')).toBe(value);
  });

  it('is at least 512 bytes', () => {
    expect(() => parseRate('511b', '--bwlimit=511b')).toThrow(
      'rsyncjs: --bwlimit=511b: the limit is too small',
    );
  });
});
