import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ByteString, fromText } from '../../src/core/bytes.ts';
import { tokenise, type WildToken } from '../../src/filter/wild-tokens.ts';
import { compileWild, compileWildTail, regExpMatcher, stateMatcher } from '../../src/filter/wildmatch.ts';

interface WildVector {
  pattern: string;
  text: string;
  matches: boolean;
}

const vectors: WildVector[] = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/wildmatch.json', import.meta.url), 'utf8'),
);

/** The loop of docs/protocol/4-filters-and-options.md, A.6, word for word: slow in places, but short. */
function referenceMatch(tokens: readonly WildToken[], text: ByteString): boolean {
  let i = 0;
  let j = 0;
  let star: { i: number; j: number } | undefined;
  let gstar: { i: number; j: number } | undefined;
  for (;;) {
    const token = tokens[i];
    if (token !== undefined) {
      if (token.kind === 'globstar') {
        gstar = { i: ++i, j };
        star = undefined;
        continue;
      }
      if (token.kind === 'star') {
        star = { i: ++i, j };
        continue;
      }
      if (j < text.length && accepts(token, text.charCodeAt(j))) {
        i++;
        j++;
        continue;
      }
    } else if (j === text.length) return true;
    if (star && star.j < text.length && text[star.j] !== '/') {
      j = ++star.j;
      i = star.i;
      continue;
    }
    star = undefined;
    if (gstar && gstar.j < text.length) {
      j = ++gstar.j;
      i = gstar.i;
      continue;
    }
    return false;
  }
}

function accepts(token: WildToken, byte: number): boolean {
  if (token.kind === 'byte') return token.byte === byte;
  if (token.kind === 'any') return byte !== 0x2f;
  return token.kind === 'class' && token.members[byte] === 1;
}

const pieces = [
  '*',
  '**',
  '***',
  '?',
  '/',
  '\\',
  '[',
  ']',
  '!',
  '^',
  '-',
  '.',
  '{',
  '}',
  '(',
  ')',
  '|',
  '+',
  '@',
];
const classes = [
  '[a-c]',
  '[!a]',
  '[^/]',
  '[]-a]',
  '[[:alpha:]]',
  '[![:digit:]]',
  '[\\]a]',
  '[z-a]',
  '[[:no:]]',
];
const letters = ['a', 'b', 'c', 'A', '0', '\xe9', '\n', ',', '"', "'", '$', ' '];
const patternText = fc
  .array(fc.constantFrom(...pieces, ...classes, ...letters, 'a', 'b', '*', '/'), { maxLength: 9 })
  .map((parts) => parts.join(''));
const subjectText = fc
  .array(fc.constantFrom(...letters, 'a', 'b', '/', '/', '.', ']', '[', '-', '\\', '!'), { maxLength: 9 })
  .map((parts) => parts.join(''));

describe('compileWild', () => {
  it('gives the answer of rsync 3.5.0 for each of the 1035 vectors', () => {
    expect(vectors).toHaveLength(1035);
    const wrong = vectors.filter((v) => compileWild(fromText(v.pattern))(fromText(v.text)) !== v.matches);
    expect(wrong).toEqual([]);
  });

  it('gives the same answers by sets of states alone', () => {
    const wrong = vectors.filter((v) => {
      const tokens = tokenise(fromText(v.pattern));
      return (tokens !== undefined && stateMatcher(tokens)(fromText(v.text))) !== v.matches;
    });
    expect(wrong).toEqual([]);
  });

  it('compiles with picomatch up to two stars, and no further', () => {
    expect(regExpMatcher(tokenise('a*b**c')!)).toBeDefined();
    expect(regExpMatcher(tokenise('a*b*c*')!)).toBeUndefined();
    expect(regExpMatcher(tokenise(`*${'[!a]'.repeat(1000)}`)!)).toBeUndefined();
  });

  it('treats what picomatch finds special as ordinary', () => {
    for (const pattern of [
      '{a,b}',
      '+(a)',
      '!(a)',
      '@(a|b)',
      '(a)',
      '!a',
      './a',
      '"a"',
      '{1..3}',
      'a|b',
      '~',
    ]) {
      expect(compileWild(pattern)(pattern), pattern).toBe(true);
      expect(compileWild(`${pattern}*`)(`${pattern}x`), pattern).toBe(true);
    }
    expect(compileWild('{a,b}*')('a')).toBe(false);
    expect(compileWild('!a*')('b')).toBe(false);
    expect(compileWild('[')('[')).toBe(false);
  });

  it('reads each byte of a ByteString as one byte', () => {
    expect(compileWild('?')(fromText('é'))).toBe(false);
    expect(compileWild('??')(fromText('é'))).toBe(true);
    for (let byte = 1; byte < 256; byte++) {
      const char = String.fromCharCode(byte);
      expect(compileWild(`\\${char}*`)(`${char}x`), `byte ${byte}`).toBe(true);
      expect(compileWild(`\\${char}*`)('\x7f\x7fx'), `byte ${byte}`).toBe(byte === 0x7f);
      expect(compileWild('[!x]')(char), `byte ${byte}`).toBe(char !== 'x' && char !== '/');
    }
  });
});

describe('the matchers agree', () => {
  it('RegExp, states and the loop of the specification, on random patterns', () => {
    let matched = 0;
    fc.assert(
      fc.property(patternText, subjectText, (pattern, text) => {
        const tokens = tokenise(pattern);
        const expected = tokens !== undefined && referenceMatch(tokens, text);
        if (expected) matched++;
        expect(compileWild(pattern)(text)).toBe(expected);
        if (tokens === undefined || tokens.length === 0) return;
        expect(stateMatcher(tokens)(text)).toBe(expected);
        const byRegExp = regExpMatcher(tokens);
        if (byRegExp !== undefined) expect(byRegExp(text)).toBe(expected);
      }),
      { numRuns: 4000 },
    );
    expect(matched).toBeGreaterThan(40);
  });

  it('on texts that are made from the pattern, so that most match', () => {
    const part = fc.constantFrom(
      ...([
        ['*', ''],
        ['*', 'ab'],
        ['**', 'a/b'],
        ['**', ''],
        ['?', 'b'],
        ['[!a]', 'b'],
        ['a', 'a'],
        ['b', 'b'],
        ['/', '/'],
      ] as const),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 12 }), fc.boolean(), (parts, spoil) => {
        const tokens = tokenise(parts.map((p) => p[0]).join(''))!;
        const text = parts.map((p) => p[1]).join('') + (spoil ? 'z' : '');
        const expected = referenceMatch(tokens, text);
        if (!spoil) expect(expected).toBe(true);
        expect(stateMatcher(tokens)(text)).toBe(expected);
        const byRegExp = regExpMatcher(tokens);
        if (byRegExp !== undefined) expect(byRegExp(text)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('compileWildTail equals trying every suffix', () => {
    fc.assert(
      fc.property(patternText, subjectText, (pattern, text) => {
        const whole = compileWild(pattern);
        let expected = whole(text);
        for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1))
          expected ||= whole(text.slice(at + 1));
        expect(compileWildTail(pattern)(text)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('hostile patterns', () => {
  // Backtracking would take minutes, and more than a test may.
  it('does not backtrack: *a*a*a*a*b against 250 a', () => {
    expect(compileWild('*a*a*a*a*b')('a'.repeat(250))).toBe(false);
  });

  it('stays linear where * and ** are mixed, at the longest name and pattern', () => {
    const text = 'a'.repeat(4095);
    expect(compileWild(`**a*${'a'.repeat(2000)}*b`)(text)).toBe(false);
    expect(compileWild('*a'.repeat(2000))(text)).toBe(true);
    expect(compileWildTail(`x*${'a**/'.repeat(500)}b`)('a/'.repeat(2047))).toBe(false);
  });

  it('takes two stars at the longest name', () => {
    expect(compileWild('**a*b')('a'.repeat(4095))).toBe(false);
    expect(compileWildTail('a**b')('a/'.repeat(2047))).toBe(false);
  });
});
