import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_TIME, type EntrySpec, makeTree, noise } from '../support/tree.ts';
import { KEEPING } from './fixtures-keeping.ts';
import { RULES } from './fixtures-rules.ts';

const DAY = 86_400;
const NEWER = DEFAULT_TIME + DAY;
const OLDER = DEFAULT_TIME - DAY;

/** A little of everything: what an ordinary `-a` run meets. */
const ORDINARY: EntrySpec[] = [
  { path: 'a.txt', content: 'alpha\n' },
  { path: 'b.bin', content: noise(70_000, 1), mtime: NEWER },
  { path: 'c.dat', content: noise(3000, 2), mtime: [DEFAULT_TIME, 123_456_789] },
  { path: 'exec.sh', content: '#!/bin/sh\n', mode: 0o755 },
  { path: 'read-only.txt', content: 'locked\n', mode: 0o444 },
  { path: 'empty.txt', content: '' },
  { path: 'sp ace.txt', content: 'space\n' },
  { path: "quo'te.txt", content: 'quote\n' },
  { path: 'new\nline.txt', content: 'newline\n' },
  { path: 'caf\xc3\xa9.txt', content: 'utf-8\n' },
  { path: 'byte\xff.bin', content: 'not utf-8\n' },
  { path: '.hidden', content: 'hidden\n' },
  { path: 'dir/d1.txt', content: 'in dir\n' },
  { path: 'dir/d2.o', content: noise(500, 3) },
  { path: 'dir/sub/deep.txt', content: 'deep\n', mtime: OLDER },
  { path: 'dir/sub/deeper/x.c', content: 'int x;\n' },
  { path: 'dir', type: 'dir', mode: 0o750, mtime: OLDER },
  { path: 'empty', type: 'dir', mtime: OLDER },
  { path: 'link', type: 'symlink', target: 'a.txt' },
  { path: 'dirlink', type: 'symlink', target: 'dir' },
  { path: 'broken', type: 'symlink', target: 'nowhere' },
  { path: 'hard1', content: 'linked\n' },
  { path: 'hard2', type: 'hardlink', target: 'hard1' },
  { path: 'dir/hard3', type: 'hardlink', target: 'hard1' },
  { path: 'fifo', type: 'fifo', mode: 0o640 },
  { path: 'null', type: 'char', rdev: [1, 3], mode: 0o666 },
  { path: 'loop', type: 'block', rdev: [7, 1], mode: 0o660 },
  { path: 'suid', content: 'suid\n', mode: 0o4755 },
  { path: 'private', content: 'private\n', mode: 0o600 },
  { path: 'owned', content: 'owned\n', uid: 54321, gid: 65432 },
  { path: 'daemon', content: 'daemon\n', uid: 1, gid: 1 },
];

/** The destination as an earlier run and some accidents may have left it: every kind of difference once. */
const STALE: EntrySpec[] = [
  { path: 'a.txt', content: 'ALPHA\n' }, // same size and time, other content
  {
    path: 'b.bin',
    content: Buffer.concat([noise(70_000, 1).subarray(0, 40_000), noise(20_000, 9)]),
    mtime: OLDER,
  },
  { path: 'c.dat', content: noise(3000, 2), mtime: OLDER }, // the time only
  { path: 'exec.sh', content: '#!/bin/sh\n', mode: 0o644 }, // the mode only
  { path: 'read-only.txt', content: 'locked\n', mode: 0o444 }, // nothing
  { path: 'empty.txt', content: 'not empty\n', mtime: OLDER },
  { path: 'sp ace.txt', content: 'SPACE\n', mtime: NEWER },
  { path: 'dir/d1.txt', content: 'newer here\n', mtime: NEWER + 5 },
  { path: 'dir/d2.o', content: noise(501, 3), mtime: DEFAULT_TIME },
  { path: 'dir/extra.o', content: 'extra\n' },
  { path: 'dir/sub/extra', content: 'extra\n' },
  { path: 'dir', type: 'dir', mode: 0o755, mtime: NEWER },
  { path: 'link', type: 'symlink', target: 'exec.sh' },
  { path: 'dirlink', type: 'symlink', target: 'dir' },
  { path: 'hard1', content: 'linked\n' },
  { path: 'hard2', content: 'linked\n' },
  { path: 'fifo', type: 'fifo', mode: 0o600 },
  { path: 'null', type: 'char', rdev: [1, 5], mode: 0o666 },
  { path: 'suid', content: 'suid\n', mode: 0o755 },
  { path: 'owned', content: 'owned\n', uid: 1, gid: 65432 },
  { path: 'daemon', content: 'daemon\n' },
  { path: 'extra.txt', content: 'extra\n' },
  { path: 'extra dir/one', content: '1\n' },
  { path: 'extra dir/two/three', content: '3\n' },
  { path: 'extra link', type: 'symlink', target: 'a.txt' },
];

/** Names for patterns; rule files in the tree and beside it. */
const PATTERNS: EntrySpec[] = [
  ...[
    'a.c',
    'b.o',
    'c.h',
    'core',
    'tags',
    'x.tmp',
    'keep.me',
    'drop.me',
    'UPPER.TXT',
    'a[1].txt',
    'star*.txt',
  ].map((path): EntrySpec => ({ path, content: `${path}\n` })),
  { path: 'back\\slash', content: 'b\n' },
  { path: '.git/config', content: 'git\n' },
  { path: 'CVS/Entries', content: 'cvs\n' },
  { path: '.svn/entries', content: 'svn\n' },
  { path: '.cvsignore', content: '*.tmp drop.me\n' },
  { path: '.rsync-filter', content: '# rules\n- /build/cache\n- *.pdf\n' },
  { path: 'sub/a.c', content: 'sub a\n' },
  { path: 'sub/b.o', content: 'sub b\n' },
  { path: 'sub/keep.me', content: 'keep\n' },
  { path: 'sub/drop.me', content: 'drop\n' },
  { path: 'sub/.rsync-filter', content: '+ keep.me\n- *.me\n- /b.o\n' },
  { path: 'sub/deep/x.o', content: 'x\n' },
  { path: 'sub/deep/manual.pdf', content: 'pdf\n' },
  { path: 'sub/deep/.rsync-filter', content: '!\n- x.o\n' },
  { path: 'doc/readme.txt', content: 'readme\n' },
  { path: 'doc/manual.pdf', content: 'manual\n' },
  { path: 'build/out.bin', content: 'out\n' },
  { path: 'build/cache/tmp', content: 'tmp\n' },
  { path: 'foo/bar/baz.txt', content: 'baz\n' },
  { path: 'foo/bar/qux/baz.txt', content: 'baz\n' },
  { path: 'foo/baz.txt', content: 'baz\n' },
];

const PATTERNS_DESTINATION: EntrySpec[] = [
  { path: 'a.c', content: 'old a\n', mtime: OLDER },
  { path: 'old.c', content: 'old\n' },
  { path: 'old.o', content: 'old\n' },
  { path: 'old.tmp', content: 'old\n' },
  { path: 'old.pdf', content: 'old\n' },
  { path: 'core', type: 'dir' },
  { path: 'core/file', content: 'x\n' },
  { path: 'build/old', content: 'old\n' },
  { path: 'build/cache/old', content: 'old\n' },
  { path: 'sub/old.o', content: 'old\n' },
  { path: 'sub/keep.me', content: 'older\n', mtime: OLDER },
  { path: 'sub/other.me', content: 'old\n' },
  { path: 'sub/deep/old.o', content: 'old\n' },
  { path: 'gone/keep/k.txt', content: 'k\n' },
  { path: 'gone/x.o', content: 'x\n' },
  { path: 'gone/x.txt', content: 'x\n' },
  { path: 'foo/bar/old.txt', content: 'old\n' },
  { path: '.git/old', content: 'old\n' },
];

/** Every kind over every other kind. */
const CONFLICTS: EntrySpec[] = [
  { path: 'file-over-full', content: 'file\n' },
  { path: 'file-over-empty', content: 'file\n' },
  { path: 'file-over-link', content: 'file\n' },
  { path: 'file-over-dirlink', content: 'file\n' },
  { path: 'file-over-fifo', content: 'file\n' },
  { path: 'dir-over-file/x', content: 'x\n' },
  { path: 'dir-over-dirlink/x', content: 'x\n' },
  { path: 'dir-over-broken/x', content: 'x\n' },
  { path: 'dir-over-fifo/x', content: 'x\n' },
  { path: 'link-over-file', type: 'symlink', target: 'target' },
  { path: 'link-over-full', type: 'symlink', target: 'target' },
  { path: 'link-over-empty', type: 'symlink', target: 'target' },
  { path: 'link-over-link', type: 'symlink', target: 'target' },
  { path: 'link-over-fifo', type: 'symlink', target: 'target' },
  { path: 'fifo-over-file', type: 'fifo' },
  { path: 'fifo-over-full', type: 'fifo' },
  { path: 'fifo-over-link', type: 'fifo' },
  { path: 'fifo-over-device', type: 'fifo' },
  { path: 'device-over-file', type: 'char', rdev: [1, 3] },
];

const CONFLICTS_DESTINATION: EntrySpec[] = [
  { path: 'file-over-full/y', content: 'y\n' },
  { path: 'file-over-empty', type: 'dir' },
  { path: 'file-over-link', type: 'symlink', target: '../outside/file' },
  { path: 'file-over-dirlink', type: 'symlink', target: '../outside' },
  { path: 'file-over-fifo', type: 'fifo' },
  { path: 'dir-over-file', content: 'file\n' },
  { path: 'dir-over-dirlink', type: 'symlink', target: '../outside' },
  { path: 'dir-over-broken', type: 'symlink', target: 'nowhere' },
  { path: 'dir-over-fifo', type: 'fifo' },
  { path: 'link-over-file', content: 'file\n' },
  { path: 'link-over-full/y', content: 'y\n' },
  { path: 'link-over-empty', type: 'dir' },
  { path: 'link-over-link', type: 'symlink', target: 'other' },
  { path: 'link-over-fifo', type: 'fifo' },
  { path: 'fifo-over-file', content: 'file\n' },
  { path: 'fifo-over-full/y', content: 'y\n' },
  { path: 'fifo-over-link', type: 'symlink', target: 'nowhere' },
  { path: 'fifo-over-device', type: 'char', rdev: [1, 3] },
  { path: 'device-over-file', content: 'file\n' },
];

const BASE = noise(200_000, 42);

/** Files whose new form shares most of its bytes with the old one. */
const DELTA: EntrySpec[] = [
  { path: 'appended', content: Buffer.concat([BASE, noise(3000, 1)]) },
  { path: 'prepended', content: Buffer.concat([noise(3001, 2), BASE]) },
  {
    path: 'inserted',
    content: Buffer.concat([BASE.subarray(0, 99_999), noise(17, 3), BASE.subarray(99_999)]),
  },
  { path: 'removed', content: Buffer.concat([BASE.subarray(0, 50_000), BASE.subarray(61_111)]) },
  { path: 'swapped', content: Buffer.concat([BASE.subarray(100_000), BASE.subarray(0, 100_000)]) },
  { path: 'shrunk', content: BASE.subarray(0, 77_777) },
  { path: 'touched', content: BASE, mtime: NEWER },
  { path: 'unrelated', content: noise(50_000, 5) },
  { path: 'zeros', content: Buffer.alloc(150_000) },
  { path: 'text', content: 'the quick brown fox jumps over the lazy dog\n'.repeat(2500) },
  { path: 'small', content: 'a few bytes more\n' },
  { path: 'emptied', content: '' },
  { path: 'filled', content: noise(20_000, 6) },
];

const DELTA_DESTINATION: EntrySpec[] = [
  ...['appended', 'prepended', 'inserted', 'removed', 'swapped', 'shrunk', 'touched'].map(
    (path): EntrySpec => ({ path, content: BASE, mtime: OLDER }),
  ),
  { path: 'unrelated', content: noise(50_000, 7), mtime: OLDER },
  { path: 'zeros', content: Buffer.alloc(100_000), mtime: OLDER },
  { path: 'text', content: 'the quick brown fox jumps over the lazy cat\n'.repeat(2400), mtime: OLDER },
  { path: 'small', content: 'a few bytes\n', mtime: OLDER },
  { path: 'emptied', content: BASE.subarray(0, 5000), mtime: OLDER },
  { path: 'filled', content: '', mtime: OLDER },
];

const LINKS: EntrySpec[] = [
  { path: 'a1', content: 'group a\n' },
  { path: 'a2', type: 'hardlink', target: 'a1' },
  { path: 'sub/a3', type: 'hardlink', target: 'a1' },
  { path: 'z/a4', type: 'hardlink', target: 'a1' },
  { path: 'b1', content: 'group b\n' },
  { path: 'sub/b2', type: 'hardlink', target: 'b1' },
  { path: 'c1', content: 'alone 1\n' },
  { path: 'c2', content: 'alone 2\n' },
  { path: 's1', type: 'symlink', target: 'a1' },
  { path: 's2', type: 'hardlink', target: 's1' },
  { path: 'f1', type: 'fifo' },
  { path: 'f2', type: 'hardlink', target: 'f1' },
  { path: 'big1', content: noise(60_000, 8) },
  { path: 'big2', type: 'hardlink', target: 'big1' },
];

const LINKS_DESTINATION: EntrySpec[] = [
  { path: 'a1', content: 'group a\n' },
  { path: 'a2', type: 'hardlink', target: 'a1' },
  { path: 'sub/a3', content: 'group a\n' },
  { path: 'b1', content: 'OLD b\n', mtime: OLDER },
  { path: 'sub/b2', type: 'hardlink', target: 'b1' },
  { path: 'c1', content: 'alone 1\n' },
  { path: 'c2', type: 'hardlink', target: 'c1' },
  { path: 'big2', content: noise(60_000, 8), mtime: OLDER },
];

const SPARSE: EntrySpec[] = [
  { path: 'hole', sparse: { size: 2_000_000, extents: [{ at: 1_000_000, data: noise(4096, 10) }] } },
  { path: 'tail', sparse: { size: 1_500_000, extents: [{ at: 0, data: noise(100, 11) }] } },
  { path: 'zeros', content: Buffer.alloc(1_000_000) },
  { path: 'changed', sparse: { size: 1_200_000, extents: [{ at: 600_000, data: noise(999, 12) }] } },
];

const SPARSE_DESTINATION: EntrySpec[] = [
  { path: 'changed', content: noise(1_200_000, 13), mtime: OLDER },
  { path: 'zeros', content: Buffer.alloc(900_000, 1), mtime: OLDER },
];

/** Symlinks that lead everywhere, directories with and without files, sizes. */
const SELECTION: EntrySpec[] = [
  { path: 'top', content: 'top\n', mtime: OLDER },
  { path: 'a/g', content: 'g\n' },
  { path: 'a/b/c/f', content: 'f\n', mtime: OLDER },
  { path: 'a/b/deep', type: 'symlink', target: '../../d/e/h' },
  { path: 'a/sib', type: 'symlink', target: '../d' },
  { path: 'a/out', type: 'symlink', target: '../../outside/file' },
  { path: 'a/b', type: 'dir', mode: 0o750, mtime: OLDER },
  { path: 'd/e/h', content: 'hhh\n' },
  { path: 'd/big', content: noise(5000, 21) },
  { path: 'd', type: 'dir', mtime: OLDER },
  { path: 'e1/e2', type: 'dir' },
  { path: 'e1', type: 'dir', mtime: NEWER },
  { path: 'la', type: 'symlink', target: 'a' },
  { path: 'ok', type: 'symlink', target: 'top', mtime: OLDER },
  { path: 'dang', type: 'symlink', target: 'nowhere' },
  { path: 'up', type: 'symlink', target: '../outside/file' },
  { path: '#name', content: 'no comment\n' },
];

const SELECTION_DESTINATION: EntrySpec[] = [
  { path: 'a', type: 'symlink', target: 'real' },
  { path: 'real/old', content: 'old\n' },
  { path: 'real', type: 'dir', mtime: OLDER },
  { path: 'd/e/old', content: 'old\n' },
  { path: 'e1/e2/e3', type: 'dir' },
  { path: 'full/f', content: 'f\n' },
  { path: 'gone', content: 'gone\n' },
  { path: 'zz', type: 'dir' },
  { path: 'ok', type: 'symlink', target: 'dang' },
];

type Fixture = Readonly<Record<string, readonly EntrySpec[]>>;

const FIXTURES = {
  fresh: { src: ORDINARY },
  stale: { src: ORDINARY, dst: STALE },
  equal: { src: ORDINARY, dst: ORDINARY },
  patterns: { src: PATTERNS, dst: PATTERNS_DESTINATION },
  conflicts: {
    src: CONFLICTS,
    dst: CONFLICTS_DESTINATION,
    outside: [{ path: 'file', content: 'outside\n' }],
  },
  delta: { src: DELTA, dst: DELTA_DESTINATION },
  links: { src: LINKS, dst: LINKS_DESTINATION },
  sparse: { src: SPARSE, dst: SPARSE_DESTINATION },
  locked: {
    src: [
      { path: 'closed/new', content: 'new\n' },
      { path: 'closed/old', content: 'new content\n', mtime: NEWER },
      { path: 'closed/sub/x', content: 'x\n' },
      { path: 'closed/sub', type: 'dir', mode: 0o555 },
      { path: 'closed', type: 'dir', mode: 0o555, mtime: OLDER },
      { path: 'opened/x', content: 'x\n' },
    ],
    dst: [
      { path: 'closed/old', content: 'old\n', mtime: OLDER },
      { path: 'closed/extra', content: 'extra\n' },
      { path: 'closed', type: 'dir', mode: 0o555 },
      { path: 'opened/x', content: 'old x\n', mtime: OLDER },
      { path: 'opened', type: 'dir', mode: 0o500 },
    ],
  },
  selection: {
    src: SELECTION,
    dst: SELECTION_DESTINATION,
    outside: [{ path: 'file', content: 'outside\n' }],
  },
  several: {
    src: [
      { path: 'f1', content: 'one\n' },
      { path: 'f2', content: 'two\n' },
      { path: 'same', content: 'of src\n' },
      { path: 'd/x', content: 'x\n' },
      { path: 'd/only-1', content: '1\n' },
    ],
    src2: [
      { path: 'f3', content: 'three\n' },
      { path: 'same', content: 'of src2, longer\n' },
      { path: 'd/x', content: 'x of src2\n' },
      { path: 'd/only-2', content: '2\n' },
      { path: 'empty', type: 'dir' },
    ],
    dst: [
      { path: 'd/old', content: 'old\n' },
      { path: 'extra', content: 'extra\n' },
      { path: 'f1', content: 'older\n', mtime: OLDER },
    ],
  },
  ...KEEPING,
  ...RULES,
} satisfies Record<string, Fixture>;

export type FixtureName = keyof typeof FIXTURES;

/** Rule files that cases name; they lie beside the trees. */
const RULE_FILES: Readonly<Record<string, string>> = {
  excludes: '# comment\n; comment\n*.o\n\n/build/\ncore\n',
  includes: '*/\n*.c\n*.h\n',
  'excludes-0': '*.o\0*.tmp\0',
  rules: '- *.o\nP old.*\n+ /doc/***\n- *.txt\n',
  list: 'a/b\nmissing\r\nd/e/h\n\n./top\na/./g\ne1/\n',
  'list-0': 'a/b\0missing\0d/e/h\0e1',
  'list-odd': '#name\n; none\n/d/../d/e\nd//e///h\n../top\n',
  'list-links': 'la/g\nla/b/\nok\n',
  'list-empty': '\n\n',
  'rules-plain': '*.pdf\n/build/cache\n',
  // Above all sources, and in the home directory.
  '.rsync-filter': '- from-above\n- /src/anchored-above\n',
  '.cvsignore': 'from-home\n',
};

/** Makes every fixture, once: `root/NAME/` is the working directory of the cases of that fixture. */
export function makeFixtures(root: string): void {
  for (const [name, trees] of Object.entries(FIXTURES) as [FixtureName, Fixture][]) {
    const base = join(root, name);
    mkdirSync(base, { recursive: true });
    for (const [tree, entries] of Object.entries(trees)) makeTree(join(base, tree), entries);
    makeTree(join(base, 'odd'), [
      { path: 'a file', content: 'file\n' },
      { path: 'file', content: 'file\n', mtime: NEWER },
      { path: 'to-dir', type: 'symlink', target: `../${'dst' in trees ? 'dst' : 'src'}` },
      { path: 'dangling', type: 'symlink', target: 'nowhere' },
      { path: 'empty', type: 'dir' },
    ]);
    for (const [file, text] of Object.entries(RULE_FILES)) {
      writeFileSync(join(base, file), text);
      utimesSync(join(base, file), DEFAULT_TIME, DEFAULT_TIME);
    }
    utimesSync(base, DEFAULT_TIME, DEFAULT_TIME);
  }
}
