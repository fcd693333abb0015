import { describe, expect, it } from 'vitest';
import { recognise, refine } from '../../../src/transport/diagnose/diagnose.ts';
import type { HostFacts } from '../../../src/transport/diagnose/probe.ts';
import { isVersion } from '../../../src/transport/diagnose/symptoms.ts';
import { NOTHING } from './facts.ts';
import { ended, symptoms, VERSION } from './symptoms.ts';

describe('text in front of the version', () => {
  it.each([
    ['Welcome to far\r\n', '"Welcome to far\\r\\n"', undefined],
    [`Welcome\n${VERSION}\x81\xff`, '"Welcome\\n"', 'shell'],
    [`\n${VERSION}`, '"\\n"', 'shell'],
    ['ab', '"ab"', undefined],
    [`x${VERSION}`, '"x"', 'shell'],
  ])('%j', (printed, shown, ask) => {
    const found = recognise(symptoms({ printed }));
    expect(found).toMatchObject({ code: 'RSYNC_PROTOCOL', exitCode: printed.length >= 4 ? 2 : 12 });
    expect(found?.ask).toBe(ask);
    expect(found?.what).toBe(`is your shell clean? Text came before rsync's answer: ${shown}`);
    expect(found?.hint).toContain('must print nothing');
  });

  it('fewer than four bytes leave the status of the command', () => {
    expect(recognise(symptoms({ printed: 'abc', exit: ended(5) }))).toMatchObject({ exitCode: 5 });
  });

  it('text, and no rsync behind it', () => {
    const s = symptoms({
      printed: 'Welcome\n',
      exit: ended(127),
      stderr: 'bash: line 1: rsync: command not found',
    });
    expect(recognise(s)?.what).toBe('rsync was not found on that host');
  });

  it.each([
    ['31', '^_^@^@^@'],
    ['32, which is a blank', ' ^@^@^@'],
  ])('a terminal, which echoes our version %s', (_version, echo) => {
    for (const printed of [`${echo}${VERSION}`, `${VERSION}\x81\xfd${echo}`]) {
      const found = recognise(symptoms({ printed }));
      expect(found?.what).toContain('the remote side is a terminal');
      expect(found?.hint).toContain('-tt');
    }
  });

  it.each([
    [[31, 0, 0, 0], true],
    [[20, 0, 0, 0, 99], true],
    [[40, 0, 0, 0], true],
    [[31, 0], true],
    [[19, 0, 0, 0], false],
    [[41, 0, 0, 0], false],
    [[31, 0, 0, 1], false],
    [[10, 31, 0, 0], false],
    [[0], false],
  ])('takes %j for a version: %s', (bytes, expected) => {
    expect(isVersion(Uint8Array.from(bytes))).toBe(expected);
  });
});

describe('where the text comes from', () => {
  const hint = (facts: Partial<HostFacts>, prefix = 'rsync') => {
    const s = symptoms({ printed: `Welcome\n${VERSION}`, command: `${prefix} --server .` });
    return refine(recognise(s)!, s, { kind: 'facts', facts: { ...NOTHING, noisy: true, ...facts } }).hint;
  };

  it.each([
    ['/bin/bash', ['~/.bashrc', '~/.profile'], /^~\/\.bashrc of the account .*case \$- in/],
    ['/usr/bin/zsh', ['~/.zshenv', '~/.bashrc'], /^~\/\.zshenv of the account .*-o interactive/],
    [
      '/usr/bin/fish',
      ['~/.config/fish/config.fish'],
      /^~\/\.config\/fish\/config\.fish .*status is-interactive/,
    ],
    ['/bin/tcsh', ['~/.cshrc'], /^~\/\.cshrc .*\$\?prompt/],
    ['/bin/bash', ['~/.bashrc', '~/.ssh/rc'], /^~\/\.bashrc of the account \(or ~\/\.ssh\/rc, run by sshd\)/],
    ['/bin/dash', ['~/.ssh/rc', '~/.bashrc'], /^~\/\.ssh\/rc of the account must/],
    ['/bin/sh', ['~/.profile'], /^~\/\.profile of the account/],
    ['/bin/sh', [], /^What sh or sshd runs for the account/],
  ])('%s with %j', (shell, files, expected) => {
    expect(hint({ shell, files })).toMatch(expected);
  });

  it('not from the shell, if other commands are quiet', () => {
    expect(hint({ noisy: false })).toContain('the program called rsync');
    expect(hint({ noisy: false }, 'echo hi; rsync')).toContain('--rsync-path="echo hi; rsync"');
  });
});
