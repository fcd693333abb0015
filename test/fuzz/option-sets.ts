/** The sessions that are recorded: what both ends have, and with which options they run. */
import { fromText } from '../../src/core/bytes.ts';
import type { OptionsInput } from '../../src/options/resolve.ts';
import { availableCompressors } from '../../src/protocol/token.ts';
import { ARCHIVE_H } from '../support/pair.ts';
import { DEFAULT_TIME, type EntrySpec, noise } from '../support/tree.ts';

export interface OptionSet {
  name: string;
  options: OptionsInput;
  /** What the destination has besides. */
  destination?: readonly EntrySpec[];
  /** `--files-from`: whose disk the list is on. */
  list?: 'here' | 'peer';
}

/** Names of a `--files-from` list. */
export const LIST = 'changed\n/dir/./deeper/\ndir/inside\nkind\n./other/hard\n';

const OLD = noise(2000, 1);
const NEW = Buffer.concat([OLD.subarray(0, 900), Buffer.from('changed'), OLD.subarray(900)]);

export const SOURCE: readonly EntrySpec[] = [
  { path: 'changed', content: NEW, mtime: DEFAULT_TIME + 9 },
  { path: 'same', content: 'the same' },
  { path: 'empty', content: '' },
  { path: 'zeros', content: Buffer.alloc(5000), mtime: DEFAULT_TIME + 9 },
  { path: 'dir/inside', content: 'inside', mtime: DEFAULT_TIME + 9 },
  { path: 'dir/fresh', content: noise(1500, 2) },
  { path: 'dir/deeper/still', content: 'still', mtime: [DEFAULT_TIME, 5000] },
  { path: 'kind/now a file', content: 'file' },
  { path: 'hard', content: 'linked' },
  { path: 'other/hard', type: 'hardlink', target: 'hard' },
  { path: 'link', type: 'symlink', target: 'same' },
];

export const DESTINATION: readonly EntrySpec[] = [
  { path: 'changed', content: OLD },
  { path: 'same', content: 'the same' },
  { path: 'zeros', content: noise(3000, 3) },
  { path: 'dir/inside', content: 'older' },
  { path: 'dir/surplus', content: 'surplus' },
  { path: 'surplus/a/b', content: 'deep' },
  { path: 'kind/now a file', type: 'dir' },
  { path: 'dir/deeper', content: 'a file' },
  { path: 'link', type: 'symlink', target: 'elsewhere' },
];

const BASE: OptionsInput = { recursive: true, links: true, times: true, checksumSeed: 7 };

/** Options of one recording a line; each is recorded in both directions and told to both ends. */
export function optionSets(): OptionSet[] {
  const archive: OptionsInput = { ...ARCHIVE_H, devices: false, checksumSeed: 7 };
  const md5 = { checksumChoice: 'md5' };
  const sets: [string, OptionsInput][] = [29, 30, 31, 32].map((protocol) => [
    `archive --delete, protocol ${protocol}`,
    { ...archive, ...md5, protocol, deleteMode: 'default' },
  ]);
  sets.push(
    ['archive, negotiated', archive],
    ['whole list', { ...BASE, ...md5, incRecurse: false, deleteMode: 'before', perms: true }],
    ['-c --delete-after', { ...BASE, checksum: true, deleteMode: 'after', checksumChoice: 'xxh64' }],
    ['-c, protocol 29', { ...BASE, checksum: true, protocol: 29 }],
    ['--inplace', { ...BASE, ...md5, inplace: true }],
    ['--inplace, protocol 29', { ...BASE, inplace: true, protocol: 29 }],
    ['--partial -S', { ...BASE, partial: true, sparse: true, checksumChoice: 'sha1' }],
    ['dry run', { ...BASE, ...md5, dryRun: true, itemize: 2, verbose: 2, deleteMode: 'during' }],
    ['-I -W', { ...BASE, ...md5, ignoreTimes: true, wholeFile: true, stats: true, progress: true }],
    [
      'filters',
      {
        ...BASE,
        ...md5,
        deleteMode: 'default',
        filters: [
          { kind: 'exclude', text: fromText('*surplus*') },
          { kind: 'include', text: fromText('dir/**/still') },
        ],
      },
    ],
    ['small blocks', { ...BASE, ...md5, blockSize: 100, ignoreTimes: true }],
  );
  for (const compressChoice of availableCompressors()) {
    if (compressChoice === 'none') continue;
    const compressed = { ...BASE, ...md5, compress: true, compressChoice, ignoreTimes: true };
    sets.push([`-z ${compressChoice}`, compressed]);
    if (compressChoice.startsWith('zlib')) {
      sets.push([`-z ${compressChoice}, protocol 30`, { ...compressed, protocol: 30 }]);
    }
  }
  return [...sets.map(([name, options]) => ({ name, options })), ...[29, 30, 31, 32].flatMap(laterSets)];
}

/** What came to be supported later, several options a session, at one protocol. */
function laterSets(protocol: number): OptionSet[] {
  const base: OptionsInput = { ...BASE, perms: true, checksumChoice: 'md5', protocol };
  const sets: OptionSet[] = [
    {
      name: '-R -m --delete-excluded',
      options: { ...base, relative: true, pruneEmptyDirs: true, deleteMode: 'before', deleteExcluded: true },
    },
    { name: '--files-from', options: base, list: 'here' },
    { name: '--files-from=:', options: { ...base, from0: false }, list: 'peer' },
    {
      name: '--link-dest --backup-dir --delete-delay -y',
      options: {
        ...base,
        linkDest: ['.alt'],
        backupDir: 'kept',
        deleteMode: 'delay',
        fuzzy: 1,
        filters: [{ kind: 'filter', text: fromText('P .alt') }],
      },
      destination: [
        { path: '.alt/changed', content: NEW, mtime: DEFAULT_TIME + 9 },
        { path: '.alt/empty', content: '', mtime: DEFAULT_TIME - 9 },
        { path: 'dir/fresh.old', content: noise(1500, 2) },
      ],
    },
    {
      name: '--copy-dest -b --force -c',
      options: { ...base, copyDest: ['.alt'], backup: true, force: true, checksum: true, hardLinks: true },
      destination: [
        { path: '.alt/dir/fresh', content: noise(1500, 2) },
        { path: '.alt/hard', content: 'linked' },
      ],
    },
    {
      name: '--partial-dir --delay-updates --delete-after',
      options: { ...base, partialDir: '.pd', delayUpdates: true, deleteMode: 'after', backup: true },
      destination: [{ path: 'dir/.pd/fresh', content: noise(1500, 2).subarray(0, 900), mode: 0o600 }],
    },
    {
      name: '--append-verify --remove-source-files',
      options: { ...base, append: 2, removeSourceFiles: true, verbose: 2 },
    },
    {
      name: '--append -T --munge-links -K',
      options: {
        ...base,
        append: 1,
        tempDir: 'dir',
        mungeLinks: true,
        keepDirlinks: true,
        deleteMode: 'during',
      },
    },
  ];
  return sets.map((set) => ({ ...set, name: `${set.name}, protocol ${protocol}` }));
}
