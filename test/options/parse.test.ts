import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRsyncError, type RsyncError } from '../../src/core/errors.ts';
import { parseArguments } from '../../src/options/parse.ts';
import { ARCHIVE, DEFAULT_OPTIONS } from '../../src/options/resolve.ts';
import { SUPPORTED_NAMES } from './supported-names.ts';

const PATHS = ['src/', 'host:dst/'];
const optionsOf = (...argv: string[]) => parseArguments([...argv, ...PATHS]).options;

function failure(argv: string[], env: Record<string, string> = {}): RsyncError {
  try {
    parseArguments(argv, env);
  } catch (error) {
    if (isRsyncError(error)) return error;
    throw error;
  }
  throw new Error(`accepted: ${argv.join(' ')}`);
}

describe('words', () => {
  it('leaves the defaults alone when there is no option', () => {
    const { options, paths, help, version } = parseArguments(PATHS);
    expect(options).toEqual({ ...DEFAULT_OPTIONS, compressCount: 0, listOnlyGiven: false });
    expect({ paths, help, version }).toEqual({ paths: PATHS, help: false, version: 0 });
  });

  it('takes the value of a long option from either place', () => {
    for (const words of [['--timeout=7'], ['--timeout', '7']]) expect(optionsOf(...words).timeout).toBe(7);
    expect(optionsOf('--exclude=a=b').filters).toEqual([{ kind: 'exclude', text: 'a=b' }]);
    expect(optionsOf('--out-format=').outFormat).toBe('');
  });

  it('takes the next word as a value whatever it starts with', () => {
    expect(optionsOf('--exclude', '--delete').filters).toEqual([{ kind: 'exclude', text: '--delete' }]);
    expect(optionsOf('-f', '--').filters).toEqual([{ kind: 'filter', text: '--' }]);
    expect(optionsOf('-f', '=x').filters).toEqual([{ kind: 'filter', text: '=x' }]);
  });

  it('knows no abbreviations', () => {
    for (const word of ['--verb', '--recurs', '--archiv=1', '--=x', '---']) {
      expect(failure([word, ...PATHS])).toMatchObject({
        code: 'RSYNC_USAGE',
        exitCode: 1,
        message: `rsyncjs: ${word}: unknown option`,
      });
    }
  });

  it('refuses a value where none is taken', () => {
    for (const word of ['--archive=1', '--no-timeout=3', '--delete=', '--new-compress=x']) {
      expect(failure([word, ...PATHS])).toMatchObject({
        exitCode: 1,
        message: `rsyncjs: ${word}: option does not take an argument`,
      });
    }
  });

  it('misses a value that does not come', () => {
    for (const word of ['--exclude', '-f', '-avf']) {
      expect(failure([...PATHS, word])).toMatchObject({
        exitCode: 1,
        message: `rsyncjs: ${word}: missing argument`,
      });
    }
  });

  it('bundles letters, the last of which may take a value', () => {
    expect(optionsOf('-rlvvz')).toMatchObject({ recursive: true, links: true, verbose: 2, compress: true });
    for (const words of [['-aB1024'], ['-aB=1024'], ['-aB', '1024'], ['-a', '-B', '1024']]) {
      expect(optionsOf(...words)).toMatchObject({ recursive: true, blockSize: 1024 });
    }
    expect(optionsOf('-f=-_x').filters).toEqual([{ kind: 'filter', text: '-_x' }]);
    expect(optionsOf('-f==x').filters).toEqual([{ kind: 'filter', text: '=x' }]);
    expect(optionsOf('-recursive')).toMatchObject({ recursive: true, rsh: 'cursive' });
    for (const words of [['-essh -p 22'], ['-e', 'ssh -p 22'], ['--rsh=ssh -p 22'], ['-ave', 'ssh -p 22']]) {
      expect(optionsOf(...words).rsh).toBe('ssh -p 22');
    }
  });

  it('quotes the whole bundle of an unknown letter', () => {
    expect(failure(['-avQz', ...PATHS])).toMatchObject({
      exitCode: 1,
      message: 'rsyncjs: -avQz: unknown option',
    });
    expect(failure(['-a\u{1F600}', ...PATHS]).message).toBe('rsyncjs: -a\u{1F600}: unknown option');
    expect(failure(['-a-', ...PATHS]).message).toBe('rsyncjs: -a-: unknown option');
  });

  it('names the letter alone of an option that is not supported', () => {
    expect(failure(['-avX', ...PATHS])).toMatchObject({
      code: 'RSYNC_UNSUPPORTED',
      exitCode: 4,
      message: 'rsyncjs: -X: this option of rsync is not supported',
    });
    expect(failure(['--chmod=u+w', ...PATHS]).message).toContain('rsyncjs: --chmod: ');
  });

  it('has no negation that rsync does not have', () => {
    for (const word of ['--no-archive', '--no-exclude', '--no-a', '--no-delete', '--no-update']) {
      expect(failure([word, ...PATHS]).message).toBe(`rsyncjs: ${word}: unknown option`);
    }
  });

  it('takes options after paths, and "-" for a path', () => {
    expect(parseArguments(['src', '-a', '-', 'host:dst', '-v']).paths).toEqual(['src', '-', 'host:dst']);
  });

  it('ends the options at "--"', () => {
    const { options, paths } = parseArguments(['-r', '--', '-v', '--', 'host:dst']);
    expect(paths).toEqual(['-v', '--', 'host:dst']);
    expect(options).toMatchObject({ recursive: true, verbose: 0 });
  });

  it.each(['POSIXLY_CORRECT', 'POSIX_ME_HARDER'])('ends the options at the first path under %s', (name) => {
    const { options, paths } = parseArguments(['-r', 'src', '-v', 'host:dst'], { [name]: '' });
    expect(paths).toEqual(['src', '-v', 'host:dst']);
    expect(options).toMatchObject({ recursive: true, verbose: 0 });
  });

  it('reads from left to right', () => {
    expect(optionsOf('-a', '--no-o')).toMatchObject({ ...ARCHIVE, owner: false });
    expect(optionsOf('--no-o', '-a')).toMatchObject(ARCHIVE);
    expect(optionsOf('-aD', '--no-D', '--specials')).toMatchObject({ devices: false, specials: true });
    expect(optionsOf('-W', '--no-W').wholeFile).toBe(false);
    expect(optionsOf('--timeout=5', '--no-timeout').timeout).toBe(0);
  });

  it('keeps the order of the filters and their bytes', () => {
    expect(
      optionsOf('--exclude=é', '--include-from=list', '-f', 'P x', '--include=b', '--exclude-from', '-')
        .filters,
    ).toEqual([
      { kind: 'exclude', text: '\u00c3\u00a9' },
      { kind: 'include-from', file: 'list' },
      { kind: 'filter', text: 'P x' },
      { kind: 'include', text: 'b' },
      { kind: 'exclude-from', file: '-' },
    ]);
  });

  it('puts the rules of -F where it stands', () => {
    const texts = (...args: string[]): string[] =>
      optionsOf(...args).filters.map((filter) => ('text' in filter ? filter.text : filter.file));
    expect(texts('-F')).toEqual([': /.rsync-filter']);
    expect(texts('-f', '- a', '-rF', '--exclude=b', '-FF', '-f', '- c')).toEqual([
      '- a',
      ': /.rsync-filter',
      'b',
      '- .rsync-filter',
      '- c',
    ]);
    expect(optionsOf('-0F').filters).toEqual([{ kind: 'filter', text: ': /.rsync-filter', from0: true }]);
  });

  it('does not let one call leak into the next', () => {
    optionsOf('--exclude=x', '-a');
    expect(optionsOf()).toEqual({ ...DEFAULT_OPTIONS, compressCount: 0, listOnlyGiven: false });
    expect(DEFAULT_OPTIONS.filters).toEqual([]);
  });
});

describe('counters', () => {
  it.each([
    ['-vvvvvvvvvvvv', { verbose: 12 }],
    ['-vv --no-v -v', { verbose: 1 }],
    ['-iii', { itemize: 2 }],
    ['-i --no-i', { itemize: 0 }],
    ['-xxx', { oneFileSystem: 2 }],
    ['-h', { humanReadable: 2 }],
    ['-hhhh', { humanReadable: 3 }],
    ['--no-h', { humanReadable: 0 }],
    ['--no-h -h', { humanReadable: 1 }],
    ['-qq', { quiet: true }],
  ])('%s', (words, wanted) => {
    expect(optionsOf(...words.split(' '))).toMatchObject(wanted);
  });
});

describe('help and version', () => {
  it.each([['-h'], ['-hv'], ['-vh'], ['--human-readable'], ['--help']])('%s alone is help', (word) => {
    expect(parseArguments([word]).help).toBe(true);
  });

  it('is not help beside anything else', () => {
    expect(parseArguments(['-h', 'host:']).help).toBe(false);
    expect(parseArguments(['-h', '-v']).help).toBe(false);
    expect(parseArguments(['--no-h']).help).toBe(false);
  });

  it('is found anywhere by its long name, before conflicts are', () => {
    expect(parseArguments(['--delete', 'src', '--help', 'host:dst']).help).toBe(true);
  });

  it.each([
    ['-V', 1],
    ['-VV', 2],
    ['--version', 1],
    ['-V --version', 2],
  ])('%s asks for the version', (words, version) => {
    expect(parseArguments(words.split(' '))).toMatchObject({ version, help: false });
  });
});

describe('values', () => {
  it.each([
    ['--timeout=x', 'invalid numeric value'],
    ['--timeout=-1', 'must be 0 or more'],
    ['--checksum-seed=4294967296', 'number too large or too small'],
    ['--max-delete=1k', 'invalid numeric value'],
    ['--bwlimit=100b', 'the limit is too small'],
    ['--bwlimit=-5', 'invalid size'],
    ['--block-size=131073', 'a block has at most 131072 bytes'],
    ['--rsync-path=', '--rsync-path: must not be empty'],
  ])('%s', (word, message) => {
    const error = failure([word, ...PATHS]);
    expect(error).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 1 });
    expect(error.message).toContain(message);
  });

  it('takes a limit on deletions below 0 as 0', () => {
    expect(optionsOf('--max-delete=-1').maxDelete).toBe(0);
    expect(optionsOf('--max-delete=0').maxDelete).toBe(0);
    expect(optionsOf('--max-delete=5').maxDelete).toBe(5);
    expect(optionsOf().maxDelete).toBeUndefined();
  });

  it('allows larger blocks once protocol 29 was chosen', () => {
    expect(optionsOf('--protocol=29', '-B', '512M').blockSize).toBe(536_870_912);
    expect(failure(['-B', '512M', '--protocol=29', ...PATHS]).exitCode).toBe(1);
    expect(failure(['--protocol=29', '-B', '512M+1', ...PATHS]).exitCode).toBe(1);
    expect(failure(['--protocol=29', '-B', '512M', '--protocol=31', ...PATHS]).exitCode).toBe(1);
    expect(optionsOf('-B131072').blockSize).toBe(131_072);
  });

  it.each(['33', '28', '20', '0', '-1'])('does not speak protocol %s', (version) => {
    const error = failure([`--protocol=${version}`, ...PATHS]);
    expect(error).toMatchObject({ code: 'RSYNC_USAGE', exitCode: 2, origin: 'local' });
    expect(error.message).toContain('29 to 32');
  });
});

describe('implications', () => {
  it.each([
    ['-P', { partial: true, progress: true }],
    ['-P --inplace', { partial: false, inplace: true, progress: true }],
    ['--inplace --no-inplace --partial', { partial: true, inplace: false }],
    ['-r --delete', { deleteMode: 'default', deleteExcluded: false }],
    ['-r --delete-excluded', { deleteMode: 'default', deleteExcluded: true }],
    ['-r --delete-after --delete', { deleteMode: 'after' }],
    ['-r --delete --del', { deleteMode: 'during' }],
    ['-r --del --delete-during --delete-excluded', { deleteMode: 'during', deleteExcluded: true }],
    ['-z', { compress: true, compressCount: 1, compressChoice: undefined }],
    ['-zz', { compress: true, compressChoice: 'zlibx' }],
    ['-zz --zc=zstd', { compress: true, compressChoice: 'zstd' }],
    ['--zl=3', { compress: true, compressCount: 0, compressLevel: 3 }],
    ['--zl=0', { compress: true, compressLevel: 0 }],
    ['--zc=lz4', { compress: true, compressChoice: 'lz4' }],
    ['--zc=auto', { compress: false }],
    ['-z --zc=none', { compress: false }],
    ['--zc=none --zl=3', { compress: false }],
    ['--old-compress', { compress: true, compressChoice: 'zlib' }],
    ['--zl=3 --zc=lz4 --no-z', { compress: false, compressChoice: undefined, compressLevel: undefined }],
    ['--no-z --zl=3', { compress: true, compressLevel: 3 }],
    ['--cc=none', { wholeFile: true }],
    ['--no-W --cc=none,md5', { wholeFile: true }],
    ['--cc=md5,none', { wholeFile: undefined }],
    ['--cc=XXH64', { checksumChoice: 'XXH64' }],
  ])('%s', (words, wanted) => {
    expect(optionsOf(...words.split(' '))).toMatchObject(wanted);
  });

  it('lists if there is one path alone', () => {
    expect(parseArguments(['host:']).options).toMatchObject({ listOnly: true, listOnlyGiven: false });
    expect(parseArguments(['--list-only', ...PATHS]).options).toMatchObject({
      listOnly: true,
      listOnlyGiven: true,
    });
    expect(parseArguments(['host:a', 'b']).options.listOnly).toBe(false);
  });
});

describe('conflicts', () => {
  it.each([
    ['-r --delete-before --delete-after', 1, 'exclude each other'],
    ['-r --del --delete-after', 1, 'exclude each other'],
    ['--delete', 1, 'needs --recursive'],
    ['--delete-excluded', 1, 'needs --recursive'],
    ['-a --no-r --del', 1, 'needs --recursive'],
    ['-s --old-args', 1, '--secluded-args (-s) conflicts with --old-args'],
    ['--old-args -avs', 1, '--secluded-args (-s) conflicts with --old-args'],
    ['-c --cc=none', 4, 'other than none'],
    ['-c --cc=md5,none', 4, 'other than none'],
    ['--cc=md6', 4, 'unknown checksum name: md6'],
    ['--cc=md5,', 4, 'unknown checksum name'],
    ['--cc=md5,md5,md5', 4, 'unknown checksum name'],
    ['--cc=', 4, 'unknown checksum name'],
    ['--cc=constructor', 4, 'unknown checksum name'],
    ['--zc=gzip', 4, 'unknown compress name: gzip'],
    ['--zc=', 4, 'unknown compress name'],
  ])('%s', (words, exitCode, message) => {
    const error = failure([...words.split(' '), ...PATHS]);
    expect(error.exitCode).toBe(exitCode);
    expect(error.message).toContain(message);
  });

  it('allows what looks like one', () => {
    expect(optionsOf('-c', '--cc=none,xxhash').checksum).toBe(true);
    expect(optionsOf('--list-only', '--delete').deleteMode).toBe('default');
    expect(optionsOf('--max-delete=3').deleteMode).toBe('none');
  });
});

describe('environment', () => {
  it('names the remote shell', () => {
    expect(parseArguments(PATHS, { RSYNC_RSH: 'ssh -p 9' }).options.rsh).toBe('ssh -p 9');
    expect(parseArguments(PATHS, { RSYNC_RSH: '' }).options.rsh).toBeUndefined();
    expect(parseArguments(['-e', 'x', ...PATHS], { RSYNC_RSH: 'ssh -p 9' }).options.rsh).toBe('x');
  });

  it('refuses RSYNC_ICONV', () => {
    const error = failure(PATHS, { RSYNC_ICONV: 'utf-8,latin1' });
    expect(error).toMatchObject({ code: 'RSYNC_UNSUPPORTED', exitCode: 4 });
    expect(error.message).toContain('RSYNC_ICONV');
  });

  // Watched with rsync 3.5.1.
  it.each<[words: string, partialDir: string | undefined]>([
    ['--partial', 'p\xc3\xa9'],
    ['-P', 'p\xc3\xa9'],
    ['', undefined],
    ['--partial --no-partial', undefined],
    ['--partial --inplace', undefined],
    ['--partial --delay-updates', undefined],
    ['--partial-dir=x', 'x'],
  ])('RSYNC_PARTIAL_DIR with %s', (words, partialDir) => {
    const argv = [...words.split(' ').filter(Boolean), ...PATHS];
    expect(parseArguments(argv, { RSYNC_PARTIAL_DIR: './p\u00e9/' }).options.partialDir).toBe(partialDir);
  });

  // Watched with rsync 3.2.7 and 3.5.1.
  it.each<[env: string, argv: string, oldArgs: number, secludedArgs: boolean]>([
    ['', '--old-args', 1, false],
    ['', '--old-args --old-args --old-args', 2, false],
    ['', '--old-args --old-args --no-old-args', 0, false],
    ['', '--no-old-args --old-args', 1, false],
    ['', '-ss', 0, true],
    ['', '--protect-args --no-s', 0, false],
    ['', '-s --no-protect-args --old-args', 1, false],
    ['', '--old-args --no-old-args -s', 0, true],
    ['OLD_ARGS=1', '', 1, false],
    ['OLD_ARGS=2', '', 2, false],
    ['OLD_ARGS=9', '', 2, false],
    ['OLD_ARGS=-1', '', 1, false],
    ['OLD_ARGS=x', '', 0, false],
    ['OLD_ARGS=1', '-s', 0, true],
    ['OLD_ARGS=1', '--no-s', 1, false],
    ['OLD_ARGS=1', '--old-args --old-args', 2, false],
    ['OLD_ARGS=2', '--old-args', 1, false],
    ['OLD_ARGS=1', '--no-old-args', 0, false],
    ['PROTECT_ARGS=1', '', 0, true],
    ['PROTECT_ARGS=-1', '', 0, true],
    ['PROTECT_ARGS=0', '', 0, false],
    ['PROTECT_ARGS=x', '', 0, false],
    ['PROTECT_ARGS=', '', 0, false],
    ['PROTECT_ARGS=1', '--no-s', 0, false],
    ['PROTECT_ARGS=1', '--old-args', 1, false],
    ['PROTECT_ARGS=1', '--no-old-args', 0, true],
    ['PROTECT_ARGS=1 OLD_ARGS=1', '', 1, false],
    ['PROTECT_ARGS=1 OLD_ARGS=1', '-s', 0, true],
    ['PROTECT_ARGS=1 OLD_ARGS=1', '--no-old-args', 0, true],
    ['PROTECT_ARGS=1 OLD_ARGS=1', '--no-old-args --no-s', 0, false],
    ['PROTECT_ARGS=1 OLD_ARGS=0', '', 0, false],
    ['PROTECT_ARGS=1 OLD_ARGS=', '', 0, true],
    ['PROTECT_ARGS=1 OLD_ARGS=0', '-s', 0, true],
    ['PROTECT_ARGS=1 OLD_ARGS=0', '--old-args', 1, false],
  ])('%s %s: --old-args %i times, --secluded-args %s', (settings, words, oldArgs, secludedArgs) => {
    const env = Object.fromEntries(
      settings
        .split(' ')
        .filter(Boolean)
        .map((setting) => [`RSYNC_${setting.split('=')[0]}`, setting.split('=')[1]]),
    );
    const { options } = parseArguments([...words.split(' ').filter(Boolean), ...PATHS], env);
    expect({ oldArgs: options.oldArgs, secludedArgs: options.secludedArgs }).toEqual({
      oldArgs,
      secludedArgs,
    });
  });

  it('does not refuse what has no effect', () => {
    expect(parseArguments(PATHS, { RSYNC_ICONV: '' }).paths).toEqual(PATHS);
  });
});

describe('properties', () => {
  // Without those that take a value, end the parsing, or conflict with another one.
  const flags = SUPPORTED_NAMES.filter(
    (name) =>
      !/^--(port|contimeout|address|sockopts|password-file|early-input|old-args|max-|min-|files-from|exclude|include|filter|timeout|bwlimit|rsync-path|rsh|protocol|c[ch]|compress-|zc|zl|block|out-f|log-f|delete|del$|append|delay-updates|modify-window|suffix|(?:backup|partial|temp)-dir|(?:compare|copy|link)-dest|help|version|(?:in|ex)clude)/.test(
        name,
      ) && !/^-[fBeVT@]$/.test(name),
  );

  it('reads bundled letters as it reads them one by one', () => {
    const letters = fc.array(fc.constantFrom(...flags.filter((name) => /^-\w$/.test(name))), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(letters, (words) => {
        const bundle = `-${words.map((word) => word.slice(1)).join('')}`;
        expect(optionsOf(bundle)).toEqual(optionsOf(...words));
      }),
    );
  });

  it('never fails but with an error of its own', () => {
    const word = fc.oneof(
      fc.constantFrom(...SUPPORTED_NAMES),
      fc.string(),
      fc.string().map((text) => `-${text}`),
      fc.tuple(fc.constantFrom(...SUPPORTED_NAMES), fc.string()).map(([name, text]) => `${name}=${text}`),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (argv) => {
        try {
          expect(parseArguments(argv).paths.length).toBeLessThanOrEqual(argv.length);
        } catch (error) {
          if (!isRsyncError(error)) throw error;
          expect([1, 2, 4]).toContain(error.exitCode);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('finds the paths between options', () => {
    const path = fc.string({ minLength: 1 }).filter((text) => !text.startsWith('-'));
    fc.assert(
      fc.property(fc.array(fc.oneof(path, fc.constantFrom(...flags)), { maxLength: 10 }), (argv) => {
        expect(parseArguments(argv).paths).toEqual(argv.filter((word) => !word.startsWith('-')));
      }),
    );
  });
});
