import { beforeAll, expect, it } from 'vitest';
import { listingLine } from '../../src/text/listing.ts';
import { entry } from '../cli/support.ts';

beforeAll(() => {
  process.env.TZ = 'UTC';
});

const at = { mtime: 1_000_000_000 };

// Lines of rsync 3.5, by the level of -h.
it.each([
  [
    1,
    entry('sub', { ...at, mode: 0o40755, size: 4096 }),
    'drwxr-xr-x          4,096 2001/09/09 01:46:40 sub',
  ],
  [0, entry('sub', { ...at, mode: 0o40755, size: 4096 }), 'drwxr-xr-x        4096 2001/09/09 01:46:40 sub'],
  [
    2,
    entry('sub', { ...at, mode: 0o40755, size: 4096 }),
    'drwxr-xr-x          4.10K 2001/09/09 01:46:40 sub',
  ],
  [
    3,
    entry('sub', { ...at, mode: 0o40755, size: 4096 }),
    'drwxr-xr-x          4.00K 2001/09/09 01:46:40 sub',
  ],
  [
    1,
    entry('l', { ...at, mode: 0o120777, size: 1, target: 'a' }),
    'lrwxrwxrwx              1 2001/09/09 01:46:40 l -> a',
  ],
  [1, entry('l', { ...at, mode: 0o120777, size: 1 }), 'lrwxrwxrwx              1 2001/09/09 01:46:40 l'],
  [1, entry('p', { ...at, mode: 0o10644, size: 0 }), 'prw-r--r--              0 2001/09/09 01:46:40 p'],
  [1, entry('c', { ...at, mode: 0o20644, size: 0 }), 'crw-r--r--              0 2001/09/09 01:46:40 c'],
  [1, entry('b', { ...at, mode: 0o60660, size: 0 }), 'brw-rw----              0 2001/09/09 01:46:40 b'],
  [1, entry('s', { ...at, mode: 0o140755, size: 0 }), 'srwxr-xr-x              0 2001/09/09 01:46:40 s'],
  [
    1,
    entry('x', { mode: 0o104755, size: 2, mtime: 978_307_200 }),
    '-rwsr-xr-x              2 2001/01/01 00:00:00 x',
  ],
  [1, entry('neg', { size: 0, mtime: -1 }), '-rw-r--r--              0 1969/12/31 23:59:59 neg'],
  [1, entry('old', { size: 0, mtime: -2_147_483_648 }), '-rw-r--r--              0 1901/12/13 20:45:52 old'],
  [1, entry('far', { size: 0, mtime: 15_032_385_535 }), '-rw-r--r--              0 2446/05/10 22:38:55 far'],
])('-h level %d: %o', (level, details, expected) => expect(listingLine(details, level)).toBe(expected));

it.each([Number.MAX_SAFE_INTEGER, -9e15, 2 ** 63, Number.NaN])(
  'does not stumble over the moment %d',
  (mtime) => {
    expect(listingLine(entry('f', { mtime }), 1)).toBe('-rw-r--r--              3 ????/??/?? ??:??:?? f');
  },
);

it('shows an argument that is missing', () => {
  expect(listingLine(entry('gone', { mode: 0 }), 1)).toMatch(/^\*missing {38}gone$/);
});
