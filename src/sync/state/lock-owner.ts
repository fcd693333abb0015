import type { Processes } from './processes.ts';

/** Who holds a lock: the content of its file, as JSON. */
export interface LockOwner {
  /** Random, of this one lock. */
  token: string;
  pid: number;
  host: string;
  boot?: string;
  start?: string;
  /** ISO 8601, UTC. */
  startedAt: string;
  /** What it is held for: `pull`, `hub run`, ... */
  purpose: string;
}

/** `dead`: `why` is a part of a sentence. `elsewhere`: another machine, or another container, of which nothing is known. */
export type OwnerState = { kind: 'alive' } | { kind: 'elsewhere' } | { kind: 'dead'; why: string };

/** Two readings of a clock that is being set right may differ by so much, milliseconds. */
const CLOCK_SLACK = 120_000;

export function ownerHere(processes: Processes, token: string, startedAt: Date, purpose: string): LockOwner {
  const start = processes.startOf(processes.pid);
  return {
    token,
    pid: processes.pid,
    host: processes.host,
    ...(processes.boot === undefined ? {} : { boot: processes.boot }),
    ...(start === undefined ? {} : { start }),
    startedAt: startedAt.toISOString(),
    purpose,
  };
}

/** Is the owner of a lock still at work? In doubt it is. */
export function judgeOwner(owner: LockOwner, processes: Processes): OwnerState {
  if (owner.host !== processes.host) return { kind: 'elsewhere' };
  if (owner.boot !== undefined && processes.boot !== undefined) {
    const [boot, space] = owner.boot.split(' ');
    const [ownBoot, ownSpace] = processes.boot.split(' ');
    if (boot !== ownBoot) return { kind: 'dead', why: 'the machine was started anew since' };
    if (space !== ownSpace) return { kind: 'elsewhere' };
  } else if (
    processes.bootedAt !== undefined &&
    Date.parse(owner.startedAt) < processes.bootedAt - CLOCK_SLACK
  ) {
    return { kind: 'dead', why: 'the machine was started anew since' };
  }
  if (!processes.isAlive(owner.pid)) return { kind: 'dead', why: `process ${owner.pid} is gone` };
  const start = processes.startOf(owner.pid);
  if (owner.start !== undefined && start !== undefined && owner.start !== start) {
    return { kind: 'dead', why: `process ${owner.pid} is another one now` };
  }
  return { kind: 'alive' };
}

/** Undefined: not what a lock file holds (empty while it is being written). */
export function parseOwner(text: string): LockOwner | undefined {
  let value: Partial<Record<keyof LockOwner, unknown>>;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { token, pid, host, boot, start, startedAt, purpose } = value;
  // The token becomes part of a file name; process numbers below 1 mean groups of processes to kill(2).
  if (typeof token !== 'string' || !/^[0-9a-f]{32}$/.test(token)) return undefined;
  if (!Number.isSafeInteger(pid) || (pid as number) < 1 || typeof host !== 'string') return undefined;
  if (typeof startedAt !== 'string' || Number.isNaN(Date.parse(startedAt))) return undefined;
  if (typeof purpose !== 'string') return undefined;
  return {
    token,
    pid: pid as number,
    host,
    startedAt,
    purpose,
    ...(typeof boot === 'string' ? { boot } : {}),
    ...(typeof start === 'string' ? { start } : {}),
  };
}
