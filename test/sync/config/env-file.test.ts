import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEnvFile } from '../../../src/sync/config/env-file.ts';

const values = (text: string) =>
  Object.fromEntries(parseEnvFile(text).entries.map(({ name, value }) => [name, value]));

describe('parseEnvFile', () => {
  it.each([
    ['A=1', { A: '1' }],
    ['\ufeffA=1\r\nB=2\r\n', { A: '1', B: '2' }],
    ['A=1\rB=2', { A: '1', B: '2' }],
    ['  export A = x y  # c', { A: 'x y' }],
    ['A=\nB=', { A: '', B: '' }],
    [`A='x # y' # z`, { A: 'x # y' }],
    ['A="a\\nb"', { A: 'a\nb' }],
    [`A='a\\nb'`, { A: 'a\\nb' }],
    ['A=`it\'s "so"`', { A: 'it\'s "so"' }],
    ['A="x\r\ny"\r\nB=1', { A: 'x\ny', B: '1' }],
    ['A="x\\"y"', { A: 'x\\"y' }],
    [`A='C:\\dir\\'`, { A: 'C:\\dir\\' }],
    ['A=$HOME `id` $(id)', { A: '$HOME `id` $(id)' }],
    ['A=1\nA=2', { A: '2' }],
    ['# A=1\n\n #x', {}],
    ['A.b-c=1', { 'A.b-c': '1' }],
    ['A="open\nB=1', { A: '"open', B: '1' }],
    ['A="x" y\nB=1', { A: '"x" y', B: '1' }],
  ])('%j', (text, wanted) => {
    expect(values(text)).toEqual(wanted);
  });

  it('tells where each character of a value stands', () => {
    const [a, b, c] = parseEnvFile('A=xy\n\nexport B = "p\\nq\nr" # c\nC=  z').entries;
    expect(a!.positionOf(1)).toEqual({ line: 1, column: 4 });
    expect([0, 1, 2, 3, 4].map((index) => b!.positionOf(index))).toEqual([
      { line: 3, column: 13 },
      { line: 3, column: 14 },
      { line: 3, column: 16 },
      { line: 3, column: 17 },
      { line: 4, column: 1 },
    ]);
    expect(c!.positionOf(0)).toEqual({ line: 5, column: 5 });
  });

  it('says what is doubtful', () => {
    expect(parseEnvFile('A=h:/a#b').entries[0]).toMatchObject({
      value: 'h:/a',
      fault: { line: 1, column: 7 },
    });
    expect(parseEnvFile('\nA= "x').entries[0]).toMatchObject({ fault: { line: 2, column: 4 } });
    expect(parseEnvFile('A=x #b').entries[0]!.fault).toBeUndefined();
    expect(parseEnvFile('A: 1\nB=1\nfoo').malformed).toEqual([
      { text: 'A: 1', line: 1, column: 1 },
      { text: 'foo', line: 3, column: 1 },
    ]);
  });

  it('reads what is well formed as Node does', () => {
    const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,6}$/);
    const bare = fc.stringMatching(/^(?:[a-z$:/@.=-][a-z$:/@.= -]{0,9})?$/).map((text) => text.trim());
    const inner = fc.stringMatching(/^[a-z $#=\n\t]{0,9}$/);
    const value = fc.oneof(
      bare,
      bare.map((text) => `${text} # c`),
      ...["'", '"', '`'].map((quote) => inner.map((text) => `${quote}${text}${quote}`)),
      inner.map((text) => `"${text}\\n"`),
    );
    const line = fc.oneof(
      fc
        .tuple(fc.constantFrom('', 'export '), name, fc.constantFrom('=', ' = '), value)
        .map((parts) => parts.join('')),
      fc.constantFrom('', '# A=1'),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const text = `${lines.join('\n')}\n`;
        expect(values(text)).toEqual({ ...parseEnv(text) });
      }),
    );
  });

  it('takes any text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('A', '=', "'", '"', '`', '\\', '\n', '\r', '#', ' ', 'export ', 'é')),
        (parts) => {
          const text = parts.join('');
          for (const { value, positionOf } of parseEnvFile(text).entries) {
            const lines = text.split(/\r\n|\r|\n/);
            for (const index of value.split('').keys()) {
              const { line, column } = positionOf(index);
              expect(column).toBeLessThanOrEqual(lines[line - 1]!.length + 1);
            }
          }
        },
      ),
    );
  });
});
