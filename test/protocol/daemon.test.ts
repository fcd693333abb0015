import { createHash as cryptoHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { fromText, toBuffer } from '../../src/core/bytes.ts';
import { isRsyncError } from '../../src/core/errors.ts';
import { loadHashes } from '../../src/delta/hashes.ts';
import { classifyPaths } from '../../src/options/location.ts';
import { parseArguments } from '../../src/options/parse.ts';
import { ArgumentListReader, daemonArguments, moduleOf } from '../../src/protocol/daemon-args.ts';
import {
  AUTH_DIGESTS,
  type AuthDigestName,
  authResponse,
  chooseAuthDigest,
  newChallenge,
  sameResponse,
} from '../../src/protocol/daemon-auth.ts';
import { agreedProtocol, formatGreeting, parseGreeting } from '../../src/protocol/daemon-greeting.ts';
import { line, readLine } from '../../src/protocol/daemon-line.ts';
import {
  DAEMON_EXIT,
  DAEMON_OK,
  formatChallenge,
  formatError,
  formatModule,
  parseModules,
  parseReply,
} from '../../src/protocol/daemon-reply.ts';
import {
  formatCredential,
  formatEarlyInput,
  formatRequest,
  parseCredential,
  parseRequest,
} from '../../src/protocol/daemon-request.ts';
import { NEED_MORE, Reader } from '../../src/protocol/reader.ts';
import { buildServerArgs } from '../../src/protocol/server-args.ts';
import { authDigest } from '../../src/session/daemon-digest.ts';

const vectors = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../fixtures/vectors/${name}`, import.meta.url), 'utf8'));

const reader = (text: string): Reader => new Reader(toBuffer(text));

/** What was thrown: the code of an error, or NEED_MORE. */
function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return isRsyncError(error) ? `${error.code} ${error.exitCode}` : error;
  }
  return 'nothing';
}

describe('lines', () => {
  it('are taken one by one, without CRs', () => {
    const r = reader('one\r\n\ntw\ro\nrest');
    expect([readLine(r, 10), readLine(r, 10), readLine(r, 10)]).toEqual(['one', '', 'two']);
    expect(thrown(() => readLine(r, 10))).toBe(NEED_MORE);
    expect(r.remaining).toBe(4);
  });

  it('have a limit that counts before their end has come', () => {
    expect(readLine(reader(`${'x'.repeat(8)}\n`), 8)).toHaveLength(8);
    expect(thrown(() => readLine(reader('x'.repeat(8)), 8))).toBe(NEED_MORE);
    for (const text of ['x'.repeat(9), `${'x'.repeat(9)}\n`]) {
      expect(thrown(() => readLine(reader(text), 8))).toBe('RSYNC_LIMIT 5');
    }
  });

  it.each(['a\0b\n', 'a\0', '\0\n'])('%j: a NUL ends the dialogue', (text) => {
    expect(thrown(() => readLine(reader(text), 100))).toBe('RSYNC_PROTOCOL 5');
  });

  it('need more at every prefix, and take nothing of it', () => {
    const whole = '@RSYNCD: 32.0 md5\n';
    for (let end = 0; end < whole.length; end++) {
      const r = reader(whole.slice(0, end));
      expect(thrown(() => readLine(r, 100))).toBe(NEED_MORE);
      expect(r.pos).toBe(0);
    }
  });

  it.each(['a\nb', 'a\0', '\r'])('%j is not sent', (text) => expect(() => line(text)).toThrow(RangeError));
});

describe('greeting', () => {
  it.each([
    ['@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4', 32, 0, ['sha512', 'sha256', 'sha1', 'md5', 'md4']],
    ['@RSYNCD: 31.0 md5 md4', 31, 0, ['md5', 'md4']],
    ['@RSYNCD: 31.0', 31, 0, undefined],
    ['@RSYNCD: 30.5', 30, 5, undefined],
    ['@RSYNCD: 29', 29, 0, undefined],
    ['@RSYNCD: 29 ', 29, 0, undefined],
    ['@RSYNCD: 33.0  MD5 ', 33, 0, ['md5']],
  ])('%j', (text, version, sub, digests) => {
    expect(parseGreeting(text)).toEqual({ version, sub, digests });
  });

  it.each([
    '',
    'hello',
    '@RSYNCD:32.0 md5',
    '@RSYNCD: x',
    '@RSYNCD: 30',
    '@RSYNCD: 32.0',
    '@RSYNCD: -1.0',
    '@RSYNCD: 9999999999',
  ])('%j is none', (text) => {
    expect(thrown(() => parseGreeting(text))).toBe('RSYNC_PROTOCOL 5');
  });

  it('is told to a person without control characters and at length', () => {
    let message = '';
    try {
      parseGreeting(`\x1b[1m${'x'.repeat(500)}`);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^the server sent "\\x1b\[1mx{100,}\.\.\." in place of a greeting$/);
  });

  it('survives a round trip', () => {
    const text = formatGreeting(32, AUTH_DIGESTS);
    expect(text).toBe('@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4\n');
    expect(parseGreeting(text.slice(0, -1))).toEqual({ version: 32, sub: 0, digests: [...AUTH_DIGESTS] });
  });

  it.each([
    [32, 32, 0, 32],
    [32, 33, 0, 32],
    [32, 33, 1, 32],
    [32, 31, 0, 31],
    [32, 31, 3, 30],
    [32, 32, 1, 31],
    [29, 40, 0, 29],
    [32, 29, 0, 29],
  ])('own %i, peer %i.%i: %i', (own, version, sub, agreed) => {
    expect(agreedProtocol(own, { version, sub, digests: undefined })).toBe(agreed);
  });

  it.each([0, 19, 41, 28, 255])('version %i is refused', (version) => {
    expect(thrown(() => agreedProtocol(32, { version, sub: 0, digests: undefined }))).toBe(
      'RSYNC_PROTOCOL 2',
    );
  });
});

describe('replies and requests', () => {
  it.each([
    ['@RSYNCD: OK', { kind: 'ok' }],
    ['@RSYNCD: EXIT', { kind: 'exit' }],
    ['@RSYNCD: AUTHREQD abc+/', { kind: 'auth', challenge: 'abc+/' }],
    ['@ERROR: Unknown module', { kind: 'error', text: '@ERROR: Unknown module' }],
    ['@ERROR whatever', { kind: 'error', text: '@ERROR whatever' }],
    ['@RSYNCD: OKAY', { kind: 'text', text: '@RSYNCD: OKAY' }],
    ['@RSYNCD: FOO', { kind: 'text', text: '@RSYNCD: FOO' }],
    ['@RSYNCD: AUTHREQD', { kind: 'text', text: '@RSYNCD: AUTHREQD' }],
    ['', { kind: 'text', text: '' }],
  ])('%j', (text, reply) => expect(parseReply(text)).toEqual(reply));

  it.each(['', ' ', 'a b', 'a\x1b', 'x'.repeat(513), '\xe9'])('%j is no challenge', (challenge) => {
    expect(thrown(() => parseReply(`@RSYNCD: AUTHREQD ${challenge}`))).toBe('RSYNC_PROTOCOL 5');
  });

  it('are written as they are read', () => {
    const read = (text: string) => parseReply(text.slice(0, -1));
    expect(read(DAEMON_OK)).toEqual({ kind: 'ok' });
    expect(read(DAEMON_EXIT)).toEqual({ kind: 'exit' });
    expect(read(formatChallenge('abc'))).toEqual({ kind: 'auth', challenge: 'abc' });
    expect(read(formatError('no\nway'))).toEqual({ kind: 'error', text: '@ERROR: no?way' });
    expect(parseRequest(formatRequest('').slice(0, -1))).toEqual({ kind: 'list' });
    expect(parseRequest(formatRequest('a b').slice(0, -1))).toEqual({ kind: 'module', name: 'a b' });
    expect(parseRequest(formatEarlyInput(5120).slice(0, -1))).toEqual({ kind: 'early-input', length: 5120 });
    expect(parseCredential(formatCredential('joe', 'x y').slice(0, -1))).toEqual({
      user: 'joe',
      response: 'x y',
    });
    expect(parseCredential('joe')).toBeUndefined();
  });

  it.each(['#early_input=0', '#early_input=5121', '#early_input=', '#early_input=-1', '#foo', '#list '])(
    '%j means nothing',
    (text) => {
      expect(parseRequest(text)).toEqual({ kind: 'unknown', command: text });
    },
  );

  it.each([0, 5121])('%i bytes are no early input', (length) => {
    expect(() => formatEarlyInput(length)).toThrow(RangeError);
  });

  it('tells modules from a message of the day', () => {
    const listed = ['mod            \tA module', 'a name of more than fifteen\t', 'two words      \tx\ty'];
    const modules = [
      { name: 'mod', comment: 'A module' },
      { name: 'a name of more than fifteen', comment: '' },
      { name: 'two words', comment: 'x\ty' },
    ];
    expect(modules.map((module) => formatModule(module).slice(0, -1))).toEqual(listed);
    expect(parseModules(['mod            \tof the message', 'Welcome\tall', '', ...listed])).toEqual(modules);
    expect(parseModules(['Welcome', ''])).toEqual([]);
    expect(parseModules(['x\ty', '               \tx', ...listed.slice(0, 1)])).toHaveLength(1);
  });
});

describe('password', () => {
  const {
    password,
    challenge,
    md4_no_list_before_30: old,
    ...vector
  } = vectors('primitives.json').daemon_auth;
  beforeAll(() => loadHashes());

  it.each(AUTH_DIGESTS)('%s', (name) => {
    expect(authResponse({ name, zeros: false }, password, challenge, authDigest)).toBe(vector[name]);
  });

  it('md4 of old', () => {
    expect(authResponse(chooseAuthDigest(undefined, undefined, 29), password, challenge, authDigest)).toBe(
      old,
    );
  });

  it.each<[string[] | undefined, string[] | undefined, number, AuthDigestName, boolean]>([
    [[...AUTH_DIGESTS], ['md4', 'md5'], 32, 'md5', false],
    [[...AUTH_DIGESTS], ['md4'], 29, 'md4', false],
    [['md4', 'sha1'], [...AUTH_DIGESTS], 31, 'md4', false],
    [['sha9', 'sha1'], ['sha9', 'sha1'], 31, 'sha1', false],
    [undefined, [...AUTH_DIGESTS], 31, 'md5', false],
    [[...AUTH_DIGESTS], undefined, 30, 'md5', false],
    [[...AUTH_DIGESTS], undefined, 29, 'md4', true],
  ])('%j and %j at %i: %s', (preferred, known, protocol, name, zeros) => {
    expect(chooseAuthDigest(preferred, known, protocol)).toEqual({ name, zeros });
  });

  it.each([[['md7']], [[]], [['constructor']]])('no digest in common with %j', (names) => {
    expect(thrown(() => chooseAuthDigest(AUTH_DIGESTS, names, 32))).toBe('RSYNC_UNSUPPORTED 4');
  });

  it('challenges are fresh and as long as the digest', () => {
    for (const name of AUTH_DIGESTS) {
      const one = newChallenge({ name, zeros: false });
      expect(one).not.toBe(newChallenge({ name, zeros: false }));
      const bytes = name === 'md4' ? 16 : cryptoHash(name).digest().length;
      expect(Buffer.from(one, 'base64')).toHaveLength(bytes);
      expect(parseReply(formatChallenge(one).slice(0, -1))).toEqual({ kind: 'auth', challenge: one });
    }
  });

  it('responses are compared whole', () => {
    expect(sameResponse('abc', 'abc')).toBe(true);
    for (const other of ['abd', 'ab', 'abcd', '']) expect(sameResponse(other, 'abc')).toBe(false);
  });
});

interface Sample {
  client: string;
  via: string;
  argv: string[];
  server_greeting: string;
  client_greeting: string;
  module: string;
  separator: 'LF' | 'NUL';
  sent: string[];
  stdin_args?: string[];
}

describe('arguments', () => {
  const samples: Sample[] = vectors('server-args.json').samples.filter(
    ({ via, client }: Sample) => via === 'daemon' && ['3.5.0', '3.2.7'].includes(client),
  );

  it('has the samples', () => expect(samples).toHaveLength(25));

  it.each(
    samples.map(
      (sample) => [`${sample.client}: ${sample.argv.join(' ')} (${sample.server_greeting})`, sample] as const,
    ),
  )('%s', (_, sample) => {
    const { options, paths } = parseArguments(sample.argv);
    const route = classifyPaths(paths, options);
    const own = parseGreeting(sample.client_greeting);
    const protocol = agreedProtocol(Math.min(own.version, 32), parseGreeting(sample.server_greeting));
    const role = route.direction === 'push' ? 'receiver' : 'sender';
    const args = buildServerArgs({ ...options, protocol }, role);
    const { words, bytes } = daemonArguments(args, route.remotePaths, options, protocol);
    // Ours go unescaped: daemons before 3.4.4 do not undo it.
    const dot = sample.sent.indexOf('.');
    const sent = sample.sent.map((word, k) => (k < dot ? word.replace(/\\(.)/g, '$1') : word));
    expect(words).toEqual(sent);
    expect(moduleOf(route.remotePaths[0]!)).toBe(sample.module);
    const end = sample.separator === 'LF' ? '\n' : '\0';
    const second = sample.stdin_args === undefined ? '' : [...sample.stdin_args, '', ''].join('\0');
    expect(bytes).toBe([...sent, '', ''].join(end) + second);
  });

  const plain = { oldArgs: 0, secludedArgs: false };

  it('are sent without a shell in mind, but for what holds a backslash', () => {
    const args = ['--server', '--suffix=a b*', '--suffix=a\\b'];
    expect(daemonArguments(args, ['mod/$x'], plain, 32).words).toEqual([
      '--server',
      '--suffix=a b*',
      '--suffix=a\\\\b',
      '.',
      'mod/$x',
    ]);
  });

  it('can not hold what ends a word', () => {
    expect(thrown(() => daemonArguments(['--server'], ['mod/a\0b'], plain, 32))).toBe('RSYNC_USAGE 1');
    expect(thrown(() => daemonArguments(['--server'], ['mod/a\nb'], plain, 29))).toBe('RSYNC_USAGE 1');
    expect(daemonArguments(['--server'], ['mod/a\nb'], plain, 30).bytes).toBe('--server\0.\0mod/a\nb\0\0');
    const secluded = daemonArguments(['--server', '-s'], ['mod/a\nb'], { ...plain, secludedArgs: true }, 29);
    expect(secluded.bytes).toBe('--server\n-s\n\nrsync\0.\0mod/a\nb\0\0');
  });

  /** Reads a list in pieces that end at `cuts`. */
  function readPieces(bytes: string, cuts: readonly number[], protocol: number): string[] {
    const list = new ArgumentListReader(protocol);
    const r = reader(bytes);
    const whole = r.end;
    for (const cut of [...cuts, whole]) {
      r.end = cut;
      try {
        while (!list.next(r));
        expect(r.remaining).toBe(0);
        return list.words;
      } catch (error) {
        if (error !== NEED_MORE) throw error;
      }
    }
    throw new Error('no end');
  }

  it('survive a round trip, wherever they are cut', () => {
    const word = fc.string({ minLength: 1 }).map((text) => fromText(text).replace(/[\0\n]/g, 'x'));
    fc.assert(
      fc.property(fc.array(word), fc.constantFrom(29, 32), (words, protocol) => {
        const end = protocol === 29 ? '\n' : '\0';
        const bytes = [...words, '', ''].join(end);
        for (let cut = 0; cut <= Math.min(bytes.length, 40); cut++) {
          expect(readPieces(bytes, [cut], protocol)).toEqual(words);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('need more at every prefix', () => {
    const bytes = '--server\0.\0mod/\0\0';
    for (let end = 0; end < bytes.length; end++) {
      expect(() => readPieces(bytes.slice(0, end), [], 32)).toThrow('no end');
    }
  });

  it('have limits', () => {
    const many = new ArgumentListReader(32);
    const r = reader('a\0'.repeat(16_001));
    expect(
      thrown(() => {
        while (!many.next(r));
      }),
    ).toBe('RSYNC_LIMIT 5');
    expect(many.words).toHaveLength(16_000);
    expect(thrown(() => new ArgumentListReader(32).next(reader('x'.repeat(2 ** 21 + 1))))).toBe(
      'RSYNC_LIMIT 5',
    );
  });
});
