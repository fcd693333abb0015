import { fromBuffer } from '../../src/core/bytes.ts';
import { DEFAULT_TIME, type EntrySpec, isRoot, noise } from './tree.ts';

const BLOCK = 64 * 1024;

/** Names that sort, print, quote or encode in ways that break naive code. */
const ODD_NAMES = [
  ' leading and trailing ',
  'two  spaces',
  'new\nline',
  'carriage\rreturn',
  'tab\there',
  'esc\x1b[31mred',
  "single'quote",
  'double"quote',
  'back\\slash',
  'back\\#012slash',
  '$(touch owned)',
  '`backtick`',
  '$HOME',
  '*',
  '?',
  '[a-z]',
  '{a,b}',
  '~',
  '#',
  '%n',
  ';',
  '&',
  '|',
  '!',
  '-',
  '--delete',
  '-rf',
  ':colon',
  'host:path',
  '=',
  '.hidden',
  '...',
  '..dots',
  'caf\xc3\xa9',
  'latin1-\xe9',
  '\xff\xfe\x80',
  '\xf0\x9f\x90\x89',
  '\x01\x02\x7f',
  'CON',
  'a.b',
  'a-b',
  'a0',
  'a b',
  'a',
  'A',
  'aa',
];

/** Files around the sizes where block lengths, tokens and buffers change. */
const SIZES = [
  0,
  1,
  2,
  699,
  700,
  701,
  32 * 1024 - 1,
  32 * 1024,
  BLOCK - 1,
  BLOCK,
  BLOCK + 1,
  300_000,
  3_000_000,
];

/** Two names of 255 bytes that differ in the last byte only. */
const LONG = 'n'.repeat(254);

/** A folder forty levels down: names repeat, so prefixes are long, and the path passes 1,000 bytes. */
const DEEP = Array.from({ length: 40 }, (_, i) => `level-${i}-${'x'.repeat(16)}`).join('/');

/** A tree of everything that has been seen to break a synchroniser. Devices and foreign owners for root only. */
export const ODD_TREE: readonly EntrySpec[] = [
  ...ODD_NAMES.map(
    (path, i): EntrySpec => ({ path: `names/${path}`, content: `${i}\n`, mtime: DEFAULT_TIME + i }),
  ),
  { path: `names/${LONG}1`, content: 'long 1' },
  { path: `names/${LONG}2`, content: 'long 2' },
  // A folder sorts as if its name ended in a slash, but after the files beside it.
  { path: 'order/a/inside', content: 'inside a' },
  { path: 'order/a.b', content: 'a.b' },
  { path: 'order/a-b', content: 'a-b' },
  { path: 'order/a0', content: 'a0' },
  { path: 'order/a.dir/inside', content: 'inside a.dir' },
  { path: 'order/a-dir/inside', content: 'inside a-dir' },
  { path: 'order/.dir/.inside', content: 'inside .dir' },
  { path: 'odd dir\n\xff/\xfe', content: 'not UTF-8 at all' },
  { path: '-dir/-f', content: 'dashes' },
  ...SIZES.map(
    (size, i): EntrySpec => ({
      path: `sizes/${size}`,
      content: noise(size, i + 1),
      mtime: [DEFAULT_TIME + i, 123_456_789 + i],
    }),
  ),
  { path: 'sizes/repeats', content: Buffer.alloc(200_000, 'abcdefg') },
  { path: 'sizes/zeros', content: Buffer.alloc(100_000) },
  { path: 'sizes/hole', sparse: { size: 1_500_000, extents: [{ at: 700_000, data: noise(5000, 99) }] } },
  { path: `${DEEP}/bottom`, content: 'bottom' },
  { path: 'empty', type: 'dir', mtime: DEFAULT_TIME - 5 },
  { path: 'empty-closed', type: 'dir', mode: 0o700 },
  { path: 'sticky', type: 'dir', mode: 0o1777 },
  { path: 'setgid', type: 'dir', mode: 0o2755 },
  ...[0o400, 0o444, 0o600, 0o711, 0o755, 0o777].map(
    (mode): EntrySpec => ({
      path: `modes/${mode.toString(8)}`,
      content: mode.toString(8),
      mode,
    }),
  ),
  { path: 'modes/setuid', content: 'setuid', mode: 0o4755 },
  { path: 'modes/setgid', content: 'setgid', mode: 0o2755 },
  { path: 'modes/sticky', content: 'sticky', mode: 0o1644 },
  ...(isRoot ? [{ path: 'modes/0', content: 'nobody may', mode: 0 }] : []),
  { path: 'read-only/inside', content: 'inside' },
  { path: 'read-only/below/inside', content: 'inside' },
  { path: 'read-only/below', type: 'dir', mode: 0o555 },
  { path: 'read-only', type: 'dir', mode: 0o555 },
  { path: 'times/1901', content: '1901', mtime: -2_147_483_648 },
  { path: 'times/1969', content: '1969', mtime: -1 },
  { path: 'times/1969.5', content: '1969.5', mtime: [-1, 500_000_000] },
  { path: 'times/1970', content: '1970', mtime: 0 },
  { path: 'times/2038', content: '2038', mtime: 2_147_483_647 },
  { path: 'times/2039', content: '2039', mtime: 2_147_483_648 },
  { path: 'times/2106', content: '2106', mtime: 4_294_967_296 },
  { path: 'times/2400', content: '2400', mtime: 13_569_465_600 },
  { path: 'times/nanoseconds', content: 'ns', mtime: [DEFAULT_TIME, 999_999_999] },
  { path: 'times/one', content: 'ns', mtime: [DEFAULT_TIME, 1] },
  { path: 'links/target', content: 'target' },
  { path: 'links/relative', type: 'symlink', target: 'target', mtime: DEFAULT_TIME + 1 },
  { path: 'links/absolute', type: 'symlink', target: '/nonexistent/absolute' },
  { path: 'links/up', type: 'symlink', target: '../../../outside' },
  { path: 'links/dangling', type: 'symlink', target: 'no such file' },
  { path: 'links/to-dir', type: 'symlink', target: '../sizes' },
  { path: 'links/loop', type: 'symlink', target: 'loop' },
  { path: 'links/odd\xff', type: 'symlink', target: 'odd \n\xfe target' },
  { path: 'links/long', type: 'symlink', target: 'l'.repeat(1000) },
  { path: 'hard/first', content: noise(5000, 77) },
  { path: 'hard/second', type: 'hardlink', target: 'hard/first' },
  { path: 'other/third', type: 'hardlink', target: 'hard/first' },
  { path: 'hard/symlink', type: 'symlink', target: 'first' },
  { path: 'hard/symlink-2', type: 'hardlink', target: 'hard/symlink' },
  { path: 'hard/empty-1', content: '' },
  { path: 'hard/empty-2', type: 'hardlink', target: 'hard/empty-1' },
  { path: 'special/fifo', type: 'fifo', mode: 0o640 },
  { path: 'special/null', type: 'char', rdev: [1, 3], mode: 0o666 },
  { path: 'special/zero', type: 'char', rdev: [1, 5], mode: 0o600 },
  { path: 'special/loop', type: 'block', rdev: [7, 0], mode: 0o660 },
  { path: 'special/large', type: 'block', rdev: [259, 1000], mode: 0o660 },
  { path: 'owners/numbers', content: 'no such account', uid: 54321, gid: 65432 },
  { path: 'owners/daemon', content: 'daemon', uid: 1, gid: 1 },
  { path: 'owners/link', type: 'symlink', target: 'numbers', uid: 54321, gid: 65432 },
];

/** The same tree after a day's work: contents changed in part, names moved, kinds and attributes changed, some gone. */
export function modified(entries: readonly EntrySpec[]): EntrySpec[] {
  const later = (entry: EntrySpec, change: Partial<EntrySpec>): EntrySpec => ({
    ...entry,
    mtime: DEFAULT_TIME + 86_400,
    ...change,
  });
  const gone = new Set([
    'names/a',
    'names/new\nline',
    'order/a/inside',
    'times/1970',
    'hard/second',
    'empty',
  ]);
  const changed: EntrySpec[] = [];
  for (const entry of entries) {
    const path = typeof entry.path === 'string' ? entry.path : fromBuffer(entry.path);
    if (gone.has(path)) continue;
    if (path.startsWith('sizes/') && entry.content !== undefined && entry.content.length > 600) {
      const bytes = Buffer.from(entry.content as Uint8Array);
      const middle = bytes.length >> 1;
      // An insertion moves every later block; the change near the end spoils one more.
      const content = Buffer.concat([
        bytes.subarray(0, middle),
        Buffer.from('inserted'),
        bytes.subarray(middle),
      ]);
      content[content.length - 10]! ^= 0xff;
      changed.push(later(entry, { content }));
    } else if (path.startsWith('modes/')) changed.push({ ...entry, mode: (entry.mode ?? 0o644) ^ 0o011 });
    else if (path === 'links/relative') changed.push(later(entry, { target: 'dangling' }));
    else if (path === 'links/dangling') changed.push({ path, content: 'a file now' });
    else if (path === 'names/aa') changed.push({ path: 'names/aa/file', content: 'a folder now' });
    else if (path === 'special/fifo') changed.push({ ...entry, mode: 0o600 });
    else changed.push(entry);
  }
  changed.push({ path: 'new/file', content: 'new' }, { path: 'new/empty', type: 'dir' });
  return changed;
}
