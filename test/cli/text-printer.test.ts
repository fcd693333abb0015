import { beforeAll, describe, expect, it } from 'vitest';
import { Output } from '../../src/cli/output.ts';
import { TextPrinter } from '../../src/cli/text-printer.ts';
import type { ItemEvent, TransferEvent } from '../../src/core/events.ts';
import { DEFAULT_OPTIONS } from '../../src/options/resolve.ts';
import { detailsOf, EXCHANGES, type Exchange, eventsOf } from './exchanges.ts';
import { Capture, entry, NO_KINDS, type Printed, printing, stats } from './support.ts';

beforeAll(() => {
  process.env.TZ = 'UTC';
});

/** The options of an exchange that change what is printed; some of its other ones are not supported here. */
function replay(exchange: Exchange): { printer: TextPrinter; output: Output; out: Capture } {
  const words = exchange.client_options;
  const letters = words.filter((word) => /^-\w/.test(word)).join('');
  const out = new Capture();
  const output = new Output(out, new Capture());
  const printer = new TextPrinter({
    options: {
      ...DEFAULT_OPTIONS,
      recursive: letters.includes('r'),
      links: letters.includes('l'),
      times: letters.includes('t'),
      dryRun: letters.includes('n'),
      itemize: letters.split('i').length - 1,
      stats: words.includes('--stats'),
      listOnly: words.includes('--list-only'),
    },
    direction: exchange.client_role === 'sender' ? 'push' : 'pull',
    output,
  });
  return { printer, output, out };
}

describe('sessions of real clients print the same', () => {
  const silentOrItemized = EXCHANGES.filter(({ client_options: options }) =>
    options.every((option) => option !== '--stats' && option !== '--list-only'),
  );

  it('and there are some', () => {
    expect(silentOrItemized.length).toBeGreaterThan(40);
    expect(silentOrItemized.filter(({ client_stdout }) => client_stdout !== '').length).toBeGreaterThan(6);
  });

  it.each(silentOrItemized.map((exchange) => [exchange.name, exchange] as const))('%s', (_name, exchange) => {
    const { printer, output, out } = replay(exchange);
    for (const event of eventsOf(exchange)) printer.onEvent(event);
    printer.finish({ stats: stats(), protocol: exchange.protocol });
    output.flush();
    expect(out.text).toBe(exchange.client_stdout);
  });

  it('a listing', () => {
    const exchange = EXCHANGES.find(({ name }) => name.includes('list-only'))!;
    const { printer, output, out } = replay(exchange);
    for (const name of ['.', 'a.txt', 'empty', 'link', 'sub', 'sub/b.bin']) {
      // Without -l no target is in the list; a directory has the size of its inode, which the vector leaves out.
      const details = detailsOf(exchange, name);
      printer.onEvent({ type: 'listed', entry: { ...details, mtime: 1_000_000_000, target: undefined } });
    }
    printer.finish({ stats: stats(), protocol: 32 });
    output.flush();
    expect(out.text).toBe(exchange.client_stdout);
  });

  it('the figures', () => {
    const exchange = EXCHANGES.find(({ name }) => name.includes('stats-delete'))!;
    const { printer, output, out } = replay(exchange);
    for (const event of eventsOf(exchange)) printer.onEvent(event);
    const one = { ...NO_KINDS, total: 1, regular: 1 };
    const figures = stats({
      files: { ...one, total: 2, directories: 1 },
      created: one,
      deleted: one,
      transferredFiles: 1,
      totalSize: 2,
      transferredSize: 2,
      literalData: 2,
      fileListSize: 41,
      fileListBuildTime: 1,
      bytesSent: 50,
      bytesReceived: 101,
      elapsed: 400,
    });
    printer.finish({ stats: figures, protocol: 31 });
    output.flush();
    expect(out.text).toBe(exchange.client_stdout);
  });
});

const item = (iflags: number, name: string, given: Partial<ItemEvent> = {}): ItemEvent => ({
  type: 'item',
  stage: 'start',
  iflags,
  entry: entry(name, name.endsWith('d') ? { mode: 0o40755 } : {}),
  xname: undefined,
  ...given,
});

function send(printed: Printed, ...events: TransferEvent[]): string {
  for (const event of events) printed.printer.onEvent(event);
  return printed.text();
}

describe('which items are printed', () => {
  const all = [
    item(0x0000, 'same'),
    item(0x0010, 'perm'),
    item(0x0000, 'same-d'),
    item(0x0008, 'time-d'),
    item(0x6000, 'new-d'),
    item(0x5000, 'alias', { xname: '' }),
    item(0x5000, 'link', { xname: 'first' }),
    item(0x8008, 'sent'),
  ];

  it.each([
    [['-v'], ['time-d/', 'new-d/', 'link => first', 'sent']],
    [['--progress'], ['time-d/', 'new-d/', 'link => first', 'sent']],
    [['-vv'], ['time-d/', 'new-d/', 'link => first', 'sent']],
    [
      ['-it'],
      [
        '.f...p..... perm',
        '.d..t...... time-d/',
        'cd+++++++++ new-d/',
        'hf          link => first',
        '<f..t...... sent',
      ],
    ],
    [['--out-format=%o'], ['send', 'send', 'send', 'send']],
    [['-q', '-i'], []],
    [['-q', '--out-format=%n'], []],
    [['--stats'], []],
    [[], []],
  ])('with %j', (argv, expected) => {
    expect(send(printing(argv), ...all)).toBe(expected.map((line) => `${line}\n`).join(''));
  });

  it.each([[['-ii']], [['-ivv']], [['-vv', '--out-format=%i %n%L']]])('all of them with %j', (argv) => {
    const text = send(printing(argv), ...all);
    expect(text.split('\n')).toHaveLength(all.length + 1);
    expect(text.split('\n').slice(0, 1)).toEqual(['.f          same']);
    expect(text).toContain('hf          alias\n');
  });
});

describe('when a transfer is printed', () => {
  const start = item(0xa000, 'f');
  const bytes = { data: 3_000_407, sums: 16 };
  const digest = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const end = item(0xa000, 'f', { stage: 'end', bytes, digest });
  const agreed: TransferEvent = {
    type: 'negotiated',
    protocol: 32,
    checksum: 'xxh64',
    compressor: 'none',
    incremental: true,
    setsSymlinkTimes: true,
  };

  it('before its data, once', () => {
    const printed = printing(['-i']);
    expect(send(printed, start)).toBe('<f+++++++++ f\n');
    expect(send(printed, end)).toBe('<f+++++++++ f\n');
  });

  it('after its data, if that is what the format asks for', () => {
    const printed = printing(['--out-format=%b %c %C %n']);
    expect(send(printed, agreed, start, item(0x6000, 'new-d'))).toBe(`0 0 ${' '.repeat(16)} new-d/\n`);
    expect(send(printed, end)).toContain('3000407 16 0807060504030201 f\n');
  });

  it('at once in a dry run, which has no data', () => {
    const printed = printing(['-n', '--out-format=%b %C %n']);
    expect(send(printed, agreed, start)).toBe('0 0000000000000000 f\n');
  });

  it('with the digest of the list, if there is one', () => {
    const listed = entry('f', { checksum: Uint8Array.of(0xab, 0xcd) });
    const format = ['-c', '--checksum-choice=xxh64,md5', '--out-format=%C %n'];
    expect(send(printing(format), agreed, { ...end, entry: listed })).toBe('abcd f\n');
    expect(
      send(printing(['-cii', '--out-format=%C'], 'pull'), agreed, { ...start, iflags: 0, entry: listed }),
    ).toBe('');
    expect(
      send(printing(['-cii', '--out-format=%C%i'], 'pull'), agreed, { ...start, iflags: 0, entry: listed }),
    ).toBe('cdab.f         \n');
  });
});

describe('deletions', () => {
  const events: TransferEvent[] = [
    { type: 'deleted', name: 'old/x', isDirectory: false },
    { type: 'deleted', name: 'old', isDirectory: true, mode: 0o40755 },
  ];

  it.each([
    [['-v'], 'deleting old/x\ndeleting old/\n'],
    [['--progress'], 'deleting old/x\ndeleting old/\n'],
    [['--out-format=%n'], 'deleting old/x\ndeleting old/\n'],
    [['-i'], '*deleting   old/x\n*deleting   old/\n'],
    [['-vi'], '*deleting   old/x\n*deleting   old/\n'],
    [
      ['-rg', '--out-format=%o|%n|%f|%l|%M|%B|%U|%G'],
      'del.|old/x|old/x|0|1970/01/01-00:00:00|---------|0|0\ndel.|old/|old|0|1970/01/01-00:00:00|rwxr-xr-x|0|0\n',
    ],
    [['--out-format=%o %G'], 'del. DEFAULT\ndel. DEFAULT\n'],
    [['-qv'], ''],
    [['--stats'], ''],
  ])('with %j', (argv, expected) => expect(send(printing(argv), ...events)).toBe(expected));
});

describe('the file list', () => {
  const events = (direction: 'send' | 'receive', incremental: boolean, count = 9): TransferEvent[] => [
    { type: 'flist', stage: 'start', direction, incremental, count: 0 },
    { type: 'flist', stage: 'end', direction, incremental, count },
  ];

  it.each([
    [['-rv'], 'send', true, 'sending incremental file list\n'],
    [['-rv'], 'receive', true, 'receiving incremental file list\n'],
    [['-rv'], 'send', false, 'building file list ... done\n'],
    [['-rv'], 'receive', false, 'receiving file list ... done\n'],
    [['-r', '--progress'], 'send', false, 'building file list ... \n 0 files...\r9 files to consider\n'],
    [['-r', '--progress'], 'receive', false, 'receiving file list ... 9 files to consider\n'],
    [['-v'], 'send', false, ''],
    [['-r'], 'send', true, ''],
    [['-ri'], 'send', true, ''],
    [['-rvq'], 'send', true, ''],
  ] as const)('%j %s, incremental: %s', (argv, direction, incremental, expected) => {
    expect(send(printing([...argv]), ...events(direction, incremental))).toBe(expected);
  });

  it('counts one', () => {
    const printed = printing(['--progress', '--list-only'], 'list');
    expect(send(printed, ...events('receive', false, 1))).toBe(
      'receiving file list ... 1 file to consider\n',
    );
  });

  it.each([
    [['-v'], true],
    [['-i'], true],
    [['--progress'], true],
    [['--out-format=%n'], false],
    [['--stats'], false],
    [['-vq'], false],
  ])('is followed by the directory made, with %j: %s', (argv, shown) => {
    const text = send(printing(argv, 'pull'), { type: 'created-directory', path: 'd\xc3\xa9' });
    expect(text).toBe(shown ? 'created directory d\xc3\xa9\n' : '');
  });
});

describe('messages', () => {
  it('go where they belong, escaped', () => {
    const printed = printing(['-v']);
    send(
      printed,
      { type: 'message', level: 'info', text: 'a\x1b is uptodate', remote: true },
      { type: 'message', level: 'warning', text: 'file has vanished: "b\n"', remote: false },
      { type: 'message', level: 'error', text: 'no', remote: true },
      { type: 'stderr', bytes: Buffer.from('\x1b[1mraw') },
    );
    expect(printed.out.text).toBe('a\\#033 is uptodate\n');
    expect(printed.err.text).toBe('file has vanished: "b\\#012"\nno\n\x1b[1mraw');
  });

  it('that are no errors are not for -q', () => {
    const printed = printing(['-q']);
    send(
      printed,
      { type: 'message', level: 'info', text: 'skipping', remote: true },
      { type: 'listed', entry: entry('f') },
      { type: 'message', level: 'error', text: 'no', remote: true },
    );
    expect(printed.text()).toBe('');
    expect(printed.err.text).toBe('no\n');
  });
});

describe('--progress', () => {
  const moving = (done: number, last = false): TransferEvent => ({
    type: 'progress',
    name: 'f',
    done,
    size: 100_000,
    last,
    transfers: 1,
    left: 0,
    known: 1,
    growing: false,
  });

  it('follows the name', () => {
    const printed = printing(['--progress'], 'pull');
    printed.clock.now = 5000;
    send(printed, item(0xa000, 'f'));
    printed.clock.now = 6000;
    expect(send(printed, moving(65_536), moving(100_000, true))).toBe(
      'f\n\r              0   0%    0.00kB/s    0:00:00  \r         65,536  65%   64.00kB/s    0:00:00  ' +
        '\r        100,000 100%   97.66kB/s    0:00:01 (xfr#1, to-chk=0/1)\n',
    );
  });

  it('leaves its line to what interrupts it', () => {
    const printed = printing(['--progress'], 'push');
    send(printed, item(0xa000, 'f'), moving(65_536));
    const before = printed.text();
    send(printed, { type: 'message', level: 'error', text: 'no', remote: false });
    expect(printed.out.text).toBe(`${before}\n`);
    printed.printer.interrupt();
    expect(printed.text()).toBe(`${before}\n`);
  });

  it('is not for others', () => {
    expect(send(printing(['-v']), moving(1))).toBe('');
    expect(send(printing(['--progress', '-q']), moving(1))).toBe('');
  });
});

it('prints the long names of a sender', () => {
  expect(send(printing(['--out-format=%f'], 'push', ['a/b/']), item(0xa000, 'f'))).toBe('a/b/f\n');
  expect(send(printing(['--out-format=%f'], 'pull', ['a/b/']), item(0xa000, 'f'))).toBe('f\n');
});

it('prints T for the times of symlinks that are not set', () => {
  const link = entry('l', { mode: 0o120777, target: 'a' });
  const old: TransferEvent = {
    type: 'negotiated',
    protocol: 29,
    checksum: 'md4',
    compressor: 'none',
    incremental: false,
    setsSymlinkTimes: false,
  };
  expect(send(printing(['-lti']), item(0x0008, '', { entry: link }))).toBe('.L..t...... l -> a\n');
  expect(send(printing(['-lti']), old, item(0x0008, '', { entry: link }))).toBe('.L..T...... l -> a\n');
});

describe('the end', () => {
  const result = { stats: stats({ bytesSent: 100, totalSize: 50 }), protocol: 32 };

  it.each([
    [['-v'], 1],
    [['--stats'], 2],
    [['-v', '--stats', '-n'], 2],
    [['-i'], 0],
    [['-v', '-q'], 0],
  ])('with %j has %d paragraphs', (argv, paragraphs) => {
    const printed = printing(argv);
    printed.printer.finish(result);
    const text = printed.text();
    expect(text.split('\n\n').length + (text.startsWith('\n') ? 0 : -1)).toBe(paragraphs);
    expect(text.endsWith(' (DRY RUN)\n')).toBe(argv.includes('-n'));
  });
});
