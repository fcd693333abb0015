import { type Case, each, given } from './cases.ts';

/** Files of rules in the directories, read by the side that walks there. */
const DIRECTORY_FILES: Case[] = each('rules', [
  "-ri -f ': .f'",
  '-riF',
  '-riC --delete',
  "-ri --delete -f ': .f'",
  "-ri --delete-after -f ': .f'",
  '-riFF --delete',
  "-ri --no-i-r -f ': .f'",
  "-ri -f ':e .f' --delete-before",
  "-ri -f 'dir-merge,n .f' --delete-during",
  "-ri -f ':w .words' -f '- x.*'",
  "-ri -f ':- .bare' --delete",
  "-ri -f ':+ .bare' -f '+ */' -f '- *'",
  "-ri -f ':s .rsync-filter' -f ':wn- .cvsignore'",
  "-ri -f ':r .rsync-filter' --delete",
  "-ri -f ':s .rsync-filter' --delete",
  "-ri -f ':sr .rsync-filter' --delete --delete-excluded",
  "-ri -f ':p .rsync-filter' --delete",
  "-ri --delete --delete-excluded -f ': .f'",
  "-ri --delete-after --delete-excluded -f ':- .bare'",
  '-riC --delete --delete-excluded',
  "-riC --delete-after -f '+ *.o'",
  "-ri -f ':C' --delete",
  "-ri -f '-C' --delete",
  "-ri -f '+ x.tmp' -f ': .f' -f '- x.*' --delete",
  "-ri -f ': .f' -f ': .rsync-filter' -f ':- .f' --delete",
  "-ri -f ': .f' -f '!' -f ':n .f'",
  "-ri -f ': ../src/.f'",
  "-ri -f ':/ .rsync-filter' -f ':- .bare'",
  "-ri -f ':x .rsync-filter'",
  "-di -f ': .f' --delete",
  "-rim --delete -f ': .f'",
  "-rni -f ': .f'",
  "-rvv -f ':n .rsync-filter'",
  "-rsi -f ': .f' -f '- new'",
  '-riF --delete --no-i-r',
  "-ri --delete-delay -f ':n .f'",
]);

/** Where a source begins, and what is above it. */
const SOURCES: Case[] = [
  ...each('rules', ['-riF', "-ri -f ': .f' --delete"], { from: 'src' }),
  ...each('rules', ['-riF --delete', '-riF --no-i-r'], { from: 'src/r/p/q', to: 'new/' }),
  ...each('rules', ["-riR -f ': .f'", "-riR --no-i-r -f ': .f'", '-riRF', "-riR --delete -f ': .f'"], {
    from: 'src/./r/p/q',
  }),
  given('rules', "-riR -f ': .f'", { from: 'src/r/p/./q', to: 'new/' }),
  given('rules', "-ri -f ': .f'", { from: 'src/d src/r/', to: 'new/' }),
  given('rules', "-ri -f ': .f'", { from: 'src/d/a.c src/x.tmp', to: 'new/' }),
];

/** Files that are not as they should be. */
const FAULTS: Case[] = [
  given('rules', "-ri -f ': keep.c'", { output: 'none', statuses: [1, 12], to: 'new/' }),
  given('rules', "-ri -f ': d'", { to: 'new/' }),
  given('rules', "-ri -f ': no-such'", { to: 'new/' }),
];

export const FILTER_CASES: readonly Case[] = [...DIRECTORY_FILES, ...SOURCES, ...FAULTS];

/** What is run against every release and protocol version. */
export const FILTER_VERSION_CASES: readonly Case[] = each('rules', [
  "-riC --delete -f ': .f'",
  "-riFF --delete-after -f ':n- .bare'",
]);
