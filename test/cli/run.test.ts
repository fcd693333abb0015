import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.ts';
import type { TransferRequest, TransferResult } from '../../src/client/transfer-request.ts';
import { RsyncError } from '../../src/core/errors.ts';
import { Capture, entry, stats } from './support.ts';

interface Told {
  code: number;
  out: string;
  err: string;
  requests: TransferRequest[];
}

interface Setup {
  name?: string;
  env?: NodeJS.ProcessEnv;
  windows?: boolean;
  signal?: AbortSignal;
  transfer?: (request: TransferRequest) => Promise<Partial<TransferResult>>;
}

async function tell(argv: string[], setup: Setup = {}): Promise<Told> {
  const [out, err] = [new Capture(), new Capture()];
  const requests: TransferRequest[] = [];
  const { transfer, env = {}, ...rest } = setup;
  const code = await run({
    argv,
    env,
    stdout: out,
    stderr: err,
    transfer: async (request) => {
      requests.push(request);
      const result = await transfer?.(request);
      return { exitCode: 0, stats: stats(), protocol: 32, checksum: 'md5', compressor: 'none', ...result };
    },
    ...rest,
  });
  return { code, out: out.text, err: err.text, requests };
}

const LAST_LINE = /^rsync (error|warning): (.+) \(code (\d+)\) at rsyncjs \[(\w+)=\d+\.\d+\.\d+\]$/;
const lastLine = ({ err }: Told): string[] => {
  const line = err.trimEnd().split('\n').at(-1)!;
  expect(line).toMatch(LAST_LINE);
  return [...LAST_LINE.exec(line)!].slice(1);
};

describe('rsync’s grammar', () => {
  it('pulls', async () => {
    const told = await tell(['-av', 'me@host:src/', ':more', 'dst'], { env: { HOME: '/h' } });
    expect(told.code).toBe(0);
    expect(told.requests).toHaveLength(1);
    expect(told.requests[0]).toMatchObject({
      direction: 'pull',
      remote: { user: 'me', host: 'host' },
      remotePaths: ['src/', 'more'],
      localPaths: ['dst'],
      options: { recursive: true, verbose: 1 },
      env: { HOME: '/h' },
    });
    expect(told.err).toBe('');
    expect(told.out).toContain('\nsent 0 bytes  received 0 bytes');
  });

  it('pushes, and lists', async () => {
    const push = await tell(['a', 'b', 'host:dst']);
    expect(push.requests[0]).toMatchObject({
      direction: 'push',
      localPaths: ['a', 'b'],
      remotePaths: ['dst'],
    });
    const list = await tell(['host:']);
    expect(list.requests[0]).toMatchObject({ direction: 'list', remotePaths: ['.'], localPaths: [] });
  });

  it('shows events as they come', async () => {
    const told = await tell(['-i', 'a', 'host:'], {
      transfer: async ({ onEvent }) => {
        onEvent!({ type: 'item', stage: 'start', iflags: 0xa000, entry: entry('a'), xname: undefined });
        return {};
      },
    });
    expect(told.out).toBe('<f+++++++++ a\n');
  });

  it('takes the first word for an option, not for a verb, under the name rsync', async () => {
    const told = await tell(['push', 'host:dst'], { name: 'rsync' });
    expect(told.requests[0]).toMatchObject({ direction: 'push', localPaths: ['push'] });
  });
});

describe('the exit code', () => {
  it.each([
    [23, 'error', 'Receiver', ['host:a', 'b']],
    [24, 'warning', 'sender', ['a', 'host:b']],
    [25, 'error', 'sender', ['a', 'host:b']],
  ])('is that of the run: %d', async (exitCode, kind, role, argv) => {
    const told = await tell(argv, { transfer: async () => ({ exitCode }) });
    expect(told.code).toBe(exitCode);
    const [gotKind, , code, gotRole] = lastLine(told);
    expect([gotKind, code, gotRole]).toEqual([kind, String(exitCode), role]);
  });

  it('comes with words and a hint when the run fails', async () => {
    const told = await tell(['a', 'host:b'], {
      transfer: () => {
        throw new RsyncError('RSYNC_CONNECT', 'no route to caf\u00e9\u001b[31m', {
          exitCode: 255,
          origin: 'transport',
          hint: 'Is it on?',
        });
      },
      env: { LANG: 'C.UTF-8' },
    });
    expect(told.code).toBe(255);
    expect(told.err.split('\n').slice(0, 2)).toEqual([
      'rsyncjs: no route to caf\xc3\xa9\\#033[31m',
      'Is it on?',
    ]);
    expect(lastLine(told)[2]).toBe('255');
  });

  it('is 20 after an interrupt, whatever broke because of it', async () => {
    const controller = new AbortController();
    const told = await tell(['-v', 'a', 'host:b'], {
      signal: controller.signal,
      transfer: async ({ signal }) => {
        controller.abort();
        expect(signal!.aborted).toBe(true);
        throw new RsyncError('RSYNC_STREAM', 'gone', { exitCode: 12, origin: 'transport' });
      },
    });
    expect(told.code).toBe(20);
    expect(told.err.split('\n')).toHaveLength(2);
    expect(lastLine(told)).toEqual(['error', 'interrupted', '20', 'sender']);
  });

  it('is 13 if what a good run said is lost', async () => {
    const err = new Capture();
    const code = await run({
      argv: ['--version'],
      env: {},
      stdout: { write: (_chunk, callback) => callback?.(new Error('ENOSPC: no space left on device')) },
      stderr: err,
      transfer: () => Promise.reject(new Error('not called')),
    });
    expect(code).toBe(13);
    expect(err.text).toMatch(/^rsyncjs: standard output: ENOSPC.*\nrsync error: .*\(code 13\)/);
  });
});

describe('usage', () => {
  it.each([[[]], [['-av']]])('is shown when there is no path: %j', async (argv) => {
    const told = await tell(argv);
    expect(told.code).toBe(1);
    expect(told.out).toBe('');
    expect(told.err).toContain('Usage: rsyncjs');
    expect(lastLine(told)).toEqual(['error', 'usage or option error', '1', 'client']);
  });

  it('reaches daemons, in rsync’s grammar and behind a verb', async () => {
    for (const argv of [
      ['rsync://host:8730/mod/a', 'b'],
      ['pull', 'host::mod/a', 'b', '--port=8730'],
    ]) {
      const told = await tell(argv, { env: { RSYNC_RSH: 'other' } });
      expect(told.requests).toMatchObject([
        { direction: 'pull', daemon: {}, remotePaths: ['mod/a'], localPaths: ['b'] },
      ]);
    }
    const told = await tell(['push', 'a', 'rsync://host/mod']);
    expect(told.requests).toMatchObject([
      { direction: 'push', daemon: { port: undefined }, remotePaths: ['mod'] },
    ]);
  });

  it('shows what a daemon says, unless that is not wanted', async () => {
    const transfer = async ({ onEvent }: TransferRequest) => {
      onEvent?.({ type: 'daemon-text', text: 'Hi \x1b[1m' });
      return { listedModules: true as const };
    };
    expect((await tell(['host::', '-v'], { transfer })).out).toBe('Hi \\#033[1m\n');
    for (const option of ['--no-motd', '-q'])
      expect((await tell(['host::', option], { transfer })).out).toBe('');
    expect((await tell(['host::', '--no-motd', '--motd'], { transfer })).out).not.toBe('');
  });

  it('is help when it is asked for', async () => {
    for (const argv of [['--help'], ['-h'], ['-a', '--help', 'x']]) {
      const told = await tell(argv);
      expect(told.code).toBe(0);
      expect(told.err).toBe('');
      expect(told.out).toContain('--archive');
      expect(told.out).toContain('rsyncjs pull');
    }
    const plain = await tell(['--help'], { name: 'rsync' });
    expect(plain.out).toContain('Usage: rsync [OPTION]');
    expect(plain.out).not.toContain('rsyncjs');
  });

  it.each([
    [['--bogus', 'a', 'host:'], 1, '--bogus: unknown option'],
    [['host::/mod', 'a'], 5, 'must start with a module name'],
    [['pull', 'rsync://host/', 'a'], 1, 'names no module'],
    [['push', 'a', 'host::'], 1, 'names no module'],
    [['host:a', 'other:b'], 1, 'cannot both be remote'],
    [['--iconv=.', 'a', 'host:'], 4, 'not supported'],
  ])('is refused: %j', async (argv, code, words) => {
    const told = await tell(argv);
    expect(told.code).toBe(code);
    expect(told.err).toContain(words);
    expect(told.err.startsWith('rsyncjs: ')).toBe(true);
    expect(told.err).not.toContain('rsyncjs: rsyncjs:');
    expect(told.requests).toEqual([]);
    expect(lastLine(told)[2]).toBe(String(code));
  });
});

describe('the version', () => {
  it('is told as scripts expect it', async () => {
    const told = await tell(['--version']);
    expect(told.out).toMatch(/^rsyncjs {2}version \d+\.\d+\.\d+ {2}protocol version 32\n/);
    expect(told.out).toMatch(/Checksum list:\n {4}xxh128 xxh3 xxh64 md5 md4 sha1 none\n/);
    expect(told.out).toMatch(/Compress list:\n {4}(zstd )?lz4 zlibx zlib none\n/);
  });

  it('is told as JSON', async () => {
    const facts = JSON.parse((await tell(['-VV'])).out);
    expect(facts).toMatchObject({ program: 'rsyncjs', protocol: 32 });
    expect(facts.compress_list).toContain('zlibx');
  });
});

describe('verbs', () => {
  it('run what agrees with them', async () => {
    const pull = await tell(['pull', '-az', 'host:src', 'dst']);
    expect(pull.requests[0]).toMatchObject({ direction: 'pull', options: { compress: true } });
    const push = await tell(['push', 'src', '--exclude', '-x', 'host:dst']);
    expect(push.requests[0]).toMatchObject({ direction: 'push', localPaths: ['src'] });
    expect(push.requests[0]!.options.filters).toEqual([{ kind: 'exclude', text: '-x' }]);
    const list = await tell(['pull', '--list-only', 'host:src', 'dst']);
    expect(list.requests[0]).toMatchObject({ direction: 'list' });
  });

  it.each([
    [['pull', 'a', 'host:b'], 'a is not on another machine'],
    [['pull', 'host:a'], 'no destination'],
    [['pull', 'host:a', 'host:b'], 'not on this machine'],
    [['push', 'host:a', 'b'], 'host:a is not on this machine'],
    [['push', 'a', 'b'], 'b is not on another machine'],
    [['push', 'host:a'], 'missing'],
    [['pull'], 'Sync not configured. Set SYNC_REMOTE in .env'],
    [['psh'], 'psh: no such command, and no such file'],
    [['psh'], 'Did you mean "rsyncjs push"?'],
  ])('refuse what does not: %j', async (argv, words) => {
    const told = await tell(argv);
    expect(told.code).toBe(1);
    expect(told.requests).toEqual([]);
    expect(told.err.toLowerCase()).toContain(words.toLowerCase());
    expect(lastLine(told)[2]).toBe('1');
  });

  it('have their own help', async () => {
    for (const argv of [
      ['pull', '--help'],
      ['pull', '-h'],
    ]) {
      const told = await tell(argv);
      expect(told.code).toBe(0);
      expect(told.out).toContain('rsyncjs pull [OPTION]... [USER@]HOST:SRC... DEST');
      expect(told.out).toMatch(/-a, --archive +the same as/);
      expect(told.out).not.toContain('rsyncjs push');
    }
  });

  it('come with a script for the shell', async () => {
    const told = await tell(['completion']);
    expect(told.code).toBe(0);
    expect(told.out).toContain('--get-yargs-completions');
    expect(told.out).toContain('rsyncjs');
  });
});

describe('Windows', () => {
  it('has drive letters and backslashes', async () => {
    const told = await tell(['C:\\data\\x', 'host:dst'], { windows: true });
    expect(told.requests[0]).toMatchObject({ direction: 'push', localPaths: ['C:/data/x'] });
    const elsewhere = await tell(['C:\\data\\x', 'dst']);
    expect(elsewhere.requests[0]).toMatchObject({ direction: 'pull', remote: { host: 'C' } });
  });

  it('has no shell that expands wildcards', async () => {
    const pattern = 'fixtures/vectors/transfer/exchange-none-*.json';
    const there = await tell([pattern, 'host:'], { windows: true });
    expect(there.requests[0]!.localPaths).toEqual(['fixtures/vectors/transfer/exchange-none-p32.json']);
    expect((await tell([pattern, 'host:'])).requests[0]!.localPaths).toEqual([pattern]);
  });
});

it('asks for prompts when a transfer starts, not before', async () => {
  let asked = 0;
  const onPrompt = async () => undefined;
  const base = {
    env: {},
    stdout: new Capture(),
    stderr: new Capture(),
    onPrompt: async () => {
      asked++;
      return onPrompt;
    },
    transfer: async (request: TransferRequest): Promise<TransferResult> => {
      expect(request.onPrompt).toBe(onPrompt);
      return { exitCode: 0, stats: stats(), protocol: 32, checksum: 'md5', compressor: 'none' };
    },
  };
  await run({ ...base, argv: ['--version'] });
  expect(asked).toBe(0);
  expect(await run({ ...base, argv: ['host:'] })).toBe(0);
  expect(asked).toBe(1);
});
