import { fchmodSync, fchownSync, futimesSync } from 'node:fs';
import { type ByteString, toText } from '../core/bytes.ts';
import { PERMISSIONS } from '../core/mode.ts';
import { errnoText } from './errors.ts';
import { platform } from './platform/index.ts';
import type { Root } from './root.ts';
import type { Stat } from './stat.ts';
import { CAN_OMIT_TIME, OMIT_TIME, timeArgument } from './times.ts';

/** What an item is to have; undefined: left alone. */
export interface WantedAttributes {
  /** Permission bits; others are ignored. Never applied to a symlink. */
  mode: number | undefined;
  uid: number | undefined;
  /** Only a group that `platform.mayUseGroup` allows. */
  gid: number | undefined;
  /** Seconds since 1970. */
  mtime: number | undefined;
  mtimeNsec: number;
  atime?: number | undefined;
  atimeNsec?: number;
}

export interface AttributeFailure {
  what: 'owner' | 'times' | 'mode';
  /** `chown "P" failed: Operation not permitted (1)` and the like, without the role in front. */
  text: string;
  cause: unknown;
}

/** A set-id bit that the system itself takes away when the owner changes. */
const SETID = 0o6000;

/**
 * Sets what differs, in the order of docs/protocol/3-transfer.md, 4.2 step 5: owner and group, times, mode (a change of
 * owner clears set-id bits, so the mode comes last). Times count as different by seconds and nanoseconds: whether a
 * difference matters (`--modify-window`) was decided before.
 * @param current  what the item has now
 * @param fd       of a regular file that is open for writing: half the cost, and no path
 * @returns what could not be set; the rest was
 */
export function applyAttributes(
  root: Root,
  name: ByteString,
  current: Stat,
  wanted: WantedAttributes,
  fd?: number,
): AttributeFailure[] {
  const failures: AttributeFailure[] = [];
  const attempt = (what: AttributeFailure['what'], wording: string, set: () => void): boolean => {
    try {
      set();
      return true;
    } catch (cause) {
      failures.push({
        what,
        text: `${wording} "${toText(root.display(name))}" failed: ${errnoText(cause)}`,
        cause,
      });
      return false;
    }
  };

  let mode = current.mode & PERMISSIONS;
  const uid = wanted.uid ?? current.uid;
  const gid = wanted.gid ?? current.gid;
  if (platform.hasOwners && (uid !== current.uid || gid !== current.gid)) {
    const done = attempt('owner', 'chown', () =>
      fd === undefined ? root.lchown(name, uid, gid) : fchownSync(fd, uid, gid),
    );
    if (done && !current.isDirectory) mode &= ~SETID;
  }

  if (timesWanted(current, wanted))
    attempt('times', 'failed to set times on', () => setTimes(root, name, current, wanted, fd));

  if (wanted.mode !== undefined && !current.isSymlink) {
    const bits = wanted.mode & PERMISSIONS;
    const differs = platform.hasModes ? bits !== mode : ((bits ^ mode) & 0o200) !== 0;
    if (differs)
      attempt('mode', 'failed to set permissions on', () =>
        fd === undefined ? root.chmod(name, bits) : fchmodSync(fd, bits),
      );
  }
  return failures;
}

function timesWanted(current: Stat, wanted: WantedAttributes): boolean {
  const { mtime, mtimeNsec, atime, atimeNsec = 0 } = wanted;
  if (mtime !== undefined && (mtime !== current.mtime || mtimeNsec !== current.mtimeNsec)) return true;
  return atime !== undefined && (atime !== current.atime || atimeNsec !== current.atimeNsec);
}

function setTimes(
  root: Root,
  name: ByteString,
  current: Stat,
  wanted: WantedAttributes,
  fd: number | undefined,
): void {
  const mtime = wanted.mtime ?? current.mtime;
  const mtimeNsec = wanted.mtime === undefined ? current.mtimeNsec : wanted.mtimeNsec;
  if (fd === undefined) {
    root.utimes(name, mtime, mtimeNsec, wanted.atime, wanted.atimeNsec);
    return;
  }
  let accessed: Date | number | string = OMIT_TIME;
  if (wanted.atime !== undefined) accessed = timeArgument(wanted.atime, wanted.atimeNsec ?? 0);
  else if (!CAN_OMIT_TIME) accessed = timeArgument(current.atime, current.atimeNsec);
  futimesSync(fd, accessed, timeArgument(mtime, mtimeNsec));
}
