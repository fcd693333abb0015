import { EXIT, isRsyncError } from '../../core/errors.ts';
import { appendHistory, type HistoryRecord } from '../state/history.ts';
import { afterRun, type Direction, type ProfileState, type Success } from '../state/profile-state.ts';
import { profileFiles, writeState } from '../state/state-file.ts';
import type { Memory } from './inspect.ts';
import type { Profile } from './profile.ts';

/** How far a run has come: for messages, and for what is remembered of one that failed. */
export type Stage = 'lock' | 'connect' | 'list' | 'plan' | 'transfer' | 'settle';

export interface RecordInput {
  profile: Pick<Profile, 'words'>;
  direction: Direction;
  dryRun: boolean;
  stateFolder: string;
  who: { user: string; host: string };
  started: Date;
  now: () => Date;
}

/** How a run ended. */
export interface RunEnd {
  exitCode: number;
  result: HistoryRecord['result'];
  stage?: Stage;
  /** The code, and the sentence. */
  error?: string;
  message?: string;
  success?: Omit<Success, 'at' | 'duration'>;
}

/** Keeps what is known of a run: the state of the profile, and a line of its history. */
export class RunRecord {
  readonly #input: RecordInput;

  constructor(input: RecordInput) {
    this.#input = input;
  }

  /** @throws RsyncError (exit 11) */
  ended(
    { identity, state }: Memory,
    run: RunEnd,
    learned: Partial<Pick<ProfileState, 'baseDigest' | 'filterHash' | 'peer'>> = {},
  ): void {
    const { profile, stateFolder, direction, dryRun, who, started, now } = this.#input;
    const endedAt = now();
    const { exitCode, result, stage, error, message, success } = run;
    const next = afterRun(state, {
      direction,
      startedAt: started,
      endedAt,
      dry: dryRun,
      exitCode,
      ...(stage === undefined ? {} : { stage }),
      ...(message === undefined && error === undefined ? {} : { error: message ?? error! }),
      ...(success === undefined || result !== 'ok' ? {} : { success }),
    });
    writeState(stateFolder, { ...next, ...learned });
    appendHistory(profileFiles(stateFolder, identity).history, {
      schema: 1,
      at: started.toISOString(),
      who: `${who.user}@${who.host}`,
      profile: identity.profile,
      direction,
      ...(dryRun ? { dry: true as const } : {}),
      options: profile.words,
      ...(success === undefined ? {} : { counts: success.counts }),
      result,
      exitCode,
      duration: Math.max(0, endedAt.getTime() - started.getTime()),
      ...(error === undefined ? {} : { error }),
    });
  }

  /** Of a run that threw; never throws: the failure itself is what is to be told. */
  failed(memory: Memory, stage: Stage, error: unknown): void {
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
