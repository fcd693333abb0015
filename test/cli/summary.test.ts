import { expect, it } from 'vitest';
import { statsText, summaryText } from '../../src/cli/summary.ts';
import { NO_KINDS, stats } from './support.ts';

// Printed by rsync 3.5 for these figures.
it('prints the two lines of -v', () => {
  const run = stats({ bytesSent: 46_544, bytesReceived: 187, totalSize: 49_003 });
  expect(summaryText(run, 1, false)).toBe(
    '\nsent 46,544 bytes  received 187 bytes  93,462.00 bytes/sec\ntotal size is 49,003  speedup is 1.05\n',
  );
  const slow = stats({ bytesSent: 260, bytesReceived: 161, totalSize: 3_000_006, elapsed: 1999 });
  expect(summaryText(slow, 1, true)).toBe(
    '\nsent 260 bytes  received 161 bytes  280.67 bytes/sec\ntotal size is 3,000,006  speedup is 7,125.90 (DRY RUN)\n',
  );
});

it('prints units and plain digits', () => {
  const run = stats({ bytesSent: 3_001_069, bytesReceived: 128, totalSize: 3_000_006 });
  expect(summaryText(run, 2, false)).toBe(
    '\nsent 3.00M bytes  received 128 bytes  6.00M bytes/sec\ntotal size is 3.00M  speedup is 1.00\n',
  );
  expect(summaryText(run, 3, false)).toContain('sent 2.86M bytes  received 128 bytes  5.72M bytes/sec');
  expect(summaryText(run, 0, false)).toContain('received 128 bytes  6002394.00 bytes/sec');
});

it('divides nothing by nothing', () => {
  expect(summaryText(stats(), 1, false)).toContain('0.00 bytes/sec\ntotal size is 0  speedup is 0.00');
});

const FULL = stats({
  files: { total: 8, regular: 3, directories: 2, symlinks: 1, devices: 1, specials: 1 },
  created: { total: 6, regular: 2, directories: 1, symlinks: 1, devices: 1, specials: 1 },
  deleted: { total: 4, regular: 2, directories: 1, symlinks: 1, devices: 0, specials: 0 },
  transferredFiles: 3,
  totalSize: 1_509_003,
  transferredSize: 1_509_000,
  literalData: 1_506_200,
  matchedData: 2800,
  fileListSize: 113,
  fileListBuildTime: 1,
  bytesSent: 139,
  bytesReceived: 26_496,
});

it('prints all figures', () => {
  expect(statsText(FULL, 1, 31)).toBe(`
Number of files: 8 (reg: 3, dir: 2, link: 1, dev: 1, special: 1)
Number of created files: 6 (reg: 2, dir: 1, link: 1, dev: 1, special: 1)
Number of deleted files: 4 (reg: 2, dir: 1, link: 1)
Number of regular files transferred: 3
Total file size: 1,509,003 bytes
Total transferred file size: 1,509,000 bytes
Literal data: 1,506,200 bytes
Matched data: 2,800 bytes
File list size: 113
File list generation time: 0.001 seconds
File list transfer time: 0.000 seconds
Total bytes sent: 139
Total bytes received: 26,496
`);
});

it('leaves out what is not known', () => {
  const text = statsText({ ...FULL, fileListBuildTime: 0 }, 1, 30);
  expect(text).not.toContain('deleted');
  expect(text).not.toContain('seconds');
});

it('gives counts separators, never units', () => {
  const files = { ...NO_KINDS, total: 1501, regular: 1500, directories: 1 };
  expect(statsText(stats({ files }), 2, 32)).toContain('Number of files: 1,501 (reg: 1,500, dir: 1)\n');
  expect(statsText(stats({ files }), 0, 32)).toContain('Number of files: 1501 (reg: 1500, dir: 1)\n');
  expect(statsText(stats(), 2, 32)).toContain('Number of created files: 0\n');
});
