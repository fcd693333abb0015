import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRsyncError } from '../../../src/core/errors.ts';
import { nearestName } from '../../../src/core/nearest-name.ts';
import { Problems, problemsOf } from '../../../src/sync/config/problems.ts';
import { readYaml } from '../../../src/sync/config/yaml-document.ts';
import type { YamlMap } from '../../../src/sync/config/yaml-map.ts';

/** What `read` returns, and the problems as `LINE:COLUMN TEXT | HINT`. */
function read<T>(text: string, reader: (map: YamlMap) => T) {
  const problems = new Problems();
  const map = readYaml('/f.yaml', text, problems);
  const value = map && reader(map);
  let said: string[] = [];
  try {
    problems.throwIfAny();
  } catch (error) {
    said = problemsOf(error).map(
      ({ origin, text: found, hint }) =>
        `${origin.line}:${origin.column} ${found}${hint === undefined ? '' : ` | ${hint}`}`,
    );
  }
  return { value, said };
}

const value = <T>(text: string, reader: (map: YamlMap) => { value: T } | undefined) => {
  const result = read(`k: ${text}`, reader);
  return result.said.length > 0 ? result.said[0] : result.value?.value;
};

describe('values', () => {
  it.each([
    ['true', true],
    ['False', false],
    ['no', '1:4 k: found the text "no", expected true or false | Write false, without quotes.'],
    ['off', '1:4 k: found the text "off", expected true or false | Write false, without quotes.'],
    ['Yes', '1:4 k: found the text "Yes", expected true or false | Write true, without quotes.'],
    ['"false"', '1:4 k: found the text "false", expected true or false | Write false, without quotes.'],
    ['0', '1:4 k: found 0, expected true or false'],
    ['[]', '1:4 k: found a list, expected true or false'],
  ])('boolean %s', (text, wanted) => {
    expect(value<unknown>(text, (map) => map.get('k')?.boolean())).toBe(wanted);
  });

  it.each([
    ['0', 0],
    ['"5"', '1:4 k: found the text "5", expected a whole number from 0 to 9 | Write 5, without quotes.'],
    ['10', '1:4 k: found 10, expected a whole number from 0 to 9'],
    ['1.5', '1:4 k: found 1.5, expected a whole number from 0 to 9'],
  ])('integer %s', (text, wanted) => {
    expect(value<unknown>(text, (map) => map.get('k')?.integer(0, 9))).toBe(wanted);
  });

  it.each([
    ['15m', 900],
    ['1h30m', 5400],
    ['7d', 604_800],
    ['never', 0],
    ['90', '1:4 k: found 90, expected a time or "never" | Write a number with its unit: 90s, 15m, 24h, 7d.'],
    [
      '0s',
      '1:4 k: found the text "0s", expected a time or "never" | Write a number with its unit: 90s, 15m, 24h, 7d.',
    ],
  ])('duration %s', (text, wanted) => {
    expect(value<unknown>(text, (map) => map.get('k')?.duration({ never: true }))).toBe(wanted);
  });

  it.each([
    ['0', 0],
    ['500', 500],
    ['2m', 2048],
    ['-1', '1:4 k: found -1, expected KiB a second: a whole number, or one with a unit such as 2m'],
    [
      'fast',
      '1:4 k: found the text "fast", expected KiB a second: a whole number, or one with a unit such as 2m',
    ],
  ])('rate %s', (text, wanted) => {
    expect(value<unknown>(text, (map) => map.get('k')?.rate())).toBe(wanted);
  });

  it.each([
    ['50%', 50],
    ['0', 0],
    ['101%', '1:4 k: found the text "101%", expected a whole number from 0 to 100'],
  ])('percent %s', (text, wanted) => {
    expect(value<unknown>(text, (map) => map.get('k')?.percent())).toBe(wanted);
  });

  it('a text is no number, a choice is near', () => {
    expect(value('123', (map) => map.get('k')?.string())).toBe(
      '1:4 k: found 123, expected a text | Put it in quotes: "123".',
    );
    expect(value('newr', (map) => map.get('k')?.oneOf(['newer', 'stop']))).toBe(
      '1:4 k: found the text "newr", expected one of newer, stop | Did you mean newer?',
    );
    expect(value('null', (map) => map.get('k')?.string())).toBe(
      '1:1 k: found nothing, expected a value | Remove the key for the default.',
    );
  });

  it('a secret is not repeated', () => {
    expect(read('api_key: hunter2', (map) => map.get('api_key')?.boolean()).said).toEqual([
      '1:10 api_key: found the text a value, expected true or false',
    ]);
  });

  it('tells where a character of a text stands', () => {
    const places = ['k: abc', 'k: "abc"', "k:\n  'abc'", 'k: "a\\u0062c"'].map((text) => {
      const { line, column } = read(text, (map) => map.get('k')!.originOf(2)).value!;
      return `${line}:${column}`;
    });
    expect(places).toEqual(['1:6', '1:7', '2:6', '1:4']);
  });
});

describe('documents', () => {
  it('all mistakes are told at once, with line and column', () => {
    const { said } = read('a: 1\nb:\n  c: no\n  unheard: 1\nnane: x\na: 2\n', (map) => {
      map.get('a')?.string();
      map.get('name');
      const b = map.map('b');
      b?.get('c')?.boolean();
      b?.finish();
      map.finish();
    });
    expect(said).toEqual([
      '6:1 a is there twice, first in line 1 | Keep one of them.',
      '1:4 a: found 1, expected a text | Put it in quotes: "1".',
      '3:6 b.c: found the text "no", expected true or false | Write false, without quotes.',
      '4:3 b.unheard: unknown key | Known are c.',
      '5:1 nane: unknown key | Did you mean name?',
    ]);
  });

  it.each(['', '# nothing\n', '---\n', '{}', '\ufeff'])('%j holds nothing', (text) => {
    expect(read(text, () => 'something')).toEqual({ value: undefined, said: [] });
  });

  it.each([
    ['a: [', '1:'],
    ['a: 1\n---\nb: 2', 'found a second document'],
    ['- a', '1:1 expected keys and values'],
    ['a: !!js x', 'Unresolved tag'],
    ['a: *x', '1:1 a: an alias of an anchor that is not there'],
    ['? [a]\n: 1', 'keys must be strings'],
    ['\ta: 1', '1:'],
    [`x: &x 1\na: [${'*x, '.repeat(101)}]`, 'more than 100 aliases'],
    [`a: ${' '.repeat(1 << 18)}`, 'expected at most 262144'],
  ])('%s', (text, said) => {
    const problems = read(text, (map) => map.get('a')?.string()).said;
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).toContain(said);
  });

  it('hazard: anchors that multiply, keys by the ten thousand, brackets without end', () => {
    const bomb = [
      'a: &a [x, x]',
      ...'bcdefgh'.split('').map((k, i) => `${k}: &${k} [*${'abcdefgh'[i]}, *${'abcdefgh'[i]}]`),
    ];
    expect(read(bomb.join('\n'), (map) => map.get('h')?.strings()).said[0]).toContain(
      'found a list, expected a text',
    );
    const many = Array.from({ length: 5_000 }, (_, index) => `k${index}: 1`).join('\n');
    expect(read(many, (map) => map.names.length).value).toBe(5_000);
    expect(read('['.repeat(5_000), () => 1).said.length).toBeGreaterThan(0);
  });

  it('__proto__ is a key like others', () => {
    expect(
      read('__proto__: 1\nconstructor: 2', (map) => map.finish()).said.map((text) => text.split(' |')[0]),
    ).toEqual(['1:1 __proto__: unknown key', '2:1 constructor: unknown key']);
  });
});

describe('problems', () => {
  it('one is a message with its hint, many are a list', () => {
    const problems = new Problems();
    problems.add({ kind: 'file', name: 'k', file: '/f', line: 2, column: 3 }, 'k: wrong', 'Do so.');
    const one = thrown(problems);
    expect(one).toMatchObject({
      code: 'RSYNC_USAGE',
      exitCode: 1,
      message: '/f:2:3: k: wrong',
      hint: 'Do so.',
      path: '/f',
    });
    for (let column = 2; column < 32; column++)
      problems.add({ kind: 'environment', name: 'X', column }, 'bad');
    const many = thrown(problems);
    expect(many.message.split('\n').slice(0, 3)).toEqual([
      '31 mistakes in the configuration:',
      '  /f:2:3: k: wrong (Do so.)',
      '  X in the environment, character 2: bad',
    ]);
    expect(many.message).toMatch(/and 11 more$/);
  });

  function thrown(problems: Problems) {
    try {
      problems.throwIfAny();
    } catch (error) {
      if (isRsyncError(error)) return error;
    }
    throw new Error('nothing was thrown');
  }
});

describe('nearestName', () => {
  it.each([
    ['stael_after', 'stale_after'],
    ['Remote', 'remote'],
    ['xyz', undefined],
    ['r', undefined],
    ['x'.repeat(65), undefined],
  ])('%s', (word, wanted) => {
    expect(nearestName(word, ['remote', 'stale_after', 'x'.repeat(64)])).toBe(wanted);
  });
});

it('hazard: whatever the text is, it is read or the mistakes are told', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    ': ',
    ':',
    '\n',
    '  ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '"',
    "'",
    '&x ',
    '*x',
    '|',
    '>',
    '#',
    '? ',
    '!!str ',
    '%',
    '---\n',
    '\t',
    'no',
    '1',
    '<<',
    '~',
    '\0',
    'é',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (parts) => {
      const { said } = read(parts.join(''), (map) => {
        map.get('a')?.strings({ orOne: true });
        map.get('a')?.originOf(0);
        map.map('b')?.finish();
        map.finish();
      });
      for (const line of said) expect(line).toMatch(/^\d+:\d+ ./s);
    }),
    { numRuns: 300 },
  );
});
