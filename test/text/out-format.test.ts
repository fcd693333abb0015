import { beforeAll, describe, expect, it } from 'vitest';
import { digestText, type FormatSubject, parseFormat } from '../../src/text/out-format.ts';
import { entry } from '../cli/support.ts';

beforeAll(() => {
  process.env.TZ = 'UTC';
});

const SUBJECT: FormatSubject = {
  operation: 'send',
  itemized: '<f+++++++++',
  entry: entry('big', { size: 3_000_000, uid: 0, gid: 7 }),
  isDirectory: false,
  longName: 's/big',
  xname: undefined,
  bytes: { data: 3_000_407, sums: 16 },
  digest: '34f0e058836cf878e986e3ef63bbd22e',
  defaultGroup: 'DEFAULT',
  now: 1_000_000_001,
  pid: 7259,
};

const LINK: FormatSubject = {
  ...SUBJECT,
  entry: entry('l', { mode: 0o120777, size: 1, target: 'a' }),
};

const render = (format: string, subject: FormatSubject = SUBJECT): string =>
  parseFormat(format).render(subject);

// Formats given to rsync 3.5, and what it printed for such a file.
it.each([
  ['%b|%c|%B|%C|%f', '3000407|16|rw-r--r--|34f0e058836cf878e986e3ef63bbd22e|s/big'],
  ['%G|%U|%i|%l|%L|%m|%M', '7|0|<f+++++++++|3000000|||2001/09/09-01:46:40'],
  ['%n|%o|%p|%t|%20t', 'big|send|7259|2001/09/09 01:46:41| 2001/09/09 01:46:41'],
  ['%a|%h|%P|%u|%q|%]|%', '%a|%h|%P|%u|%q|%]|%'],
  ['%%n', '%n'],
  ["%'l|%''l|%'''l|%''''l", '3,000,000|3.00M|2.86M|2.86M'],
  ["%'12l|%12'l|%-12'l|%-3l|%''b", '   3,000,000|   3,000,000|3,000,000   |3000000|3.00M'],
  ['%12l|%0l|%00012l', '     3000000|3000000|     3000000'],
  ["x%5%|%5||%05n|%'n|%--5n|%-5n|", 'x    %|%5||  big|big|%--5n|big  |'],
  ['x%-', 'x%-'],
  ['', ''],
])('%s', (format, expected) => expect(render(format)).toBe(expected));

describe('%L', () => {
  it('pads the name behind the arrow', () => {
    expect(render('%n%L|%10L|%-10L|', LINK)).toBe('l -> a| ->          a| -> a         |');
    expect(render('%n%L|%10L|%-10L|')).toBe(`big|${' '.repeat(14)}|${' '.repeat(14)}|`);
  });

  it('prefers the hard link', () => {
    expect(render('%L|%4L', { ...LINK, xname: 'hl' })).toBe(' => hl| =>   hl');
    expect(render('%L', { ...SUBJECT, xname: '' })).toBe('');
  });
});

it('marks directories in %n alone', () => {
  const subject = {
    ...SUBJECT,
    entry: entry('sub', { mode: 0o40755 }),
    isDirectory: true,
    longName: 's/sub',
  };
  expect(render('%n|%f|%B', subject)).toBe('sub/|s/sub|rwxr-xr-x');
});

it('says what is not in the list', () => {
  expect(render('%U %G', { ...SUBJECT, entry: entry('a') })).toBe('0 DEFAULT');
});

it('knows what a format asks for', () => {
  expect(parseFormat('%n %C')).toMatchObject({ needsData: true, hasItemized: false, hasOperation: false });
  expect(parseFormat("%-12i%''5o")).toMatchObject({
    needsData: false,
    hasItemized: true,
    hasOperation: true,
  });
  expect(parseFormat('%%i %%b')).toMatchObject({ needsData: false, hasItemized: false });
});

it('takes no width for serious that would fill the memory', () => {
  expect(render('%999999999n').length).toBeLessThan(100_000);
});

it('writes digests as other tools do', () => {
  const wire = Uint8Array.from([0x34, 0x3d, 0x50, 0x92, 0xdd, 0x63, 0x04, 0xd5]);
  expect(digestText(wire, 'xxh64')).toBe('d50463dd92503d34');
  expect(digestText(wire, 'md5')).toBe('343d5092dd6304d5');
  expect([...wire][0]).toBe(0x34);
});
