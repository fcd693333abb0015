/** How much is told about what: docs/protocol/4-filters-and-options.md, B.4 and 3-transfer.md, 11.8. */
import type { TransferOptions } from './transfer-options.ts';

export const INFO_WORDS = [
  'BACKUP',
  'COPY',
  'DEL',
  'FLIST',
  'MISC',
  'MOUNT',
  'NAME',
  'NONREG',
  'PROGRESS',
  'REMOVE',
  'SKIP',
  'STATS',
  'SYMSAFE',
] as const;

export type InfoWord = (typeof INFO_WORDS)[number];

/** 0: silent. Levels above 1 say more: NAME 2 unchanged names, STATS 2 all figures, FLIST 2 counters. */
export type InfoLevels = Record<InfoWord, number>;

/** What each `-v` adds, from none to two; further ones change debug output alone. */
const BY_VERBOSITY: readonly Partial<InfoLevels>[] = [
  { NONREG: 1 },
  { COPY: 1, DEL: 1, FLIST: 1, MISC: 1, NAME: 1, STATS: 1, SYMSAFE: 1 },
  { BACKUP: 1, MISC: 2, MOUNT: 1, NAME: 2, REMOVE: 1, SKIP: 1 },
];

type Asked = Pick<TransferOptions, 'verbose' | 'quiet' | 'stats' | 'progress' | 'itemize' | 'outFormat'>;

/** The levels that the options imply; all 0 with `-q`. */
export function infoLevels(options: Asked): InfoLevels {
  const levels = Object.fromEntries(INFO_WORDS.map((word) => [word, 0])) as InfoLevels;
  if (options.quiet) return levels;
  const raise = (word: InfoWord, level: number): void => {
    levels[word] = Math.max(levels[word], level);
  };
  for (const added of BY_VERBOSITY.slice(0, options.verbose + 1)) Object.assign(levels, added);
  if (options.stats) raise('STATS', options.verbose > 1 ? 3 : 2);
  if (options.progress) {
    raise('FLIST', 2);
    raise('PROGRESS', 1);
    // Figures without a name would be of no use; a format of its own names the files already.
    if (options.itemize === 0 && options.outFormat === undefined) raise('NAME', 1);
  }
  return levels;
}
