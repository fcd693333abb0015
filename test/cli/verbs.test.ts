import { describe, expect, it, vi } from 'vitest';
import { chooseVerb, isVerbCommand, verbHelp } from '../../src/cli/verbs.ts';

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

describe('completion', () => {
  it.each([
    ['', ['pull', 'push', 'completion']],
    ['pu', ['pull', 'push']],
    ['pull', ['pull']],
    ['x', []],
    ['pull x', []],
    ['pull --st', ['--stats']],
    ['pull -a --out', ['--out-format=']],
    ['--dry', ['--dry-run']],
  ])('of "%s"', async (words, expected) => {
    const log = vi.spyOn(console, 'log');
    const choice = await chooseVerb(['--get-yargs-completions', 'rsyncjs', ...words.split(' ')]);
    expect(choice).toEqual({ verb: undefined, text: expected.map((word) => `${word}\n`).join('') });
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });
});
