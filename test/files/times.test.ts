import { closeSync, lstatSync, openSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Root } from '../../src/files/root.ts';
import { timeArgument, timesDiffer, toDouble } from '../../src/files/times.ts';
import { isWindows, tempDir } from './temp-dir.ts';

/** What libuv does: the fraction towards zero, before 1.52 to whole microseconds; then made positive. */
function cut(value: number, keepsNanoseconds: boolean): { seconds: number; nsec: number } {
  let seconds = Math.trunc(value);
  let nsec = Math.trunc((value - seconds) * 1e9);
  if (!keepsNanoseconds) nsec -= nsec % 1000;
  if (nsec < 0) {
    nsec += 1e9;
    seconds--;
  }
  return { seconds, nsec };
}

describe('times as doubles', () => {
  const seconds = fc.integer({ min: -(2 ** 31), max: 2 ** 32 });
  const nsec = fc.integer({ min: 0, max: 999_999_999 });

  it.each([true, false])('keep the second and the microsecond (nanoseconds kept: %s)', (keeps) => {
    fc.assert(
      fc.property(seconds, nsec, (s, ns) => {
        const got = cut(toDouble(s, ns, keeps), keeps);
        expect(got.seconds).toBe(s);
        expect(Math.floor(got.nsec / 1000)).toBe(Math.floor(ns / 1000));
      }),
      { numRuns: 2000 },
    );
  });

  it('never reach the next second, in any year', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), (s) => {
        for (const keeps of [true, false])
          expect(cut(toDouble(s, 999_999_999, keeps), keeps).seconds).toBe(s);
      }),
    );
  });

  it('takes nanoseconds out of range for none', () => {
    expect(toDouble(5, -1)).toBe(5);
    expect(toDouble(5, 1_000_000_000)).toBe(5);
  });

  it('gives Node a negative time as a string, since a negative number means now', () => {
    expect(timeArgument(-5, 0)).toBe('-5');
    expect(timeArgument(5, 0)).toBe(5);
  });
});

describe('times on the disk', () => {
  const cases: [number, number][] = [
    [1_700_000_000, 123_456_789],
    [1_700_000_000, 999_999_999],
    [1_700_000_000, 500_000_000],
    [1_700_000_000, 123_000_000],
    [1_700_000_000, 1],
    [1_700_000_000, 0],
    [0, 0],
    [4_000_000_000, 999_999_000],
    [-2, 500_000_000],
    [-1_700_000_000, 123_456_789],
  ];

  // Windows: libuv's own arithmetic there is off by up to 1.6 us, and years before 1970 are not read back.
  it.skipIf(isWindows)('come back with the same second and microsecond', () => {
    const directory = tempDir();
    writeFileSync(join(directory, 'f'), '');
    const root = Root.open(directory);
    for (const [s, ns] of cases) {
      root.utimes('f', s, ns, s, ns);
      const stat = root.lstat('f')!;
      expect([stat.mtime, Math.floor(stat.mtimeNsec / 1000)]).toEqual([s, Math.floor(ns / 1000)]);
      expect([stat.atime, Math.floor(stat.atimeNsec / 1000)]).toEqual([s, Math.floor(ns / 1000)]);
    }
    root.close();
  });

  it.skipIf(isWindows)('come back so for any second from 1910 to 2100', () => {
    const directory = tempDir();
    writeFileSync(join(directory, 'f'), '');
    const root = Root.open(directory);
    fc.assert(
      fc.property(
        fc.integer({ min: -1_900_000_000, max: 4_100_000_000 }),
        fc.integer({ min: 0, max: 999_999_999 }),
        (s, ns) => {
          root.utimes('f', s, ns);
          const stat = root.lstat('f')!;
          expect([stat.mtime, Math.floor(stat.mtimeNsec / 1000)]).toEqual([s, Math.floor(ns / 1000)]);
        },
      ),
      { numRuns: 1000 },
    );
    root.close();
  });

  it.skipIf(isWindows)('leave the access time alone unless told', () => {
    const directory = tempDir();
    const path = join(directory, 'f');
    writeFileSync(path, '');
    utimesSync(path, 1_600_000_000, 5);
    const root = Root.open(directory);
    root.utimes('f', 1_700_000_000, 0);
    expect(root.lstat('f')!.atime).toBe(1_600_000_000);
    expect(root.lstat('f')!.mtime).toBe(1_700_000_000);
    root.close();
  });

  it.skipIf(isWindows)('are read to the nanosecond', () => {
    const directory = tempDir();
    const path = join(directory, 'f');
    writeFileSync(path, '');
    const root = Root.open(directory);
    const stat = root.lstat('f')!;
    const raw = lstatSync(path, { bigint: true });
    expect(BigInt(stat.mtime) * 1_000_000_000n + BigInt(stat.mtimeNsec)).toBe(raw.mtimeNs);
    const fd = openSync(path, 'r');
    expect(root.fstat(fd)).toEqual(stat);
    closeSync(fd);
    root.close();
  });
});

describe('difference of times', () => {
  it.each([
    [0, 10, 1, 10, 999, false],
    [0, 10, 1, 11, 1, true],
    [2, 10, 0, 12, 0, false],
    [2, 10, 0, 13, 0, true],
    [-1, 10, 1, 10, 2, true],
    [-1, 10, 1, 10, 1, false],
  ])('window %i: %i.%i and %i.%i', (window, s, ns, s2, ns2, expected) => {
    expect(timesDiffer(s, ns, s2, ns2, window)).toBe(expected);
    expect(timesDiffer(s2, ns2, s, ns, window)).toBe(expected);
  });
});
