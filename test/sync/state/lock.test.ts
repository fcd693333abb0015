import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isRsyncError } from '../../../src/core/errors.ts';
import { cleanUp } from '../../../src/files/cleanup.ts';
import { type LockResult, releaseAllLocks, requireLock, takeLock } from '../../../src/sync/state/lock.ts';
import { judgeOwner, ownerHere, parseOwner } from '../../../src/sync/state/lock-owner.ts';
import { type Processes, systemProcesses } from '../../../src/sync/state/processes.ts';
import { temporaryFolder } from '../../support/peers.ts';

const NOW = new Date('2026-01-02T03:04:05Z');

/** A machine with some processes: their numbers and when each was started. */
function machine(pid: number, alive: Record<number, string>, more: Partial<Processes> = {}): Processes {
  return {
    pid,
    host: 'desk',
    boot: 'boot-1 pid:[1]',
    bootedAt: NOW.getTime() - 3_600_000,
    isAlive: (each) => each in alive,
    startOf: (each) => alive[each],
    ...more,
  };
}

function take(path: string, processes: Processes, purpose = 'pull'): LockResult {
  return takeLock(path, { purpose, processes, now: () => NOW });
}

function taken(result: LockResult) {
  if (result.kind !== 'held') throw new Error(`busy: ${result.owner?.pid}`);
  return result.lock;
}

const fresh = () => join(temporaryFolder(), 'state', 'p.lock');

afterEach(() => releaseAllLocks());

describe('a lock', () => {
  it('regression 22: held by a live process is busy, and says by whom', () => {
    const path = fresh();
    const both = { 10: 'a', 11: 'b' };
    const lock = taken(take(path, machine(10, both)));
    expect(lock.takenOver).toBeUndefined();
    expect(take(path, machine(11, both))).toMatchObject({
      kind: 'busy',
      owner: { pid: 10, purpose: 'pull' },
    });
    let thrown: unknown;
    try {
      requireLock(path, { purpose: 'push', processes: machine(11, both) });
    } catch (error) {
      thrown = error;
    }
    if (!isRsyncError(thrown)) throw thrown;
    expect([thrown.code, thrown.exitCode, thrown.message, thrown.hint]).toEqual([
      'RSYNC_BUSY',
      41,
      'locked by process 10 on desk (pull, since 2026-01-02T03:04:05.000Z)',
      'Wait until it is done, or end it.',
    ]);
    lock.release();
    lock.release();
    expect(readdirSync(dirname(path))).toEqual([]);
    taken(take(path, machine(11, both)));
  });

  it('regression 22: of a dead process, a number used again, or a machine started anew, is taken over', () => {
    const stories: [Processes, string][] = [
      [machine(11, { 11: 'b' }), 'process 10 is gone'],
      [machine(11, { 10: 'c', 11: 'b' }), 'process 10 is another one now'],
      [machine(11, { 10: 'a', 11: 'b' }, { boot: 'boot-2 pid:[1]' }), 'the machine was started anew since'],
    ];
    for (const [later, why] of stories) {
      const path = fresh();
      take(path, machine(10, { 10: 'a' }));
      const lock = taken(take(path, later));
      expect(lock.takenOver).toMatchObject({ owner: { pid: 10 }, why });
      expect(parseOwner(readFileSync(path, 'utf8'))?.pid).toBe(11);
      expect(readdirSync(dirname(path))).toEqual(['p.lock']);
    }
  });

  it('of another machine, or another container, is busy, with a hint', () => {
    for (const more of [{ host: 'laptop' }, { boot: 'boot-1 pid:[2]' }]) {
      const path = fresh();
      take(path, machine(10, { 10: 'a' }));
      const result = take(path, machine(11, { 11: 'b' }, more));
      expect(result).toMatchObject({ kind: 'busy', elsewhere: true });
      expect(() => requireLock(path, { purpose: 'x', processes: machine(11, {}, more) })).toThrow(
        expect.objectContaining({ hint: expect.stringContaining(`remove ${path}`) }),
      );
    }
  });

  it('without a boot id is judged by when the machine was started', () => {
    const bare = { boot: undefined, startOf: () => undefined };
    const owner = ownerHere(machine(10, { 10: 'a' }, bare), '0'.repeat(32), NOW, 'pull');
    expect(owner).not.toHaveProperty('boot');
    const started = (seconds: number) =>
      judgeOwner(owner, machine(11, { 10: 'a' }, { ...bare, bootedAt: NOW.getTime() + seconds * 1000 })).kind;
    expect([started(-3600), started(60), started(600)]).toEqual(['alive', 'alive', 'dead']);
    expect(judgeOwner(owner, machine(11, { 10: 'a' }, { ...bare, bootedAt: undefined })).kind).toBe('alive');
  });

  it('that is just being written is busy; one that was never written is taken over', () => {
    const path = fresh();
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
    const processes = machine(11, { 11: 'b' });
    expect(take(path, processes)).toMatchObject({ kind: 'busy', owner: undefined });
    utimesSync(path, NOW, NOW);
    expect(taken(take(path, processes)).takenOver).toMatchObject({
      owner: undefined,
      why: 'it names no owner',
    });
  });

  it('that can not be read is busy, however old it is', () => {
    const path = fresh();
    mkdirSync(path, { recursive: true });
    utimesSync(path, NOW, NOW);
    expect(take(path, machine(11, { 11: 'b' }))).toMatchObject({ kind: 'busy', owner: undefined });
  });

  it('has one winner among two who take it over', () => {
    const path = fresh();
    take(path, machine(10, { 10: 'a' }));
    // The second comes while the first has the right to take over, and has not yet used it.
    let second: LockResult | undefined;
    let looks = 0;
    const later = machine(11, { 11: 'b', 12: 'c' });
    const first = take(path, {
      ...later,
      isAlive: (pid) => {
        if (pid === 10 && ++looks === 2) second = take(path, machine(12, { 11: 'b', 12: 'c' }));
        return later.isAlive(pid);
      },
    });
    expect(second).toMatchObject({ kind: 'busy' });
    expect(taken(first).owner.pid).toBe(11);
    expect(parseOwner(readFileSync(path, 'utf8'))?.pid).toBe(11);
  });

  it('that was taken over by somebody quicker is not touched', () => {
    const path = fresh();
    take(path, machine(10, { 10: 'a' }));
    // Between the look of the first and its right, the second has taken it over and given the right back.
    let second: LockResult | undefined;
    const later = machine(11, { 11: 'b', 12: 'c' });
    const first = take(path, {
      ...later,
      isAlive: (pid) => {
        if (pid === 10) second ??= take(path, machine(12, { 11: 'b', 12: 'c' }));
        return later.isAlive(pid);
      },
    });
    expect(taken(second!).owner.pid).toBe(12);
    expect(first).toMatchObject({ kind: 'busy', owner: { pid: 12 } });
    expect(parseOwner(readFileSync(path, 'utf8'))?.pid).toBe(12);
    expect(readdirSync(dirname(path))).toEqual(['p.lock']);
  });

  it('whose taker died in the middle is taken over all the same', () => {
    const path = fresh();
    const dead = taken(take(path, machine(10, { 10: 'a' })));
    const right = `${path}.${dead.owner.token}`;
    take(right, machine(13, { 13: 'x' }));
    expect(taken(take(path, machine(11, { 11: 'b' }))).owner.pid).toBe(11);
    expect(existsSync(right)).toBe(false);
  });

  it('is not released by who lost it', () => {
    const path = fresh();
    const lock = taken(take(path, machine(10, { 10: 'a' })));
    taken(take(path, machine(11, { 11: 'b' })));
    lock.release();
    expect(parseOwner(readFileSync(path, 'utf8'))?.pid).toBe(11);
  });

  it('and all others of this process go at its end', () => {
    const paths = [fresh(), fresh()];
    for (const path of paths) take(path, machine(10, { 10: 'a' }));
    // What a signal and the end of the process do, whatever else they clean.
    cleanUp();
    expect(paths.map((path) => existsSync(path))).toEqual([false, false]);
  });

  it('that can not be made is a typed error', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(() => takeLock(join(folder, 'file', 'p.lock'), { purpose: 'x' })).toThrow(
      expect.objectContaining({ code: 'RSYNC_FILE_IO', exitCode: 11 }),
    );
  });

  it('whose file says something else names no owner', () => {
    const good = JSON.stringify(ownerHere(machine(10, { 10: 'a' }), 'a'.repeat(32), NOW, 'pull'));
    expect(parseOwner(good)).toMatchObject({ pid: 10 });
    for (const [from, to] of [
      ['"pid":10', '"pid":-1'],
      ['"pid":10', '"pid":"10"'],
      ['a'.repeat(32), '../../etc/passwd'],
      [NOW.toISOString(), 'then'],
      ['"host":"desk",', ''],
    ] as const) {
      expect(good).toContain(from);
      expect(parseOwner(good.replace(from, to))).toBeUndefined();
    }
    for (const text of ['', 'null', '[]', '{"token"']) expect(parseOwner(text)).toBeUndefined();
  });
});

describe('the processes of this system', () => {
  it('are alive or not, and this one is', () => {
    const here = systemProcesses();
    expect(here.isAlive(process.pid)).toBe(true);
    // Beyond what any system numbers its processes with.
    expect(here.isAlive(2 ** 30 - 1)).toBe(false);
    expect(here.startOf(2 ** 30 - 1)).toBeUndefined();
    const path = fresh();
    const lock = requireLock(path, { purpose: 'test' });
    expect(takeLock(path, { purpose: 'test' })).toMatchObject({ kind: 'busy', owner: { pid: process.pid } });
    lock.release();
    if (process.platform !== 'linux') return;
    expect(here.boot).toMatch(/^[0-9a-f-]{36} pid:\[\d+\]$/);
    expect(here.startOf(process.pid)).toMatch(/^\d+$/);
  });
});
