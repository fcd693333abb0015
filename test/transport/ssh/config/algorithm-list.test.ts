import { describe, expect, it } from 'vitest';
import { assembleAlgorithms } from '../../../../src/transport/ssh/config/algorithm-list.ts';

describe('assembleAlgorithms', () => {
  const defaults = ['b1', 'b2', 'c1'];
  const supported = ['a1', 'b2', 'b1', 'c1', 'd1'];

  it.each([
    [undefined, ['b1', 'b2', 'c1']],
    ['', ['b1', 'b2', 'c1']],
    ['c1,a1', ['c1', 'a1']],
    ['c1,c1', ['c1']],
    ['c1,gone,a1', ['c1', 'a1']],
    ['gone', []],
    // Wildcards stand for what is supported, in that order.
    ['b*,a?', ['b2', 'b1', 'a1']],
    ['+d1,b1', ['b1', 'b2', 'c1', 'd1']],
    ['+?1', ['b1', 'b2', 'c1', 'a1', 'd1']],
    ['-b1', ['b2', 'c1']],
    ['-b*', ['c1']],
    ['-b*,!b2', ['b2', 'c1']],
    ['-*,!b2', ['b2']],
    ['-b*,c*', []],
    ['-gone', ['b1', 'b2', 'c1']],
    ['^c1,d1', ['c1', 'd1', 'b1', 'b2']],
    ['^gone', ['b1', 'b2', 'c1']],
  ])('reads %j', (spec, wanted) => {
    expect(assembleAlgorithms(spec, defaults, supported)).toEqual(wanted);
  });

  it('leaves out defaults that are not supported', () => {
    expect(assembleAlgorithms(undefined, ['x', 'a1'], supported)).toEqual(['a1']);
    expect(assembleAlgorithms('+d1', ['x', 'a1'], supported)).toEqual(['a1', 'd1']);
  });
});
