import { parseInteger } from '../values.ts';
import { deleteAt, set } from './apply.ts';
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
    refused: true,
  },
  { long: 'backup-dir', group: 'backup', argument: 'DIR', help: 'where the old versions go', refused: true },
  {
    long: 'suffix',
    group: 'backup',
    argument: 'SUFFIX',
    help: 'what is added to their names',
    refused: true,
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
    refused: true,
    hint: 'Use --delete-after or --delete-during.',
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
    refused: true,
  },
  {
    long: 'force',
    negations: ['no-force'],
    group: 'delete',
    help: 'replace directories that are not empty by files',
    refused: true,
    hint: 'With --delete such directories make way.',
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
