import { DEFAULT_TIME, type EntrySpec, noise } from '../support/tree.ts';

const DAY = 86_400;
const NEWER = DEFAULT_TIME + DAY;
const OLDER = DEFAULT_TIME - DAY;

const BASE = noise(60_000, 21);
const GROWN = Buffer.concat([BASE, noise(4000, 22)]);

/** One of each kind that an alternate directory can have, lack, or have in another form. */
const SOURCE: EntrySpec[] = [
  { path: 'absent', content: 'absent\n' },
  { path: 'same', content: 'same\n' },
  { path: 'time', content: 'time\n' },
  { path: 'mode', content: 'mode\n', mode: 0o640 },
  { path: 'owner', content: 'owner\n', uid: 12, gid: 34 },
  { path: 'content', content: GROWN },
  { path: 'digest', content: 'digest\n' },
  { path: 'kind', content: 'kind\n' },
  { path: 'second', content: 'second\n' },
  { path: 'link-same', type: 'symlink', target: 'same' },
  { path: 'link-other', type: 'symlink', target: 'new' },
  { path: 'link-time', type: 'symlink', target: 'same' },
  { path: 'link-absent', type: 'symlink', target: 'same' },
  { path: 'fifo', type: 'fifo' },
  { path: 'device', type: 'char', rdev: [1, 3] },
  { path: 'device-other', type: 'char', rdev: [1, 5] },
  { path: 'hard1', content: 'hard\n' },
  { path: 'hard2', type: 'hardlink', target: 'hard1' },
  { path: 'dir/hard3', type: 'hardlink', target: 'hard1' },
  { path: 'dir/in', content: 'in\n' },
  { path: 'dir/sub/deep', content: 'deep\n' },
  { path: 'dir-mode/x', content: 'x\n' },
  { path: 'dir-mode', type: 'dir', mode: 0o750 },
  { path: 'dir-time/y', content: 'y\n' },
  { path: 'dir-absent/z', content: 'z\n' },
];

/** The same as the source, but for what its names say. */
const ALTERNATE: EntrySpec[] = [
  { path: 'same', content: 'same\n' },
  { path: 'time', content: 'time\n', mtime: OLDER },
  { path: 'mode', content: 'mode\n', mode: 0o600 },
  { path: 'owner', content: 'owner\n', uid: 1, gid: 1 },
  { path: 'content', content: BASE, mtime: OLDER },
  { path: 'digest', content: 'DIGEST\n' },
  { path: 'kind/x', content: 'x\n' },
  { path: 'second', content: 'first\n', mtime: OLDER },
  { path: 'link-same', type: 'symlink', target: 'same' },
  { path: 'link-other', type: 'symlink', target: 'old' },
  { path: 'link-time', type: 'symlink', target: 'same', mtime: OLDER },
  { path: 'fifo', type: 'fifo' },
  { path: 'device', type: 'char', rdev: [1, 3] },
  { path: 'device-other', type: 'char', rdev: [1, 7] },
  { path: 'hard1', content: 'hard\n' },
  { path: 'hard2', type: 'hardlink', target: 'hard1' },
  { path: 'dir/hard3', type: 'hardlink', target: 'hard1' },
  { path: 'dir/in', content: 'in\n' },
  { path: 'dir/sub/deep', content: 'deep\n' },
  { path: 'dir-mode/x', content: 'x\n' },
  { path: 'dir-time/y', content: 'y\n' },
  { path: 'dir-time', type: 'dir', mtime: OLDER },
  { path: 'gone', content: 'gone\n' },
];

const SECOND: EntrySpec[] = [
  { path: 'second', content: 'second\n' },
  { path: 'mode', content: 'mode\n', mode: 0o640 },
  { path: 'time', content: 'TIME\n' },
  { path: 'kind', content: 'kind\n', mtime: OLDER },
  { path: 'hard2', content: 'hard\n' },
];

/** A destination that has some of it already, in various states. */
const BEGUN: EntrySpec[] = [
  { path: 'same', content: 'old\n', mtime: OLDER },
  { path: 'mode', content: 'old\n', mtime: OLDER },
  { path: 'content', content: GROWN.subarray(0, 30_000), mtime: OLDER },
  { path: 'link-same', type: 'symlink', target: 'old' },
  { path: 'device', content: 'no device\n' },
  { path: 'dir/in', content: 'in\n' },
  { path: 'hard2', content: 'other\n', mtime: OLDER },
  { path: 'extra', content: 'extra\n' },
  { path: 'extra-dir/x', content: 'x\n' },
];

/** What is replaced or deleted, of every kind. */
const REPLACING: EntrySpec[] = [
  { path: 'changed', content: 'new\n', mtime: NEWER },
  { path: 'grown', content: GROWN, mtime: NEWER },
  { path: 'backed', content: 'new\n', mtime: NEWER },
  { path: 'mode', content: 'mode\n', mode: 0o600 },
  { path: 'link', type: 'symlink', target: 'new' },
  { path: 'link-over-file', type: 'symlink', target: 'new' },
  { path: 'file-over-link', content: 'file\n' },
  { path: 'file-over-fifo', content: 'file\n' },
  { path: 'fifo-over-file', type: 'fifo' },
  { path: 'dir-over-file/in', content: 'in\n' },
  { path: 'file-over-dir', content: 'file\n' },
  { path: 'hard1', content: 'hard\n', mtime: NEWER },
  { path: 'hard2', type: 'hardlink', target: 'hard1' },
  { path: 'dir/changed', content: 'new\n', mtime: NEWER },
  { path: 'dir/sub/changed', content: 'new\n', mtime: NEWER },
  { path: 'same', content: 'same\n' },
];

const REPLACED: EntrySpec[] = [
  { path: 'changed', content: 'old\n', mode: 0o640, uid: 3, gid: 4 },
  { path: 'grown', content: BASE },
  { path: 'backed', content: 'old\n' },
  { path: 'backed~', content: 'older\n', mtime: OLDER },
  { path: 'mode', content: 'mode\n' },
  { path: 'link', type: 'symlink', target: 'old' },
  { path: 'link-over-file', content: 'file\n' },
  { path: 'file-over-link', type: 'symlink', target: 'nowhere' },
  { path: 'file-over-fifo', type: 'fifo' },
  { path: 'fifo-over-file', content: 'file\n' },
  { path: 'dir-over-file', content: 'file\n' },
  { path: 'file-over-dir/inside', content: 'inside\n' },
  { path: 'hard1', content: 'old\n' },
  { path: 'hard2', content: 'old 2\n' },
  { path: 'dir/changed', content: 'old\n' },
  { path: 'dir/sub/changed', content: 'old\n' },
  { path: 'dir/extra', content: 'extra\n' },
  { path: 'dir/sub', type: 'dir', mode: 0o711, uid: 5, gid: 6 },
  { path: 'same', content: 'same\n' },
  { path: 'gone', content: 'gone\n', mtime: OLDER },
  { path: 'gone~', content: 'an older one\n' },
  { path: 'gone-link', type: 'symlink', target: 'x' },
  { path: 'gone-dir/x', content: 'x\n' },
  { path: 'gone-dir/sub/y', content: 'y\n' },
  { path: 'gone-dir', type: 'dir', mode: 0o700, uid: 7, gid: 8, mtime: OLDER },
  { path: 'gone-empty', type: 'dir' },
];

/** Files that an earlier run has begun, in the place and in directories for them. */
const BROKEN: EntrySpec[] = [
  { path: 'new', content: GROWN.subarray(0, 20_000), mtime: OLDER, mode: 0o600 },
  { path: 'existing', content: GROWN.subarray(0, 50_000), mtime: OLDER, mode: 0o600 },
  { path: 'unrelated', content: noise(5000, 30), mtime: OLDER, mode: 0o600 },
  { path: 'uptodate', content: 'left over\n', mtime: OLDER, mode: 0o600 },
  { path: 'stranger', content: 'stranger\n' },
];

const inDirectory = (directory: string, entries: readonly EntrySpec[]): EntrySpec[] =>
  entries.map((entry) => ({ ...entry, path: `${directory}/${String(entry.path)}` }));

const INTERRUPTED_SOURCE: EntrySpec[] = [
  { path: 'new', content: GROWN },
  { path: 'existing', content: GROWN },
  { path: 'unrelated', content: noise(9000, 31) },
  { path: 'uptodate', content: 'uptodate\n' },
  { path: 'small', content: 'small\n' },
  { path: 'sub/new', content: GROWN },
  { path: 'hard1', content: 'hard\n', mtime: NEWER },
  { path: 'hard2', type: 'hardlink', target: 'hard1' },
  { path: '.pd/hidden', content: 'not to be sent\n' },
];

const INTERRUPTED: EntrySpec[] = [
  { path: 'existing', content: BASE, mtime: OLDER },
  { path: 'uptodate', content: 'uptodate\n' },
  { path: 'extra', content: 'extra\n' },
  ...inDirectory('.pd', BROKEN),
  { path: 'sub/.pd/new', content: GROWN.subarray(0, 30_000), mtime: OLDER, mode: 0o600 },
  { path: 'gone/.pd/x', content: 'x\n' },
  { path: 'tmp', type: 'dir' },
];

/** Files that grew, and some that did something else. */
const APPENDED: EntrySpec[] = [
  { path: 'grown', content: GROWN },
  { path: 'other-start', content: GROWN },
  { path: 'shorter', content: GROWN.subarray(0, 40_000) },
  { path: 'equal-size', content: 'abcdef\n', mtime: NEWER },
  { path: 'from-nothing', content: 'content\n' },
  { path: 'new', content: noise(3000, 33) },
  { path: 'touched', content: 'touched\n', mtime: NEWER },
  { path: 'small', content: 'a longer line\n' },
];

const SHORTER: EntrySpec[] = [
  { path: 'grown', content: BASE, mtime: OLDER },
  { path: 'other-start', content: noise(50_000, 34), mtime: OLDER },
  { path: 'shorter', content: GROWN, mtime: OLDER },
  { path: 'equal-size', content: 'ABCDEF\n', mtime: OLDER },
  { path: 'from-nothing', content: '', mtime: OLDER },
  { path: 'touched', content: 'touched\n', mtime: OLDER },
  { path: 'small', content: 'a longer', mtime: OLDER },
];

/** Names that resemble one another. */
const RENAMED: EntrySpec[] = [
  { path: 'report-2021.txt', content: GROWN },
  { path: 'moved.bin', content: noise(40_000, 41), mtime: [OLDER, 0] },
  { path: 'archive.tar.gz', content: noise(30_000, 42) },
  { path: 'nothing-like-it', content: 'q\n' },
  { path: 'dir/page-b.html', content: GROWN },
];

const NAMESAKES: EntrySpec[] = [
  { path: 'report-2020.txt', content: BASE, mtime: OLDER },
  { path: 'a-very-different-name', content: noise(40_000, 41), mtime: [OLDER, 0] },
  { path: 'archive.old.tar.gz', content: noise(30_000, 42).subarray(0, 29_000), mtime: OLDER },
  { path: 'zzz', content: '' },
  { path: 'dir/page-a.html', content: BASE, mtime: OLDER },
  { path: 'dir/page-x.txt', content: noise(2000, 43), mtime: OLDER },
];

export const KEEPING = {
  alternates: { src: SOURCE, alt: ALTERNATE, alt2: SECOND, begun: BEGUN },
  replacing: { src: REPLACING, dst: REPLACED, store: [{ path: 'old', content: 'old\n' }] },
  interrupted: {
    src: INTERRUPTED_SOURCE,
    dst: INTERRUPTED,
    temp: [{ path: 'other', content: 'other\n' }],
  },
  appended: { src: APPENDED, dst: SHORTER },
  renamed: { src: RENAMED, dst: NAMESAKES, alt: [{ path: 'moved-1.bin', content: noise(40_000, 41) }] },
} satisfies Record<string, Readonly<Record<string, readonly EntrySpec[]>>>;
