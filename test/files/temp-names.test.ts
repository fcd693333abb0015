import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromText } from '../../src/core/bytes.ts';
import { randomSuffix, tempName } from '../../src/files/temp-names.ts';

describe('names of temporary files', () => {
  // Seen of the real program: docs/protocol/3-transfer.md, 4.2.
  it.each([
    ['f', 'EAYTsG', 'beside', '.f.EAYTsG'],
    ['.x', 'Ab3xYz', 'beside', '.x.Ab3xYz'],
    ['f', 'iAmKav', 'temp-dir', 'f.iAmKav'],
    ['l', '1234', 'beside', '.l.1234'],
  ] as const)('%s with %s %s is %s', (name, suffix, kind, expected) => {
    expect(tempName(name, suffix, kind)).toBe(expected);
  });

  it('cuts a long name to 255 bytes', () => {
    expect(tempName('n'.repeat(255), 'abcdef')).toBe(`.${'n'.repeat(247)}.abcdef`);
    expect(tempName('n'.repeat(247), 'abcdef')).toBe(`.${'n'.repeat(247)}.abcdef`);
    expect(tempName('n'.repeat(255), 'abcdef', 'temp-dir')).toBe(`${'n'.repeat(248)}.abcdef`);
  });

  it('drops a broken character and one dot at the cut', () => {
    expect(tempName(`${'n'.repeat(246)}${fromText('éé')}${'n'.repeat(20)}`, 'abcdef')).toBe(
      `.${'n'.repeat(246)}.abcdef`,
    );
    expect(tempName(`${'n'.repeat(246)}.${'n'.repeat(20)}`, 'abcdef')).toBe(`.${'n'.repeat(246)}.abcdef`);
    expect(tempName(`${'n'.repeat(245)}..${'n'.repeat(20)}`, 'abcdef')).toBe(`.${'n'.repeat(245)}..abcdef`);
  });

  it('fits whatever the name is, and keeps the rest of it', () => {
    const byte = fc.integer({ min: 1, max: 255 }).map((c) => String.fromCharCode(c === 0x2f ? 0x2e : c));
    fc.assert(
      fc.property(
        fc.array(byte, { minLength: 1, maxLength: 255 }),
        fc.constantFrom('beside', 'temp-dir'),
        (bytes, kind) => {
          const name = bytes.join('');
          const made = tempName(name, 'abcdef', kind as 'beside' | 'temp-dir');
          expect(made.length).toBeLessThanOrEqual(255);
          expect(made.endsWith('.abcdef')).toBe(true);
          const stem = made.slice(kind === 'beside' ? 1 : 0, -7);
          expect((name.startsWith('.') ? name.slice(1) : name).startsWith(stem)).toBe(true);
          if (name.length <= 240) expect(stem).toBe(name.startsWith('.') ? name.slice(1) : name);
        },
      ),
    );
  });

  it('draws suffixes of six letters and digits, all of them', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 1000; i++) {
      const suffix = randomSuffix();
      expect(suffix).toMatch(/^[A-Za-z0-9]{6}$/);
      for (const character of suffix) seen.add(character);
    }
    expect(seen.size).toBe(62);
  });
});
