/** What became of one piece of work; `skipped`: the signal came before its turn. */
export type Settled<R> =
  | { status: 'done'; value: R }
  | { status: 'failed'; reason: unknown }
  | { status: 'skipped' };

/**
 * Works at so many items at a time at most, in their order; one that fails keeps no other from its turn. Never rejects.
 * @param limit  1 or more
 * @returns what became of each, in the order of the items
 */
export async function runPool<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
  signal?: AbortSignal,
): Promise<Settled<R>[]> {
  const results: Settled<R>[] = items.map(() => ({ status: 'skipped' }));
  let next = 0;
  async function lane(): Promise<void> {
    while (next < items.length && signal?.aborted !== true) {
      const index = next++;
      try {
        results[index] = { status: 'done', value: await work(items[index]!, index) };
      } catch (reason) {
        results[index] = { status: 'failed', reason };
      }
    }
  }
  const lanes = Math.max(1, Math.min(Math.floor(limit), items.length));
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}
