import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clean, lastLines, quoteBytes } from '../../../src/transport/diagnose/words.ts';

describe('what the far end printed', () => {
  it('keeps what is printable, and shows the rest as escapes', () => {
    const bytes = Buffer.from('Willkommen – schön\tzu\r\n"far"\\\u001b[0m\0', 'utf8');
    expect(quoteBytes(bytes)).toBe('"Willkommen – schön\\tzu\\r\\n\\"far\\"\\\\\\x1b[0m\\x00"');
    expect(quoteBytes(Buffer.from([0xff, 0xc3, 0x41, 0xe2, 0x80, 0xae]))).toBe(
      '"\\xff\\xc3A\\xe2\\x80\\xae"',
    );
    expect(quoteBytes(Buffer.alloc(500, 'x'))).toBe(`"${'x'.repeat(120)}"...`);
  });

  it('takes the last lines, without terminal sequences, repetitions and ornaments', () => {
    const text =
      'one\ntwo\r\n\n\u001b[31;1mthree\u001b[0m \u001b]0;title\u0007x\n~~~^\ntwo\nfour\u202e\nfive\n';
    expect(lastLines(text)).toEqual(['two', 'three x', 'four', 'five']);
    expect(clean('y'.repeat(1000))).toBe(`${'y'.repeat(240)}...`);
  });

  it('lets no control character through, whatever comes', () => {
    const harmless = /^[^\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$/;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(quoteBytes(bytes)).toMatch(harmless);
        expect(quoteBytes(bytes).length).toBeLessThanOrEqual(4 * 120 + 5);
        expect(clean(Buffer.from(bytes).toString('latin1'))).toMatch(harmless);
      }),
    );
  });
});
