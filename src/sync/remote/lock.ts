/**
 * A lock on the other side, by means of rsync alone: it works with restricted keys, with every rsync server, and on every
 * file system.
 *
 * Who wants it puts up a ticket and then looks; it has the lock if there is no ticket but its own. Of two that want it at
 * once the one that came later sees the other's, so that never both go on: nothing has to be made exclusively, which rsync
 * can do with symlinks alone, and Windows can not. The holder renews its ticket every RENEWAL seconds; one that has not been
 * for LEASE seconds, by the server's clock, belongs to nobody any more.
 */
import { EXIT, RsyncError } from '../../core/errors.ts';
import { type LockOwner, LockTickets, type Ticket, ticketName } from './lock-tickets.ts';
import type { Remote } from './remote.ts';

export type { LockOwner } from './lock-tickets.ts';

/** Seconds between two renewals by the holder, and after which a lock that was not renewed is nobody's. */
export const RENEWAL = 30;
export const LEASE = 120;
/** openrsync speaks an older one, and rsync has spoken this one since 2008. */
const LEAST_PROTOCOL = 30;
/** Of two that came at once the first waits until the other one has gone: looks, and milliseconds between them. */
const PATIENCE = { looks: 8, pause: 250 };

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
  readonly #tickets: LockTickets;
  readonly #owner: LockOwner;
  readonly #dead: ReadonlySet<string>;
  readonly #onLost: () => void;
  #stop: (() => void) | undefined;
  /** The renewal under way: whoever releases waits for it. */
  #renewing: Promise<unknown> = Promise.resolve();

  private constructor(remote: Remote, owner: LockOwner, { dead = new Set(), onLost = () => {} }: LockTerms) {
    this.#remote = remote;
    this.#tickets = new LockTickets(remote);
    this.#owner = owner;
    this.#dead = dead;
    this.#onLost = onLost;
  }

  /**
   * Takes the lock, from an owner that has not renewed it for LEASE seconds if need be.
   * @throws RsyncError RSYNC_BUSY, exit 41: somebody holds it; RSYNC_UNSUPPORTED, exit 4: a server that may not keep to the
   *   rules by which a single name is deleted; RSYNC_FILE_IO: nothing can be written there; and as a transfer
   */
  static async take(remote: Remote, owner: LockOwner, terms: LockTerms = {}): Promise<RemoteLock> {
    const lock = new RemoteLock(remote, owner, terms);
    const { protocol } = await lock.#tickets.see();
    if (protocol < LEAST_PROTOCOL && !remote.isProtocolChosen) throw unknownServer(remote.location, protocol);
    await lock.#claim();
    const { clock = SYSTEM_CLOCK } = terms;
    lock.#stop = clock.every(RENEWAL * 1000, () => lock.#renew());
    return lock;
  }

  /** Who holds the lock of a remote folder now, or did until it died; undefined: nobody. */
  static async holder(remote: Remote): Promise<LockOwner | undefined> {
    return (await new LockTickets(remote).see()).tickets[0]?.owner;
  }

  /**
   * Gives it back. Somebody else's, that took it over meanwhile, stays.
   * @param remote  another connection, if that of the lock is gone
   */
  async release(remote = this.#remote): Promise<void> {
    this.#stop?.();
    await this.#renewing;
    const tickets = remote === this.#remote ? this.#tickets : new LockTickets(remote);
    await tickets.remove([ticketName(this.#owner)]);
  }

  /** Puts the ticket up; it goes again, if somebody else has the lock. */
  async #claim(): Promise<void> {
    const { sent, exitCode, complaint = '' } = await this.#tickets.put(this.#owner);
    if (!sent) throw unwritable(this.#remote.location, exitCode, complaint);
    try {
      for (let looks = 1; ; looks++) {
        const rival = await this.#rival();
        if (rival === undefined) return;
        if (rival.isFirst || looks >= PATIENCE.looks) throw busy(rival.ticket.owner, rival.age);
        await new Promise((resolve) => setTimeout(resolve, PATIENCE.pause));
      }
    } catch (error) {
      await this.#tickets.remove([ticketName(this.#owner)]).catch(() => {});
      throw error;
    }
  }

  /** Somebody who is alive and has a ticket as well. What the dead have left is taken away. */
  async #rival(): Promise<{ ticket: Ticket; isFirst: boolean; age: number } | undefined> {
    for (let removals = 0; ; removals++) {
      const { tickets } = await this.#tickets.see();
      const at = tickets.findIndex(({ owner }) => owner.token === this.#owner.token);
      const own = tickets[at];
      if (own === undefined)
        throw unwritable(this.#remote.location, EXIT.PARTIAL, 'it was taken away at once');
      const isDead = ({ owner, mtime }: Ticket): boolean =>
        own.mtime - mtime >= LEASE || this.#dead.has(owner.token);
      const others = tickets.filter((ticket) => ticket !== own);
      const rival = others.find((ticket) => !isDead(ticket));
      if (rival !== undefined) {
        const age = Math.round(own.mtime - rival.mtime);
        return { ticket: rival, isFirst: tickets.indexOf(rival) < at, age };
      }
      if (others.length === 0) return undefined;
      if (removals === 2) {
        const names = others.map(({ name }) => name).join(', ');
        throw unwritable(this.#remote.location, EXIT.PARTIAL, `${names} can not be deleted`);
      }
      // And looked again: the owner of one of them may have woken up in this moment.
      await this.#tickets.remove(others.map(({ name }) => name));
    }
  }

  #renew(): void {
    // A renewal that fails says nothing: the transfer itself will, if the connection is gone.
    this.#renewing = this.#renewing.then(() => this.#renewIfOurs()).catch(() => {});
  }

  async #renewIfOurs(): Promise<void> {
    // One that an heir has taken away is not put up again.
    const { sent, exitCode } = await this.#tickets.put(this.#owner, ['--existing']);
    if (sent || exitCode !== EXIT.OK) return;
    try {
      // Or somebody has, by hand.
      await this.#claim();
    } catch {
      this.#stop?.();
      this.#onLost();
    }
  }
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

function unwritable(location: string, exitCode: number, complaint: string): RsyncError {
  return new RsyncError('RSYNC_FILE_IO', `no lock can be made in ${location}: ${complaint}`, {
    exitCode: exitCode === EXIT.OK ? EXIT.PARTIAL : exitCode,
    origin: 'remote',
    path: location,
    hint: 'What is in the folder must be writable and deletable: the lock is a file in it.',
  });
}

function busy({ user, host, pid }: LockOwner, age: number): RsyncError {
  const when = `which renewed it ${Math.max(0, age)} seconds ago`;
  return new RsyncError(
    'RSYNC_BUSY',
    `the remote folder is locked by ${user}@${host} (process ${pid}), ${when}`,
    {
      exitCode: EXIT.BUSY,
      origin: 'remote',
      hint: `Try again when that run is over. A lock whose owner has died is taken over ${LEASE} seconds after its last sign of life.`,
    },
  );
}
