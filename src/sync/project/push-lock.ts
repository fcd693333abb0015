import { randomBytes } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { EXIT, RsyncError } from '../../core/errors.ts';
import { RemoteLock } from '../remote/lock.ts';
import type { Remote } from '../remote/remote.ts';
import { readBounded } from '../state/state-file.ts';
import { writeWhole } from '../state/whole-file.ts';

export interface PushLockInput {
  remote: Remote;
  who: { user: string; host: string };
  now: () => Date;
  /** Where the token is noted while the lock is held, under the lock of this machine. */
  tokenFile: string;
  onLost: () => void;
}

/** Longer than any token. */
const MAX_TOKEN = 256;

/**
 * The lock on the server for one push. Its token is noted on this machine: a run that was killed leaves the note behind,
 * and the next one need not wait until everybody can see that the lock is dead.
 */
export class PushLock {
  readonly #lock: RemoteLock;
  readonly #tokenFile: string;

  private constructor(lock: RemoteLock, tokenFile: string) {
    this.#lock = lock;
    this.#tokenFile = tokenFile;
  }

  /** @throws as `RemoteLock.take`; RsyncError, exit 11: the note can not be written */
  static async take({ remote, who, now, tokenFile, onLost }: PushLockInput): Promise<PushLock> {
    const token = randomBytes(8).toString('hex');
    const noted = readBounded(tokenFile, MAX_TOKEN);
    const before = noted.kind === 'read' ? noted.bytes.toString('latin1').split('\n').filter(Boolean) : [];
    // The old one stays noted until the new lock is there: this run may be killed as well.
    writeWhole(tokenFile, [...before.slice(-2), token, ''].join('\n'));
    const owner = { token, ...who, pid: process.pid, started: now().getTime() };
    const lock = await RemoteLock.take(remote, owner, { dead: new Set(before), onLost });
    writeWhole(tokenFile, `${token}\n`);
    return new PushLock(lock, tokenFile);
  }

  /** @param remote  another connection, if that of the lock is gone */
  async release(remote?: Remote): Promise<void> {
    await this.#lock.release(remote);
    unlinkSync(this.#tokenFile);
  }
}

export function lostLock(location: string): RsyncError {
  return new RsyncError(
    'RSYNC_BUSY',
    'somebody else took the lock of the remote folder over during this run',
    {
      exitCode: EXIT.BUSY,
      origin: 'remote',
      path: location,
      hint: 'This machine gave no sign of life for too long, as when it is asleep. Run it again.',
    },
  );
}
