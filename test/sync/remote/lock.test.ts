/** The lock on the other side, with every rsync there is as its server, and ours. */
import {
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isRsyncError, type RsyncError } from '../../../src/core/errors.ts';
import { LEASE, type LockOwner, RemoteLock } from '../../../src/sync/remote/lock.ts';
import { LockTickets, ticketName } from '../../../src/sync/remote/lock-tickets.ts';
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
  /** Names of the tickets that are there. */
  const tickets = () => readdirSync(folder).filter((entry) => entry !== 'file');
  const tokens = () => tickets().map((entry) => entry.split(',')[2]);
  let remote: Remote;
  /** Renewals happen when the test says so. */
  let renew = (): void => {};
  const clock = {
    now: () => Date.now(),
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
    for (const ticket of tickets()) lutimesSync(join(folder, ticket), then, then);
  };

  it('is there until it is released, and touches nothing else', async () => {
    const before = statSync(folder).mode;
    const held = await RemoteLock.take(remote, owner('one'), { clock });
    expect(tickets()).toEqual([expect.stringMatching(/^\.rsyncjs-lock,v1,one,\d+,4711,anna@laptop$/)]);
    expect(readFileSync(join(folder, tickets()[0]!), 'utf8')).toContain('anna@laptop is pushing');
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
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
    expect(tokens()).toEqual([['one', 'two', 'three', 'four', 'five'][winner]]);
  });

  it('is taken over from an owner that is gone for long, not from one that renews it', async () => {
    await RemoteLock.take(remote, owner('dead'), { clock });
    age(LEASE - 30);
    expect((await refusal(RemoteLock.take(remote, owner('early'), { clock }))).code).toBe('RSYNC_BUSY');
    age(LEASE + 30);
    const heir = await RemoteLock.take(remote, owner('heir'), { clock });
    expect(await RemoteLock.holder(remote)).toMatchObject({ token: 'heir' });
    expect(tokens()).toEqual(['heir']);
    await heir.release();
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('a renewal makes it younger', async () => {
    const held = await RemoteLock.take(remote, owner('one'), { clock });
    age(LEASE + 30);
    renew();
    const seconds = () => Date.now() / 1000 - statSync(join(folder, tickets()[0]!)).mtimeMs / 1000;
    await expect.poll(seconds, { timeout: 30_000 }).toBeLessThan(60);
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
    expect(tokens()).toEqual(['one']);
    await held.release();
  });

  it('one that somebody else has taken over is not released by its former owner', async () => {
    const held = await RemoteLock.take(remote, owner('slow'), { clock });
    age(LEASE + 30);
    const heir = await RemoteLock.take(remote, owner('heir'), { clock });
    await held.release();
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
    expect(tokens()).toEqual(['heir']);
    await heir.release();
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('one of an owner who is known to have died is taken over at once', async () => {
    await RemoteLock.take(remote, owner('dead'), { clock });
    expect(
      (await refusal(RemoteLock.take(remote, owner('one'), { clock, dead: new Set(['other']) }))).code,
    ).toBe('RSYNC_BUSY');
    const heir = await RemoteLock.take(remote, owner('heir'), { clock, dead: new Set(['dead']) });
    expect(tokens()).toEqual(['heir']);
    await heir.release();
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('one that somebody has taken away by hand is put up again, if nobody else has come', async () => {
    const told: string[] = [];
    const held = await RemoteLock.take(remote, owner('one'), { clock, onLost: () => told.push('lost') });
    removeTree(join(folder, tickets()[0]!));
    renew();
    await expect.poll(tokens, { timeout: 30_000 }).toEqual(['one']);
    await held.release();
    expect([told, readdirSync(folder)]).toEqual([[], ['file']]);
  });

  it('of two that came at once the first waits for the other one to go, and the other goes', async () => {
    // Later by its time, and not gone at once: it was looking when this one came.
    const later = { ...owner('later'), started: Date.now() };
    const path = join(folder, ticketName(later));
    writeFileSync(path, '');
    lutimesSync(path, Date.now() / 1000 + 60, Date.now() / 1000 + 60);
    const taking = RemoteLock.take(remote, owner('first'), { clock });
    await expect.poll(tokens, { timeout: 30_000 }).toEqual(['first', 'later']);
    removeTree(path);
    await (await taking).release();
    writeFileSync(path, '');
    lutimesSync(path, Date.now() / 1000 + 60, Date.now() / 1000 + 60);
    // It stays: so it has the lock.
    expect((await refusal(RemoteLock.take(remote, owner('first'), { clock }))).code).toBe('RSYNC_BUSY');
    expect(tokens()).toEqual(['later']);
  });

  it('what is no ticket says nothing and is not touched', async () => {
    const others = ['', ',v1,a', ',v2,a,1,1,a@b', ',v1,a b,1,1,a@b', ',v1,a,x,1,a@b', '.break'];
    for (const other of others) symlinkSync('somewhere', join(folder, `.rsyncjs-lock${other}`));
    const before = readdirSync(folder).sort();
    await (await RemoteLock.take(remote, owner('one'), { clock })).release();
    expect(readdirSync(folder).sort()).toEqual(before);
    expect(await RemoteLock.holder(remote)).toBeUndefined();
  });

  it('names of people and hosts may be anything', async () => {
    const odd = { ...owner('odd'), user: 'jos\u00e9 @,*?[/\\', host: `${'x'.repeat(300)}:\u4e2d` };
    const held = await RemoteLock.take(remote, odd, { clock });
    expect(await RemoteLock.holder(remote)).toMatchObject({ user: odd.user, host: 'x'.repeat(80) });
    expect(tickets()[0]).toMatch(/^[\w.,%@-]+$/);
    await held.release();
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('a dead one that can not be taken away keeps others out', async () => {
    await RemoteLock.take(remote, owner('dead'), { clock });
    age(LEASE + 30);
    const keeping = join(base, 'keeping');
    // Whatever is to be deleted stays.
    const program = peer === 'ours' ? '' : peer.path;
    writeFileSync(keeping, `#!/bin/sh\nshift; exec '${program}' --server "$@" --max-delete=-1\n`, {
      mode: 0o755,
    });
    const other = new Remote({
      location: `host:${folder}`,
      words: ['-e', fakeShell(base, peer), `--rsync-path=${keeping}`],
      env: { ...process.env, HOME: base },
    });
    const error = await refusal(RemoteLock.take(other, owner('heir'), { clock }));
    expect([error.code, error.exitCode]).toEqual(['RSYNC_FILE_IO', 23]);
    expect(error.message).toMatch(/no lock can be made in .*,dead,.* can not be deleted$/);
    expect(new Set((await new LockTickets(remote).see()).tickets.map(({ owner: of }) => of.token))).toEqual(
      new Set(['dead', 'heir']),
    );
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
