import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitShellWords } from '../../../src/sync/config/shell-words.ts';

const onWindows = process.platform === 'win32';

const words = (text: string) => {
  const split = splitShellWords(text);
  return 'words' in split ? split.words.map((word) => [word.text, word.at]) : split.fault.reason;
};
const fault = (text: string) => {
  const split = splitShellWords(text);
  return 'fault' in split ? split.fault.at : undefined;
};

describe('splitShellWords', () => {
  it.each([
    ['', []],
    ['  \t\n', []],
    [
      " a  'b c'",
      [
        ['a', 1],
        ['b c', 4],
      ],
    ],
    [`x"y z"'w'`, [['xy zw', 0]]],
    [
      `"" ''`,
      [
        ['', 0],
        ['', 3],
      ],
    ],
    [
      `a\\ b \\'`,
      [
        ['a b', 0],
        ["'", 5],
      ],
    ],
    [`"a\\"b\\c"`, [['a"b\\c', 0]]],
    [`'a\\'`, [['a\\', 0]]],
    ['a\\\nb', [['ab', 0]]],
    [
      'a#b a~',
      [
        ['a#b', 0],
        ['a~', 4],
      ],
    ],
    [
      "'*' '$x' '~'",
      [
        ['*', 0],
        ['$x', 4],
        ['~', 9],
      ],
    ],
  ])('%j', (text, wanted) => {
    expect(words(text)).toEqual(wanted);
  });

  it.each([
    ['a $HOME', 2],
    ['a `x`', 2],
    ['a;b', 1],
    ['a|b', 1],
    ['a&b', 1],
    ['a >b', 2],
    ['<b', 0],
    ['(a)', 0],
    ['--exclude=*.o', 10],
    ['a?', 1],
    ['[a]', 0],
    ['--exclude={a,b}', 10],
    ['a # b', 2],
    ['a ~/b', 2],
    ['a "b $c"', 5],
    ['a "b', 2],
    ["a 'b", 2],
    ['a\\', 1],
  ])('%j is refused at %i', (text, at) => {
    expect(fault(text)).toBe(at);
  });

  it.skipIf(onWindows)('splits what it takes as sh does', () => {
    const piece = fc.constantFrom(
      'a',
      ' ',
      "'",
      '"',
      '\\',
      '-',
      '=',
      'é',
      '\t',
      '!',
      '%',
      ':',
      '#',
      '~',
      '$',
      '*',
    );
    const texts = fc
      .sample(
        fc.array(piece, { minLength: 1, maxLength: 12 }).map((parts) => parts.join('')),
        {
          numRuns: 600,
          seed: 7,
        },
      )
      .filter((text) => typeof words(text) !== 'string');
    expect(texts.length).toBeGreaterThan(100);
    // One shell for all: each text stands as a line that would be typed.
    const script = texts.map((text) => `printf '%s\\0' ${text}\nprintf '\\1'\n`).join('');
    const output = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
    const split = output
      .split('\x01')
      .slice(0, -1)
      .map((line) => line.split('\0').slice(0, -1));
    // printf without arguments still prints its format once.
    const ours = texts.map((text) => (words(text) as [string, number][]).map(([word]) => word));
    expect(ours.map((list) => (list.length === 0 ? [''] : list))).toEqual(split);
  });
});
