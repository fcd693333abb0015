import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isInShard, parseShard, shardOf } from '../../../src/sync/hub/shard.ts';

describe('--shard', () => {
  test('which one of how many', () => {
    expect(parseShard('1/1')).toEqual({ index: 1, count: 1 });
    expect(parseShard(' 12/100 ')).toEqual({ index: 12, count: 100 });
  });

  test.each(['', '1', '1/', '/2', '-1/2', '1.5/2', '1/2/3', '1/0', '0/0', '1/1001', 'a/b', '0x1/2', '1 / 2'])(
    '%j is refused',
    (text) => {
      expect(() => parseShard(text)).toThrow(
        expect.objectContaining({ code: 'RSYNC_USAGE', message: expect.stringContaining('expected I/N') }),
      );
    },
  );

  test('a number outside is told apart, and one that counts from 0', () => {
    expect(() => parseShard('3/2')).toThrow('the last 2');
    expect(() => parseShard('0/2')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('add 1') }),
    );
  });
});

describe('who has a spoke', () => {
  const names = fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 30 }), { maxLength: 30 });
  const counts = fc.integer({ min: 1, max: 12 });

  test('exactly one hub', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), counts, (name, count) => {
        const hubs = Array.from({ length: count }, (_, i) => ({ index: i + 1, count }));
        return hubs.filter((hub) => isInShard(name, hub)).length === 1;
      }),
    );
  });

  test('with a hub more, spokes move to the new one alone', () => {
    fc.assert(
      fc.property(names, counts, (list, count) =>
        list.every((name) => [shardOf(name, count), count + 1].includes(shardOf(name, count + 1))),
      ),
    );
  });

  test('a thousand spokes are shared out evenly, and a fifth hub takes about a fifth', () => {
    const spokes = Array.from({ length: 1000 }, (_, i) => `laptop-${i}`);
    const sizes = [1, 2, 3, 4].map(
      (index) => spokes.filter((name) => isInShard(name, { index, count: 4 })).length,
    );
    expect(Math.min(...sizes)).toBeGreaterThan(200);
    expect(Math.max(...sizes)).toBeLessThan(300);
    const moved = spokes.filter((name) => shardOf(name, 4) !== shardOf(name, 5)).length;
    expect(moved).toBeGreaterThan(150);
    expect(moved).toBeLessThan(250);
  });

  test('these never change: hubs of different versions share spokes', () => {
    // Computed from the words of docs/fleet.md by a script of its own.
    const found = ['web', 'laptop-anna', 'büro', '東京', ''].map((name) =>
      [2, 3, 8].map((n) => shardOf(name, n)),
    );
    expect(found).toEqual([
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
      [2, 3, 3],
      [2, 2, 2],
    ]);
  });
});
