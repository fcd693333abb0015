import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromBuffer, fromText, toBuffer } from '../../src/core/bytes.ts';
import { DEFAULT_OPTIONS, type OptionsInput, resolveOptions } from '../../src/options/resolve.ts';
import {
  escapeArgument,
  escapePath,
  remoteCommandLine,
  remoteWords,
  secludedArguments,
} from '../../src/protocol/remote-words.ts';
import { buildServerArgs } from '../../src/protocol/server-args.ts';
import { temporaryFolder } from '../support/peers.ts';
import { loginShells, shellOutput } from '../support/shells.ts';
import { makeTree, removeTree } from '../support/tree.ts';

const push = { direction: 'push' } as const;
const pull = { direction: 'pull' } as const;

describe('escaping', () => {
  it('leaves plain words alone', () => {
    for (const word of ['a/b.c', 'x^=%@,:+-_', 'é', 'a~b', 'x/~y']) {
      expect(escapeArgument(word)).toBe(word);
      expect(escapePath(word, push)).toBe(word);
    }
    expect(escapeArgument('--log-format=%i%I')).toBe('--log-format=%i%I');
  });

  it('escapes wildcards in options, not in paths', () => {
    expect(escapeArgument('--usermap=*:no?[a]')).toBe('--usermap=\\*:no\\?\\[a\\]');
    expect(escapeArgument('a\\*')).toBe('a\\\\\\*');
    expect(escapePath('*?[a]', push)).toBe('*?[a]');
    expect(escapePath('a\\*b\\c', push)).toBe('a\\*b\\\\c');
  });

  it('keeps what single shells would take for something else', () => {
    expect(escapePath('new\nline', push)).toBe("new'\n'line");
    expect(escapePath('\n\n', push)).toBe("'\n''\n'");
    expect(escapePath('=ls', push)).toBe('\\=ls');
    expect(escapePath('a=ls', push)).toBe('a=ls');
    expect(escapePath('%self', push)).toBe('\\%self');
    expect(escapePath('a=~/x:~', push)).toBe('a=\\~/x:\\~');
    expect(escapePath('a\vb\fc', push)).toBe('a\\\vb\\\fc');
  });

  it('keeps a path from being an option or nothing', () => {
    expect(escapePath('-x', push)).toBe('./-x');
    expect(escapePath('- x', pull)).toBe('./-\\ x');
    expect(escapePath('', pull)).toBe('.');
  });

  it('writes the login directory as rrsync wants it', () => {
    for (const path of ['./', './/', '././']) expect(escapePath(path, pull)).toBe('.');
    for (const path of ['/', './a', '../', 'a/./', '.a/']) expect(escapePath(path, pull)).toBe(path);
  });

  it('lets the remote shell expand "~" where the answer can be checked', () => {
    expect(escapePath('~u', push)).toBe('~u');
    expect(escapePath('~u', pull)).toBe('\\~u');
    expect(escapePath('~u/x y', pull)).toBe('~u/x\\ y');
  });
});

describe('the remote command', () => {
  it('is one line', () => {
    const sender = buildServerArgs(DEFAULT_OPTIONS, 'sender');
    expect(remoteCommandLine('sudo rsync', sender, ['a b', '~'], DEFAULT_OPTIONS)).toBe(
      'sudo rsync --server --sender -e.LsfxCIvu . a\\ b \\~',
    );
    const receiver = buildServerArgs(DEFAULT_OPTIONS, 'receiver');
    expect(remoteWords(receiver, ['~'], DEFAULT_OPTIONS)).toEqual(['--server', '-e.LsfxCIvu', '.', '~']);
  });

  // As rsync 3.2.7 and 3.5.1 send it.
  it('has paths as they are after --old-args, options too after a second one', () => {
    const words = (oldArgs: number) =>
      remoteWords(['--server', '--sender', '--x=a b'], ['a b*', '-x y', '', '~u', 'a\nb'], {
        oldArgs,
        secludedArgs: false,
      });
    const paths = ['.', 'a b*', './-x y', '.', '~u', 'a\nb'];
    expect(words(1)).toEqual(['--server', '--sender', '--x=a\\ b', ...paths]);
    expect(words(2)).toEqual(['--server', '--sender', '--x=a b', ...paths]);
  });

  it.each<[OptionsInput, 'sender' | 'receiver', string[], string]>([
    [
      { archive: true, verbose: 1, deleteMode: 'default', timeout: 3 },
      'receiver',
      ['--server', '-svlogDtpre.iLsfxCIvu'],
      'rsync\0--timeout=3\0--delete\0.\0~u\0./-x y\0.\0a\nb\0\0',
    ],
    [{ protocol: 29 }, 'sender', ['--server', '--sender', '-s'], 'rsync\0.\0~u\0./-x y\0.\0a\nb\0\0'],
  ])('%j is secluded', (input, role, words, stream) => {
    const options = resolveOptions({ ...input, secludedArgs: true });
    const args = buildServerArgs(options, role);
    const paths = ['~u', '-x y', '', 'a\nb'];
    expect(remoteWords(args, paths, options)).toEqual(words);
    expect(secludedArguments(args, paths)).toBe(stream);
  });

  it('secludes text as UTF-8', () => {
    expect(secludedArguments(['--server', '-s'], ['é'])).toBe('rsync\0.\0\xc3\xa9\0\0');
  });

  it('refuses a path that a server would cut', () => {
    expect(secludedArguments(['--server', '-s'], ['x'.repeat(4095)])).toHaveLength(6 + 2 + 4095 + 2);
    for (const path of ['x'.repeat(4096), 'é'.repeat(2048), `-${'x'.repeat(4093)}`]) {
      expect(() => secludedArguments(['--server', '-s'], [path])).toThrow(
        expect.objectContaining({ code: 'RSYNC_USAGE', exitCode: 1, origin: 'local' }),
      );
    }
  });

  it.each([
    [0, false],
    [2, false],
    [0, true],
  ])('refuses NUL in a path (--old-args %i times, secluded %s)', (oldArgs, secludedArgs) => {
    const error = expect.objectContaining({ code: 'RSYNC_USAGE', exitCode: 1, origin: 'local' });
    const args = ['--server', '-s'];
    expect(() => remoteWords(args, ['x', 'a\0b'], { oldArgs, secludedArgs })).toThrow(error);
    expect(() => secludedArguments(args, ['x', 'a\0b'])).toThrow(error);
  });
});

/** Everything that is special to some shell, and text beside it. */
const SPECIAL = [
  ...'aé~-=:/.!#$&;|<>(){}"\'` \t\v\f\r\n\\*?[]^%@,+0',
  '\x01',
  '\x7f',
  '$(touch marker)',
  '`touch marker`',
];
const WORDS = [
  'self',
  'ls',
  'PATH',
  'root',
  '!!',
  '{a,b}',
  '%self',
  '=ls',
  'a=~',
  '~+',
  '\\n',
  '\\x41',
  '$HOME',
  '@',
];

// By the bytes of their UTF-8 form, and bytes that are none.
const hostile = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...SPECIAL) }, fc.constantFrom(...WORDS)), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''));

for (const { shell, missing } of loginShells()) {
  describe.skipIf(missing !== undefined)(
    `${shell.name}${missing === undefined ? '' : ` (${missing})`}`,
    () => {
      let folder = '';
      beforeAll(() => {
        folder = temporaryFolder('words');
        // Something for wildcards to match.
        makeTree(folder, [{ path: 'ab' }, { path: 'b' }]);
      });
      afterAll(() => removeTree(folder));

      const arguments_ = (words: readonly string[]): string[] => {
        const command = fromText(`printf '%s\\0' ${words.join(' ')}`);
        const output = fromBuffer(shellOutput(shell, command, folder));
        return output.split('\0').slice(0, -1);
      };
      /** What may start a word without a leading tilde, which is the shell's. */
      const sample = (seed: number): string[] =>
        fc.sample(hostile, { numRuns: 1500, seed }).filter((word) => !word.startsWith('~'));

      it('gives back options', () => {
        const values = sample(1).map((word) => `--suffix=${word}`);
        expect(arguments_(values.map(escapeArgument))).toEqual(values.map(fromText));
      });

      it('gives back paths without wildcards', () => {
        const paths = sample(2).filter((word) => word !== '' && !/[*?[\]]|^-|^(\.\/+)+$/.test(word));
        expect(paths.length).toBeGreaterThan(500);
        expect(arguments_(paths.map((path) => escapePath(path, pull)))).toEqual(paths.map(fromText));
      });

      it('gives back paths with wildcards that the user quoted', () => {
        const plain = sample(3).map((word) => `x${word.replaceAll('\\', '')}`);
        const quoted = plain.map((word) => word.replace(/[*?[\]]/g, '\\$&'));
        expect(arguments_(quoted.map((path) => escapePath(path, push)))).toEqual(plain.map(fromText));
      });

      it('gives back bytes that are no UTF-8', () => {
        const bytes = Buffer.from(Array.from({ length: 255 }, (_, i) => i + 1));
        const all = fromBuffer(bytes).replace(/[*?[\]]/g, '');
        const words = [all, ...all].filter((word) => word !== '-' && word !== '~');
        const command = `printf '%s\\0' ${words.map((word) => escapePath(word, push)).join(' ')}`;
        const output = fromBuffer(shellOutput(shell, command, folder));
        expect(output.split('\0').slice(0, -1)).toEqual(words);
        expect(toBuffer(all).length).toBe(251);
      });

      it('expands wildcards, and runs nothing', () => {
        expect(arguments_([escapePath('?', push), escapePath('a*', push)])).toEqual(['b', 'ab']);
        expect(
          arguments_(['$(touch marker)', '`touch marker`'].map((path) => escapePath(path, push))),
        ).toEqual(['$(touch marker)', '`touch marker`']);
        expect(arguments_(['*'])).toEqual(['ab', 'b']);
      });
    },
  );
}
