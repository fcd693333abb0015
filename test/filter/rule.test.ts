import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRsyncError } from '../../src/core/errors.ts';
import { type MatchRule, matchRule, parseOldStyleRule, parseRule } from '../../src/filter/rule.ts';
import type { RuleSource } from '../../src/filter/rule-source.ts';
import { failure } from './support.ts';

const OPTION: RuleSource = { kind: 'option' };
const parse = (text: string) => parseRule(text, OPTION);

describe('parseRule', () => {
  const rules: [string, Partial<MatchRule> & { pattern: string }][] = [
    ['- foo', { pattern: 'foo' }],
    ['+ foo', { pattern: 'foo', include: true }],
    ['-_foo', { pattern: 'foo' }],
    ['-__foo', { pattern: '_foo' }],
    ['-,_foo', { pattern: 'foo' }],
    ['-  foo ', { pattern: ' foo ' }],
    ['- foo/', { pattern: 'foo', dirOnly: true }],
    ['- foo//', { pattern: 'foo/', dirOnly: true }],
    ['- /', { pattern: '/' }],
    [
      '-/!srp foo',
      { pattern: 'foo', absolute: true, negate: true, sender: true, receiver: true, perishable: true },
    ],
    ['-ssx foo', { pattern: 'foo', sender: true, xattr: true }],
    ['exclude foo', { pattern: 'foo' }],
    ['exclude,s_foo', { pattern: 'foo', sender: true }],
    ['include_foo bar', { pattern: 'foo bar', include: true }],
    ['H foo', { pattern: 'foo', sender: true }],
    ['hide,p foo', { pattern: 'foo', sender: true, perishable: true }],
    ['S foo', { pattern: 'foo', include: true, sender: true }],
    ['show foo', { pattern: 'foo', include: true, sender: true }],
    ['P/ foo', { pattern: 'foo', receiver: true, absolute: true }],
    ['protect foo', { pattern: 'foo', receiver: true }],
    ['R! foo', { pattern: 'foo', include: true, receiver: true, negate: true }],
    ['risk foo', { pattern: 'foo', include: true, receiver: true }],
  ];
  for (const [text, fields] of rules) {
    it(`reads ${JSON.stringify(text)}`, () => {
      const off = { include: false, negate: false, absolute: false, perishable: false, sender: false };
      const defaults = { ...off, receiver: false, xattr: false, dirOnly: false };
      expect(parse(text)).toEqual({ kind: 'match', ...defaults, ...fields });
    });
  }

  it('reads clear rules', () => {
    for (const text of ['!', 'clear', '!,', 'clear,']) expect(parse(text)).toEqual({ kind: 'clear' });
  });

  it('reads merges of both kinds, all modifiers', () => {
    const off = { itemAction: undefined, wordSplit: false, noInherit: false, excludeSelf: false, cvs: false };
    const none = { absolute: false, perishable: false, sender: false, receiver: false, xattr: false };
    expect(parse('. m')).toEqual({ kind: 'merge', file: 'm', ...off, ...none });
    expect(parse('merge,e- a b')).toEqual({
      kind: 'merge',
      file: 'a b',
      ...off,
      ...none,
      excludeSelf: true,
      itemAction: 'exclude',
    });
    expect(parse(':enw+/psrx .h')).toEqual({
      kind: 'dir-merge',
      file: '.h',
      itemAction: 'include',
      wordSplit: true,
      noInherit: true,
      excludeSelf: true,
      cvs: false,
      absolute: true,
      perishable: true,
      sender: true,
      receiver: true,
      xattr: true,
    });
    expect(parse(':C')).toMatchObject({ file: '.cvsignore', cvs: true, wordSplit: true, noInherit: true });
    expect(parse('.Cs x')).toMatchObject({ file: 'x', cvs: true, sender: true, itemAction: 'exclude' });
  });

  it('reads the CVS list, with or without a pattern', () => {
    expect(parse('-C')).toMatchObject({ kind: 'cvs', include: false });
    expect(parse('+C! foo')).toMatchObject({ kind: 'cvs', include: true, negate: true });
  });

  it('ignores empty text', () => {
    expect(parse('')).toBeUndefined();
  });

  it('refuses everything else with exit 1, naming the rule', () => {
    const bad = [
      'foo',
      '-foo',
      '-',
      '- ',
      '-,',
      's foo',
      'exclude\tfoo',
      'excludefoo',
      '!x',
      '! ',
      '!,,',
      'clear_',
    ];
    bad.push(
      'HC',
      'Hs x',
      '.! x',
      ':! x',
      '.+- x',
      '.-- x',
      '.+C x',
      '.C- x',
      '-e x',
      '-w x',
      '-n x',
      '. ',
      ':',
      'dir',
    );
    bad.push('-\xe9 x', ' - x', '.\0 x', '- a\0b');
    for (const text of bad) {
      const error = failure(() => parse(text));
      expect(error, text).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 1, origin: 'local' });
      expect(error.message).toContain(`: "`);
    }
  });

  it('names file and line, and never the text, for a rule out of a file', () => {
    for (const text of ['secret', '-secret', 'clear secret', '-,Zsecret', 'protect,s secret', '- secret\0']) {
      const inFile = failure(() => parseRule(text, { kind: 'file', file: 'etc/m', line: 7 }));
      expect(inFile.message).toMatch(/: <rule from etc\/m line 7>$/);
      expect(inFile.message).not.toMatch(/secret|Z/);
    }
    const unnumbered = failure(() => parseRule('x', { kind: 'file', file: 'm', line: undefined }));
    expect(unnumbered.message).toBe('Unknown filter rule: <rule from m>');
  });

  it('blames the peer for its rules', () => {
    expect(failure(() => parseRule('x', { kind: 'peer' }))).toMatchObject({ origin: 'remote', exitCode: 1 });
  });

  it('ends any text in a rule or in exit 1', () => {
    const text = fc.string({ unit: fc.constantFrom(...'-+.:HSPR!cdehimprsCwnex/ _,*ab\t\0'), maxLength: 8 });
    let parsed = 0;
    fc.assert(
      fc.property(text, (value) => {
        try {
          if (parse(value) !== undefined) parsed++;
        } catch (error) {
          expect(isRsyncError(error) && error.exitCode).toBe(1);
        }
      }),
      { numRuns: 2000 },
    );
    expect(parsed).toBeGreaterThan(20);
  });
});

describe('parseOldStyleRule', () => {
  const exclude = (text: string) => parseOldStyleRule(text, false, OPTION);

  it('takes the whole text for a pattern', () => {
    for (const text of ['-x', '-_x', '!x', 'P x', '. x', '-p x', ' x', '+x', '#x', 'clear', '-', '+']) {
      expect(exclude(text)).toEqual(matchRule(text));
    }
    expect(exclude('x/')).toEqual({ ...matchRule('x'), dirOnly: true });
  });

  it('lets "- " and "+ " decide, and "!" clear', () => {
    expect(exclude('+ x')).toEqual(matchRule('x', { include: true }));
    expect(parseOldStyleRule('- x', true, OPTION)).toEqual(matchRule('x'));
    expect(parseOldStyleRule('x', true, OPTION)).toEqual(matchRule('x', { include: true }));
    expect(exclude('!')).toEqual({ kind: 'clear' });
    expect(exclude('')).toBeUndefined();
    expect(failure(() => exclude('- ')).exitCode).toBe(1);
    expect(failure(() => exclude('a\0')).exitCode).toBe(1);
  });
});
