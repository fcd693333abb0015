import { describe, expect, it } from 'vitest';
import { INFO_WORDS, infoLevels } from '../../src/options/info-levels.ts';
import { parseArguments } from '../../src/options/parse.ts';

const levelsOf = (words: string) => infoLevels(parseArguments([...words.split(' '), 'a', 'h:b']).options);

/** `NAME2 STATS`, as rsync writes levels. */
function written(words: string): string {
  const levels = levelsOf(words);
  return INFO_WORDS.filter((word) => levels[word] > 0)
    .map((word) => (levels[word] === 1 ? word : `${word}${levels[word]}`))
    .join(' ');
}

describe('infoLevels', () => {
  it.each([
    ['-r', 'NONREG'],
    ['-v', 'COPY DEL FLIST MISC NAME NONREG STATS SYMSAFE'],
    ['-vv', 'BACKUP COPY DEL FLIST MISC2 MOUNT NAME2 NONREG REMOVE SKIP STATS SYMSAFE'],
    ['-vvvvv', 'BACKUP COPY DEL FLIST MISC2 MOUNT NAME2 NONREG REMOVE SKIP STATS SYMSAFE'],
    ['--stats', 'NONREG STATS2'],
    ['-v --stats', 'COPY DEL FLIST MISC NAME NONREG STATS2 SYMSAFE'],
    ['-vv --stats', 'BACKUP COPY DEL FLIST MISC2 MOUNT NAME2 NONREG REMOVE SKIP STATS3 SYMSAFE'],
    ['--progress', 'FLIST2 NAME NONREG PROGRESS'],
    ['-P', 'FLIST2 NAME NONREG PROGRESS'],
    ['-i --progress', 'FLIST2 NONREG PROGRESS'],
    ['--out-format=%n --progress', 'FLIST2 NONREG PROGRESS'],
    ['-vv --progress', 'BACKUP COPY DEL FLIST2 MISC2 MOUNT NAME2 NONREG PROGRESS REMOVE SKIP STATS SYMSAFE'],
    ['-i', 'NONREG'],
    ['-q', ''],
    ['-qvv --stats --progress', ''],
  ])('%s', (words, wanted) => {
    expect(written(words)).toBe(wanted);
  });

  it('has every word in alphabetical order', () => {
    expect(Object.keys(levelsOf('-q'))).toEqual([...INFO_WORDS]);
    expect([...INFO_WORDS].sort()).toEqual([...INFO_WORDS]);
  });
});
