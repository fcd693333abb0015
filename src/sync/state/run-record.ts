import type { TransferResult } from '../../client/transfer-request.ts';
import { EXIT, isRsyncError } from '../../core/errors.ts';
import { appendHistory, type HistoryRecord } from './history.ts';
import {
  afterRun,
  type Direction,
  type ProfileIdentity,
  type ProfileState,
  type Success,
} from './profile-state.ts';
import { profileFiles, writeState } from './state-file.ts';

export interface RecordInput {
  /** Those of rsync, as they were configured. */
  options: readonly string[];
  direction: Direction;
  dryRun: boolean;
  stateFolder: string;
  who: { user: string; host: string };
  started: Date;
  now: () => Date;
}

/** What the run began with. */
export interface Remembered {
  identity: ProfileIdentity;
  /** Undefined: it is another run's to change, and stays as it is. */
  state: ProfileState | undefined;
}

/** How a run ended. */
export interface RunEnd {
  exitCode: number;
  result: HistoryRecord['result'];
  /** How far it came. */
  stage?: string;
  /** The code, and the sentence. */
  error?: string | undefined;
  message?: string | undefined;
  /** What was transferred. */
  done?: Omit<Success, 'at' | 'duration'> | undefined;
  /** It counts as a success. Default: the result is `ok`. */
  succeeded?: boolean;
}

/** Keeps what is known of a run of a profile or a spoke: its state, and a line of its history. */
export class RunRecord {
  readonly #input: RecordInput;

  constructor(input: RecordInput) {
    this.#input = input;
  }

  /** @throws RsyncError (exit 11) */
  ended(
    { identity, state }: Remembered,
    run: RunEnd,
    learned: Partial<Pick<ProfileState, 'baseDigest' | 'filterHash' | 'peer'>> = {},
  ): void {
    const { options, stateFolder, direction, dryRun, who, started, now } = this.#input;
    const endedAt = now();
    const { exitCode, result, stage, error, message, done, succeeded = result === 'ok' } = run;
    if (state !== undefined) {
      const next = afterRun(state, {
        direction,
        startedAt: started,
        endedAt,
        dry: dryRun,
        exitCode,
        ...(stage === undefined ? {} : { stage }),
        ...(message === undefined && error === undefined ? {} : { error: message ?? error! }),
        ...(done === undefined || !succeeded ? {} : { success: done }),
      });
      writeState(stateFolder, { ...next, ...learned });
    }
    appendHistory(profileFiles(stateFolder, identity).history, {
      schema: 1,
      at: started.toISOString(),
      who: `${who.user}@${who.host}`,
      profile: identity.profile,
      direction,
      ...(dryRun ? { dry: true as const } : {}),
      options,
      ...(done === undefined ? {} : { counts: done.counts }),
      result,
      exitCode,
      duration: Math.max(0, endedAt.getTime() - started.getTime()),
      ...(error === undefined ? {} : { error }),
    });
  }

  /** Of a run that threw; never throws: the failure itself is what is to be told. */
  failed(memory: Remembered, stage: string, error: unknown): void {
    const known = isRsyncError(error);
    try {
      this.ended(memory, {
        exitCode: known ? error.exitCode : EXIT.CRASHED,
        result: known && error.code === 'RSYNC_BUSY' ? 'busy' : 'failed',
        stage,
        error: known ? error.code : 'RSYNC_INTERNAL',
        message: error instanceof Error ? error.message : String(error),
      });
    } catch {
      // A disk that is full, most likely.
    }
  }
}

/** @param deleted  as planned, where a server of an old protocol does not tell. Default: what was told */
export function doneBy(
  { stats }: TransferResult,
  deleted = stats.deleted.total,
): NonNullable<RunEnd['done']> {
  return {
    counts: { transferred: stats.transferredFiles, deleted, total: stats.files.total },
    bytes: stats.transferredSize,
    literal: stats.literalData,
    matched: stats.matchedData,
  };
}

export function peerOf({
  protocol,
  checksum,
  compressor,
}: TransferResult): NonNullable<ProfileState['peer']> {
  return { protocol, checksum, compressor };
}
