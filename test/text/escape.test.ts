import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromText } from '../../src/core/bytes.ts';
import { escapeLine, isUtf8, usesUtf8 } from '../../src/text/escape.ts';

// Names, and how rsync 3.5 listed them: in a UTF-8 locale, in the C locale.
it.each([
  ['\\#123', '\\#134#123', '\\#134#123'],
  ['\\#12x', '\\#12x', '\\#12x'],
  ['\\#389', '\\#134#389', '\\#134#389'],
  ['bad\xe9x', 'bad\\#351x', 'bad\\#351x'],
  ['c1\xc2\x85', 'c1\xc2\x85', 'c1\\#302\\#205'],
  ['del\x7f', 'del\x7f', 'del\x7f'],
  ['e\x1b[0m', 'e\\#033[0m', 'e\\#033[0m'],
  ['emo\xf0\x9f\x98\x80', 'emo\xf0\x9f\x98\x80', 'emo\\#360\\#237\\#230\\#200'],
  ['nl\nz', 'nl\\#012z', 'nl\\#012z'],
  ['ok\xc3\xa9', 'ok\xc3\xa9', 'ok\\#303\\#251'],
  ['ov\xc0\xaf', 'ov\\#300\\#257', 'ov\\#300\\#257'],
  ['sur\xed\xa0\x80', 'sur\\#355\\#240\\#200', 'sur\\#355\\#240\\#200'],
  ['tab\ty', 'tab\ty', 'tab\ty'],
  ['trunc\xe2\x82', 'trunc\\#342\\#202', 'trunc\\#342\\#202'],
  ['\\\\#001\\x', '\\\\#134#001\\x', '\\\\#134#001\\x'],
])('%j', (name, utf8, ascii) => {
  expect(escapeLine(name, true)).toBe(utf8);
  expect(escapeLine(name, false)).toBe(ascii);
});

describe('any bytes', () => {
  const bytes = fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array).toString('latin1'));

  it('come out as well-formed UTF-8 without control characters, and can be told back', () => {
    fc.assert(
      fc.property(bytes, (line) => {
        const escaped = escapeLine(line, true);
        expect(escaped).not.toMatch(/[\0-\x08\x0a-\x1f]/);
        expect(fromText(Buffer.from(escaped, 'latin1').toString('utf8'))).toBe(escaped);
        const back = escaped.replace(/\\#(\d{3})/g, (_, octal: string) =>
          String.fromCharCode(Number.parseInt(octal, 8)),
        );
        expect(back).toBe(line);
      }),
      { numRuns: 500 },
    );
  });

  it('are UTF-8 exactly where the decoder of the platform says so', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const decodes = (line: string): boolean => {
      try {
        decoder.decode(Buffer.from(line, 'latin1'));
        return true;
      } catch {
        return false;
      }
    };
    const lead = fc.constantFrom(0xc1, 0xc2, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0x41);
    const rest = fc.array(fc.constantFrom(0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0), { maxLength: 3 });
    fc.assert(
      fc.property(lead, rest, (first, others) => {
        const line = String.fromCharCode(first, ...others);
        expect(isUtf8(line)).toBe(decodes(line));
      }),
      { numRuns: 1000 },
    );
  });
});

it('asks the locale', () => {
  expect(usesUtf8({ LANG: 'de_DE.UTF-8' }, false)).toBe(true);
  expect(usesUtf8({ LANG: 'C.utf8', LC_ALL: 'C' }, true)).toBe(false);
  expect(usesUtf8({ LC_ALL: '', LC_CTYPE: 'en_US.UTF-8', LANG: 'C' }, false)).toBe(true);
  expect(usesUtf8({}, true)).toBe(true);
  expect(usesUtf8({}, false)).toBe(false);
});
