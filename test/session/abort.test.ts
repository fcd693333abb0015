import { existsSync, readFileSync, statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runPair, snapshot, temporaries, Workspace } from '../support/pair.ts';
import { compareTrees, type EntrySpec } from '../support/tree.ts';

let space: Workspace;
beforeEach(() => {
  space = new Workspace();
});
afterEach(() => space.remove());

const SIZE = 48 << 20;
const BIG: readonly EntrySpec[] = [
  {
    path: 'big',
    sparse: { size: SIZE, extents: [{ at: 0, data: Buffer.from('start') }] },
    mtime: 1_600_000_000,
  },
];

describe.each(['pull', 'push'] as const)('%s', (direction) => {
  const abortAfter = async (bytes: number, options: object, old?: string) => {
    const src = space.make('src', BIG);
    const dst = space.make('dst', old === undefined ? [] : [{ path: 'big', content: old }]);
    const before = snapshot(dst);
    const stop = new AbortController();
    const started = performance.now();
    const outcome = await runPair({
      direction,
      options: { archive: true, progress: true, wholeFile: true, ...options },
      sources: [`${src}/`],
      destination: dst,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'progress' && event.done >= bytes) stop.abort(new Error('enough'));
      },
    });
    return { outcome, dst, before, elapsed: performance.now() - started };
  };

  it('in the middle of a big file: exit 20, the old file intact, nothing left behind', async () => {
    const { outcome, dst, before, elapsed } = await abortAfter(4 << 20, {}, 'old content');
    expect(outcome.error).toMatchObject({ code: 'RSYNC_ABORTED', exitCode: 20, origin: 'local' });
    expect(outcome.error?.cause).toEqual(new Error('enough'));
    expect(elapsed).toBeLessThan(5000);
    expect(temporaries(dst)).toEqual([]);
    expect(compareTrees(before, snapshot(dst), { skip: (path) => path === '.' })).toEqual([]);
    // It stopped soon: progress of the whole file was never told.
    const last = outcome.events.filter((event) => event.type === 'progress').at(-1);
    expect(last).toMatchObject({ last: false });
    expect(last!.done).toBeLessThan(SIZE);
  });

  it('--partial keeps what has come, dated 1970', async () => {
    const { outcome, dst } = await abortAfter(4 << 20, { partial: true });
    expect(outcome.error?.exitCode).toBe(20);
    const stat = statSync(`${dst}/big`);
    expect(stat.mtimeMs).toBe(0);
    expect(stat.size).toBeGreaterThan(0);
    expect(stat.size).toBeLessThan(SIZE);
    expect(readFileSync(`${dst}/big`).subarray(0, 5).toString()).toBe('start');
    expect(temporaries(dst)).toEqual([]);
  });

  it('before anything has come', async () => {
    const src = space.make('src', BIG);
    const dst = space.at('dst');
    const outcome = await runPair({
      direction,
      options: { archive: true },
      sources: [`${src}/`],
      destination: dst,
      signal: AbortSignal.abort(),
    });
    expect(outcome.error?.exitCode).toBe(20);
    expect(existsSync(`${dst}/big`)).toBe(false);
  });
});
