import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askSsh, askUs, caseFolder, comparable, inWordsOfSsh, sshMissing } from './support.ts';

const missing = sshMissing();

const NAMES = ['a', 'b', 'web', 'WEB', 'web.lan', 'db.lan'];
const PATTERNS = [...NAMES, '*', '*.lan', 'w*', '?', '!a', '!*.lan', '!web', '*b*'];
const USERS = ['u', 'v', 'root'];

const blank = fc.constantFrom(' ', '  ', '\t', ' \t ');
const pattern = fc.constantFrom(...PATTERNS);
const patterns = fc.array(pattern, { minLength: 1, maxLength: 3 });

/** A keyword and values for it; a few of them make no sense. */
const setting = fc.oneof(
  ...Object.entries({
    Port: ['22', '2222', 'ssh', '0', '70000'],
    User: ['u', 'v', '"x y"', '""'],
    HostName: ['real', '%h.lan', 'Web.LAN', '%%', '10.0.0.1'],
    IdentityFile: ['~/.ssh/k', 'k2', 'none', '"k 3"', '%d/k'],
    IdentitiesOnly: ['yes', 'no', 'perhaps'],
    BatchMode: ['yes', 'no'],
    Compression: ['yes', 'no', 'true'],
    ConnectTimeout: ['5', '1m', 'none', '1m30s', 'x'],
    ServerAliveInterval: ['0', '15', '1h'],
    ConnectionAttempts: ['1', '3'],
    StrictHostKeyChecking: ['yes', 'no', 'ask', 'accept-new', 'off'],
    UserKnownHostsFile: ['/k1', '/k1 "/k 2"', 'none', '~/k'],
    ProxyJump: ['hop', 'u@hop:2222', 'one,two', 'none', 'hop,'],
    ProxyCommand: ['nc %h %p', 'none', 'x "y z" # w'],
    SendEnv: ['LANG', 'LC_* FOO', '-L*', 'A=B'],
    SetEnv: ['A=1', 'A=2 B="x y"', 'C'],
    Ciphers: ['aes256-ctr', '+aes128-cbc', '-aes*', '^aes256-ctr'],
    HostKeyAlias: ['Alias', 'other'],
    LogLevel: ['ERROR', 'debug', 'verbose'],
    PasswordAuthentication: ['yes', 'no'],
    IgnoreUnknown: ['Nothing*'],
  }).map(([keyword, values]) =>
    fc.record({
      keyword: fc.constant(keyword),
      value: fc.oneof(
        // The first ones mostly, so that most files are accepted.
        { weight: 6, arbitrary: fc.constantFrom(...values.slice(0, 2)) },
        { weight: 1, arbitrary: fc.constantFrom(...values) },
      ),
    }),
  ),
);

const criterion = fc.oneof(
  fc.tuple(fc.constantFrom('host', 'originalhost', '!host', 'HOST'), patterns).map(([name, list]) => {
    return `${name} ${list.join(',')}`;
  }),
  fc
    .tuple(fc.constantFrom('user', '!user'), fc.constantFrom(...USERS))
    .map(([name, user]) => `${name} ${user}`),
  fc.constantFrom(
    'final',
    '!final',
    'canonical',
    '!canonical',
    'exec "true"',
    'exec "false"',
    '!exec "false"',
  ),
);

const line = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        setting,
        indent: fc.constantFrom('', '  ', '\t'),
        separator: fc.oneof(blank, fc.constantFrom('=', ' = ', '= ')),
        letters: fc.constantFrom('as is', 'lower', 'upper'),
        end: fc.constantFrom('', ' ', '\t', '\r'),
      })
      .map(({ setting: { keyword, value }, indent, separator, letters, end }) => {
        const name =
          letters === 'lower' ? keyword.toLowerCase() : letters === 'upper' ? keyword.toUpperCase() : keyword;
        return `${indent}${name}${separator}${value}${end}`;
      }),
  },
  { weight: 3, arbitrary: patterns.map((list) => `Host ${list.join(' ')}`) },
  {
    weight: 2,
    arbitrary: fc.array(criterion, { minLength: 1, maxLength: 2 }).map((list) => `Match ${list.join(' ')}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('Match all', 'Match final all', '# comment', '', 'Include @DIR@/more'),
  },
);

const file = fc.array(line, { maxLength: 14 }).map((lines) => `${lines.join('\n')}\n`);
const more = fc
  .array(line, { maxLength: 5 })
  .map((lines) => lines.filter((text) => !text.startsWith('Include')).join('\n'));

describe.skipIf(missing !== undefined)(`random files as ssh -G reads them ${missing ?? ''}`, () => {
  const folder = caseFolder();
  const env = { PATH: process.env.PATH, HOME: process.env.HOME };
  const args = [[], [], ['-l', 'u'], ['-p', '9'], ['-o', 'User=v', '-o', 'ProxyJump=none']];

  it('answers the same, or refuses both times', async () => {
    const query = fc.record({ file, more, host: fc.constantFrom(...NAMES), args: fc.constantFrom(...args) });
    await fc.assert(
      fc.asyncProperty(query, async ({ file: config, more: included, host, args: words }) => {
        const path = join(folder({ config, more: included }), 'config');
        const real = askSsh(path, host, words, env);
        const us = await askUs(path, host, words, env);
        if (real.answer === undefined) {
          expect(us.error).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 255 });
          return;
        }
        if (us.error !== undefined) throw us.error;
        const defaults = askSsh('none', host, [], env).answer!;
        const ours = inWordsOfSsh(us, defaults);
        expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(comparable(real.answer, ours)));
      }),
      { numRuns: Number(process.env.RSYNCJS_PROPERTY_RUNS ?? 60) },
    );
  });
});
