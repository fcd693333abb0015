import * as zlib from 'node:zlib';
import type { FixtureName } from './fixtures.ts';

/** Node.js has zstd from 22.15 on. */
const HAS_ZSTD = 'createZstdCompress' in zlib;

export type Direction = 'push' | 'pull';

/** One command line, run by C rsync and by rsyncjs on equal trees. */
export interface Case {
  fixture: FixtureName;
  /** Options, split at blanks; quotes of either kind keep blanks. */
  args: string;
  /** Sources, split likewise. Default `src/`. */
  from: string;
  /** Destination; empty for a listing. Default `dst/`. */
  to: string;
  directions: readonly Direction[];
  /** Whether standard output is compared: see output.ts. Default exact. */
  output: 'exact' | 'none';
  /** Exit statuses that count as equal: a race decides among them, or who sees the fault first. */
  statuses?: readonly number[];
  /** Where rsyncjs cannot do it, as `PLACE DIRECTION`; said at the case. */
  unable?: readonly string[];
  /** Compare the numbers of bytes sent and received too, within a tolerance. Default true. */
  traffic: boolean;
}

const BOTH: readonly Direction[] = ['push', 'pull'];

export function given(fixture: FixtureName, args: string, more: Partial<Case> = {}): Case {
  return {
    fixture,
    args,
    from: 'src/',
    to: 'dst/',
    directions: BOTH,
    output: 'exact',
    traffic: true,
    ...more,
  };
}

/** The same for several option lists. */
export function each(fixture: FixtureName, list: readonly string[], more: Partial<Case> = {}): Case[] {
  return list.map((args) => given(fixture, args, more));
}

/** What is copied and which attributes: each option alone on a tree where it makes a difference. */
const ATTRIBUTES: Case[] = [
  ...each('fresh', [
    '-a',
    '-ai',
    '-av',
    '-r',
    '-ri',
    '-rt',
    '-rl',
    '-rlp',
    '-rD',
    '-rv --devices',
    '-ri --specials',
  ]),
  ...each('fresh', ['-rgi', '-roi', '-aHi', '-aHSxi', '-rlptgoDi']),
  ...each('fresh', ['-ai --no-p', '-ai --no-t', '-ai --no-o', '-ai --no-g', '-ai --no-l', '-ai --no-D']),
  ...each('fresh', ['-ai --no-perms --no-times', '-a --no-r -i', '-ai --no-specials', '-ai --no-devices']),
  ...each('fresh', ['-ai --no-owner --no-group --no-links', '-ai --numeric-ids', '-vrlt', '-aiW', '-axi']),
  ...each('stale', [
    '-ai',
    '-aii',
    '-av',
    '-avv',
    '-aivv',
    '-r',
    '-ri',
    '-rti',
    '-rlti',
    '-rlpti',
    '-rlptgi',
  ]),
  ...each('stale', [
    '-rpi',
    '-rgoi',
    '-rDi',
    '-rc',
    '-rci',
    '-aHi',
    '-aHii',
    '-ai --no-p',
    '-ai --no-t',
    '-aci',
  ]),
  ...each('stale', [
    '-ai --no-o',
    '-ai --no-g',
    '-ai --no-l',
    '-ai --no-D',
    '-ai --no-H',
    '-ai --numeric-ids',
  ]),
  ...each('equal', [
    '-ai',
    '-aii',
    '-av',
    '-aHii',
    '-acii',
    '-r',
    '-ri',
    '-rii',
    '-aiI',
    '-ai --size-only',
    '-avv',
  ]),
  ...each('links', [
    '-aHi',
    '-aHii',
    '-ai',
    '-aHv',
    '-aHi --no-H',
    '-aHci',
    '-aHi --delete',
    '-aHi --inplace',
  ]),
  given('links', '-aHi --no-inc-recursive'),
  given('links', '-aHiI'),
  given('links', '-aHi', { to: 'fresh/' }),
  given('links', '-aHi --no-inc-recursive', { to: 'fresh/' }),
  ...each('locked', ['-ai', '-ai --delete', '-ri', '-ai --inplace --delete-after', '-ai --no-p']),
];

/** Which files are looked at, and how they are compared. */
const SELECTION: Case[] = [
  ...each('stale', ['-aui', '-au', '-avu', '-aiI', '-aI', '-ai --size-only', '-aic', '-aiuc', '-rtui']),
  ...each('stale', ['-ai --existing', '-ai --ignore-existing', '-av --existing --ignore-existing']),
  ...each('stale', [
    '-ai --ignore-non-existing',
    '-ai --existing --delete',
    '-ai --ignore-existing --delete',
  ]),
  ...each('stale', [
    '-avv --existing',
    '-avv --ignore-existing',
    '-avvu',
    '-ri --size-only',
    '-rii --ignore-times',
  ]),
  ...each('stale', [
    '-ain',
    '-avn',
    '-an',
    '-ain --delete',
    '-anvv',
    '-anc -i',
    '-aniHS',
    '-rni',
    '-ani --inplace',
  ]),
  ...each('fresh', ['-ain', '-avn', '-rn', '-an --stats']),
  ...each('conflicts', [
    '-ai',
    '-av',
    '-ai --delete',
    '-ain',
    '-ain --delete',
    '-ri',
    '-rli',
    '-ai --inplace',
  ]),
  // Ours asks for no data where the directory turns out to be a link; C does, and then fails.
  given('conflicts', '-ai --ignore-existing', { unable: ['server push', 'local push', 'daemon push'] }),
  ...each('conflicts', ['-ai --existing', '-aui', '-ai --delete-before', '-aic']),
  ...each('conflicts', ['-ai --delete-after', '-ai --no-l', '-ai --no-D']),
];

/** Deletion: when, what, how much. */
const DELETION: Case[] = [
  ...each('stale', [
    '-a --delete',
    '-ai --delete',
    '-av --delete',
    '-avv --delete',
    '-aii --delete',
    '-ri --delete',
  ]),
  ...each('stale', [
    '-ai --delete-before',
    '-ai --delete-during',
    '-ai --del',
    '-ai --delete-after',
    '-ai --no-delete',
  ]),
  ...each('stale', [
    '-av --delete-before',
    '-av --delete-after',
    '-ai --delete --no-inc-recursive',
    '-rv --del',
  ]),
  ...each('stale', [
    '-ai --delete --max-delete=2',
    '-ai --delete --max-delete=0',
    '-ai --delete --max-delete=100',
  ]),
  ...each('stale', [
    '-ain --delete --max-delete=2',
    '-ai --delete-after --max-delete=1',
    '-a --delete --stats',
  ]),
  ...each('stale', [
    '-ai --delete-before --max-delete=3',
    '-aiq --delete',
    '-ain --delete-after',
    '-avn --delete-before',
  ]),
  ...each('equal', ['-ai --delete', '-av --delete-after', '-aii --del']),
  given('stale', '-ai --delete', { from: 'src' }),
  given('stale', '-ai --delete', { from: 'src/dir src/empty' }),
  given('several', '-ai --delete', { from: 'src/ src2/' }),
  given('several', '-ai --delete-before', { from: 'src/ src2/' }),
  given('stale', '--delete -tli', { output: 'none' }), // refused: deletion without -r
];

/** Filter rules on both sides, with and without deletion. */
const FILTERS: Case[] = [
  ...each('patterns', [
    "-ai --exclude='*.o'",
    '-ai --exclude=*.o --exclude=build/',
    '-ai --exclude=/build --exclude=sub/deep',
    '-ai --include=*.c --exclude=*',
    '-ai --include=*/ --include=*.c --exclude=*',
    '-ai --include=*/ --include=*.c --exclude=* --delete',
    '-ai --include=foo/ --include=foo/** --exclude=*',
    '-ai --include=/foo/*** --exclude=/*',
    '-ai --exclude=foo/**/baz.txt',
    '-ai --exclude=foo/*/baz.txt',
    '-ai --exclude=**/bar',
    '-ai --exclude=[a-c].?',
    '-ai --exclude=[!a-c]*',
    '-ai --exclude=[[:upper:]]*',
    '-ai --exclude=a\\[1\\].txt',
    '-ai --exclude=a[1].txt',
    '-ai --exclude=star\\*.txt',
    '-ai --exclude=back\\\\slash',
    '-ai --exclude=.*',
    '-ai --exclude-from=excludes',
    '-ai --exclude-from=excludes --delete',
    '-ai --include-from=includes --exclude=*',
    '-ai --include=core --exclude-from=excludes --delete-excluded',
    '-ai --exclude=*.o --delete',
    '-ai --exclude=*.o --delete-excluded',
    '-av --exclude=*.o --delete-excluded',
    '-ai --exclude=build --delete',
    '-ai --exclude=build --delete-excluded',
    '-ai --exclude=cache --delete-after',
    '-ai --exclude=*.o --delete-before --delete-excluded',
    "-ai --filter='- *.o'",
    "-ai -f '- *.o' -f '+ *'",
    "-ai -f'-_*.o' -f'- /build'",
    "-ai --filter='exclude *.o' --filter='include *.c'",
    "-ai --filter='-! */' --filter='- nothing'",
    "-ai --filter='-! /foo/***'",
    "-ai --delete --filter='P old.*'",
    "-ai --delete --filter='protect old.c' --filter='risk old.*'",
    "-ai --delete --filter='R old.c' --filter='P old.*'",
    "-ai --delete --filter='H *.o'",
    "-ai --delete --filter='hide *.o'",
    "-ai --delete --filter='S *.c' --filter='H *.[ch]'",
    "-ai --delete --filter='show a.c' --filter='hide a.*'",
    "-ai --delete --filter='-s *.o'",
    "-ai --delete --filter='-r *.o'",
    "-ai --delete --filter='-sr *.o'",
    "-ai --delete --filter='-r keep' --filter='- gone/x.txt'",
    "-ai --delete --delete-excluded --filter='P old.*' --exclude=*.c",
    "-ai --delete --filter='merge rules'",
    "-ai --delete --filter='. rules'",
    "-ai --delete --filter='.- rules-plain'",
    "-ai --delete -f'. rules' -f'- sub'",
    "-ai --filter='- *.o' --filter='!' --filter='- *.c'",
    "-ai --filter='-p *.o' --delete",
    '-aii --exclude=*.o',
    '-avv --exclude=*.o --exclude=/build',
    '-avv --include=*/ --include=*.c --exclude=* --delete',
    '-ain --exclude=sub --delete --delete-excluded',
    '-ri --exclude=src',
    '-ri --exclude=/src/build',
  ]),
  given('patterns', '-ai --exclude=/src/build --delete', { from: 'src' }),
  given('patterns', '-ai --exclude=/build --delete', { from: 'src' }),
  given('patterns', '-ai --exclude=src/sub', { from: 'src' }),
  given('patterns', '-ai --exclude=/foo', { from: 'src/foo src/doc src/a.c' }),
  given('patterns', '-ai --exclude=/bar --exclude=*.c', { from: 'src/foo src/sub/' }),
  given('patterns', '-ai --exclude=a.c', { from: 'src/a.c' }),
  given('patterns', '-ai --exclude-from=missing-file', { output: 'none' }),
  given('patterns', "-ai --filter='nonsense rule'", { output: 'none' }),
];

/** Sources and destinations of every form. */
const PLACES: Case[] = [
  ...each('fresh', ['-ai', '-av', '-ri'], { from: 'src' }),
  ...each('fresh', ['-ai', '-av'], { to: 'dst' }),
  given('fresh', '-ai', { from: 'src/.' }),
  given('fresh', '-ai', { from: './src/dir/../dir' }),
  given('fresh', '-ai', { from: 'src//dir//', to: 'dst//' }),
  given('fresh', '-ai', { to: 'no/such/dst/' }),
  given('fresh', '-ai', { from: 'src/a.txt', to: 'no/such/name' }),
  given('fresh', '-ai', { from: 'src/a.txt', to: 'renamed' }),
  given('fresh', '-av', { from: 'src/a.txt', to: 'new-dir/' }),
  given('fresh', '-i', { from: 'src/a.txt', to: 'renamed' }),
  given('fresh', '', { from: 'src/a.txt', to: 'renamed' }),
  given('fresh', '-v', { from: 'src/a.txt src/c.dat', to: 'new-dir' }),
  given('fresh', '-ai', { from: 'src/a.txt', to: 'odd/file' }),
  given('fresh', '-ai', { from: 'src/a.txt', to: 'odd/to-dir' }),
  given('fresh', '-ai', { from: 'src/a.txt', to: 'odd/dangling' }),
  given('fresh', '-ai', { from: 'src/a.txt', to: 'odd/empty' }),
  given('fresh', '-ai', { from: 'src/a.txt', to: 'odd/file/' }),
  given('fresh', '-ai', { from: 'src/a.txt src/c.dat', to: 'odd/file' }),
  given('fresh', '-ai', { from: 'src/dir', to: 'odd/file' }),
  given('fresh', '-ai', { from: 'src/dir/', to: 'odd/to-dir/' }),
  given('fresh', '-ai', { from: 'src/empty', to: 'dst' }),
  given('fresh', '-ai', { from: 'src/empty/', to: 'dst' }),
  given('fresh', '-ai', { from: 'src/link', to: 'dst/' }),
  given('fresh', '-ai', { from: 'src/dirlink', to: 'dst/' }),
  given('fresh', '-ai', { from: 'src/dirlink/', to: 'dst/' }),
  given('fresh', '-ri', { from: 'src/link', to: 'dst/' }),
  given('fresh', '-ai', { from: 'src/fifo src/null', to: 'dst/' }),
  given('fresh', '-v', { from: 'src/fifo src/a.txt', to: 'dst/' }),
  given('fresh', '-ai', { from: `'src/sp ace.txt' "src/quo'te.txt"` }),
  given('fresh', '-ai', { from: "'odd/a file'", to: "'new name'" }),
  given('fresh', '-ai', { from: "'odd/a file'", to: "'new dir/'" }),
  // no -r: folders are left out
  ...each('fresh', ['-i', '-v', '-t', '-lptgoDi', '-q', '']),
  given('fresh', '-v', { from: 'src/dir src/a.txt' }),
  given('fresh', '-ii', { from: 'src/a.txt src/dir src/link' }),
  // missing sources: 23, and the rest is done
  given('fresh', '-ai', { from: 'src/missing' }),
  given('fresh', '-ai', { from: 'src/missing src/a.txt' }),
  given('fresh', '-ai', { from: 'src/a.txt src/missing/ src/dir' }),
  given('stale', '-ai --delete', { from: 'src/ missing/' }),
  given('fresh', '-ai', { from: 'missing/' }),
  // several sources
  given('several', '-ai', { from: 'src src2' }),
  given('several', '-ai', { from: 'src/ src2/' }),
  given('several', '-ai', { from: 'src2/ src/' }),
  given('several', '-av', { from: 'src/ src2' }),
  given('several', '-ai', { from: 'src/f1 src2/f3 src/d' }),
  given('several', '-ai', { from: 'src/f1 src/f1 src/same src2/same' }),
  given('several', '-aii', { from: 'src/d src2/d' }),
  given('several', '-ai', { from: 'src/d/ src2/d/', to: 'dst/d' }),
  given('several', '-ai --no-inc-recursive', { from: 'src/ src2/ src/d' }),
  given('several', '-rti', { from: 'src/f1 src2/empty src2/f3', to: 'new' }),
  // listings
  ...each('fresh', ['--list-only', '-a --list-only', '-r --list-only', '-aH --list-only'], {
    directions: ['pull'],
  }),
  ...each('fresh', ['', '-a', '-av', '-r --exclude=dir', '-n', '-h -r'], { to: '', directions: ['pull'] }),
  given('fresh', '--list-only', { from: 'src/a.txt src/dir', directions: ['pull'] }),
  given('fresh', '', { from: 'src/dir', to: '', directions: ['pull'] }),
  given('stale', '-a --list-only', { directions: ['push'] }),
];

/** How the contents travel. */
const CONTENTS: Case[] = [
  ...each('delta', [
    '-ai --stats',
    '-ai --stats --no-W',
    '-ai --stats -W',
    '-ai --whole-file --no-whole-file --stats',
  ]),
  ...each('delta', [
    '-ai -B700 --stats',
    '-ai --block-size=8192 --stats',
    '-ai -B131072 --stats',
    '-rtvB 1K --stats',
  ]),
  ...each('delta', [
    '-ai --inplace --stats',
    '-ai --partial',
    '-aiP',
    '-aci',
    '-ai --inplace -W',
    '-avP --inplace',
  ]),
  ...each('delta', ['-aiz --stats', '-aizz', '-avz', '-az --compress-level=1', '-az --compress-level=9 -i'], {
    traffic: false,
  }),
  ...each(
    'delta',
    ['zlib', 'zlibx', 'lz4', ...(HAS_ZSTD ? ['zstd'] : []), 'none'].map(
      (name) => `-aiz --compress-choice=${name} --stats`,
    ),
    { traffic: false },
  ),
  ...each(
    'delta',
    ['-ai --zc=zlib --zl=0', '-aiz --no-z --stats', '-ai --new-compress', '-ai --old-compress'],
    {
      traffic: false,
    },
  ),
  ...each(
    'delta',
    ['md4', 'md5', 'sha1', 'xxh64', 'xxh3', 'xxh128', 'auto'].map((name) => `-aci --cc=${name} --stats`),
  ),
  ...each('delta', ['-ai --checksum-choice=none --stats', '-ai --checksum-choice=md5,xxh64']),
  ...each('delta', [
    '-ai --checksum-choice=none,md5',
    '-ai --checksum-seed=1 --stats',
    '-aci --checksum-seed=32761',
  ]),
  ...each('delta', ['-ai --cc=md4 --checksum-seed=77 -B1024', '-ai --checksum-choice=nonsense'], {
    output: 'exact',
  }),
  ...each('delta', [
    '-ai --timeout=20',
    '-ai --bwlimit=100m',
    '-ai --bwlimit=0',
    '-ai --timeout=0',
    '-ai --no-timeout',
  ]),
  ...each('delta', ['-aiS', '-aiS --inplace', '-aiSW --no-W', '-aicz --inplace --partial', '-aiHSz --no-S'], {
    traffic: false,
  }),
  ...each('delta', ['-ain --stats', '-aIi', '-aIiW', '-au --stats', '-aiI --size-only']),
  ...each('sparse', ['-aiS', '-ai', '-aSW', '-aiSz', '-aiS --no-sparse', '-aiSc'], {
    traffic: false,
  }),
  // Node can not punch holes into existing files: zeros over old content are written.
  given('sparse', '-aiS --inplace', {
    traffic: false,
    unable: ['client pull', 'server push', 'local push', 'daemon push', 'daemon client pull'],
  }),
  given('sparse', '-aiS', { to: 'fresh/', traffic: false }),
  given('delta', "-ai --rsync-path='env LC_ALL=C rsync'"),
  given('delta', "-ai --rsync-path='no-such-program'", { output: 'none', statuses: [12, 127] }),
];

/** What is printed. */
const OUTPUT: Case[] = [
  ...each('stale', [
    '-aq',
    '-aqi',
    '-aqv',
    '-av --no-v',
    '-ai --no-i',
    '-avi',
    '-avii',
    '-avvi --delete',
    '-a --stats',
  ]),
  ...each('stale', [
    '-a --stats -v',
    '-a --stats -n',
    '-avh',
    '-avhh --stats',
    '-av --no-h --stats',
    '-ah --stats -i',
  ]),
  ...each('stale', [
    '-a --progress',
    '-aP',
    '-aiP',
    '-avP',
    '-av --progress --stats',
    '-aP --no-progress',
    '-anP',
  ]),
  ...each('fresh', [
    '-a --progress',
    '-avP',
    '-a --stats',
    '-av --stats --no-inc-recursive',
    '-avvn',
    '-aHv --stats',
  ]),
  ...each('fresh', ['-av --no-inc-recursive', '-ai --no-i-r', '-ai --inc-recursive', '-aiv --i-r --delete']),
  ...each('equal', ['-av --stats', '-a --progress', '-aP --stats', '-aqii']),
  ...[
    '%i %n%L',
    '%n',
    '%f',
    '%l %n',
    '%o %f %l',
    '%B %n',
    '%U:%G %n',
    '%M %n',
    '%C %n',
    '[%n] %%',
    '%10l %-20n|',
    "%'l %n",
    '%i %b %c %n',
  ].map((format) =>
    given('stale', `-a --out-format="${format}"`, { output: format.includes('%b') ? 'none' : 'exact' }),
  ),
  given('stale', "-ai --delete --out-format='%i %n%L %l'"),
  given('stale', "-an --delete --out-format='%o %i %n'"),
  given('stale', "-acv --out-format='%i %n %C'"),
  given('equal', "-aii --out-format='%i %n%L'"),
  given('links', "-aH --out-format='%i %n%L'"),
];

/** Refused or strange command lines: the status must be the same. */
const REFUSALS: Case[] = [
  ...each(
    'fresh',
    [
      '--no-such-option',
      '-a --max-delete=x',
      '-a -B',
      '-a --compress-choice=nonsense',
      '-a --block-size=999999999',
    ],
    { output: 'none' },
  ),
  ...each('fresh', ['-a --delete-before --delete-after', '-a --timeout=x', '-a --bwlimit=1x'], {
    output: 'none',
  }),
  given('fresh', '-a --inplace --sparse -i', { traffic: false }),
  given('delta', '-aic --cc=none', { output: 'none', statuses: [4, 12] }),
  // refused by us before the other end is asked
  given('fresh', '-ac --checksum-choice=none', { output: 'none', statuses: [4, 12] }),
  // A daemon of C hangs up without a word, ours says why.
  given('fresh', '-a --protocol=99', { output: 'none', statuses: [2, 5, 12] }),
];

/** All command lines against the newest peer. */
export const CASES: readonly Case[] = [
  ...ATTRIBUTES,
  ...SELECTION,
  ...DELETION,
  ...FILTERS,
  ...PLACES,
  ...CONTENTS,
  ...OUTPUT,
  ...REFUSALS,
];

/** A smaller part, against every version and with every older protocol. */
export const VERSION_CASES: readonly Case[] = [
  given('fresh', '-aHi'),
  given('stale', '-ai --delete'),
  given('stale', '-aii --delete-after --stats'),
  given('stale', '-aHcvi --no-inc-recursive'),
  given('delta', '-aiz --stats', { traffic: false }),
  given('delta', '-ai --inplace --stats'),
  given('links', '-aHii'),
  given('conflicts', '-ai --delete'),
  given('patterns', "-ai --delete --filter='P old.c' --exclude=*.o --filter='H *.h'"),
  given('several', '-ai', { from: 'src/ src2/ missing' }),
];
