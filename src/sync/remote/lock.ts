/**
 * A lock on the other side, by means of rsync alone: it works with restricted keys and with every rsync server.
 *
 * The lock is a symlink in the root of the remote folder, whose target says who holds it. To take it is to send it with
 * `--ignore-existing`: symlink(2) makes a new name or fails, so that of two senders one gets through, and the report
 * `cL+++++++++` tells which. It is sent without times: its time is the server's own, and so is the time of the second
 * link that is made to learn what the time is there. The holder sends it anew, with another number in its target, every
 * RENEWAL seconds; one that has not been for LEASE seconds belongs to nobody any more.
 */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TransferResult } from '../../client/transfer-request.ts';
import { type ByteString, fromText, toText } from '../../core/bytes.ts';
import { EXIT, RsyncError } from '../../core/errors.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import { Complaints } from './complaints.ts';
import type { Remote, RemoteRun } from './remote.ts';

export const LOCK_NAME = '.rsyncjs-lock';
/** Held while a lock without an owner is taken away: of two that want to, one may. */
const BREAK_NAME = '.rsyncjs-lock.break';
/** Seconds between two renewals by the holder, and after which a lock that was not renewed is nobody's. */
export const RENEWAL = 30;
export const LEASE = 120;
/** openrsync speaks an older one, and rsync has spoken this one since 2008. */
const LEAST_PROTOCOL = 30;
/** `cL+++++++++`: a local change, and new: docs/protocol/3-transfer.md, 2.1. */
const CREATED = 0x6000;

/** EEXIST has this number on every system, whatever its words are. */
const EXISTS = /\(17\)$/;

/** Who holds a lock. */
export interface LockOwner {
  token: string;
  host: string;
  user: string;
  pid: number;
  /** Milliseconds since 1970, by the owner's clock. */
  started: number;
}

/** Both names stay out of every transfer. */
export const LOCK_RULES: readonly FilterArgument[] = [LOCK_NAME, BREAK_NAME].map((name) => ({
  kind: 'exclude',
  text: fromText(`/${name}`),
}));

interface Seen {
  owner: LockOwner | undefined;
  /** The whole target: it changes with each renewal. */
  target: string;
  /** Seconds since 1970, by the server's clock. */
  mtime: number;
}

export interface LockClock {
  now(): number;
  /** Calls `work` every `ms`, until the returned function is called. */
  every(ms: number, work: () => void): () => void;
}

const SYSTEM_CLOCK: LockClock = {
  now: () => Date.now(),
  every: (ms, work) => {
    const timer = setInterval(work, ms).unref();
    return () => clearInterval(timer);
  },
};

export interface LockTerms {
  clock?: LockClock;
  /** Tokens of this machine whose owners are known to have died: their lock is taken over at once. Default: none. */
  dead?: ReadonlySet<string>;
  /** Told, once, if somebody else holds it at a renewal: this machine was asleep for longer than LEASE. */
  onLost?: () => void;
}

export class RemoteLock {
  readonly #remote: Remote;
  readonly #owner: LockOwner;
  readonly #clock: LockClock;
  readonly #dead: ReadonlySet<string>;
  readonly #onLost: () => void;
  #renewals = 0;
  /** When it was known for certain to be ours, by our clock. */
  #confirmed = 0;
  #stop: (() => void) | undefined;
  /** The renewal under way: whoever releases waits for it. */
  #renewing: Promise<unknown> = Promise.resolve();

  private constructor(
    remote: Remote,
    owner: LockOwner,
    { clock = SYSTEM_CLOCK, dead = new Set(), onLost = () => {} }: LockTerms,
  ) {
    this.#remote = remote;
    this.#owner = owner;
    this.#clock = clock;
    this.#dead = dead;
    this.#onLost = onLost;
  }

  /**
   * Takes the lock, from an owner that has not renewed it for LEASE seconds if need be.
   * @throws RsyncError RSYNC_BUSY, exit 41: somebody holds it; RSYNC_UNSUPPORTED, exit 4: a server that may not keep to the
   *   rules by which a single name is deleted; and as a transfer
   */
  static async take(remote: Remote, owner: LockOwner, terms: LockTerms = {}): Promise<RemoteLock> {
    const lock = new RemoteLock(remote, owner, terms);
    lock.#confirmed = lock.#clock.now();
    const { seen, protocol } = await look(remote, LOCK_NAME);
    if (protocol < LEAST_PROTOCOL && !remote.isProtocolChosen) throw unknownServer(remote.location, protocol);
    if (seen !== undefined || !(await lock.#create(LOCK_NAME))) await lock.#takeOver();
    lock.#stop = lock.#clock.every(RENEWAL * 1000, () => lock.#renew());
    return lock;
  }

  /** Who holds the lock of a remote folder now; undefined: nobody. */
  static async holder(remote: Remote): Promise<LockOwner | undefined> {
    return (await see(remote, LOCK_NAME))?.owner;
  }

  /**
   * Gives it back. Somebody else's, that took it over meanwhile, stays.
   * @param remote  another connection, if that of the lock is gone
   */
  async release(remote = this.#remote): Promise<void> {
    this.#stop?.();
    await this.#renewing;
    // So soon nobody may take it over: then it need not be looked at.
    const age = this.#clock.now() - this.#confirmed;
    const isOurs = age >= 0 && age < (LEASE / 2) * 1000;
    if (isOurs || (await see(remote, LOCK_NAME))?.owner?.token === this.#owner.token) {
      await removeNames(remote, [LOCK_NAME]);
    }
  }

  async #takeOver(): Promise<void> {
    const first = await see(this.#remote, LOCK_NAME);
    // It was given back in this moment.
    if (first === undefined) {
      if (await this.#create(LOCK_NAME)) return;
      throw busy(await see(this.#remote, LOCK_NAME), undefined);
    }
    if (!(await this.#create(BREAK_NAME))) await this.#expireBreak(first);
    try {
      const [lock, now] = await Promise.all([see(this.#remote, LOCK_NAME), see(this.#remote, BREAK_NAME)]);
      const age = lock === undefined || now === undefined ? undefined : now.mtime - lock.mtime;
      const isOwn = this.#dead.has(lock?.owner?.token ?? '');
      const isDead = age !== undefined && (age >= LEASE || isOwn) && lock?.target === first.target;
      if (lock !== undefined && !isDead) throw busy(lock, age);
      if (lock !== undefined) await removeNames(this.#remote, [LOCK_NAME]);
      if (!(await this.#create(LOCK_NAME))) throw busy(await see(this.#remote, LOCK_NAME), undefined);
    } finally {
      await removeNames(this.#remote, [BREAK_NAME]);
    }
  }

  /** Another one was taking the lock away, and perhaps died over it: its own link says how long ago. */
  async #expireBreak(lock: Seen): Promise<void> {
    const seen = await see(this.#remote, BREAK_NAME);
    const isOld = seen?.owner !== undefined && this.#clock.now() - seen.owner.started > 10 * LEASE * 1000;
    if (!isOld) throw busy(lock, undefined);
    await removeNames(this.#remote, [BREAK_NAME]);
    if (!(await this.#create(BREAK_NAME))) throw busy(lock, undefined);
  }

  #renew(): void {
    // A renewal that fails says nothing: the transfer itself will, if the connection is gone.
    this.#renewing = this.#renewing.then(() => this.#renewIfOurs()).catch(() => {});
  }

  /** To send it over that of an heir would leave two holders. */
  async #renewIfOurs(): Promise<void> {
    const now = this.#clock.now();
    const seen = await see(this.#remote, LOCK_NAME);
    if (seen?.owner?.token === this.#owner.token) {
      this.#renewals++;
      if ((await this.#send(LOCK_NAME, [])).exitCode === EXIT.OK) this.#confirmed = now;
      return;
    }
    // One that somebody has taken away by hand is made anew.
    if (seen === undefined && (await this.#create(LOCK_NAME))) return;
    this.#stop?.();
    this.#onLost();
  }

  /**
   * True: it was not there, and it is this one.
   * @throws RsyncError RSYNC_FILE_IO: it is not there and can not be made; and as a transfer
   */
  async #create(name: string): Promise<boolean> {
    let created = false;
    const complaints = new Complaints();
    const { exitCode } = await this.#send(name, ['--ignore-existing'], (event) => {
      if (event.type === 'item' && (event.iflags & CREATED) === CREATED) created = true;
      complaints.hear(event);
    });
    // Servers tell of another one that was quicker in this very moment as an error; it may be gone again already.
    const { lines } = complaints;
    const isLate = lines.some((line) => EXISTS.test(line));
    if (exitCode === EXIT.OK || created || isLate) return created;
    if ((await see(this.#remote, name)) !== undefined) return false;
    throw new RsyncError(
      'RSYNC_FILE_IO',
      `no lock can be made in ${this.#remote.location}: ${lines[0] ?? ''}`,
      {
        exitCode,
        origin: 'remote',
        path: this.#remote.location,
        hint: 'The folder must be writable, and the lock is a symlink.',
      },
    );
  }

  async #send(
    name: string,
    words: readonly string[],
    onEvent?: RemoteRun['onEvent'],
  ): Promise<TransferResult> {
    const folder = mkdtempSync(join(tmpdir(), 'rsyncjs-lock-'));
    try {
      symlinkSync(ownerText(this.#owner, this.#renewals), join(folder, name));
      return await this.#remote.push(join(folder, name), {
        words: ['--links', ...words],
        ...(onEvent === undefined ? {} : { onEvent }),
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** Deletes these names in the root of the remote folder, and nothing else. */
async function removeNames(remote: Remote, names: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rsyncjs-lock-'));
  const rules: FilterArgument[] = [
    ...names.map((name): FilterArgument => ({ kind: 'filter', text: fromText(`R /${name}`) })),
    { kind: 'filter', text: 'P *' },
  ];
  try {
    await remote.push(`${folder}/`, { words: ['--dirs', '--delete'], rules });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function see(remote: Remote, name: string): Promise<Seen | undefined> {
  return (await look(remote, name)).seen;
}

async function look(remote: Remote, name: string): Promise<{ seen: Seen | undefined; protocol: number }> {
  let found: Seen | undefined;
  const { protocol } = await remote.list({
    words: ['--dirs', '--links'],
    rules: [
      { kind: 'include', text: fromText(`/${name}`) },
      { kind: 'exclude', text: '*' },
    ],
    onEvent: (event) => {
      if (event.type !== 'listed' || event.entry.name !== (name as ByteString)) return;
      const target = toText(event.entry.target ?? '');
      found = { owner: parseOwner(target), target, mtime: event.entry.mtime };
    },
  });
  return { seen: found, protocol };
}

/** What is lost if a server takes no notice of `P` and `R` rules is everything else in the folder. */
function unknownServer(location: string, protocol: number): RsyncError {
  return new RsyncError(
    'RSYNC_UNSUPPORTED',
    `${location}: its server speaks protocol ${protocol}, as openrsync does, which may delete more than it is told`,
    {
      exitCode: EXIT.UNSUPPORTED,
      origin: 'remote',
      path: location,
      hint: 'Install rsync 3 or rsyncjs there. If it is an old rsync and no openrsync, SYNC_OPTIONS=--protocol=29 says so.',
    },
  );
}

/** `v1:TOKEN:RENEWALS:STARTED:PID:USER@HOST`. */
function ownerText({ token, host, user, pid, started }: LockOwner, renewals: number): string {
  return `v1:${token}:${renewals}:${started}:${pid}:${user}@${host}`;
}

function parseOwner(target: string): LockOwner | undefined {
  const found =
    /^(?:\/rsyncd-munged\/)?v1:([\w-]{1,64}):\d{1,9}:(\d{1,15}):(\d{1,10}):([^@]{0,64})@(.{0,255})$/s.exec(
      target,
    );
  if (found === null) return undefined;
  const [, token = '', started, pid, user = '', host = ''] = found;
  return { token, host, user, pid: Number(pid), started: Number(started) };
}

function busy(seen: Seen | undefined, age: number | undefined): RsyncError {
  const { owner } = seen ?? {};
  const who = owner === undefined ? 'somebody' : `${owner.user}@${owner.host} (process ${owner.pid})`;
  const when = age === undefined ? '' : `, which renewed it ${Math.max(0, age)} seconds ago`;
  return new RsyncError('RSYNC_BUSY', `the remote folder is locked by ${who}${when}`, {
    exitCode: EXIT.BUSY,
    origin: 'remote',
    hint: `Try again when that run is over. A lock whose owner has died is taken over ${LEASE} seconds after its last sign of life.`,
  });
}
