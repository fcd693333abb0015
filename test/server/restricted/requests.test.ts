/** What a restricted server makes of the command that a client asks for: refusals by name. */
import { describe, expect, it } from 'vitest';
import { isSupported, LONG_NAMES } from '../../../src/options/table.ts';
import { serverWords } from '../../../src/server/restricted/client-command.ts';
import { checkLimits, judge, type RestrictedLimits } from '../../../src/server/restricted/limits.ts';
import { parseServerCommand } from '../../../src/server/server-command.ts';

const SEND = '--server --sender -logDtpre.iLsfxCIvu';
const RECEIVE = '--server -logDtpre.iLsfxCIvu';

describe('a command', () => {
  it.each([
    'rsync --server --sender . x',
    '/usr/local/bin/rsync-3.5.1 --server --sender . x',
    'sudo -n rsync --server --sender . x',
    'nice -n 19 /opt/rsyncjs --server --sender . x',
    "'C:\\\\tools\\\\rsync.exe' --server --sender . x",
  ])('is an rsync server: %s', (command) => {
    expect(serverWords(command).map(({ text }) => text)).toEqual(['--server', '--sender', '.', 'x']);
  });

  it.each([
    '',
    'ls -l',
    'rsync',
    'rsync --version',
    '--server . x',
    'bash -c "rsync --server . x"',
    'cat --server . x',
    'scp -f x',
    '/usr/lib/openssh/sftp-server',
    'internal-sftp',
    'command -v rsync',
  ])('is something else: %j', (command) => {
    expect(() => serverWords(command)).toThrowError(/^refused: this account serves rsync and nothing else$/);
  });

  it('is no daemon', () => {
    expect(() => serverWords('rsync --server --daemon .')).toThrowError(/no rsync daemon/);
    expect(serverWords('rsync --server . --daemon')).toHaveLength(3);
  });
});

function verdict(words: string, limits: RestrictedLimits): string {
  try {
    judge(parseServerCommand([...words.split(' '), '.', 'x'], { firstPathEnds: true }), limits);
    return 'ok';
  } catch (error) {
    expect(error).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 1, origin: 'remote' });
    return (error as Error).message;
  }
}

describe('limits', () => {
  it.each([
    [SEND, {}, 'ok'],
    [RECEIVE, {}, 'ok'],
    [SEND, { readOnly: true }, 'ok'],
    [RECEIVE, { readOnly: true }, 'refused: this account may only be read from'],
    [SEND, { writeOnly: true }, 'refused: this account may only be written to'],
    [RECEIVE, { writeOnly: true }, 'ok'],
    [`${RECEIVE} --delete`, {}, 'ok'],
    [`${RECEIVE} -n`, { readOnly: true }, 'refused: this account may only be read from'],
    [
      `${RECEIVE} --delete-excluded`,
      { noDelete: true },
      'refused: the option --delete-excluded deletes, and this account may delete nothing',
    ],
    [
      `${RECEIVE} --del`,
      { noDelete: true },
      'refused: the option --delete-during deletes, and this account may delete nothing',
    ],
    [
      `${RECEIVE} --delete-after`,
      { noDelete: true },
      'refused: the option --delete-after deletes, and this account may delete nothing',
    ],
  ] as const)('%s under %j: %s', (words, limits, expected) => {
    expect(verdict(words, limits)).toBe(expected);
  });

  it.each(['delete-missing-args', 'force', 'remove-source-files', 'remove-sent-files'])(
    '--%s removes something, whatever this release makes of it',
    (name) => {
      const command = parseServerCommand([...SEND.split(' '), '.', 'x']);
      const named = new Set([...command.named, name]);
      expect(() => judge({ ...command, named }, { noDelete: true })).toThrowError(
        `the option --${name} deletes`,
      );
    },
  );

  it.each([
    'copy-as',
    'write-devices',
    'copy-devices',
    'log-file',
    'insecure-links',
    'no-munge-links',
    'write-batch',
  ])('--%s is for nobody', (name) => {
    const command = parseServerCommand([...SEND.split(' '), '.', 'x']);
    const named = new Set([...command.named, name]);
    expect(() => judge({ ...command, named }, {})).toThrowError(
      `the option --${name} is not for the clients`,
    );
  });

  it('a sender that removes writes', () => {
    const command = parseServerCommand([...SEND.split(' '), '.', 'x']);
    const named = new Set(['remove-source-files']);
    expect(() => judge({ ...command, named }, { readOnly: true })).toThrowError(
      '--remove-source-files writes',
    );
  });

  it('knows options by every name', () => {
    expect(
      [...parseServerCommand(['--server', '-r', '--del', '-zn', '--no-W', '.', 'x']).named].sort(),
    ).toEqual(['compress', 'delete-during', 'dry-run', 'no-W', 'recursive', 'server'].sort());
  });

  it('the directory to start in is the one that is served', () => {
    const command = parseServerCommand([...SEND.split(' '), '/etc', 'x']);
    expect(() => judge(command, {})).toThrowError('the first path of a server is "."');
  });

  it('that are not supported are named', () => {
    const entry = LONG_NAMES.get('munge-links')!.entry;
    const check = () => checkLimits({ munge: true });
    if (isSupported(entry)) expect(check).not.toThrow();
    else expect(check).toThrowError(/--munge-links: this option of rsync is not supported/);
  });

  it('that leave nothing are a mistake', () => {
    expect(() => checkLimits({ readOnly: true, writeOnly: true })).toThrowError(/exclude each other/);
  });
});
