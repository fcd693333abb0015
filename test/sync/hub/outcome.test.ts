import { describe, expect, test } from 'vitest';
import { closingSentence, outcomeSentence } from '../../../src/cli/sync/hub-sentences.ts';
import { durationText, etaText, sizeText } from '../../../src/cli/sync/quantities.ts';
import { fromText } from '../../../src/core/bytes.ts';
import { EXIT, RsyncError } from '../../../src/core/errors.ts';
import type { MessageEvent, TransferStats } from '../../../src/core/events.ts';
import {
  outcomeOf,
  outcomeOfError,
  type SpokeOutcome,
  skippedOutcome,
  worstExitCode,
} from '../../../src/sync/hub/outcome.ts';
import { TroubleList } from '../../../src/sync/hub/trouble-list.ts';

const frame = { spoke: 'web', startedAt: '2026-03-01T12:00:00.000Z', durationMs: 812, attempts: 1 };
const kinds = { total: 0, regular: 0, directories: 0, symlinks: 0, devices: 0, specials: 0 };
/** More than a thousand: figures of text would have a comma. */
const stats = {
  transferredFiles: 1200,
  transferredSize: 3_565_158,
  deleted: { ...kinds, total: 4 },
} as TransferStats;
const ended = (exitCode: number, dry = false, trouble = new TroubleList()): SpokeOutcome =>
  outcomeOf(frame, { exitCode, stats }, trouble, dry);
const broken = (code: 'RSYNC_CONNECT' | 'RSYNC_BUSY', exitCode: number): SpokeOutcome =>
  outcomeOfError(
    frame,
    new RsyncError(code, 'web: no answer', { exitCode, origin: 'transport', hint: 'Look at it.' }),
  );
const error = (text: string): MessageEvent => ({
  type: 'message',
  level: 'error',
  text: fromText(text),
  remote: true,
});

describe('an outcome', () => {
  test.each([
    [0, false, 'ok', '✓ Synced 1200 files (3.4 MB) (812ms)'],
    [0, true, 'dry', '✓ Would sync 1200 files (3.4 MB) (812ms)'],
    [23, false, 'partial', '⚠ Synced 1200 files (3.4 MB) (812ms), not all of it'],
    [23, true, 'partial', '⚠ Synced 1200 files (3.4 MB) (812ms), not all of it'],
    [25, false, 'partial', '⚠ Synced 1200 files (3.4 MB) (812ms), the deletion limit was reached'],
    [127, false, 'failed', '✗ the other side ended with 127'],
  ])('of a run that ended with %i (dry: %s)', (exitCode, dry, outcome, sentence) => {
    const found = ended(exitCode, dry);
    expect(found).toMatchObject({ ...frame, outcome, exitCode, files: 1200, bytes: 3_565_158, deleted: 4 });
    expect(outcomeSentence(found, true)).toBe(sentence);
  });

  test('of a partial run names what is missing, and how much is left out', () => {
    const trouble = new TroubleList();
    trouble.see(error('rsync: [sender] send_files failed to open "/a/s "x" é": Permission denied (13)'));
    trouble.see({ ...error('file has vanished: "/a/gone"'), level: 'warning' });
    trouble.see({ ...error('skipping directory "x"'), level: 'info' });
    trouble.see(error('rsync error: some files could not be transferred (code 23)'));
    // C rsync says it on its standard error, in pieces of any size.
    for (const bytes of ['file has vani', 'shed: "/a/late"\nWarning: "x"\nfile has vanished: "/a/cut'])
      trouble.see({ type: 'stderr', bytes: Buffer.from(bytes) });
    for (let i = 0; i < 120; i++) trouble.see({ ...error(`file has vanished: "/a/${i}"`), level: 'warning' });
    const found = ended(EXIT.PARTIAL, false, trouble);
    expect(found.failed).toEqual({ paths: ['/a/s "x" é'], more: 0 });
    expect(found.vanished.paths.slice(0, 2)).toEqual(['/a/gone', '/a/late']);
    expect([found.vanished.paths.length, found.vanished.more]).toEqual([100, 22]);
    expect(outcomeSentence(found, false)).toBe(
      'partial: Synced 1200 files (3.4 MB) (812ms), 1 failed, 122 vanished',
    );
  });

  test('of an error', () => {
    const found = broken('RSYNC_CONNECT', 255);
    expect(found).toMatchObject({
      outcome: 'failed',
      exitCode: 255,
      files: 0,
      error: { code: 'RSYNC_CONNECT', message: 'web: no answer', hint: 'Look at it.' },
    });
    expect(outcomeSentence(found, true)).toBe('✗ web: no answer');
    expect(outcomeSentence(broken('RSYNC_BUSY', 41), false)).toBe('busy: web: no answer');
    expect(outcomeOfError(frame, new TypeError('x'))).toMatchObject({
      outcome: 'failed',
      exitCode: EXIT.CRASHED,
    });
    expect(outcomeOfError(frame, 'x').error).toEqual({ code: undefined, message: 'x', hint: undefined });
  });

  test('of a spoke that was not tried', () => {
    const found = skippedOutcome('web', 'disabled');
    expect(found).toMatchObject({ outcome: 'skipped', exitCode: 0, attempts: 0 });
    expect(outcomeSentence(found, true)).toBe('- disabled');
  });
});

test('the worst of many', () => {
  const ok = ended(0);
  const skipped = skippedOutcome('x', 'disabled');
  expect(worstExitCode([])).toBe(0);
  expect(worstExitCode([ok, skipped, ended(0, true)])).toBe(0);
  expect(worstExitCode([ok, ended(24), ended(25)])).toBe(25);
  expect(worstExitCode([ended(24), ended(25), ended(23)])).toBe(23);
  expect(worstExitCode([ended(23), broken('RSYNC_BUSY', 41), ok])).toBe(41);
  expect(
    worstExitCode([broken('RSYNC_BUSY', 41), broken('RSYNC_CONNECT', 10), broken('RSYNC_CONNECT', 255)]),
  ).toBe(10);
});

test('the last line', () => {
  const of = (...list: SpokeOutcome[]): string => closingSentence(list);
  const skipped = skippedOutcome('x', 'disabled');
  expect(of(ended(0), skipped)).toBe('All syncs completed successfully.');
  expect(of(ended(0), ended(24))).toBe('Some syncs are partial.');
  expect(of(ended(24), broken('RSYNC_BUSY', 41))).toBe('Some syncs failed.');
  expect(of(ended(0, true))).toBe('Dry run complete. No changes were made.');
  expect(of(skipped)).toBe('Nothing was synced.');
});

test('quantities', () => {
  expect([0, 1023, 1024, 101_900, 102_400, 1_023_999, 1_048_576, 2 ** 62].map(sizeText)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KB',
    '99.5 KB',
    '100 KB',
    '1.0 MB',
    '1.0 MB',
    '4096 PB',
  ]);
  expect([0.4, 812, 9999, 59_999, 60_000, 125_400, 10_980_000].map(durationText)).toEqual([
    '0ms',
    '812ms',
    '9999ms',
    '59.9s',
    '1m 0s',
    '2m 5s',
    '3h 3m',
  ]);
  expect([0, 0.2, 59.5, 725, 3723, 1e9, Number.NaN].map(etaText)).toEqual([
    '0:00',
    '0:01',
    '1:00',
    '12:05',
    '1:02:03',
    '>99h',
    '>99h',
  ]);
});
