import { expect, test } from 'vitest';
import { SpokeMeter } from '../../../src/cli/sync/spoke-meter.ts';
import type { ProgressEvent, TransferEvent } from '../../../src/core/events.ts';

const progress = (done: number, left: number, more: Partial<ProgressEvent> = {}): ProgressEvent => ({
  type: 'progress',
  name: 'x',
  done,
  size: 1000,
  last: done === 1000,
  transfers: 0,
  left,
  known: 10,
  growing: false,
  ...more,
});

test('a run from its start to its end', () => {
  let now = 0;
  const meter = new SpokeMeter(() => now);
  const row = () => meter.row('web');
  expect(row()).toMatchObject({ spoke: 'web', phase: 'waiting', fraction: undefined, rate: undefined });
  meter.begin();
  expect(row().phase).toBe('connecting');
  meter.see({ type: 'flist', stage: 'start', direction: 'receive', incremental: true, count: 0 });
  expect(row().phase).toBe('listing');
  meter.see({ type: 'item' } as TransferEvent);
  expect(row().phase).toBe('transferring');
  // Nobody knows how much it is as long as the list grows.
  meter.see(progress(500, 9, { growing: true }));
  expect(row()).toMatchObject({ fraction: undefined, bytes: 500, eta: undefined });
  meter.see(progress(0, 8));
  now = 1000;
  meter.see(progress(500, 8));
  expect(row()).toMatchObject({ phase: 'transferring', fraction: 0.15, bytes: 500 });
  now = 2000;
  meter.see(progress(1000, 8));
  // A file is counted once, and the bar does not run back.
  expect(row()).toMatchObject({ fraction: 0.2, bytes: 1000, rate: 250 });
  now = 4000;
  meter.see(progress(1000, 4));
  // From nothing to 60 % in 4 seconds.
  expect(row()).toMatchObject({ fraction: 0.6, bytes: 2000 });
  expect(row().eta).toBeCloseTo((0.4 / 0.6) * 4, 5);
  meter.see(progress(1000, 0));
  expect(row()).toMatchObject({ phase: 'finishing', fraction: 1, eta: 0 });
});

test('the rate is that of the last seconds, and of none when nothing moves', () => {
  let now = 0;
  const meter = new SpokeMeter(() => now);
  meter.begin();
  for (; now < 20_000; now += 100)
    meter.see(progress(now < 10_000 ? now : 10_000 + (now - 10_000) * 3, 5, { size: 1e9 }));
  expect(meter.row('web').rate).toBeGreaterThan(2900);
  expect(meter.row('web').rate).toBeLessThan(3001);
  now += 60_000;
  expect(meter.row('web').rate).toBeLessThan(10);
});

test('a new attempt begins anew', () => {
  const meter = new SpokeMeter(() => 0);
  meter.begin();
  meter.see(progress(1000, 5));
  meter.retry('attempt 2 of 4 in 3s');
  expect(meter.row('web')).toMatchObject({ phase: 'retrying', note: 'attempt 2 of 4 in 3s' });
  meter.begin();
  expect(meter.row('web')).toMatchObject({
    phase: 'connecting',
    note: undefined,
    bytes: 0,
    fraction: undefined,
  });
});
