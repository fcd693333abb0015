import { describe, expect, it } from 'vitest';
import { recognise, refine } from '../../../src/transport/diagnose/diagnose.ts';
import { installHint } from '../../../src/transport/diagnose/packages.ts';
import type { HostFacts } from '../../../src/transport/diagnose/probe.ts';
import { NOTHING } from './facts.ts';
import { ended, symptoms } from './symptoms.ts';

const SERVER = '--server --sender -logDtpre.iLsfxCIvu . dir/';

describe('a program that is not there', () => {
  // Captured: bash 5.2, dash 0.5.12, zsh 5.9, fish 3.6, busybox 1.35, coreutils 9.1, sudo 1.9.13. tcsh and mksh: their manuals.
  it.each([
    ['bash: line 1: rsync: command not found', 127],
    ['sh: 1: rsync: not found', 127],
    ['zsh:1: command not found: rsync', 127],
    ['fish: Unknown command: rsync\nfish: \nrsync --server --sender\n^~~~^', 127],
    ['sh: rsync: not found', 127],
    ['rbash: line 1: rsync: command not found', 127],
    ['rsync: Command not found.', 1],
    ['mksh: rsync: inaccessible or not found', 127],
    ['env: ‘rsync’: No such file or directory', 127, 'env rsync'],
    ['sudo: rsync: command not found', 1, 'sudo rsync'],
    [
      'bash: warning: setlocale: LC_ALL: cannot change locale (xx_XX): No such file or directory\nbash: line 1: rsync: command not found',
      127,
    ],
  ])('%s', (stderr, code, prefix = 'rsync') => {
    const found = recognise(
      symptoms({ exit: ended(code), stderr: `${stderr}\n`, command: `${prefix} ${SERVER}` }),
    );
    expect(found).toMatchObject({ code: 'RSYNC_REMOTE_SHELL', exitCode: code, ask: 'program' });
    expect(found!.what).toMatch(/rsync.* was not found/);
    expect(found!.hint).toContain('--rsync-path');
  });

  it.each([
    'bash: line 1: /opt/none: No such file or directory',
    'dash: 1: /opt/none: not found',
    'zsh:1: no such file or directory: /opt/none',
    'fish: Unknown command: /opt/none',
  ])('a path that --rsync-path names: %s', (stderr) => {
    const found = recognise(symptoms({ exit: ended(127), stderr, command: `/opt/none ${SERVER}` }));
    expect(found?.what).toBe('/opt/none, named by --rsync-path, was not found there');
    expect(found?.hint).toContain('leave it out');
  });

  it('names a program that was not asked for', () => {
    const loose = symptoms({
      exit: ended(127),
      stderr: 'bash: line 1: --server: command not found',
      command: `true; ${SERVER}`,
    });
    expect(recognise(loose)).toMatchObject({
      what: 'the remote side did not find --server, which is not what was to be run',
      hint: expect.stringContaining('Check --rsync-path="true;"'),
    });
    const forced = recognise(symptoms({ exit: ended(127), stderr: 'sh: 1: /opt/backup.sh: not found' }));
    expect(forced?.hint).toContain('forced command');
    // A forced command would run again.
    expect(forced?.ask).toBeUndefined();
  });

  it('knows Windows', () => {
    const stderr =
      "'rsync' is not recognized as an internal or external command,\r\noperable program or batch file.";
    const found = recognise(symptoms({ exit: ended(1), stderr }));
    expect(found?.what).toContain('runs Windows');
    expect(found?.ask).toBeUndefined();
  });

  it('a locale that is not there is no program', () => {
    const stderr = 'bash: warning: setlocale: LC_ALL: cannot change locale (xx): No such file or directory';
    expect(recognise(symptoms({ exit: ended(1), stderr }))?.what).toContain('failed with status 1');
  });

  it('status 127 without a word is not asked about', () => {
    const found = recognise(symptoms({ exit: ended(127) }));
    expect(found?.exitCode).toBe(127);
    expect(found?.ask).toBeUndefined();
  });
});

describe('a program that can not be run', () => {
  it.each([
    ['bash: line 1: /opt/x: Is a directory', 'is a directory'],
    ['bash: line 1: /opt/x: cannot execute binary file: Exec format error', 'is for another processor'],
    ['dash: 1: /opt/x: Exec format error', 'is for another processor'],
    ['zsh:1: exec format error: /opt/x', 'is for another processor'],
    [
      "exec: Failed to execute process: '/opt/x' the file could not be run by the operating system.",
      'is for another processor',
    ],
    ['bash: line 1: /opt/x: Permission denied', 'is not a program that this account may run'],
    ['zsh:1: permission denied: /opt/x', 'is not a program that this account may run'],
    [
      "fish: Unknown command. '/opt/x' exists but is not an executable file.",
      'is not a program that this account may run',
    ],
    ['sh: /opt/x: Permission denied', 'is not a program that this account may run'],
  ])('%s', (stderr, what) => {
    const found = recognise(symptoms({ exit: ended(126), stderr, command: `/opt/x ${SERVER}` }));
    expect(found).toMatchObject({
      code: 'RSYNC_REMOTE_SHELL',
      exitCode: 126,
      path: '/opt/x',
      ask: 'program',
    });
    expect(found!.what).toContain(`/opt/x ${what}`);
  });

  it.each([
    'bash: line 1: /opt/x: cannot execute: required file not found',
    'zsh:1: /opt/x: bad interpreter: /nonexist/interp: no such file or directory',
    "exec: Failed to execute process '/opt/x': The file specified the interpreter '/nonexist/interp', which is not an executable command.",
  ])('%s', (stderr) => {
    const found = recognise(symptoms({ exit: ended(127), stderr, command: `/opt/x ${SERVER}` }));
    expect(found?.what).toContain('/opt/x needs a program that is not there');
  });

  it('dash does not tell a missing interpreter from a missing file: the host does', () => {
    const s = symptoms({
      exit: ended(127),
      stderr: 'dash: 1: /opt/x: not found',
      command: `/opt/x ${SERVER}`,
    });
    const found = refine(recognise(s)!, s, { kind: 'facts', facts: { ...NOTHING, exists: true } });
    expect(found.what).toContain('/opt/x needs a program that is not there');
  });
});

it('says what the host is, if a program is for another one', () => {
  const s = symptoms({ exit: ended(126), stderr: 'sh: 1: /x: Exec format error', command: '/x --server .' });
  const facts = { ...NOTHING, machine: 'aarch64' };
  expect(refine(recognise(s)!, s, { kind: 'facts', facts }).what).toContain('; that host is Linux aarch64');
});

describe('what the host adds', () => {
  const ask = (command: string, stderr: string, facts: Partial<HostFacts>) => {
    const s = symptoms({ exit: ended(127), stderr, command: `${command} ${SERVER}` });
    return refine(recognise(s)!, s, { kind: 'facts', facts: { ...NOTHING, ...facts } }).hint;
  };

  it('says where rsync is', () => {
    expect(ask('rsync', 'sh: 1: rsync: not found', { found: ['/opt/bin/rsync', '/usr/pkg/bin/rsync'] })).toBe(
      'It is there as /opt/bin/rsync: use --rsync-path=/opt/bin/rsync.',
    );
    expect(ask('sudo -n rsync', 'sudo: rsync: command not found', { found: ['/opt/bin/rsync'] })).toBe(
      'It is there as /opt/bin/rsync: use --rsync-path="sudo -n /opt/bin/rsync".',
    );
    expect(ask('/no/rsync', 'sh: 1: /no/rsync: not found', { found: ['/usr/bin/rsync'], onPath: true })).toBe(
      'Leave out --rsync-path: rsync is there as /usr/bin/rsync, and is found without it.',
    );
  });

  it.each([
    [
      { families: ['debian'], managers: ['apt-get'], name: 'Debian GNU/Linux 12' },
      'on that host (Debian GNU/Linux 12): sudo apt-get install rsync.',
    ],
    [
      { families: ['linuxmint', 'ubuntu', 'debian'], managers: ['apt-get', 'brew'] },
      'sudo apt-get install rsync',
    ],
    [
      { families: ['rocky', 'rhel', 'centos', 'fedora'], managers: ['dnf', 'yum'], root: true },
      ': dnf install rsync',
    ],
    [{ families: ['centos', 'rhel'], managers: ['yum'] }, 'sudo yum install rsync'],
    [{ families: ['alpine'], managers: ['apk'], root: true }, ': apk add rsync'],
    [{ families: ['arch'], managers: ['pacman'] }, 'sudo pacman -S rsync'],
    [{ families: ['opensuse-leap', 'suse', 'opensuse'], managers: ['zypper'] }, 'sudo zypper install rsync'],
    [{ families: ['openwrt'], managers: ['opkg'], root: true }, ': opkg update && opkg install rsync'],
    [{ system: 'Darwin', managers: ['brew'] }, '(Darwin): brew install rsync'],
    [{ system: 'Darwin' }, 'brew install rsync'],
    [{ system: 'FreeBSD', managers: ['pkg'], root: true }, ': pkg install rsync'],
    [{ families: ['debian'] }, 'sudo apt-get install rsync'],
    [{ system: 'AIX' }, 'none of the usual places'],
  ] as [Partial<HostFacts>, string][])('%j', (facts, hint) => {
    expect(installHint({ ...NOTHING, ...facts })).toContain(hint);
    expect(ask('rsync', 'sh: 1: rsync: not found', facts)).toContain(hint);
  });

  it('an answer without the mark is a forced command', () => {
    const s = symptoms({ exit: ended(127), stderr: 'sh: 1: rsync: not found' });
    expect(refine(recognise(s)!, s, { kind: 'forced' }).hint).toContain('ForceCommand');
    expect(refine(recognise(s)!, s, { kind: 'nothing' }).hint).toContain('--rsync-path=PATH');
  });
});
