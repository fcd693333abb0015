import { describe, expect, it } from 'vitest';
import { parseJump } from '../../../src/transport/ssh/jump.ts';

describe('parseJump', () => {
  it.each([
    ['hop', undefined, 'hop', undefined],
    ['ann@hop:2222', 'ann', 'hop', 2222],
    ['ann@corp@hop', 'ann@corp', 'hop', undefined],
    ['hop:ssh', undefined, 'hop', 22],
    ['[::1]:2222', undefined, '::1', 2222],
    ['ann@[fe80::1]', 'ann', 'fe80::1', undefined],
    ['ssh://ann@hop:2222/', 'ann', 'hop', 2222],
    ['ssh://ann;fingerprint=x@hop', 'ann', 'hop', undefined],
    ['a;b@hop', 'a;b', 'hop', undefined],
  ])('%s', (text, user, host, port) => {
    expect(parseJump(text)).toEqual({ user, host, port });
  });

  it.each([
    '',
    '@hop',
    'ann@',
    '-oProxyCommand=x',
    '-l@hop',
    'hop:0',
    'hop:65536',
    'hop:x y',
    'a b',
    'ssh://',
  ])('refuses %j', (text) => {
    expect(() => parseJump(text)).toThrow(/bad jump host/);
  });
});
