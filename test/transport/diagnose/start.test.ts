/** Accounts, sudo, and what a remote rsync says before it gives up. */
import { describe, expect, it } from 'vitest';
import { recognise } from '../../../src/transport/diagnose/diagnose.ts';
import { ended, symptoms } from './symptoms.ts';

describe('accounts that run something else', () => {
  it.each([
    ['This account is currently not available.\n', 1, 'no login shell', 'Log in as another user'],
    ['This service allows sftp connections only.\n', 1, 'limited to sftp', 'may run commands'],
    ["fatal: unrecognized command 'rsync --server'\n", 128, 'for git alone', 'another user'],
    ["FATAL: unknown git/gitolite command: 'rsync --server'\n", 255, 'for git alone', 'another user'],
    ['PTY allocation request failed on channel 0\n', 1, 'for git alone', 'another user'],
    [
      "rbash: line 1: /usr/bin/rsync: restricted: cannot specify `/' in command names\n",
      1,
      'restricted shell',
      'leave out the folder',
    ],
    [
      'WARNING: Your password has expired.\nPassword change required but no TTY available.\n',
      1,
      'has expired',
      'Log in once',
    ],
    [
      '/bin/zsh: No such file or directory\n',
      1,
      'the login shell of the account, /bin/zsh',
      'ChrootDirectory',
    ],
  ])('%j', (words, code, what, hint) => {
    for (const channel of ['printed', 'stderr']) {
      const found = recognise(symptoms({ exit: ended(code), [channel]: words }));
      expect(found).toMatchObject({
        code: 'RSYNC_REMOTE_SHELL',
        exitCode: channel === 'printed' ? 2 : code,
      });
      expect(found!.what).toContain(what);
      expect(found!.hint).toContain(hint);
      expect(found!.ask).toBeUndefined();
    }
  });

  it('cloud images say which user they take', () => {
    const printed = 'Please login as the user "admin" rather than the user "root".\n\n';
    expect(recognise(symptoms({ exit: undefined, printed }))).toMatchObject({
      exitCode: 2,
      what: expect.stringMatching(/^this host does not take root as the user; it printed "Please/),
      hint: 'Log in as admin: admin@HOST:PATH.',
    });
  });

  it('a forced command that ends well', () => {
    const silent = recognise(symptoms({ exit: ended(0) }));
    expect(silent).toMatchObject({ code: 'RSYNC_REMOTE_EXIT', exitCode: 12 });
    expect(silent?.hint).toContain('SSH_ORIGINAL_COMMAND');
    expect(silent?.ask).toBeUndefined();
    const menu = recognise(symptoms({ exit: ended(0), printed: '1) status\n2) quit\n' }));
    expect(menu).toMatchObject({ code: 'RSYNC_PROTOCOL', exitCode: 2 });
    expect(menu?.ask).toBeUndefined();
    expect(menu?.what).toContain('"1) status\\n2) quit\\n"');
  });

  it('a status without a word', () => {
    expect(recognise(symptoms({ exit: ended(1) }))).toMatchObject({
      code: 'RSYNC_REMOTE_EXIT',
      exitCode: 1,
      hint: expect.stringContaining('/bin/false'),
    });
  });
});

describe('sudo, doas and su', () => {
  // sudo 1.9.13 and su of util-linux 2.38 captured; the others from the manuals of their projects.
  it.each([
    ['sudo: a password is required\n', 'sudo -n rsync', 'ann ALL=(root) NOPASSWD: /usr/bin/rsync'],
    [
      'sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper\nsudo: a password is required\n',
      'sudo rsync',
      '--rsync-path="sudo -n rsync"',
    ],
    ['sudo: sorry, you must have a tty to run sudo\n', 'sudo -n rsync', '!requiretty'],
    [
      'ann is not in the sudoers file.\n',
      'sudo -u www-data rsync',
      'ann ALL=(www-data) NOPASSWD: /usr/bin/rsync',
    ],
    [
      "Sorry, user ann is not allowed to execute '/opt/rsync --server .' as root on far.\n",
      'sudo -n /opt/rsync',
      'NOPASSWD: /opt/rsync',
    ],
    ['doas: a tty is required\n', 'doas rsync', 'permit nopass'],
    ['doas: Operation not permitted\n', 'doas rsync', 'permit nopass'],
    ['Password: su: Authentication failure\n', 'su -c rsync', 'sudo -n rsync'],
  ])('%j', (stderr, prefix, hint) => {
    const found = recognise(symptoms({ exit: ended(1), stderr, command: `${prefix} --server .` }));
    expect(found).toMatchObject({ code: 'RSYNC_REMOTE_SHELL', exitCode: 1 });
    expect(found!.hint).toContain(hint);
    expect(found!.ask).toBeUndefined();
  });

  it.each([
    ['Password: ', 'su root -c rsync', 'log in as the user'],
    ["ann's password: ", 'wrapper', 'log in as the user'],
    ['Enter passphrase for key "/x": ', 'wrapper', 'log in as the user'],
    ['Password for ann:', 'sudo rsync', 'NOPASSWD'],
  ])('a question that nobody answers: %j', (stderr, prefix, hint) => {
    const found = recognise(symptoms({ stderr, command: `${prefix} --server .` }));
    expect(found).toMatchObject({ code: 'RSYNC_REMOTE_SHELL', exitCode: 12 });
    expect(found!.what).toBe('the remote command asks for a password');
    expect(found!.hint).toContain(hint);
    expect(recognise(symptoms({ stderr: `${stderr}\n`, command: `${prefix} --server .` }))).toBeUndefined();
  });

  it('does not propose what is there already', () => {
    const s = symptoms({
      exit: ended(1),
      stderr: 'sudo: a password is required',
      command: 'sudo -n rsync --server .',
    });
    expect(recognise(s)?.hint).not.toContain('--rsync-path');
  });
});

describe('a remote rsync that gives up', () => {
  it.each([
    [
      'rsync: on remote machine: --mkpath: unknown option\nrsync error: syntax or usage error (code 1) at main.c(1758) [server=3.2.1]\n',
      1,
      'the remote rsync 3.2.1 does not know the option --mkpath',
      'update rsync there',
    ],
    [
      'rsync: on remote machine: -Y: unknown option\nrsync error: syntax or usage error (code 1) at main.c(1913) [server=3.5.1]\n',
      1,
      'does not know the option -Y',
      'Leave out -Y',
    ],
    [
      "openrsync: unrecognized option `--mkpath'\nusage: openrsync [-aDgloprtvx]\n",
      1,
      'openrsync does not know the option --mkpath',
      'macOS',
    ],
    [
      'protocol version mismatch -- is your shell clean?\n(see the rsync manpage for an explanation)\nrsync error: protocol incompatibility (code 2) at compat.c(625) [sender=3.5.1]\n',
      2,
      'did not understand what came from here',
      'changes the data',
    ],
    [
      'rsync: --max-alloc=1 is too small (min: 1.00M or 0 for unlimited)\nrsync error: syntax or usage error (code 1) at main.c(1804) [server=3.2.7]\n',
      1,
      'the remote rsync 3.2.7 gave up: syntax or usage error (code 1)',
      'does not take the options',
    ],
  ])('%j', (stderr, code, what, hint) => {
    const found = recognise(symptoms({ exit: ended(code), stderr }));
    expect(found).toMatchObject({ code: 'RSYNC_REMOTE_EXIT', exitCode: code });
    expect(found!.what).toContain(what);
    expect(found!.hint).toContain(hint);
  });

  it('a folder that is not there', () => {
    const stderr =
      'rsync: [Receiver] mkdir "/srv/a/b" failed: No such file or directory (2)\nrsync error: error in file IO (code 11) at main.c(821) [Receiver=3.5.1]\n';
    expect(recognise(symptoms({ exit: ended(11), stderr, printed: '\x1f\0\0\0' }))).toMatchObject({
      exitCode: 11,
      path: '/srv/a/b',
      hint: expect.stringContaining('--mkpath'),
    });
  });
});
