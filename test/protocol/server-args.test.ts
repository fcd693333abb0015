import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRsyncError } from '../../src/core/errors.ts';
import { classifyPaths } from '../../src/options/location.ts';
import { parseArguments } from '../../src/options/parse.ts';
import { type OptionsInput, resolveOptions } from '../../src/options/resolve.ts';
import { remoteWords, secludedArguments } from '../../src/protocol/remote-words.ts';
import { buildServerArgs, offersIncRecurse } from '../../src/protocol/server-args.ts';
import { SUPPORTED_NAMES } from '../options/supported-names.ts';
import { OPTION_VECTORS } from '../options/vectors.ts';
import { SERVER_ARG_SAMPLES, type ServerArgSample } from './server-arg-samples.ts';

/** Releases whose spelling is that of 3.5.0 for every option that we have. */
const SAME_SPELLING = ['3.5.0', '3.4.1', '3.2.7'];

/** Command lines that we answer otherwise, on purpose. */
const DEVIATIONS: readonly [reason: string, applies: (sample: ServerArgSample) => boolean][] = [
  ['hard links have one level here: -HH is -H', ({ argv }) => argv.includes('-aHH')],
  ['a line feed is quoted, so that shells keep it', ({ argv }) => argv.some((arg) => arg.includes('\n'))],
  ['RSYNC_MAX_ALLOC is not looked at', ({ env }) => env?.RSYNC_MAX_ALLOC !== undefined],
];

/** The argument vector that a remote-shell program would be given, and the strings that go ahead of the version. */
function ours(sample: ServerArgSample): Pick<ServerArgSample, 'sent' | 'stdin_args'> {
  const { options, paths } = parseArguments(sample.argv, sample.env ?? {});
  const route = classifyPaths(paths, options);
  const args = buildServerArgs(options, route.direction === 'push' ? 'receiver' : 'sender');
  const { user, host } = route.remote;
  const sent = [
    ...(user === undefined ? [] : ['-l', user]),
    host,
    options.rsyncPath,
    ...remoteWords(args, route.remotePaths, options),
  ];
  if (!options.secludedArgs) return { sent };
  const strings = secludedArguments(args, route.remotePaths);
  expect(strings.endsWith('\0\0')).toBe(true);
  return { sent, stdin_args: strings.slice(0, -2).split('\0') };
}

function captured({ sent, stdin_args }: ServerArgSample): Pick<ServerArgSample, 'sent' | 'stdin_args'> {
  return stdin_args === undefined ? { sent } : { sent, stdin_args };
}

describe('captured command lines', () => {
  const shell = SERVER_ARG_SAMPLES.filter(
    ({ client, via }) => via === 'remote-shell' && SAME_SPELLING.includes(client),
  );
  const deviating = shell.filter((sample) => DEVIATIONS.some(([, applies]) => applies(sample)));
  const refused: ServerArgSample[] = [];
  const equal: ServerArgSample[] = [];
  for (const sample of shell) {
    if (deviating.includes(sample)) continue;
    try {
      parseArguments(sample.argv, sample.env ?? {});
      equal.push(sample);
    } catch (error) {
      if (!isRsyncError(error) || error.code !== 'RSYNC_UNSUPPORTED') throw error;
      refused.push(sample);
    }
  }

  it('covers as many SERVER_ARG_SAMPLES as there were when this was written', () => {
    expect({
      all: shell.length,
      deviating: deviating.length,
      refused: refused.length,
      equal: equal.length,
    }).toEqual({
      all: 360,
      deviating: 3,
      refused: 63,
      equal: 294,
    });
  });

  it.each(equal.map((sample) => [`${sample.client}: ${sample.argv.join(' ')}`, sample] as const))(
    '%s',
    (_, sample) => {
      expect(ours(sample)).toEqual(captured(sample));
    },
  );

  it('refuses only SERVER_ARG_SAMPLES with an option or variable that is not supported', () => {
    for (const { argv, env = {} } of refused) {
      const message = messageOf(() => parseArguments(argv, env));
      const option = /^rsyncjs: (-\S+): this option of rsync is not supported$/.exec(message)?.[1];
      const variable = /^rsyncjs: (RSYNC_\w+) is set/.exec(message)?.[1];
      if (option === undefined) expect(Object.keys(env)).toContain(variable);
      else {
        expect(SUPPORTED_NAMES).not.toContain(option);
        const typed = option.startsWith('--') ? option : new RegExp(`^-\\w*${option.slice(1)}`);
        expect(
          argv.some((word) => (typeof typed === 'string' ? word.startsWith(typed) : typed.test(word))),
        ).toBe(true);
      }
    }
  });

  it('answers those of the old releases alike, but for the capabilities', () => {
    const caps = (words: readonly string[]): string[] => words.map((word) => word.replace(/e\.\w+$/, 'e.'));
    const old = SERVER_ARG_SAMPLES.filter(
      ({ client, via, argv }) =>
        via === 'remote-shell' &&
        ['3.0.0', '3.1.0', '3.1.3', '3.2.0'].includes(client) &&
        // 3.0.0 sends the capabilities at protocol 29 as well; none of them escapes anything, nor works a size out, nor
        // has a letter for --fuzzy.
        !argv.some(
          (arg) =>
            /^(?:--protocol=29|--m\w+-size=.*|-ay)$/.test(arg) || arg === 'host:a b *' || arg === 'host:~u',
        ),
    );
    const compared = old.filter((sample) => {
      try {
        const { sent, stdin_args } = ours(sample);
        expect(caps(sent), sample.argv.join(' ')).toEqual(caps(sample.sent));
        expect(stdin_args).toEqual(sample.stdin_args);
        return true;
      } catch (error) {
        if (isRsyncError(error) && error.code === 'RSYNC_UNSUPPORTED') return false;
        throw error;
      }
    });
    expect(compared).toHaveLength(37);
  });
});

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('what each option adds (options.json)', () => {
  const supported = OPTION_VECTORS.filter(
    ({ wire, long, short, group }) =>
      group !== 'daemon-mode' &&
      wire &&
      SUPPORTED_NAMES.includes((long ?? short)!) &&
      long !== '--inc-recursive',
  );

  it('covers the supported options', () => {
    expect(supported).toHaveLength(104);
  });

  /** Letters apart from one another, without the capabilities and what the `-r`, `-R` or `-b` of some SERVER_ARG_SAMPLES adds. */
  function added(sample: string[], push: boolean): string[] {
    const paths = push ? ['src/', 'host:dst/'] : ['host:src/', 'dst/'];
    const { options } = parseArguments([...sample, ...paths]);
    const words = buildServerArgs(options, push ? 'receiver' : 'sender').slice(push ? 1 : 2);
    const [cluster = '', ...rest] = words[0]?.startsWith('--') ? ['', ...words] : words;
    const besides = sample.length > 1 ? (/^-([rRb])$/.exec(sample[0]!)?.[1] ?? '') : '';
    const letters = cluster.replace(/e\.\w*$/, '').replace(besides, '');
    return letters === '-' || letters === '' ? rest : [letters, ...rest];
  }

  it.each(supported.map((vector) => [vector.wire!.sample.join(' '), vector.wire!] as const))(
    '%s',
    (_, wire) => {
      expect(added(wire.sample, true)).toEqual(wire.push);
      expect(added(wire.sample, false)).toEqual(wire.pull);
    },
  );
});

describe('buildServerArgs', () => {
  const args = (input: OptionsInput, role: 'sender' | 'receiver' = 'receiver') =>
    buildServerArgs(resolveOptions(input), role).slice(role === 'sender' ? 2 : 1);

  it('has nothing to say at protocol 29', () => {
    expect(buildServerArgs(resolveOptions({ protocol: 29 }), 'receiver')).toEqual(['--server']);
    expect(buildServerArgs(resolveOptions({ protocol: 29, times: true }), 'sender')).toEqual([
      '--server',
      '--sender',
      '-t',
    ]);
  });

  it.each<[OptionsInput, 'sender' | 'receiver', boolean]>([
    [{ recursive: true }, 'receiver', true],
    [{ recursive: true }, 'sender', true],
    [{ recursive: true, listOnly: true }, 'sender', true],
    [{ recursive: true, incRecurse: false }, 'sender', false],
    [{ recursive: false }, 'receiver', false],
    [{ recursive: true, protocol: 29 }, 'receiver', false],
    [{ recursive: true, protocol: 30 }, 'receiver', true],
    [{ recursive: true, deleteMode: 'default' }, 'sender', true],
    [{ recursive: true, deleteMode: 'during' }, 'sender', true],
    [{ recursive: true, deleteMode: 'before' }, 'sender', false],
    [{ recursive: true, deleteMode: 'after' }, 'sender', false],
    [{ recursive: true, deleteMode: 'before' }, 'receiver', true],
    [{ recursive: true, deleteMode: 'after' }, 'receiver', true],
  ])('%j to a %s: incremental recursion %s', (input, role, offered) => {
    const options = resolveOptions(input);
    expect(offersIncRecurse(options, role)).toBe(offered);
    expect(buildServerArgs(options, role).some((word) => /^-\w*e\.iLsfxCIvu$/.test(word))).toBe(offered);
  });

  it.each<[OptionsInput, string[]]>([
    [{ itemize: 1, quiet: true }, ['-qe.LsfxCIvu', '--log-format=%i']],
    [{ outFormat: '%-10i %n' }, ['-e.LsfxCIvu', '--log-format=%i']],
    [{ outFormat: "%'o" }, ['-e.LsfxCIvu', '--log-format=%o']],
    [{ outFormat: '%%i' }, ['-e.LsfxCIvu', '--log-format=X']],
    [{ outFormat: '' }, ['-e.LsfxCIvu', '--log-format=X']],
    [{ outFormat: '%o %i', itemize: 2 }, ['-e.LsfxCIvu', '--log-format=%i%I']],
    [{ outFormat: '%n', itemize: 2, verbose: 1 }, ['-ve.LsfxCIvu']],
    [{ progress: true, quiet: true }, ['-qe.LsfxCIvu']],
    [{ inplace: true, sparse: true, wholeFile: false }, ['-Se.LsfxCIvu', '--inplace', '--no-W']],
    [{ inplace: true, sparse: true }, ['-Se.LsfxCIvu', '--inplace']],
    [{ compress: true, compressLevel: 3 }, ['-ze.LsfxCIvu', '--compress-level=3']],
    [{ compress: true, compressChoice: 'none', compressLevel: 3 }, ['-e.LsfxCIvu', '--compress-choice=none']],
    [{ checksumChoice: 'auto,auto' }, ['-e.LsfxCIvu']],
    [{ checksumChoice: 'auto,md5' }, ['-e.LsfxCIvu', '--checksum-choice=auto,md5']],
    [{ listOnly: true, deleteMode: 'default' }, ['-de.LsfxCIvu', '--no-r', '--delete']],
  ])('%j', (input, words) => {
    expect(args(input)).toEqual(words);
  });

  it('says to the sender only what concerns it', () => {
    const push = resolveOptions({
      archive: true,
      deleteMode: 'during',
      deleteExcluded: true,
      maxDelete: 3,
      sizeOnly: true,
      stats: true,
      partial: true,
      existing: true,
      ignoreExisting: true,
      itemize: 1,
    });
    expect(buildServerArgs(push, 'sender')).toEqual(['--server', '--sender', '-logDtpre.iLsfxCIvu']);
  });
});

describe('the words of a push, read again', () => {
  const flags = [
    ...[
      'links',
      'perms',
      'times',
      'owner',
      'group',
      'devices',
      'specials',
      'hardLinks',
      'sparse',
      'checksum',
    ],
    ...[
      'update',
      'dryRun',
      'quiet',
      'inplace',
      'partial',
      'stats',
      'deleteExcluded',
      'existing',
      'ignoreExisting',
    ],
    ...['sizeOnly', 'ignoreTimes', 'numericIds', 'compress'],
    ...['mkpath', 'deleteMissingArgs', 'pruneEmptyDirs', 'omitDirTimes', 'omitLinkTimes'],
    ...['keepDirlinks', 'copyUnsafeLinks', 'safeLinks'],
  ] as (keyof OptionsInput)[];
  const input = fc.record({
    ...Object.fromEntries(flags.map((key) => [key, fc.boolean()])),
    verbose: fc.nat(9),
    oneFileSystem: fc.nat(2),
    timeout: fc.nat(),
    bwlimit: fc.nat(1_000_000),
    blockSize: fc.nat(131_072),
    checksumSeed: fc.integer(),
    maxDelete: fc.option(fc.nat(), { nil: undefined }),
    relative: fc.constantFrom(undefined, true),
    minSize: fc.option(fc.nat(), { nil: undefined }),
    maxSize: fc.option(fc.nat(), { nil: undefined }),
    compressLevel: fc.option(fc.integer({ min: -5, max: 22 }), { nil: undefined }),
    deleteMode: fc.constantFrom('none', 'default', 'before', 'during', 'after'),
    compressChoice: fc.constantFrom(undefined, 'zstd', 'lz4', 'zlib', 'zlibx', 'none'),
    checksumChoice: fc.constantFrom(undefined, 'md5', 'xxh64,md5'),
  }) as fc.Arbitrary<OptionsInput>;

  it('say what was asked for', () => {
    fc.assert(
      fc.property(input, (some) => {
        const options = resolveOptions({ ...some, recursive: true });
        const words = buildServerArgs(options, 'receiver').slice(1);
        const { options: read } = parseArguments([...words, 'a', 'h:b']);
        expect(read.rsh).toBe('.iLsfxCIvu');
        const asked = new Set<string>([...Object.keys(some), 'recursive']);
        // A level means nothing where there is no compression, and is not sent.
        if (!options.compress) asked.delete('compressLevel');
        const pick = (from: object) =>
          Object.fromEntries(Object.entries(from).filter(([key]) => asked.has(key)));
        expect(pick(read)).toEqual(pick(options));
      }),
      { numRuns: 300 },
    );
  });
});
