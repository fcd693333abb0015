import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareNames } from '../../src/core/file-list.ts';
import { editDistance, FARTHEST, nameDistance, nameSuffix } from '../../src/roles/name-distance.ts';

const UNIT = 0x10000;

/** The candidate that --fuzzy takes, where neither size nor time tells. */
function nearest(name: string, candidates: readonly string[]): string | undefined {
  const target = { name, suffix: nameSuffix(name) };
  let least = FARTHEST;
  let best: string | undefined;
  for (const candidate of [...candidates].sort((a, b) => compareNames(a, false, b, false))) {
    const distance = nameDistance(target, candidate, least);
    if (distance > least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

describe('nameSuffix', () => {
  it.each([
    ['a.txt', '.txt'],
    ['a.tar.gz', '.gz'],
    ['a', ''],
    ['.profile', ''],
    ['..a.c', '.c'],
    ['a.txt~', '.txt'],
    ['a.txt.bak', '.txt'],
    ['a.c.orig.old', '.c'],
    ['a.txt.~12~', '.txt'],
    ['lib.so.1.2', '.so'],
    ['report.2020', '.2020'],
    ['a.', ''],
  ])('%s: %s', (name, suffix) => {
    expect(nameSuffix(name)).toBe(suffix);
  });
});

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['a', 'a', 0],
    ['a', 'b', UNIT + 1],
    ['', 'ab', 2 * UNIT + 97 + 98],
    ['ab', 'a', UNIT + 98],
    ['kitten', 'sitting', 3 * UNIT + 8 + 4 + 103],
  ])('%s to %s', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it('is the same both ways, and never longer than a detour', () => {
    const name = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
    );
  });
});

// Watched with rsync 3.5.1, --debug=fuzzy.
describe('the nearest name', () => {
  it.each<[string, string[], string | undefined]>([
    ['lib~.txt', ['report.tar.gz', 'IMG_2021.c', 'Report.txt', 'lib.234.TXT', 'lib.1'], 'Report.txt'],
    ['backup.x.txt', ['IMG_2021.2020', 'a_289.168.2020', 'lib 12.txt', 'IMG_2021-a.log'], 'lib 12.txt'],
    ['Report-47.h', ['Report_Report.log', 'report.h', 'data 48', 'a 47_Report.log'], 'report.h'],
    ['backup.242.h', ['backup.2020', 'main 231.log', 'backup.1~', 'a.log'], 'backup.1~'],
    ['report_x.TXT', ['report.TXT.1', 'main 103.tar.gz', 'photo_Report.txt'], 'report.TXT.1'],
    ['a 10 data.log', ['a.c', 'backup.tar.gz', 'data.log', 'lib.data.tar.gz'], 'data.log'],
    [
      'IMG_2021.140.log.txt',
      ['report_19.txt', 'data-backup.txt', 'lib-31.txt', 'IMG_2021~.TXT'],
      'lib-31.txt',
    ],
    ['lib.79.158~.log', ['data-data.x.2020', 'backup-a report.log', 'lib.log.log'], 'lib.log.log'],
    ['.lib.tar.gz.orig', ['.lib-IMG_2021.1.orig', '.lib.tar.gz.old', '.a.html.txt'], '.lib.tar.gz.old'],
    ['Report.html', ['photo.tar.gz', 'main-24', 'backup-37.log~', 'x report_data.c.h'], undefined],
    ['IMG_2021.40', ['backup-photo.so.1.2', 'lib.h', 'main backup~', 'a~'], undefined],
  ])('to %s', (name, candidates, expected) => {
    expect(nearest(name, candidates)).toBe(expected);
  });
});
