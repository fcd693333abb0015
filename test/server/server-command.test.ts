import { describe, expect, it } from 'vitest';
import { fromText } from '../../src/core/bytes.ts';
import { isRsyncError } from '../../src/core/errors.ts';
import { parseArguments } from '../../src/options/parse.ts';
import { buildServerArgs } from '../../src/protocol/server-args.ts';
import {
  parseServerCommand,
  type ServerCommand,
  withSecludedWords,
} from '../../src/server/server-command.ts';
import { SERVER_ARG_SAMPLES, type ServerArgSample } from '../protocol/server-arg-samples.ts';

/** What a shell makes of a word. */
const unquoted = (word: string): string => word.replace(/'(\n)'|\\(.)/gs, '$1$2');

/** The command as a server is given it. */
function received({ via, sent, stdin_args }: ServerArgSample): ServerCommand {
  const start = sent.indexOf('--server');
  // Wrappers such as "sudo rsync" stand before.
  // A daemon is given paths as they are, and undoes backslashes before them as a shell does.
  const paths = via === 'daemon' ? sent.indexOf('.') : sent.length;
  const words = sent.map((word, k) => fromText(k < paths ? unquoted(word) : word)).slice(start);
  return stdin_args === undefined
    ? parseServerCommand(words)
    : withSecludedWords(words, stdin_args.slice(1).map(fromText));
}

/** The command, or the error that it is refused with. */
function attempt<T>(parse: () => T): T | string {
  try {
    return parse();
  } catch (error) {
    if (!isRsyncError(error)) throw error;
    return `exit ${error.exitCode}: ${error.message}`;
  }
}

/** Sent for the sake of the client's environment, or by a release that sends too much. */
const UNASKED = / --(?:max-alloc|debug)/;

/** As we would tell a server; without the capabilities, which are not the client's. */
function told(options: ServerCommand['options'], role: ServerCommand['role']): string[] {
  return buildServerArgs({ ...options, protocol: 29 }, role);
}

/** The client that a server has: its list of names is on the other side. */
function ofClient(options: ServerCommand['options']): ServerCommand['options'] {
  const { filesFrom } = options;
  if (filesFrom === undefined) return options;
  return { ...options, filesFrom: { ...filesFrom, at: filesFrom.at === 'here' ? 'peer' : 'here' } };
}

describe('command lines captured from clients of every release', () => {
  const named = SERVER_ARG_SAMPLES.map(
    (sample) => [`${sample.client} ${sample.via}: ${sample.argv.join(' ')}`, sample] as const,
  );

  it.each(named)('%s', (_, sample) => {
    const command = attempt(() => received(sample));
    const client = attempt(() => parseArguments(sample.argv, sample.env ?? {}));
    if (typeof command === 'string') {
      // Only for want of an option, which is named; our client has no such option either.
      expect(command).toMatch(
        /^exit (?:4: on remote machine: -.*: this option of rsync is not supported|1: on remote machine: -.*: unknown option)$/,
      );
      if (!UNASKED.test(command)) expect(typeof client, command).toBe('string');
      return;
    }
    expect(command.role).toBe(sample.sent.includes('--sender') ? 'sender' : 'receiver');
    expect(command.directory).toBe('.');
    if (typeof client === 'string') return;
    expect(told(ofClient(command.options), command.role)).toEqual(told(client.options, command.role));
  });

  it('are mostly understood', () => {
    const understood = SERVER_ARG_SAMPLES.filter(
      (sample) => typeof attempt(() => received(sample)) !== 'string',
    );
    expect(understood.length).toBeGreaterThan(SERVER_ARG_SAMPLES.length / 3);
  });
});

describe('parseServerCommand', () => {
  const parse = (...words: string[]): ServerCommand => parseServerCommand(words);

  it('takes the capabilities as the value of the last letter', () => {
    expect(parse('--server', '-logDtpre.iLsfxCIvu', '.', 'dst/')).toMatchObject({
      role: 'receiver',
      capabilities: '.iLsfxCIvu',
      errorsTo: 'stderr',
      directory: '.',
      paths: ['dst/'],
      options: {
        recursive: true,
        links: true,
        owner: true,
        group: true,
        devices: true,
        times: true,
        perms: true,
      },
    });
  });

  it.each([
    [
      ['--server', '--sender', '-v', '-l', '-r', '.', 'a', 'b'],
      ['a', 'b'],
    ],
    [['--server', '--sender', '-vlr', '--', '.', '-x'], ['-x']],
    [['--sender', '--server', '-vlre.LsfxC', '.'], []],
    [['--server', '--sender', '-vlr', '--timeout', '5', '.', 'caf\xe9'], ['caf\xe9']],
  ])('%j', (words, paths) => {
    expect(parse(...words)).toMatchObject({ role: 'sender', paths, options: { recursive: true } });
  });

  it.each([
    ['--log-format=%i', { itemize: 1, outFormat: undefined }],
    ['--log-format=%i%I', { itemize: 2, outFormat: undefined }],
    ['--log-format=X', { itemize: 0, outFormat: 'X' }],
    ['--log-format=%o', { itemize: 0, outFormat: '%o' }],
  ])('%s is a hint at what the client prints', (word, options) => {
    expect(parse('--server', '-re.Lsf', word, '.', 'x').options).toMatchObject(options);
  });

  it.each([
    ['--msgs2stderr', 'stderr'],
    ['--no-msgs2stderr', 'messages'],
    ['--stderr=client', 'messages'],
    ['--stderr=c', 'messages'],
    ['--stderr=errors', 'stderr'],
  ])('%s: errors go to %s', (word, errorsTo) => {
    expect(parse('--server', '-r', word, '.', 'x').errorsTo).toBe(errorsTo);
  });

  it.each([
    [['-r', '.', 'x'], 'exit 1: on remote machine: the options of a server begin with --server'],
    [['--server', '-r'], 'exit 1: on remote machine: the server was told no path'],
    [['--server', '-r', '.', 'a', 'b'], 'exit 1: on remote machine: a receiver has one destination'],
    [['--server', '--nonsense', '.', 'a'], 'exit 1: on remote machine: --nonsense: unknown option'],
    [['--server', '--timeout=x', '.', 'a'], 'exit 1: on remote machine: --timeout=x: invalid numeric value'],
    [['--server', '-X', '.', 'a'], 'exit 4: on remote machine: -X: this option of rsync is not supported'],
    [
      ['--server', '--ssh-debug', '.', 'a'],
      'exit 1: on remote machine: --ssh-debug: not an option of a server',
    ],
    [
      ['--server', '--rsync-path=x', '.', 'a'],
      'exit 1: on remote machine: --rsync-path=x: not an option of a server',
    ],
    [
      ['--server', '--stderr=x', '.', 'a'],
      'exit 1: on remote machine: --stderr=x: not one of all, errors, client',
    ],
  ])('%j', (words, expected) => {
    expect(attempt(() => parse(...words))).toBe(expected);
  });
});
