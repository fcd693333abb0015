import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runPool } from '../../../src/sync/hub/pool.ts';

test('never more at a time than allowed, each once, in order, and failures keep to themselves', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ turns: fc.integer({ min: 1, max: 5 }), fails: fc.boolean() }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 6 }),
      async (items, limit) => {
        let running = 0;
        let most = 0;
        const started: number[] = [];
        const results = await runPool(items, limit, async ({ turns, fails }, index) => {
          started.push(index);
          most = Math.max(most, ++running);
          for (let i = 0; i < turns; i++) await Promise.resolve();
          running--;
          if (fails) throw index;
          return index;
        });
        expect(most).toBe(Math.min(limit, items.length));
        expect(started).toEqual(items.map((_, index) => index));
        expect(results).toEqual(
          items.map(({ fails }, index) =>
            fails ? { status: 'failed', reason: index } : { status: 'done', value: index },
          ),
        );
      },
    ),
  );
});

test('after the signal nothing is begun, and what is under way ends by itself', async () => {
  const controller = new AbortController();
  const results = await runPool(
    ['a', 'b', 'c', 'd'],
    2,
    async (name) => {
      if (name === 'b') controller.abort();
      await Promise.resolve();
      return name;
    },
    controller.signal,
  );
  expect(results).toEqual([
    { status: 'done', value: 'a' },
    { status: 'done', value: 'b' },
    { status: 'skipped' },
    { status: 'skipped' },
  ]);
});
