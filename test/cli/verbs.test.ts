import { describe, expect, it, vi } from 'vitest';
import { chooseVerb, isVerbCommand, readServe, verbHelp } from '../../src/cli/verbs.ts';

it('knows a verb by the first word alone', () => {
  for (const argv of [['pull'], ['push', '-a'], ['completion'], ['--get-yargs-completions', 'rsyncjs', '']]) {
    expect(isVerbCommand(argv)).toBe(true);
  }
  for (const argv of [[], ['-a', 'pull'], ['./pull', 'host:'], ['pulls'], ['toString'], ['--help']]) {
    expect(isVerbCommand(argv)).toBe(false);
  }
});

it('leaves the options to rsync’s grammar', async () => {
  expect(await chooseVerb(['pull', '--help', '--bogus', '-zz'])).toEqual({ verb: 'pull', text: '' });
});

it('helps with the options of rsync', async () => {
  const help = await verbHelp('push');
  expect(help).toContain('rsyncjs push [OPTION]... SRC... [USER@]HOST:DEST');
  for (const option of ['-a, --archive', '-e, --rsh', '--out-format', '-P ']) expect(help).toContain(option);
  for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
});

describe('serve', () => {
  it('is no verb of a client', () => {
    expect(isVerbCommand(['serve', '--ssh'])).toBe(false);
  });

  it('reads its words', async () => {
    const words = 'serve --ssh --root 7 --no-delete --read-only --port 22 --authorized-keys=a=b';
    expect(await readServe(words.split(' '))).toEqual({
      ...{ mode: 'ssh', root: '7', readOnly: true, writeOnly: false, noDelete: true, munge: false },
      ...{ logFile: undefined, port: 22, address: undefined, authorizedKeys: 'a=b', hostKey: undefined },
    });
  });

  it.each([
    ['--ssh --root x --authorized-keys y --bogus', /Unknown argument: bogus/],
    ['--ssh --root x --authorized-keys y z', /Unknown argument: z/],
    ['--stdio', /--root DIR is missing/],
    ['--stdio --root', /Not enough arguments following: root/],
    ['--stdio --root=', /--root is empty/],
    ['--root x', /one of --stdio and --ssh/],
    ['--ssh --root x --authorized-keys y --port http', /--port http: a port is a number/],
    ['--ssh --root x --authorized-keys y --port 65536', /--port 65536: a port is a number/],
  ])('refuses %s', async (words, message) => {
    await expect(readServe(['serve', ...words.split(' ')])).rejects.toMatchObject({
      code: 'RSYNC_USAGE',
      exitCode: 1,
      message: expect.stringMatching(message),
    });
  });

  it('helps', async () => {
    const { help } = (await readServe(['serve', '--help'])) as { help: string };
    expect(help).toContain('rsyncjs serve --stdio|--ssh --root DIR [OPTION]...');
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
});

describe('completion', () => {
  it.each([
    [
      '',
      [
        ...['pull', 'push', 'init', 'setup', 'doctor', 'status', 'watch', 'log', 'config', 'hub'],
        ...['serve', 'completion'],
      ],
    ],
    ['status --re', ['--remote']],
    ['pu', ['pull', 'push']],
    ['pull', ['pull']],
    ['x', []],
    ['pull x', []],
    ['pull --st', ['--stats']],
    ['pull -a --out', ['--out-format=']],
    ['--dry', ['--dry-run']],
    ['serve --a', ['--address=', '--authorized-keys=']],
    ['serve --s', ['--stdio', '--ssh']],
    ['ser', ['serve']],
  ])('of "%s"', async (words, expected) => {
    const log = vi.spyOn(console, 'log');
    const choice = await chooseVerb(['--get-yargs-completions', 'rsyncjs', ...words.split(' ')]);
    expect(choice).toEqual({
      verb: undefined,
      sync: undefined,
      text: expected.map((word) => `${word}\n`).join(''),
    });
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });
});
