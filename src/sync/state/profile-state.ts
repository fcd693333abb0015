/** What is remembered of one profile, and how a run changes it. Plain data; `state-file.ts` keeps it. */

export const STATE_SCHEMA = 1;

export type Direction = 'pull' | 'push';

/** Which profile this is, readable: the key of the file is a digest of it. */
export interface ProfileIdentity {
  profile: string;
  /** The local root as realpath(3) has it: text. */
  localRoot: string;
  /** As configured: `[USER@]HOST:PATH` or an rsync:// URL, never with a password. */
  remote: string;
}

export interface Attempt {
  /** ISO 8601, UTC. */
  at: string;
  /** It was a dry run. */
  dry?: true;
  exitCode: number;
  /** How far it came: `connect`, `transfer`, ... */
  stage?: string;
  /** One sentence. */
  error?: string;
}

export interface Success {
  /** ISO 8601, UTC. */
  at: string;
  /** Milliseconds. */
  duration: number;
  counts: { transferred: number; deleted: number; total: number };
  /** Bytes of the files transferred; of those, what went over the wire and what was at the destination already. */
  bytes: number;
  literal: number;
  matched: number;
}

export interface DirectionState {
  lastAttempt?: Attempt;
  lastSuccess?: Success;
}

export interface ProfileState {
  schema: typeof STATE_SCHEMA;
  identity: ProfileIdentity;
  /** Fingerprint of the host key that was seen last. */
  hostKey?: string;
  peer?: { version?: string; protocol: number; checksum: string; compressor: string };
  pull: DirectionState;
  push: DirectionState;
  /** Digest of the filter rules of the last run. */
  filterHash?: string;
  /** Digest of the base that belongs to this state. */
  baseDigest?: string;
  /** Seconds that the server's clock is ahead of ours. */
  clockSkew?: number;
}

/** Of a profile that was never synced. */
export function newState(identity: ProfileIdentity): ProfileState {
  return { schema: STATE_SCHEMA, identity, pull: {}, push: {} };
}

/** A run as it ended. `success`: what it did; absent if it failed or was dry. */
export interface RunOutcome {
  direction: Direction;
  startedAt: Date;
  /** Undefined: now is not known to be later; the start counts. */
  endedAt?: Date;
  dry?: boolean;
  exitCode: number;
  stage?: string;
  error?: string;
  success?: Omit<Success, 'at' | 'duration'>;
}

/**
 * The state after a run. Every run is an attempt; only one that was not dry, and succeeded, is a success. A dry run
 * changes nothing else, whatever it found out.
 */
export function afterRun(state: ProfileState, run: RunOutcome): ProfileState {
  const { direction, startedAt, endedAt = startedAt, dry = false, exitCode, stage, error, success } = run;
  const lastAttempt: Attempt = {
    at: startedAt.toISOString(),
    ...(dry ? { dry: true as const } : {}),
    exitCode,
    ...(stage === undefined ? {} : { stage }),
    ...(error === undefined ? {} : { error }),
  };
  const before = state[direction];
  const succeeded = !dry && success !== undefined;
  const lastSuccess: Success | undefined = succeeded
    ? {
        at: endedAt.toISOString(),
        // A clock that was set back in between must not make it negative.
        duration: Math.max(0, endedAt.getTime() - startedAt.getTime()),
        ...success,
      }
    : before.lastSuccess;
  return { ...state, [direction]: { lastAttempt, ...(lastSuccess === undefined ? {} : { lastSuccess }) } };
}
