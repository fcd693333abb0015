import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, isRsyncError, RsyncError } from '../../core/errors.ts';

/** How often a spoke is tried, and how long is waited between. */
export interface RetryPolicy {
  /** The first one included; 1: no retry. Default 4. */
  attempts?: number;
  /** Milliseconds before the second attempt; each further wait is twice as long. Default 2000. */
  firstDelay?: number;
  /** Milliseconds that no wait exceeds. Default 60,000. */
  longestDelay?: number;
}

export interface RetryContext {
  signal?: AbortSignal | undefined;
  /** Told before each wait. `attempt`: the one that failed, from 1 on. */
  onRetry?: (failure: unknown, attempt: number, delayMs: number) => void;
  /** 0 to 1, without 1. Default Math.random. */
  random?: () => number;
  /** Resolves after so many milliseconds; rejects when the signal aborts. */
  sleep?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** The network itself, by the operating system's names. */
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'EAI_AGAIN',
]);
/** Names that do not exist will not in a minute. */
const NO_SUCH_NAME = new Set(['ENOTFOUND', 'EAI_NONAME', 'ENODATA']);

/**
 * True for failures of the network, which may be over the next time: no connection, no answer in time, a connection that
 * was lost. Refused logins and host keys, a wrong command line, a broken protocol, disks and guards stay as they are.
 */
export function isRetryable(failure: unknown): boolean {
  const system = systemCode(failure);
  if (!isRsyncError(failure)) return system !== undefined && NETWORK.has(system);
  if (failure.origin === 'local' || (system !== undefined && NO_SUCH_NAME.has(system))) return false;
  switch (failure.code) {
    case 'RSYNC_CONNECT':
    // A stream that is broken by what came over it is the peer's fault, one that ended is the connection's.
    case 'RSYNC_STREAM':
      return failure.origin === 'transport';
    case 'RSYNC_TIMEOUT':
      return true;
    case 'RSYNC_REMOTE_EXIT':
      return failure.exitCode === EXIT.TIMEOUT || failure.exitCode === EXIT.SOCKETIO;
    default:
      return false;
  }
}

function systemCode(failure: unknown): string | undefined {
  const { code, cause } = (failure ?? {}) as { code?: unknown; cause?: unknown };
  if (!isRsyncError(failure) && typeof code === 'string') return code;
  return cause === undefined || cause === null ? undefined : systemCode(cause);
}

/**
 * Milliseconds after the `attempt`th failure, from 1 on: between half of the step and all of it, so that hubs which lost the
 * same network do not come back all at once.
 */
export function retryDelay(attempt: number, policy: RetryPolicy, random: () => number = Math.random): number {
  const { firstDelay = 2000, longestDelay = 60_000 } = policy;
  const step = Math.min(longestDelay, firstDelay * 2 ** (attempt - 1));
  return Math.round(step / 2 + (step / 2) * random());
}

/**
 * Does something until it succeeds, fails for good, or has been tried often enough.
 * @param work  gets the number of the attempt, from 1 on
 * @throws what the last attempt threw; RsyncError RSYNC_ABORTED, exit 20: the signal came while it waited
 */
export async function withRetries<T>(
  work: (attempt: number) => Promise<T>,
  policy: RetryPolicy = {},
  { signal, onRetry, random = Math.random, sleep = wait }: RetryContext = {},
): Promise<T> {
  const { attempts = 4 } = policy;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (failure) {
      if (attempt >= attempts || signal?.aborted === true || !isRetryable(failure)) throw failure;
      const milliseconds = retryDelay(attempt, policy, random);
      onRetry?.(failure, attempt, milliseconds);
      try {
        await sleep(milliseconds, signal);
      } catch (cause) {
        throw new RsyncError('RSYNC_ABORTED', 'aborted between two attempts', {
          exitCode: EXIT.SIGNAL,
          origin: 'local',
          cause,
        });
      }
    }
  }
}

async function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(milliseconds, undefined, signal === undefined ? {} : { signal });
}
