import { parseSize } from '../values.ts';
import { all, count, integer, set } from './apply.ts';
import type { Apply, OptionEntry } from './entry.ts';

/** `-a` turns recursion on too, but not where --files-from says what is copied: that takes an `-r` of its own. */
const recurse: Apply = (draft) => {
  draft.options.recursive = true;
  draft.recursesByArchive = false;
};

const recurseByArchive: Apply = (draft) => {
  draft.recursesByArchive ||= !draft.options.recursive;
  draft.options.recursive = true;
};

export const SELECTION: readonly OptionEntry[] = [
  {
    long: 'archive',
    short: 'a',
    group: 'selection',
    help: 'the same as -rlptgoD',
    keys: ['recursive', 'links', 'perms', 'times', 'group', 'owner', 'devices', 'specials'],
    apply: all(
      recurseByArchive,
      set('links', true),
      set('perms', true),
      set('times', true),
      set('group', true),
      set('owner', true),
      set('devices', true),
      set('specials', true),
    ),
  },
  {
    long: 'recursive',
    short: 'r',
    negations: ['no-recursive', 'no-r'],
    group: 'selection',
    help: 'go down into directories',
    keys: ['recursive'],
    apply: recurse,
    negate: all(set('recursive', false), (draft) => {
      draft.recursesByArchive = false;
    }),
  },
  {
    long: 'inc-recursive',
    aliases: ['i-r'],
    negations: ['no-inc-recursive', 'no-i-r'],
    group: 'selection',
    help: 'list directories while files move (on by default)',
    keys: ['incRecurse'],
    apply: set('incRecurse', true),
    negate: set('incRecurse', false),
  },
  {
    long: 'dirs',
    short: 'd',
    negations: ['no-dirs', 'no-d'],
    group: 'selection',
    help: 'copy directories without their content',
    keys: ['dirs'],
    apply: dirs(true),
    negate: dirs(false),
  },
  {
    long: 'old-dirs',
    aliases: ['old-d'],
    group: 'selection',
    help: '--dirs for servers older than 2.6.9',
    keys: ['recursive', 'filters'],
    apply: (draft) => {
      draft.oldDirs = true;
    },
  },
  {
    long: 'relative',
    short: 'R',
    negations: ['no-relative', 'no-R'],
    group: 'selection',
    help: 'keep the whole path of each source',
    keys: ['relative'],
    apply: set('relative', true),
    negate: set('relative', false),
  },
  {
    long: 'implied-dirs',
    aliases: ['i-d'],
    negations: ['no-implied-dirs', 'no-i-d'],
    group: 'selection',
    help: 'send the directories above a source with --relative (on by default)',
    keys: ['impliedDirs'],
    apply: set('impliedDirs', true),
    negate: set('impliedDirs', false),
  },
  {
    long: 'mkpath',
    negations: ['no-mkpath'],
    group: 'selection',
    help: 'create the directories above the destination',
    keys: ['mkpath'],
    apply: set('mkpath', true),
    negate: set('mkpath', false),
  },
  {
    long: 'one-file-system',
    short: 'x',
    negations: ['no-one-file-system', 'no-x'],
    group: 'selection',
    help: 'stay on the file system of each source',
    repeat: 'twice: leave the mount points out as well',
    keys: ['oneFileSystem'],
    apply: count('oneFileSystem', 2),
    negate: set('oneFileSystem', 0),
  },
  {
    long: 'existing',
    aliases: ['ignore-non-existing'],
    group: 'selection',
    help: 'create nothing that the destination does not have',
    keys: ['existing'],
    apply: set('existing', true),
  },
  {
    long: 'ignore-existing',
    group: 'selection',
    help: 'leave alone what the destination has',
    keys: ['ignoreExisting'],
    apply: set('ignoreExisting', true),
  },
  {
    long: 'update',
    short: 'u',
    group: 'selection',
    help: 'skip files that are newer at the destination',
    keys: ['update'],
    apply: set('update', true),
  },
  {
    long: 'ignore-times',
    short: 'I',
    group: 'selection',
    help: 'look at every file, even if size and time agree',
    keys: ['ignoreTimes'],
    apply: set('ignoreTimes', true),
  },
  {
    long: 'size-only',
    group: 'selection',
    help: 'take files of equal size as equal',
    keys: ['sizeOnly'],
    apply: set('sizeOnly', true),
  },
  {
    long: 'modify-window',
    short: '@',
    group: 'selection',
    argument: 'SECONDS',
    help: 'times that differ by no more are equal',
    keys: ['modifyWindow'],
    apply: all(integer('modifyWindow'), set('modifyWindowGiven', true)),
  },
  {
    long: 'checksum',
    short: 'c',
    negations: ['no-checksum', 'no-c'],
    group: 'selection',
    help: 'compare files by checksum, not by size and time',
    keys: ['checksum'],
    apply: set('checksum', true),
    negate: set('checksum', false),
  },
  {
    long: 'max-size',
    group: 'selection',
    argument: 'SIZE',
    help: 'skip files larger than SIZE',
    keys: ['maxSize'],
    apply: size('maxSize'),
  },
  {
    long: 'min-size',
    group: 'selection',
    argument: 'SIZE',
    help: 'skip files smaller than SIZE',
    keys: ['minSize'],
    apply: size('minSize'),
  },
  {
    long: 'files-from',
    group: 'selection',
    argument: 'FILE',
    help: 'read the names to copy from FILE (:FILE is a remote one)',
    keys: ['filesFrom'],
    apply: (draft, value) => {
      draft.filesFrom = value;
    },
  },
  {
    long: 'from0',
    short: '0',
    negations: ['no-from0'],
    group: 'selection',
    help: 'NUL ends the names and rules in files named after it',
    keys: ['from0'],
    apply: set('from0', true),
    negate: set('from0', false),
  },
  {
    long: 'ignore-missing-args',
    group: 'selection',
    help: 'skip sources that do not exist',
    keys: ['ignoreMissingArgs'],
    apply: set('ignoreMissingArgs', true),
  },
  {
    long: 'delete-missing-args',
    group: 'selection',
    help: 'delete the targets of sources that do not exist',
    keys: ['deleteMissingArgs'],
    apply: set('deleteMissingArgs', true),
  },
  {
    long: 'remove-source-files',
    aliases: ['remove-sent-files'],
    group: 'selection',
    help: 'remove each source file once it is copied',
    keys: ['removeSourceFiles', 'removeSentFiles'],
    apply: ({ options }, _value, word) => {
      options.removeSentFiles = word === '--remove-sent-files';
      options.removeSourceFiles = !options.removeSentFiles;
    },
  },
  {
    long: 'prune-empty-dirs',
    short: 'm',
    negations: ['no-prune-empty-dirs', 'no-m'],
    group: 'selection',
    help: 'leave directories without files out',
    keys: ['pruneEmptyDirs'],
    apply: set('pruneEmptyDirs', true),
    negate: set('pruneEmptyDirs', false),
  },
];

function size(key: 'maxSize' | 'minSize'): Apply {
  return ({ options }, value, word) => {
    options[key] = parseSize(value, word);
  };
}

function dirs(value: boolean): Apply {
  return (draft) => {
    draft.options.dirs = value;
    draft.oldDirs = false;
  };
}
