import { type Case, each, given } from './cases.ts';

/** What stands in for data: directories with files that the source has as well. */
const ALTERNATES: Case[] = [
  ...['link', 'copy', 'compare'].flatMap((kind) => [
    ...each('alternates', [
      `-ai --${kind}-dest=../alt`,
      `-aHii --${kind}-dest=../alt`,
      `-avv --${kind}-dest=../alt`,
      `-rlii --${kind}-dest=../alt`,
      `-aci --${kind}-dest=../alt --${kind}-dest=../alt2`,
    ]),
    given('alternates', `-aHni --${kind}-dest=../alt`, { directions: ['pull'] }),
    ...each(
      'alternates',
      [
        `-aHii --${kind}-dest=../alt --delete --stats`,
        `-aiI --${kind}-dest=../alt`,
        `-ai --size-only --ignore-existing --${kind}-dest=../alt`,
        `-aii -n --${kind}-dest=../alt --${kind}-dest=../missing --${kind}-dest=../alt/same`,
      ],
      { to: 'begun/' },
    ),
  ]),
];

/** What is replaced or deleted stays under another name. */
const BACKUPS: Case[] = [
  ...each('replacing', [
    '-aib',
    '-aHib --delete',
    '-aib --delete --force -vv',
    '-aib --suffix=.old --delete-after',
    '-aib --delete-excluded --exclude=same --suffix=.b',
    '-ai --backup-dir=../store --delete',
    '-aHii --backup-dir=../store --suffix=.b --delete-before',
    '-ai --backup-dir=kept --delete-delay',
    '-avv --backup-dir=../new/deep/store --delete',
    '-aib --inplace',
    '-aib --inplace -W --delete',
    '-aiI --inplace --backup-dir=kept',
    '-ainb --delete --force',
    '-rlib --force',
    '-ai --force --stats',
    '-ab --delete --max-delete=2 -i',
    '-aiu --backup-dir=../store --delete-delay --max-delete=3',
    '-rtib',
    '-ai --backup-dir=../store/old',
  ]),
];

/** Interrupted files, files that wait, files made elsewhere. */
const PARTIALS: Case[] = [
  ...each('interrupted', [
    '-ai --partial-dir=.pd',
    '-aHi --partial-dir=.pd --delete --stats',
    '-ain --partial-dir=.pd',
    '-ai --partial-dir=.pd -W',
    '-aHi --delay-updates',
    '-aHib --delay-updates --delete --partial-dir=.pd',
    '-aHii --delay-updates --backup-dir=../kept --delete-delay --stats',
    '-ai --partial-dir=.pd --delete-excluded --delete-after',
    '-ai -T tmp',
    '-aHiib --temp-dir=tmp --delay-updates',
    '-ai --temp-dir=../missing',
    '-ai --temp-dir=../temp/other',
    '-ai --fsync -W --delay-updates',
  ]),
];

/** Files that grow. */
const APPENDS: Case[] = [
  ...each(
    'appended',
    [
      '-ai --append --stats',
      '-ai --append-verify --stats',
      '-aib --append',
      '-aib --append-verify',
      '-ain --append',
      '-aiz --append-verify',
    ],
    { traffic: false },
  ),
];

/** The rest. */
const OTHERS: Case[] = [
  ...each('stale', [
    '-ai --remove-source-files',
    '-aHi --remove-source-files -vv',
    '-ai --remove-sent-files',
    '-ani --remove-source-files',
    '-ai --modify-window=86400',
    '-aui --modify-window=100000',
    '-ai -@-1',
    '-aui -@-1',
    '-aii --munge-links',
    '-rtib --remove-source-files --delete',
  ]),
  ...each('alternates', [
    '-aHi --remove-source-files --compare-dest=../alt --delay-updates',
    '-aHii --remove-sent-files --link-dest=../alt',
  ]),
  ...each('renamed', ['-aiy --stats', '-aiyy --stats --compare-dest=../alt', '-ainy', '-aiy --delete-after']),
];

export const KEEPING_CASES: readonly Case[] = [...ALTERNATES, ...BACKUPS, ...PARTIALS, ...APPENDS, ...OTHERS];
