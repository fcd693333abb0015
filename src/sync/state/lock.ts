import { randomBytes } from 'node:crypto';
import { closeSync, openSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { EXIT, RsyncError } from '../../core/errors.ts';
import { cleanUpAtExit } from '../../files/cleanup.ts';
import { errnoCode, fileError } from '../../files/errors.ts';
import { platform } from '../../files/platform/index.ts';
import { judgeOwner, type LockOwner, ownerHere, parseOwner } from './lock-owner.ts';
import { type Processes, systemProcesses } from './processes.ts';
import { readBounded } from './state-file.ts';
import { makeFolder, renameOver } from './whole-file.ts';

/**
 * A lock of this machine: a file that is made exclusively and tells who holds it. That of an owner who died is taken
 * over: the right to do so is itself a lock, named after the dead lock's token, so that of several takers one wins and a
 * lock that was taken over in the meantime is never touched.
 */
export interface HeldLock {
  readonly path: string;
  readonly owner: LockOwner;
  /** What was found of an owner who died, for a message. */
  readonly takenOver: { owner: LockOwner | undefined; why: string } | undefined;
  /** Safe to call twice; removes the file only if it is still ours. Never throws. */
  release(): void;
}

export type LockResult =
  | { kind: 'held'; lock: HeldLock }
  /** `elsewhere`: the owner is on another machine (a home that several share), and whether it lives is not known here. */
  | { kind: 'busy'; path: string; owner: LockOwner | undefined; elsewhere: boolean };

export interface LockOptions {
  /** Told to whoever finds it busy. */
  purpose: string;
  now?: () => Date;
  /** Default: those of this system. */
  processes?: Processes;
}

const MAX_LOCK_BYTES = 4096;
/** Milliseconds: nobody needs longer from making a lock file to writing it. */
const UNWRITTEN = 10_000;
const ATTEMPTS = 5;
const MAX_DEPTH = 3;

const held = new Set<HeldLock>();

/**
 * Takes a lock, or tells who has it. Does not wait.
 * @throws RsyncError (exit 11) if the file can not be made
 */
export function takeLock(path: string, options: LockOptions): LockResult {
  makeFolder(dirname(path));
  return take(path, { now: () => new Date(), processes: systemProcesses(), ...options }, 0);
}

/** Takes a lock. Throws RSYNC_BUSY (exit 41) with the owner, and what to do, if somebody has it. */
export function requireLock(path: string, options: LockOptions): HeldLock {
  const result = takeLock(path, options);
  if (result.kind === 'held') return result.lock;
  throw busyError(result);
}

/** Releases all locks of this process: for its exit and its signals. Never throws. */
export function releaseAllLocks(): void {
  for (const lock of [...held]) lock.release();
}

export function busyError({ path, owner, elsewhere }: LockResult & { kind: 'busy' }): RsyncError {
  const who =
    owner === undefined
      ? 'another process'
      : `process ${owner.pid} on ${owner.host} (${owner.purpose}, since ${owner.startedAt})`;
  const hint = elsewhere
    ? `That is another machine, and from here nobody can tell if it is still at it. If it is not, remove ${path}.`
    : 'Wait until it is done, or end it.';
  return new RsyncError('RSYNC_BUSY', `locked by ${who}`, {
    exitCode: EXIT.BUSY,
    origin: 'local',
    path,
    hint,
  });
}

type Terms = Required<LockOptions>;

function take(path: string, terms: Terms, depth: number): LockResult {
  const owner = ownerHere(terms.processes, randomBytes(16).toString('hex'), terms.now(), terms.purpose);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (create(path, owner)) return { kind: 'held', lock: hold(path, owner, undefined) };
    const found = look(path, terms);
    if (found.kind === 'gone') continue;
    if (found.kind === 'busy') {
      return { kind: 'busy', path, owner: found.owner, elsewhere: found.elsewhere };
    }
    if (depth < MAX_DEPTH && takeOver(path, owner, found.token, terms, depth)) {
      return { kind: 'held', lock: hold(path, owner, { owner: found.owner, why: found.why }) };
    }
  }
  // It changes hands faster than we can look.
  return { kind: 'busy', path, owner: undefined, elsewhere: false };
}

/** False: there is one. */
function create(path: string, owner: LockOwner): boolean {
  let fd: number;
  try {
    fd = openSync(path, 'wx', 0o600);
  } catch (error) {
    const code = errnoCode(error);
    // Windows says EPERM while the file of somebody else is being removed.
    if (code === 'EEXIST' || (platform.isWindows && code === 'EPERM')) return false;
    throw fileError('open', path, error);
  }
  try {
    writeSync(fd, `${JSON.stringify(owner)}\n`);
    return true;
  } catch (error) {
    unlinkQuietly(path);
    throw fileError('write', path, error);
  } finally {
    closeSync(fd);
  }
}

type Found =
  | { kind: 'gone' }
  | { kind: 'busy'; owner: LockOwner | undefined; elsewhere: boolean }
  | { kind: 'dead'; owner: LockOwner | undefined; token: string; why: string };

function look(path: string, { processes }: Terms): Found {
  const read = readBounded(path, MAX_LOCK_BYTES);
  if (read.kind === 'none') return { kind: 'gone' };
  // Somebody else's, perhaps: what can not be read is never taken away.
  if (read.kind === 'failed') return { kind: 'busy', owner: undefined, elsewhere: false };
  const owner = parseOwner(read.bytes.toString('utf8'));
  if (owner === undefined) return lookUnwritten(path);
  const state = judgeOwner(owner, processes);
  if (state.kind === 'dead') return { kind: 'dead', owner, token: owner.token, why: state.why };
  return { kind: 'busy', owner, elsewhere: state.kind === 'elsewhere' };
}

/** A file without an owner: one that is just being written, or one whose owner died before it wrote. */
function lookUnwritten(path: string): Found {
  try {
    const { mtimeMs, ino } = statSync(path);
    // The disk's clock may be another machine's: what lies ahead is as good as new, but not for ever.
    if (Math.abs(Date.now() - mtimeMs) < UNWRITTEN)
      return { kind: 'busy', owner: undefined, elsewhere: false };
    return { kind: 'dead', owner: undefined, token: `unwritten-${ino}`, why: 'it names no owner' };
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return { kind: 'gone' };
    throw fileError('stat', path, error);
  }
}

/** True: the lock is ours. False: somebody else was quicker. */
function takeOver(path: string, owner: LockOwner, token: string, terms: Terms, depth: number): boolean {
  const right = take(`${path}.${token}`, terms, depth + 1);
  if (right.kind === 'busy') return false;
  const fresh = `${path}.${owner.token}.new`;
  try {
    // Between the look and the right somebody may have taken it over and given the right back.
    const again = look(path, terms);
    if (again.kind !== 'dead' || again.token !== token) return false;
    if (!create(fresh, owner)) return false;
    renameOver(fresh, path);
    return true;
  } catch (error) {
    unlinkQuietly(fresh);
    throw error;
  } finally {
    right.lock.release();
  }
}

function hold(path: string, owner: LockOwner, takenOver: HeldLock['takenOver']): HeldLock {
  const lock: HeldLock = {
    path,
    owner,
    takenOver,
    release() {
      if (!held.delete(lock)) return;
      const read = readBounded(path, MAX_LOCK_BYTES);
      if (read.kind === 'read' && parseOwner(read.bytes.toString('utf8'))?.token === owner.token)
        unlinkQuietly(path);
    },
  };
  held.add(lock);
  cleanUpAtExit(releaseAllLocks);
  return lock;
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // What stays names a process that is gone: the next one takes it over.
  }
}
