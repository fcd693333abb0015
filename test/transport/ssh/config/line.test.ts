import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteValue, splitConfigLine, splitValues } from '../../../../src/transport/ssh/config/line.ts';

describe('splitConfigLine', () => {
  it.each([
    ['Port 22', 'Port', '22', ['22']],
    ['  Port\t=\t22  # x', 'Port', '22  # x', ['22']],
    ['Port= =22', 'Port', '=22', ['=22']],
    ['"Port" =22', 'Port', '=22', ['=22']],
    ['ProxyCommand nc "a  b" # c', 'ProxyCommand', 'nc "a  b" # c', ['nc', 'a  b']],
    ['X a\\ b "c\\"d" e\\f \'g"h\'', 'X', 'a\\ b "c\\"d" e\\f \'g"h\'', ['a b', 'c"d', 'e\\f', 'g"h']],
    ['X "" y', 'X', '"" y', ['', 'y']],
    ['X y\r', 'X', 'y', ['y']],
  ])('splits %j', (line, keyword, rest, values) => {
    expect(splitConfigLine(line)).toEqual({ keyword, rest, values });
  });

  it.each(['', '  \t ', '# x', '   # Port 22', '"Port 22', '\r', '=', '#'])('passes over %j', (line) => {
    expect(splitConfigLine(line)).toBeUndefined();
  });

  it.each(['Port', 'Port=', 'Port =', 'X "y', "X y'"])('refuses %j', (line) => {
    expect(() => splitConfigLine(line)).toThrow();
  });
});

describe('quoteValue', () => {
  it('is undone by splitValues, whatever the word', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab \t"\'\\#=%~é') }), (word) => {
        expect(splitValues(quoteValue(word))).toEqual([word]);
      }),
    );
  });
});
