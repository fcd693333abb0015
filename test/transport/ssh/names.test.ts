import { describe, expect, it } from 'vitest';
import { checkNames } from '../../../src/transport/ssh/names.ts';
import { makePlan } from '../../../src/transport/ssh/plan.ts';
import { failure } from '../support.ts';

describe('names that a shell could read', () => {
  it.each([
    '$(touch x)',
    '`id`',
    'a;b',
    'a|b',
    'a b',
    'a\nb',
    '-oProxyCommand=x',
    'a"b',
    "a'b",
    'a&b',
    'a>b',
    'a\\b',
    '{a,b}',
  ])('refuses the host %j', async (host) => {
    expect(() => checkNames(host, undefined)).toThrow(/host name/);
    const error = await failure(makePlan({ host, given: [], configFile: 'none', env: {} }));
    expect(error).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 255 });
  });

  it.each(['$(touch x);', '`id`', 'a;b', 'a|b', 'a -oX', '-l', 'a\nb', 'a\\'])(
    'refuses the user %j',
    (user) => {
      expect(() => checkNames('host', user)).toThrow(/user name/);
    },
  );

  it.each([
    ['host.example.com', undefined],
    ['fe80::1%eth0', 'ann'],
    ['höst', 'CORP\\ann'],
    ['my_host', 'ann@example.com'],
    ['host', 'Ann Lee'],
  ])('lets %s and %s pass', (host, user) => {
    expect(() => checkNames(host, user)).not.toThrow();
  });
});
