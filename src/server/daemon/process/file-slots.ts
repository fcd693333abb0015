/** `max connections` of daemons that are one connection: nobody counts them, so each place is a file beside the lock file. */
import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import type { ByteString } from '../../../core/bytes.ts';
import { errnoCode, errnoText } from '../../../files/errors.ts';
import { nativePath } from '../../../files/platform/index.ts';
import type { Claim, Slot, SlotKeeper } from './slots.ts';

/** A place is taken by whoever makes `LOCKFILE.PLACE`, which holds the number of its process. */
export class FileSlots implements SlotKeeper {
  claim(lockFile: ByteString, most: number): Claim {
    for (let place = 0; place < most; place++) {
      const slot = { lockFile, place };
      // Once more where the owner is gone.
      for (let tries = 0; tries < 2; tries++) {
        const failure = take(fileOf(slot));
        if (failure === undefined) return slot;
        if (errnoCode(failure) !== 'EEXIST') return { fault: errnoText(failure) };
        if (isAlive(fileOf(slot))) break;
        this.release(slot);
      }
    }
    return 'full';
  }

  release(slot: Slot): void {
    try {
      unlinkSync(nativePath(fileOf(slot)));
    } catch {
      // Gone already, or not ours to remove any more: the next one sees that its process has ended.
    }
  }
}

function fileOf({ lockFile, place }: Slot): ByteString {
  return `${lockFile}.${place}`;
}

function take(path: ByteString): unknown {
  try {
    const fd = openSync(nativePath(path), 'wx', 0o644);
    writeSync(fd, `${process.pid}\n`);
    closeSync(fd);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A file that has just been made may still be empty: it counts. */
function isAlive(path: ByteString): boolean {
  try {
    const pid = Number.parseInt(readFileSync(nativePath(path), 'latin1'), 10);
    if (!(pid > 0)) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoCode(error) === 'EPERM';
  }
}
