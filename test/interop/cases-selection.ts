import { type Case, each, given } from './cases.ts';

/** `-R`: whole paths, parts of them, with and without what is above. */
const RELATIVE: Case[] = [
  ...each(
    'selection',
    ['-aRi', '-aRi --delete', '-Ri', '-dRi', '-rlRKi', '-aRi --no-i-r --delete', '-rRLi', '-aRmi'],
    {
      from: 'src/a/./b src/./d/e src/top',
    },
  ),
  ...each(
    'selection',
    ['-aRi', '-aRi --no-implied-dirs', '-rRi --no-i-r', '-aRi -f "- /src/a/b/deep"', '-aR -R --no-R -i'],
    {
      from: 'src/a/b src/e1 src/d/big',
    },
  ),
  given('selection', '-aRi --no-implied-dirs', { from: 'src/./a/b src/./e1/e2' }),
  given('selection', '-Rti --no-implied-dirs', { from: 'src/./a/b/c/f' }),
  given('selection', '-Rti --no-implied-dirs --existing', { from: 'src/./a/g src/./e1/x src/./d/e/h' }),
  given('selection', '-aRi', { from: './src/a/b ./src/d/' }),
  given('selection', '-rRi', { from: 'src/la/b src/la/g', to: 'new/' }),
  given('selection', '-dRi', { from: 'src/./ src/./a/', to: 'new' }),
  given('selection', '-aRn -i', { from: 'src/d/e/h', to: 'none' }),
  given('selection', '-Ri', { from: 'src/missing/x src/./gone src/d/e/h' }),
  given('selection', '-aR --out-format="%i %n %f"', { from: 'src/./a/b src/e1' }),
  given('selection', '-aRH --stats', { from: 'src/./a src/./d', to: 'new/' }),
  // The server says no and the client hears it, or that the connection ends: a race in C. A daemon of C leaves `..` out
  // of the names, which the client then refuses.
  given('selection', '-aRi', { from: 'src/../src/a', output: 'none', statuses: [1, 4, 12] }),
  given('selection', '-aR', { from: 'src/./a src/d', to: '', directions: ['pull'] }),
];

/** `-d` and what implies it; the depth of a listing. */
const DIRS: Case[] = [
  ...each('selection', ['-di', '-dli --delete', '-dti', '-i --dirs --no-dirs', '-lti --no-d', '-ri --no-d']),
  ...each('selection', ['-di', '-dv', '-d --old-dirs -i', '--old-dirs -i'], { from: 'src/a src/e1/' }),
  given('selection', '-di --delete', { from: 'src/e1', to: 'dst/e1' }),
  given('selection', '-d', { from: 'src/a', to: '', directions: ['pull'] }),
];

/** The list on either side, of either form, with and without its implications. */
const LISTS: Case[] = [
  ...each(
    'selection',
    [
      '-ai --files-from=list',
      '-ai --files-from=:list',
      '-ari --files-from=list',
      '-ri --files-from=:list --no-i-r',
      '-ai --files-from=list --no-R',
      '-ai --files-from=:list --no-R',
      '-i --files-from=list --no-d',
      '-lti --files-from=list --delete',
      '-ai --files-from=list --no-implied-dirs',
      '-ai -0 --files-from=list-0',
      '-ai --from0 --files-from=:list-0',
      '-i --files-from=list-0',
      '-ai --files-from=:list-odd',
      '-i --files-from=list-links',
      '-ari --files-from=:list-links',
      '-ai --files-from=list-empty',
      '-ai --files-from=:list-empty',
      '-ai --files-from=list --exclude=/a/b --exclude=top',
      '-ai --files-from=list --delete-missing-args',
      '-ai --files-from=list --ignore-missing-args',
      '-a --files-from=list --out-format=%f',
      '-as --files-from=list -i',
    ],
    // A copy within one machine has no remote list.
    { from: 'src', unable: ['local push'] },
  ),
  given('selection', '-ai --files-from=list', { from: 'src', directions: ['push'] }),
  given('selection', '-ai --files-from=no-such-list', { from: 'src', output: 'none' }),
  given('selection', '-ai --files-from=:no-such-list', {
    from: 'src',
    output: 'none',
    statuses: [1, 10, 12],
  }),
  given('selection', '-ai --files-from=list', { from: 'no-such-dir', output: 'none', statuses: [3, 12] }),
  given('selection', '-ai --files-from=list', { from: 'src/a src/d', output: 'none' }),
  given('selection', '-ai --files-from=other:list', { from: 'src', output: 'none' }),
  given('patterns', '-ai --exclude-from=excludes -0 --exclude-from=excludes-0 --delete'),
  given('patterns', '-ai -0 --no-from0 --exclude-from=excludes'),
];

/** Sources that do not exist, destinations that do not. */
const MISSING: Case[] = [
  ...each(
    'selection',
    [
      '-ri --delete-missing-args',
      '-ri --delete-missing-args --delete',
      '-rv --delete-missing-args --max-delete=0',
      "-ri --delete-missing-args -f 'P gone'",
      '-ni --delete-missing-args',
      '-ri --ignore-missing-args',
    ],
    { from: 'src/gone src/full src/zz src/d' },
  ),
  ...each(
    'selection',
    ['-ri', '-ri --no-i-r'].map((args) => `${args} --delete-missing-args`),
    {
      from: 'src/./gone src/./full/f src/./e1/e2/e3',
    },
  ),
  given('selection', '-riR --delete-missing-args --no-i-r', {
    from: 'src/./gone src/./full/f src/./e1/e2/e3',
  }),
  given('selection', '-ri --mkpath', { from: 'src/a', to: 'n1/n2/n3' }),
  given('selection', '-i --mkpath', { from: 'src/top', to: 'n1/n2/n3' }),
  given('selection', '-i --mkpath', { from: 'src/top', to: 'n1/n2/' }),
  given('selection', '-ni --mkpath', { from: 'src/top', to: 'n1/n2/' }),
  given('selection', '-di --mkpath', { from: 'src/e1', to: 'n1/n2' }),
  given('selection', '-i --mkpath', {
    from: 'src/top',
    to: 'dst/gone/x',
    output: 'none',
    statuses: [11, 12],
  }),
];

/** Links that are followed, kept or left out; sizes; empty directories; times. */
const KINDS: Case[] = [
  ...each('selection', [
    '-rtiL',
    '-rtik',
    '-rltik --no-i-r --delete',
    '-rlti --copy-unsafe-links',
    '-rlvi --safe-links',
    '-rliK',
    '-rliK --delete',
    '-rlKi --no-i-r --delete-after',
    '-rltim --delete',
    '-rlim --exclude=f --exclude=h',
    "-rlim -f 'P e1'",
    '-rltiO',
    '-rltiOJ --delete',
    '-rtii --min-size=3 --max-size=4K',
    '-rti --max-size=1000',
    '-rcLi',
  ]),
  given('selection', '-rlim --no-m --list-only', { directions: ['pull'] }),
  given('selection', '-rm --list-only --exclude=f', { directions: ['pull'] }),
  given('selection', '-i -L', { from: 'src/la src/ok src/dang src/la/g' }),
  given('selection', '-rik', { from: 'src/la', to: 'new' }),
];

/** All command lines against the newest peer. */
export const SELECTION_CASES: readonly Case[] = [...RELATIVE, ...DIRS, ...LISTS, ...MISSING, ...KINDS];

/** A smaller part, against every version and with every older protocol. */
export const SELECTION_VERSION_CASES: readonly Case[] = [
  given('selection', '-ari --files-from=list --delete-missing-args', { from: 'src', unable: ['local push'] }),
  given('selection', '-rlRKi --delete', { from: 'src/./a/b ./src/d' }),
];
