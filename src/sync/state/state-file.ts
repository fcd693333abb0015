import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoCode, errnoText } from '../../files/errors.ts';
import { newState, type ProfileIdentity, type ProfileState } from './profile-state.ts';
import { validateState } from './state-shape.ts';
import { renameOver, writeWhole } from './whole-file.ts';

/** A file that is there and can not be used: the profile is treated as never synced, and the file is kept aside. */
export interface Unusable {
  kind: 'unusable';
  /** What is wrong with it: a part of a sentence. */
  reason: string;
  /** It was written by a later release: the old one should not be used here any more. */
  newer: boolean;
  path: string;
  /** Where it is now; undefined if it could not be moved, or is still where it was because it is newer. */
  keptAs: string | undefined;
}

export type StateRead = { kind: 'found'; state: ProfileState } | { kind: 'none' } | Unusable;

/** More than ten thousand times what a state is: not ours. */
const MAX_STATE_BYTES = 1 << 20;
const HEX_DIGITS = 32;

/** The name that the files of a profile begin with: a digest, so that no path is too long or not allowed in it. */
export function profileKey({ profile, localRoot, remote }: ProfileIdentity): string {
  const text = JSON.stringify([profile, localRoot, remote]);
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, HEX_DIGITS);
}

/** Where the files of one profile are. */
export function profileFiles(folder: string, identity: ProfileIdentity) {
  const at = join(folder, 'profiles', profileKey(identity));
  return {
    state: `${at}.json`,
    base: `${at}.base`,
    lock: `${at}.lock`,
    /** The token of the lock on the server. */
    remoteLock: `${at}.remote-lock`,
    history: `${at}.history.jsonl`,
  } as const;
}

/** What is remembered; never throws. Only a file that is damaged is moved aside, to `PATH.bad`. */
export function readState(folder: string, identity: ProfileIdentity): StateRead {
  const path = profileFiles(folder, identity).state;
  const read = readBounded(path, MAX_STATE_BYTES);
  if (read.kind === 'none') return read;
  if (read.kind === 'failed')
    return { kind: 'unusable', reason: read.reason, newer: false, path, keptAs: undefined };
  const { problem, newer, state } = parse(read.bytes, identity);
  if (state !== undefined) return { kind: 'found', state };
  // What a later release wrote is in order: moving it away would harm that one.
  return { kind: 'unusable', reason: problem, newer, path, keptAs: newer ? undefined : setAside(path) };
}

/** The state to go on with: what was found, or that of a profile never synced. */
export function stateOf(read: StateRead, identity: ProfileIdentity): ProfileState {
  return read.kind === 'found' ? read.state : newState(identity);
}

/**
 * Replaces the state. A file that can not be used, be it because a later release wrote it, is kept aside first.
 * @throws RsyncError (exit 11); what was there is then still there
 */
export function writeState(folder: string, state: ProfileState): void {
  const there = readState(folder, state.identity);
  if (there.kind === 'unusable' && there.keptAs === undefined) setAside(there.path);
  writeWhole(profileFiles(folder, state.identity).state, `${JSON.stringify(state, undefined, 2)}\n`);
}

/** The content of a small file, at most `limit` bytes. */
export function readBounded(
  path: string,
  limit: number,
): { kind: 'read'; bytes: Buffer } | { kind: 'none' } | { kind: 'failed'; reason: string } {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return { kind: 'none' };
    return { kind: 'failed', reason: `it can not be read: ${errnoText(error)}` };
  }
  try {
    const { size } = fstatSync(fd);
    if (size > limit)
      return { kind: 'failed', reason: `it has ${size} bytes, more than the limit of ${limit}` };
    return { kind: 'read', bytes: readFileSync(fd) };
  } catch (error) {
    return { kind: 'failed', reason: `it can not be read: ${errnoText(error)}` };
  } finally {
    closeSync(fd);
  }
}

/** Moves a file to `PATH.bad`, over an older one. Undefined if that fails: then it stays. */
export function setAside(path: string): string | undefined {
  const to = `${path}.bad`;
  try {
    renameOver(path, to);
    return to;
  } catch {
    return undefined;
  }
}

type Parsed =
  | { state: ProfileState; problem?: undefined; newer?: undefined }
  | { state?: undefined; problem: string; newer: boolean };

function parse(bytes: Buffer, identity: ProfileIdentity): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return { problem: 'it is damaged or was cut short', newer: false };
  }
  const checked = validateState(value);
  if (checked.state === undefined) return { problem: checked.problem, newer: checked.newer };
  const found = checked.state.identity;
  for (const field of ['profile', 'localRoot', 'remote'] as const) {
    if (found[field] === identity[field]) continue;
    return {
      problem: `it belongs to another profile: its ${field} is ${JSON.stringify(found[field])}`,
      newer: false,
    };
  }
  return { state: checked.state };
}
