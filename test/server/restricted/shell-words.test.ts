import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRsyncError } from '../../../src/core/errors.ts';
import { LIMITS } from '../../../src/core/limits.ts';
import { splitShellWords } from '../../../src/server/restricted/shell-words.ts';

function texts(command: string): string[] | undefined {
  try {
    return splitShellWords(command).map(({ text }) => text);
  } catch (error) {
    if (isRsyncError(error)) return undefined;
    throw error;
  }
}

/** What /bin/sh makes of commands, in one process. Nothing in them may expand or run. */
function shellWords(commands: readonly string[]): string[][] {
  const script = [
    'set -f',
    'show() { for word; do printf "%s\\0" "$word"; done; printf "\\001\\0"; }',
    ...commands.map((command) => `show ${command}`),
  ].join('\n');
  const { stdout, stderr } = spawnSync('/bin/sh', [], { input: Buffer.from(`${script}\n`, 'latin1') });
  expect(stderr.toString()).toBe('');
  const all: string[][] = [[]];
  for (const word of stdout.toString('latin1').split('\0').slice(0, -1)) {
    if (word === '\x01') all.push([]);
    else all.at(-1)!.push(word);
  }
  return all.slice(0, -1);
}

describe.skipIf(process.platform === 'win32')('words', () => {
  it('are those of /bin/sh', () => {
    const piece = fc.constantFrom(
      ...['a', '-', '.', '/', ' ', '  ', '\t', "'", '"', '\\', '*', '?', '[', ']', '{', ',', '}', '!', '='],
      ...[
        '%',
        '^',
        '~x',
        '\\ ',
        "\\'",
        '\\"',
        '\\$',
        '\\;',
        "'$(x)'",
        '"a b"',
        '\xc3\xa9',
        '\xff',
        '\v',
        '#',
        '$',
        ';',
      ],
    );
    const found: [string, string[]][] = [];
    const command = fc.array(piece, { maxLength: 12 }).map((parts) => `w${parts.join('')}`);
    for (const sample of fc.sample(command, { numRuns: 3000, seed: 7 })) {
      const words = texts(sample);
      // ~x is a home that nobody has, or one of this machine; a backslash at the end takes the next line of the script.
      if (words !== undefined && !/\\$/.test(sample) && !/(^|[ \t:=])~/.test(sample))
        found.push([sample, words]);
    }
    expect(found.length).toBeGreaterThan(500);
    const expected = shellWords(found.map(([sample]) => sample));
    expect(found.map(([, words]) => words)).toEqual(expected);
  });

  it.each([
    ['a;b', '";" is an operator'],
    ['a & b', '"&" is an operator'],
    ['a|b', '"|"'],
    ['a <b', '"<"'],
    ['a >b', '">"'],
    ['(a)', '"("'],
    ['a\nb', 'a line feed'],
    ['a $(id)', '"$" asks a shell'],
    ['a "$HOME"', '"$" asks a shell'],
    ['a `id`', '"`" asks a shell'],
    ['a "`id`"', '"`" asks a shell'],
    ['a #b', 'a comment'],
    ["a 'b", "' is not closed"],
    ['a "b', '" is not closed'],
    ['a "b\\"', '" is not closed'],
    ['a\0b', 'a NUL'],
  ])('that only a shell could read are refused: %j', (command, message) => {
    expect(() => splitShellWords(command)).toThrowError(
      expect.objectContaining({
        code: 'RSYNC_USAGE',
        exitCode: 1,
        message: expect.stringContaining(message),
      }),
    );
  });
});

it('keeps a line feed that has a backslash in front: clients mean a name with one', () => {
  expect(texts('a\\\nb')).toEqual(['a\nb']);
  expect(texts("a'\n'b")).toEqual(['a\nb']);
});

it('tells what was quoted from what is a pattern', () => {
  const words = splitShellWords(`a\\*b* 'x?'y? "[z]"[z] \\\\ ~/a \\~/a '~/a'`);
  expect(words.map(({ text, pattern, isHome }) => [text, pattern, isHome])).toEqual([
    ['a*b*', 'a\\*b*', false],
    ['x?y?', 'x\\?y?', false],
    ['[z][z]', '\\[z\\][z]', false],
    ['\\', '\\\\', false],
    ['~/a', '~/a', true],
    ['~/a', '~/a', false],
    ['~/a', '~/a', false],
  ]);
});

it('bounds what it takes', () => {
  const tooLong = expect.objectContaining({ code: 'RSYNC_LIMIT', exitCode: 22 });
  expect(() => splitShellWords('a '.repeat(LIMITS.ARGUMENTS + 1))).toThrowError(tooLong);
  expect(() => splitShellWords('a'.repeat(LIMITS.ARGUMENT_BYTES + 1))).toThrowError(tooLong);
  expect(splitShellWords('a '.repeat(LIMITS.ARGUMENTS))).toHaveLength(LIMITS.ARGUMENTS);
});
