import { describe, expect, it } from 'vitest';
import { ProgressMeter } from '../../src/cli/progress.ts';
import type { ProgressEvent } from '../../src/core/events.ts';

function event(done: number, size: number, given: Partial<ProgressEvent> = {}): ProgressEvent {
  const last = given.last ?? false;
  return {
    type: 'progress',
    name: 'f',
    done,
    size,
    last,
    transfers: 1,
    left: 6,
    known: 8,
    growing: false,
    ...given,
  };
}

const pull = () => new ProgressMeter({ humanReadable: 1, receives: true, now: 0 });
const push = (humanReadable = 1) => new ProgressMeter({ humanReadable, receives: false, now: 0 });

// Byte for byte what rsync 3.5 wrote for these moments.
describe('lines', () => {
  it('of a file on its way out', () => {
    const meter = push();
    meter.begin(0);
    expect(meter.show(event(32_768, 3_000_000), 0)).toBe('\r         32,768   1%    0.00kB/s    0:00:00  ');
    expect(meter.show(event(100_000, 3_000_000), 999)).toBe('');
    expect(meter.show(event(163_840, 3_000_000), 1084)).toBe(
      '\r        163,840   5%  118.08kB/s    0:00:24  ',
    );
    const last = meter.show(event(3_000_000, 3_000_000, { last: true }), 1085);
    expect(last).toBe('\r      3,000,000 100%    2.64MB/s    0:00:01 (xfr#1, to-chk=6/8)\n');
  });

  it('of a file on its way in, shown before its first byte', () => {
    const meter = pull();
    meter.begin(100);
    expect(meter.show(event(3, 3, { last: true, transfers: 4, left: 0 }), 101)).toBe(
      '\r              0   0%    0.00kB/s    0:00:00  \r              3 100%    2.93kB/s    0:00:00 (xfr#4, to-chk=0/8)\n',
    );
  });

  it('of a small file on its way out', () => {
    const meter = push();
    meter.begin(50);
    expect(meter.show(event(3, 3, { last: true }), 50)).toBe(
      '\r              3 100%    0.00kB/s    0:00:00  \r              3 100%    0.00kB/s    0:00:00 (xfr#1, to-chk=6/8)\n',
    );
  });

  it.each([push, pull])('of an empty file: the last one alone', (make) => {
    const meter = make();
    expect(meter.show(event(0, 0, { last: true, growing: true }), 0)).toBe(
      '\r              0 100%    0.00kB/s    0:00:00 (xfr#1, ir-chk=6/8)\n',
    );
  });

  it('with units', () => {
    expect(push(2).show(event(32_768, 3_000_000), 0)).toBe('\r         32.77K   1%    0.00kB/s    0:00:00  ');
  });
});

it('takes the rate of the last five samples', () => {
  const meter = pull();
  meter.begin(0);
  meter.show(event(1024, 10_240_000), 0);
  const rates: string[] = [];
  // A KiB in each of the first seconds, then a hundred in each.
  let done = 0;
  for (let second = 1; second <= 12; second++) {
    done += second < 6 ? 1024 : 102_400;
    rates.push(meter.show(event(done, 10_240_000), second * 1000).slice(22, 33));
  }
  expect(rates.slice(0, 5)).toEqual(Array(5).fill('   1.00kB/s'));
  expect(rates[5]).toBe('  25.75kB/s');
  expect(rates[8]).toBe(' 100.00kB/s');
});

it('shows at most a line a second', () => {
  const meter = push();
  let lines = 0;
  for (let at = 0; at <= 5000; at += 10) if (meter.show(event(at, 10_000), at) !== '') lines++;
  expect(lines).toBe(6);
});

it.each([
  [1, 1_048_576, '   1.00MB/s'],
  [1, 3 * 1_073_741_824, '   3.00GB/s'],
])('names big rates', (seconds, bytes, expected) => {
  const meter = push();
  meter.begin(0);
  const text = meter.show(event(bytes + 1, bytes + 1, { last: true }), seconds * 1000);
  expect(text).toContain(expected);
});

it('does not know what takes longer than 9999 hours', () => {
  const meter = pull();
  meter.begin(0);
  meter.show(event(1, 2 ** 50), 0);
  expect(meter.show(event(1024, 2 ** 50), 1000)).toContain('   1.00kB/s   ??:??:??  ');
});

it('says when something interrupts a line', () => {
  const meter = push();
  expect(meter.interrupt()).toBe(false);
  meter.show(event(1, 2), 0);
  expect(meter.interrupt()).toBe(true);
  expect(meter.interrupt()).toBe(false);
  meter.show(event(2, 2, { last: true }), 1);
  expect(meter.interrupt()).toBe(false);
});
