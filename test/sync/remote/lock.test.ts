/** The lock on the other side, with every rsync there is as its server, and ours. */
import {
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isRsyncError, type RsyncError } from '../../../src/core/errors.ts';
import { LEASE, type LockOwner, RemoteLock } from '../../../src/sync/remote/lock.ts';
import { Remote } from '../../../src/sync/remote/remote.ts';
import { fakeShell, newestPeer, requirePeers, temporaryFolder } from '../../support/peers.ts';
import { removeTree } from '../../support/tree.ts';

const found = requirePeers();
const base = temporaryFolder('lock');
afterAll(() => removeTree(base));

const owner = (token: string): LockOwner => ({
  token,
  host: 'laptop',
  user: 'anna',
  pid: 4711,
  started: Date.now(),
});

async function refusal(promise: Promise<unknown>): Promise<RsyncError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isRsyncError(error)) throw new Error(`expected an RsyncError, got ${String(error)}`);
  return error;
}

const servers = found.length === 0 ? [] : ([found[0]!, newestPeer(), 'ours'] as const);

describe.skipIf(process.platform === 'win32').each(
  servers.map((peer) => ({
    name: peer === 'ours' ? peer : peer.version,
    peer,
  })),
)('a lock on a server of rsync $name', ({ name, peer }) => {
  const folder = join(base, `at-${name}`);
  const lock = join(folder, '.rsyncjs-lock');
  let remote: Remote;
  /** Renewals happen when the test says so. */
  let renew = (): void => {};
  /** Milliseconds that the clock of a test is ahead. */
  let ahead = 0;
  const clock = {
    now: () => Date.now() + ahead,
    every: (_ms: number, work: () => void) => {
      renew = work;
      return () => {};
    },
  };

  beforeAll(() => {
    const shell = fakeShell(base, peer);
    remote = new Remote({
      location: `host:${folder}`,
      words: ['-e', shell],
      env: { ...process.env, HOME: base },
    });
  });

  beforeEach(() => {
    removeTree(folder);
    mkdirSync(folder);
    writeFileSync(join(folder, 'file'), 'stays\n');
  });

  /** As if its owner had died so many seconds ago. */
  const age = (seconds: number): void => {
    const then = Date.now() / 1000 - seconds;
    lutimesSync(lock, then, then);
  };

  it('is there until it is released, and touches nothing else', async () => {
    const before = statSync(folder).mode;
    const held = await RemoteLock.take(remote, owner('one'), { clock });
    expect(readlinkSync(lock)).toMatch(/^v1:one:0:\d+:4711:anna@laptop$/);
    expect(await RemoteLock.holder(remote)).toMatchObject({
      token: 'one',
      host: 'laptop',
      user: 'anna',
      pid: 4711,
    });
    await held.release();
    expect(readdirSync(folder)).toEqual(['file']);
    expect(statSync(folder).mode).toBe(before);
    expect(await RemoteLock.holder(remote)).toBeUndefined();
  });

  it('of many that want it at once one has it', async () => {
    const tries = ['one', 'two', 'three', 'four', 'five'].map((token) =>
      RemoteLock.take(remote, owner(token), { clock }),
    );
    const outcomes = await Promise.allSettled(tries);
    const winners = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(winners).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'RSYNC_BUSY' });
    }
    const token = /^v1:(\w+):/.exec(readlinkSync(lock))?.[1];
    expect(outcomes.findIndex(({ status }) => status === 'fulfilled')).toBe(
      ['one', 'two', 'three', 'four', 'five'].indexOf(token ?? ''),
    );
  });

  it('is taken over from an owner that is gone for long, not from one that renews it', async () => {
    await RemoteLock.take(remote, owner('dead'), { clock });
    age(LEASE - 30);
    expect((await refusal(RemoteLock.take(remote, owner('early'), { clock }))).code).toBe('RSYNC_BUSY');
    age(LEASE + 30);
    const heir = await RemoteLock.take(remote, owner('heir'), { clock });
    expect(await RemoteLock.holder(remote)).toMatchObject({ token: 'heir' });
    expect(readdirSync(folder).sort()).toEqual(['.rsyncjs-lock', 'file']);
    await heir.release();
  });

  it('a renewal makes it younger', async () => {
    const held = await RemoteLock.take(remote, owner('one'), { clock });
    age(LEASE + 30);
    renew();
    await expect.poll(() => readlinkSync(lock), { timeout: 30_000 }).toMatch(/^v1:one:1:/);
    expect(Date.now() / 1000 - lstatSync(lock).mtimeMs / 1000).toBeLessThan(60);
    expect((await refusal(RemoteLock.take(remote, owner('two'), { clock }))).code).toBe('RSYNC_BUSY');
    await held.release();
    expect(readdirSync(folder)).toEqual(['file']);
  });

  // What follows from who holds it is the same with every server.
  if (name !== newestPeer().version) return;

  it('keeps another one out, who is told of its owner', async () => {
    const held = await RemoteLock.take(remote, owner('one'), { clock });
    const error = await refusal(RemoteLock.take(remote, owner('two'), { clock }));
    expect([error.code, error.exitCode]).toEqual(['RSYNC_BUSY', 41]);
    expect(error.message).toMatch(/anna@laptop \(process 4711\), which renewed it \d seconds ago/);
    expect(readdirSync(folder).sort()).toEqual(['.rsyncjs-lock', 'file']);
    await held.release();
  });

  it('one that somebody else has taken over is not released by its former owner', async () => {
    const held = await RemoteLock.take(remote, owner('slow'), { clock });
    age(LEASE + 30);
    const heir = await RemoteLock.take(remote, owner('heir'), { clock });
    ahead = (LEASE + 30) * 1000;
    await held.release();
    ahead = 0;
    expect(await RemoteLock.holder(remote)).toMatchObject({ token: 'heir' });
    await heir.release();
  });

  it('one that somebody else has taken over is not renewed by its former owner, who is told', async () => {
    const told: string[] = [];
    await RemoteLock.take(remote, owner('slow'), { clock, onLost: () => told.push('lost') });
    const renewSlow = renew;
    age(LEASE + 30);
    const heir = await RemoteLock.take(remote, owner('heir'), { clock });
    renewSlow();
    await expect.poll(() => told, { timeout: 30_000 }).toEqual(['lost']);
    expect(readlinkSync(lock)).toMatch(/^v1:heir:0:/);
    await heir.release();
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('one of an owner who is known to have died is taken over at once', async () => {
    await RemoteLock.take(remote, owner('dead'), { clock });
    expect(
      (await refusal(RemoteLock.take(remote, owner('one'), { clock, dead: new Set(['other']) }))).code,
    ).toBe('RSYNC_BUSY');
    const heir = await RemoteLock.take(remote, owner('heir'), { clock, dead: new Set(['dead']) });
    expect(readlinkSync(lock)).toMatch(/^v1:heir:/);
    await heir.release();
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('something else under its name is not touched', async () => {
    symlinkSync('somewhere', lock);
    expect((await refusal(RemoteLock.take(remote, owner('one'), { clock }))).message).toContain(
      'locked by somebody',
    );
    expect(readlinkSync(lock)).toBe('somewhere');
  });

  it('a server of protocol 29 is not told to delete, unless a person has chosen that protocol', async () => {
    const shell = fakeShell(base, peer);
    const settings = { location: `host:${folder}`, env: { ...process.env, HOME: base } };
    const older = join(base, 'older');
    const program = peer === 'ours' ? '' : peer.path;
    writeFileSync(older, `#!/bin/sh\nshift; exec '${program}' --server --protocol=29 "$@"\n`, {
      mode: 0o755,
    });
    const unknown = new Remote({ ...settings, words: ['-e', shell, `--rsync-path=${older}`] });
    const error = await refusal(RemoteLock.take(unknown, owner('one'), { clock }));
    expect([error.code, error.exitCode]).toEqual(['RSYNC_UNSUPPORTED', 4]);
    expect(error.message).toContain('speaks protocol 29, as openrsync does');
    expect(readdirSync(folder)).toEqual(['file']);
    const chosen = new Remote({ ...settings, words: ['-e', shell, '--protocol=29'] });
    await (await RemoteLock.take(chosen, owner('chosen'), { clock })).release();
    expect(readdirSync(folder)).toEqual(['file']);
  });
});
