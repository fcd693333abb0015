import { checkBlockSize } from '../limits.ts';
import { parseSize } from '../values.ts';
import { count, integer, path, paths, set, text } from './apply.ts';
import type { Apply, OptionEntry } from './entry.ts';

export const DATA: readonly OptionEntry[] = [
  {
    long: 'whole-file',
    short: 'W',
    negations: ['no-whole-file', 'no-W'],
    group: 'data',
    help: 'send files whole, without looking for differences',
    keys: ['wholeFile'],
    apply: set('wholeFile', true),
    negate: set('wholeFile', false),
  },
  {
    long: 'block-size',
    short: 'B',
    group: 'data',
    argument: 'SIZE',
    help: 'compare files in blocks of SIZE bytes (up to 128 KiB)',
    keys: ['blockSize'],
    apply: ({ options }, value, word) => {
      options.blockSize = checkBlockSize(parseSize(value, word), options.protocol, word);
    },
  },
  {
    long: 'checksum-choice',
    aliases: ['cc'],
    group: 'data',
    argument: 'NAME',
    help: 'checksum to use: xxh128, xxh3, xxh64, md5, md4, sha1, none, auto',
    keys: ['checksumChoice'],
    apply: text('checksumChoice'),
  },
  {
    long: 'checksum-seed',
    group: 'data',
    argument: 'NUM',
    help: 'seed of the checksums (0: chosen by the server)',
    keys: ['checksumSeed'],
    apply: integer('checksumSeed'),
  },
  {
    long: 'inplace',
    negations: ['no-inplace'],
    group: 'data',
    help: 'write into the files at the destination, without a copy',
    keys: ['inplace'],
    apply: set('inplace', true),
    negate: set('inplace', false),
  },
  {
    long: 'append',
    negations: ['no-append'],
    group: 'data',
    help: 'continue files that are shorter',
    keys: ['append', 'inplace'],
    apply: append(1),
    negate: set('append', 0),
  },
  {
    long: 'append-verify',
    group: 'data',
    help: '--append, with a check of the whole file',
    keys: ['append', 'inplace'],
    apply: append(2),
  },
  {
    long: 'sparse',
    short: 'S',
    negations: ['no-sparse', 'no-S'],
    group: 'data',
    help: 'turn runs of zeros into holes',
    keys: ['sparse'],
    apply: set('sparse', true),
    negate: set('sparse', false),
  },
  { long: 'preallocate', group: 'data', help: 'reserve the room of a file before writing', refused: true },
  {
    long: 'fsync',
    group: 'data',
    help: 'flush every file to the disk',
    keys: ['fsync'],
    apply: set('fsync', true),
  },
  {
    long: 'fuzzy',
    short: 'y',
    negations: ['no-fuzzy', 'no-y'],
    group: 'data',
    help: 'look for a similar file to start from',
    repeat: 'twice: also in the directories of --compare-dest, --copy-dest or --link-dest',
    keys: ['fuzzy'],
    apply: count('fuzzy', 2),
    negate: set('fuzzy', 0),
  },
  {
    long: 'compare-dest',
    group: 'data',
    argument: 'DIR',
    help: 'skip files that DIR has, unchanged',
    repeat: 'up to 20 directories, looked at in this order',
    keys: ['compareDest'],
    apply: paths('compareDest'),
  },
  {
    long: 'copy-dest',
    group: 'data',
    argument: 'DIR',
    help: 'copy files that DIR has, unchanged',
    repeat: 'up to 20 directories, looked at in this order',
    keys: ['copyDest'],
    apply: paths('copyDest'),
  },
  {
    long: 'link-dest',
    group: 'data',
    argument: 'DIR',
    help: 'hard-link files that DIR has, unchanged',
    repeat: 'up to 20 directories, looked at in this order',
    keys: ['linkDest'],
    apply: paths('linkDest'),
  },
  {
    long: 'partial',
    negations: ['no-partial'],
    group: 'data',
    help: 'keep files that were interrupted',
    keys: ['partial'],
    apply: set('partial', true),
    negate: set('partial', false),
  },
  {
    long: 'partial-dir',
    group: 'data',
    argument: 'DIR',
    help: 'keep files that were interrupted in DIR (turns --partial on)',
    keys: ['partialDir', 'partial'],
    apply: path('partialDir'),
  },
  {
    long: 'delay-updates',
    negations: ['no-delay-updates'],
    group: 'data',
    help: 'put all new files in place at the end',
    keys: ['delayUpdates'],
    apply: set('delayUpdates', true),
    negate: set('delayUpdates', false),
  },
  {
    long: 'temp-dir',
    short: 'T',
    group: 'data',
    argument: 'DIR',
    help: 'write temporary files in DIR',
    keys: ['tempDir'],
    apply: path('tempDir'),
  },
];

/** Said twice it is no more; but a server is told twice of the verifying form (server-command.ts). */
function append(level: 1 | 2): Apply {
  return ({ options }) => {
    options.append = level;
  };
}
