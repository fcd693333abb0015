import type { LiveRow } from '../../../src/cli/sync/live-table.ts';

const row = (spoke: string, init: Partial<LiveRow> = {}): LiveRow => ({
  spoke,
  phase: 'waiting',
  fraction: undefined,
  bytes: 0,
  rate: undefined,
  eta: undefined,
  ...init,
});

/** A run with each kind of line. Names: wide characters, marks that combine, a long one, one that would move the cursor. */
export const ROWS: readonly LiveRow[] = [
  row('laptop-anna', {
    phase: 'transferring',
    fraction: 0.546,
    bytes: 12_900_000,
    rate: 3_355_443,
    eta: 41.2,
  }),
  row('東京の机', { phase: 'transferring', fraction: 1, bytes: 2 ** 41, rate: 1000 * 1024, eta: 4000 }),
  row('bu\u0308ro', { phase: 'listing' }),
  row('a-very-long-name-of-a-machine.example', { phase: 'connecting' }),
  row('nas', {
    phase: 'retrying',
    note: 'attempt 2 of 4 in 3s: can not connect to nas port 22: connection refused',
  }),
  row('e\x1b[31mvil\n', {
    ended: { outcome: 'failed', sentence: '✗ e\x1b[31mvil: can not connect to it: no answer, and so on' },
  }),
  row('web', { ended: { outcome: 'ok', sentence: '✓ Synced 12 files (3.4 MB) (812ms)' } }),
  row('mail', { ended: { outcome: 'partial', sentence: '⚠ Synced 1 file (3 B) (9ms), 2 failed' } }),
  row('old'),
];

/** What they look like in 80 columns. */
export const SCREEN: readonly string[] = [
  'Spoke                Phase         Progress                      Rate       ETA',
  'laptop-anna          transferring  █████████▎───────  54%    3.2 MB/s      0:42',
  '東京の机             transferring  █████████████████ 100%    1.0 MB/s   1:06:40',
  'bu\u0308ro                 listing       ─────────────────',
  'a-very-long-name-o…  connecting    ─────────────────',
  'nas                  retrying      attempt 2 of 4 in 3s: can not connect to na…',
  'e?[31mvil            ✗ e?[31mvil: can not connect to it: no answer, and so on',
  'web                  ✓ Synced 12 files (3.4 MB) (812ms)',
  'mail                 ⚠ Synced 1 file (3 B) (9ms), 2 failed',
  'old                  waiting',
];

/** And in 120. */
export const WIDE_SCREEN: readonly string[] = [
  'Spoke                          Phase         Progress                                        Size        Rate       ETA',
  'laptop-anna                    transferring  ████████████████████▏────────────────  54%   12.3 MB    3.2 MB/s      0:42',
  '東京の机                       transferring  █████████████████████████████████████ 100%    2.0 TB    1.0 MB/s   1:06:40',
  'bu\u0308ro                           listing       ─────────────────────────────────────            0 B',
  'a-very-long-name-of-a-machin…  connecting    ─────────────────────────────────────            0 B',
  'nas                            retrying      attempt 2 of 4 in 3s: can not connect to nas port 22: connection refused',
  'e?[31mvil                      ✗ e?[31mvil: can not connect to it: no answer, and so on',
  'web                            ✓ Synced 12 files (3.4 MB) (812ms)',
  'mail                           ⚠ Synced 1 file (3 B) (9ms), 2 failed',
  'old                            waiting',
];
