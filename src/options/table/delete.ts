import { parseInteger } from '../values.ts';
import { deleteAt, path, set } from './apply.ts';
import type { Apply, OptionEntry } from './entry.ts';

/** A time that was chosen stays chosen. */
const deleteSometime: Apply = ({ options }) => {
  if (options.deleteMode === 'none') options.deleteMode = 'default';
};

export const BACKUP: readonly OptionEntry[] = [
  {
    long: 'backup',
    short: 'b',
    negations: ['no-backup'],
    group: 'backup',
    help: 'keep the old version of what is replaced or deleted',
    keys: ['backup'],
    apply: set('backup', true),
    negate: set('backup', false),
  },
  {
    long: 'backup-dir',
    group: 'backup',
    argument: 'DIR',
    help: 'where the old versions go (turns --backup on)',
    keys: ['backupDir', 'backup'],
    apply: path('backupDir'),
  },
  {
    long: 'suffix',
    group: 'backup',
    argument: 'SUFFIX',
    help: 'what is added to their names (~, with --backup-dir nothing)',
    keys: ['suffix'],
    apply: path('suffix'),
  },
];

export const DELETE: readonly OptionEntry[] = [
  {
    long: 'delete',
    group: 'delete',
    help: 'delete at the destination what the source does not have',
    keys: ['deleteMode'],
    apply: deleteSometime,
  },
  {
    long: 'delete-before',
    group: 'delete',
    help: 'delete before the transfer',
    keys: ['deleteMode'],
    apply: deleteAt('before'),
  },
  {
    long: 'delete-during',
    aliases: ['del'],
    group: 'delete',
    help: 'delete directory by directory, as they are reached',
    keys: ['deleteMode'],
    apply: deleteAt('during'),
  },
  {
    long: 'delete-delay',
    group: 'delete',
    help: 'find deletions during the transfer, delete after it',
    keys: ['deleteMode'],
    apply: deleteAt('delay'),
  },
  {
    long: 'delete-after',
    group: 'delete',
    help: 'delete after the transfer',
    keys: ['deleteMode'],
    apply: deleteAt('after'),
  },
  {
    long: 'delete-excluded',
    group: 'delete',
    help: 'delete, also what the filters leave out',
    keys: ['deleteExcluded', 'deleteMode'],
    apply: set('deleteExcluded', true),
  },
  {
    long: 'ignore-errors',
    negations: ['no-ignore-errors'],
    group: 'delete',
    help: 'delete even after the source could not be read in full',
    keys: ['ignoreErrors'],
    apply: set('ignoreErrors', true),
    negate: set('ignoreErrors', false),
  },
  {
    long: 'force',
    negations: ['no-force'],
    group: 'delete',
    help: 'replace directories that are not empty by files',
    keys: ['force'],
    apply: set('force', true),
    negate: set('force', false),
  },
  {
    long: 'max-delete',
    group: 'delete',
    argument: 'NUM',
    help: 'delete no more than NUM items',
    keys: ['maxDelete'],
    // Negative limits mean 0 to old peers, for whom 0 was no limit.
    apply: ({ options }, value, word) => {
      options.maxDelete = Math.max(0, parseInteger(value, word));
    },
  },
];
