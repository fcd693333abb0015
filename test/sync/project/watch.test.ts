import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT, RsyncError } from '../../../src/core/errors.ts';
import type { Plan } from '../../../src/sync/project/plan.ts';
import type { RunResult } from '../../../src/sync/project/run.ts';
import {
  type WatchEvent,
  type WatchInput,
  watchFailure,
  watchProject,
} from '../../../src/sync/project/watch.ts';
import { temporaryFolder } from '../../support/peers.ts';
import { removeTree } from '../../support/tree.ts';

const PLAN = { transfer: [], delete: [], keep: [], conflicts: [], refused: [] } as unknown as Plan;
const done: RunResult = {
  outcome: 'ok',
  exitCode: 0,
  plan: PLAN,
  guards: [],
  problems: [],
  changed: [],
  transfer: undefined,
};
const overtaken: RunResult = {
  ...done,
  outcome: 'stopped',
  exitCode: 40,
  plan: { ...PLAN, refused: [{ path: 'a', change: 'changed' }] },
};
const conflict: RunResult = { ...done, outcome: 'stopped', exitCode: 40 };
const lost = new RsyncError('RSYNC_CONNECT', 'connection lost', { exitCode: 255, origin: 'transport' });

interface Script {
  /** What each run does, in order; the watch is ended after the last one. */
  runs: (RunResult | Error)[];
  /** At which time changes are seen, in milliseconds since the start. */
  changes?: number[];
  /** The clock jumps ahead by so much during the first wait. */
  sleeps?: number;
  hasChanged?: boolean;
  /** When the rules change. */
  rulesChange?: number;
}

/** A watch in a time of its own: nothing waits for real. */
async function play({ runs, changes = [], sleeps = 0, hasChanged = false, rulesChange = Infinity }: Script) {
  let now = 0;
  let slept = sleeps;
  let changed = hasChanged;
  const said: string[] = [];
  const stop = new AbortController();
  let tell = (): void => {};
  const left = [...runs];
  const pending = [...changes];
  const input: WatchInput = {
    root: '/project',
    excludedBy: () => () => undefined,
    rulesVersion: () => (now < rulesChange ? 'old' : 'new'),
    run: async (direction) => {
      const outcome = left.shift();
      said.push(`${now} ${direction}`);
      if (left.length === 0) stop.abort();
      if (direction === 'push') changed = false;
      if (outcome instanceof Error) throw outcome;
      return outcome ?? done;
    },
    hasChanged: async () => changed,
    isRetryable: (error) => error === lost,
    onEvent: (event: WatchEvent) => {
      if (event.type === 'retry') said.push(`${now} retry in ${event.delay}`);
      if (event.type === 'stopped') said.push(`${now} stopped`);
      if (event.type === 'woke') said.push(`${now} woke after ${event.asleep}`);
    },
    signal: stop.signal,
    settle: 1000,
    pullEvery: 60_000,
    clock: {
      now: () => now,
      sleep: async (ms, signal) => {
        const until = now + ms;
        while (pending[0] !== undefined && pending[0] <= until && !signal.aborted) {
          now = Math.max(now, pending.shift()!);
          changed = true;
          tell();
        }
        if (!signal.aborted) now = until + slept;
        slept = 0;
        // Lets whoever waits for something else have its turn, as a real timer does.
        await new Promise((resolve) => setImmediate(resolve));
      },
    },
    watcher: async (_root, _excludedBy, onChange) => {
      tell = onChange;
      return { close: async () => void said.push(`${now} closed`) };
    },
  };
  const error = await watchProject(input).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { said, error };
}

describe('a watched project', () => {
  it('pulls at the start, on the interval, and pushes what was done meanwhile', async () => {
    const { said } = await play({ runs: [done, done, done], hasChanged: true });
    expect(said).toEqual(['0 pull', '0 push', '60000 pull', '60000 closed']);
  });

  it('pushes when changes have settled, and once for many of them', async () => {
    const { said } = await play({ runs: [done, done, done], changes: [5000, 5500, 6400, 20_000] });
    expect(said).toEqual(['0 pull', '7400 push', '21000 push', '21000 closed']);
  });

  it('what a pull has written is no reason to push', async () => {
    const { said } = await play({ runs: [done, done] });
    expect(said).toEqual(['0 pull', '60000 pull', '60000 closed']);
  });

  it('a push that somebody else has overtaken pulls first', async () => {
    const { said } = await play({ runs: [done, overtaken, done, done], changes: [1000] });
    expect(said).toEqual(['0 pull', '2000 push', '2000 pull', '2000 push', '2000 closed']);
  });

  it('a conflict is told, and is no end', async () => {
    const { said } = await play({ runs: [conflict, conflict, done], changes: [1000] });
    expect(said).toEqual(['0 pull', '0 stopped', '2000 push', '2000 stopped', '60000 pull', '60000 closed']);
  });

  it('what stops every pull is told once, and again after one that went through', async () => {
    const { said } = await play({ runs: [conflict, conflict, done, conflict] });
    expect(said).toEqual([
      '0 pull',
      '0 stopped',
      '60000 pull',
      '120000 pull',
      '180000 pull',
      '180000 stopped',
      '180000 closed',
    ]);
  });

  it('waits for a lost network, longer each time', async () => {
    const { said } = await play({ runs: [lost, lost, lost, done] });
    expect(said).toEqual([
      '0 pull',
      '0 retry in 2000',
      '2000 pull',
      '2000 retry in 4000',
      '6000 pull',
      '6000 retry in 8000',
      '14000 pull',
      '14000 closed',
    ]);
  });

  it('waits while another run holds the lock', async () => {
    const busy = new RsyncError('RSYNC_BUSY', 'locked', { exitCode: EXIT.BUSY, origin: 'remote' });
    const { said } = await play({ runs: [busy, done] });
    expect(said).toEqual(['0 pull', '0 retry in 2000', '2000 pull', '2000 closed']);
  });

  it('ends with what waiting does not mend', async () => {
    const refused = new RsyncError('RSYNC_AUTH', 'login refused', { exitCode: 255, origin: 'remote' });
    const { said, error } = await play({ runs: [refused, done] });
    expect(said).toEqual(['0 pull', '0 closed']);
    expect(error).toBe(refused);
  });

  it('pulls at once after the machine was asleep', async () => {
    const { said } = await play({ runs: [done, done], sleeps: 3_600_000 });
    expect(said).toEqual(['0 pull', '3660000 woke after 3600000', '3660000 pull', '3660000 closed']);
  });
});

describe('a watched project whose world changes', () => {
  it('a file that never rests keeps nothing from the server for ever', async () => {
    const restless = Array.from({ length: 80 }, (_, k) => 1000 + k * 500);
    const { said } = await play({ runs: [done, done, done], changes: restless });
    expect(said).toEqual(['0 pull', '16000 push', '31500 push', '31500 closed']);
  });

  it('is watched anew by new rules, and what they let in is pushed', async () => {
    const { said } = await play({ runs: [done, done, done], changes: [5000, 20_000], rulesChange: 4000 });
    expect(said).toEqual(['0 pull', '5000 closed', '6000 push', '21000 push', '21000 closed']);
  });

  it('says which limit of the system stands in the way', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, watch'), { code: 'ENOSPC' });
    expect(watchFailure('/project', full)).toMatchObject({
      code: 'RSYNC_FILE_IO',
      message: expect.stringContaining('/project can not be watched'),
      hint: expect.stringContaining('fs.inotify.max_user_watches'),
    });
  });
});

describe('the watcher of the system', () => {
  const root = temporaryFolder('watch');
  afterAll(() => removeTree(root));

  it('sees changes at any depth, and nothing in what is excluded', async () => {
    mkdirSync(join(root, 'kept/deep'), { recursive: true });
    mkdirSync(join(root, 'excluded'));
    const stop = new AbortController();
    const runs: string[] = [];
    let ready = (): void => {};
    const isReady = new Promise<void>((resolve) => {
      ready = resolve;
    });
    let checks = 0;
    let excluded = 'excluded';
    const watching = watchProject({
      root,
      excludedBy: () => (path) => (path === excluded ? path : undefined),
      rulesVersion: () => excluded,
      run: async (direction) => {
        runs.push(direction);
        return done;
      },
      // The first time is that at the start.
      hasChanged: async () => checks++ > 0,
      isRetryable: () => false,
      onEvent: ({ type }) => type === 'ready' && ready(),
      signal: stop.signal,
      settle: 20,
      pullEvery: 3_600_000,
    });
    await isReady;
    await expect.poll(() => checks).toBe(1);
    writeFileSync(join(root, 'excluded/file'), 'unseen\n');
    writeFileSync(join(root, 'kept/deep/file'), 'seen\n');
    await expect.poll(() => runs).toEqual(['pull', 'push']);
    // New rules, which any change brings up; from then on the folder is seen.
    excluded = 'other';
    writeFileSync(join(root, 'kept/rules'), 'new\n');
    await expect.poll(() => runs.length).toBeGreaterThan(2);
    const before = checks;
    await expect
      .poll(() => {
        writeFileSync(join(root, 'excluded/file'), `${Math.random()}\n`);
        return checks;
      })
      .toBeGreaterThan(before + 1);
    stop.abort();
    await watching;
  });
});
