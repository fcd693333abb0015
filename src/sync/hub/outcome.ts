import type { TransferResult } from '../../client/transfer-request.ts';
import { type ErrorCode, EXIT, isRsyncError } from '../../core/errors.ts';
import type { PathList, TroubleList } from './trouble-list.ts';

/**
 * How a spoke's run ended; there is no other way.
 *
 * - `ok`: all that was asked for.
 * - `partial`: it came to its end, but not all is there. Exit 23: some files or attributes could not be read or written;
 *   24: some were gone before they were read; 25: `--max-delete` was reached, and surplus names stay.
 * - `failed`: it did not come to its end; the next run goes on from there.
 * - `skipped`: it was not tried: disabled, brought by another program, not due, or the run was stopped before.
 * - `busy`: another run holds its lock (exit 41).
 * - `dry`: as `ok`, and nothing was changed.
 */
export type OutcomeKind = 'ok' | 'partial' | 'failed' | 'skipped' | 'busy' | 'dry';

export interface SpokeOutcome {
  spoke: string;
  outcome: OutcomeKind;
  /** rsync's, or 40 and 41 of core/errors.ts. */
  exitCode: number;
  /** Files that were transferred (with a dry run: would be), and their bytes; the protocol's own figures. */
  files: number;
  bytes: number;
  /** Names that were deleted. */
  deleted: number;
  /** ISO 8601, UTC; undefined: it was skipped. */
  startedAt: string | undefined;
  durationMs: number;
  /** How often it was tried; 0: not at all. */
  attempts: number;
  failed: PathList;
  vanished: PathList;
  /** Why it failed, was skipped or busy. */
  error?: OutcomeError;
}

export interface OutcomeError {
  /** Undefined: not a failure of a transfer (`skipped`), or one of the program itself. */
  code: ErrorCode | undefined;
  message: string;
  hint: string | undefined;
}

/** What is common to all outcomes of a spoke. */
export interface OutcomeFrame {
  spoke: string;
  startedAt: string | undefined;
  durationMs: number;
  attempts: number;
}

const PARTIAL: readonly number[] = [EXIT.PARTIAL, EXIT.VANISHED, EXIT.DEL_LIMIT];
const NO_PATHS: PathList = { paths: [], more: 0 };

/** Of a run that came to its end. */
export function outcomeOf(
  frame: OutcomeFrame,
  { exitCode, stats }: Pick<TransferResult, 'exitCode' | 'stats'>,
  trouble: Pick<TroubleList, 'failed' | 'vanished'>,
  dryRun: boolean,
): SpokeOutcome {
  const ended = dryRun ? 'dry' : 'ok';
  return {
    ...frame,
    outcome: exitCode === EXIT.OK ? ended : PARTIAL.includes(exitCode) ? 'partial' : 'failed',
    exitCode,
    files: stats.transferredFiles,
    bytes: stats.transferredSize,
    deleted: stats.deleted.total,
    failed: trouble.failed,
    vanished: trouble.vanished,
    ...(exitCode === EXIT.OK || PARTIAL.includes(exitCode)
      ? {}
      : {
          error: {
            code: 'RSYNC_REMOTE_EXIT',
            message: `the other side ended with ${exitCode}`,
            hint: undefined,
          },
        }),
  };
}

/** What a partial run is remembered by: a sentence. Undefined: it names nothing. */
export function namedFailures({
  failed,
  vanished,
}: Pick<SpokeOutcome, 'failed' | 'vanished'>): string | undefined {
  const parts = (
    [
      ['failed', failed],
      ['vanished', vanished],
    ] as const
  ).flatMap(([what, { paths, more }]) => {
    const [first] = paths;
    if (first === undefined) return [];
    const others = paths.length + more - 1;
    return [`${what}: ${first}${others > 0 ? ` and ${others} more` : ''}`];
  });
  return parts.length === 0 ? undefined : parts.join('; ');
}

/** Of a run that was ended by an error. */
export function outcomeOfError(
  frame: OutcomeFrame,
  error: unknown,
  trouble: Pick<TroubleList, 'failed' | 'vanished'> = { failed: NO_PATHS, vanished: NO_PATHS },
): SpokeOutcome {
  const known = isRsyncError(error) ? error : undefined;
  return {
    ...nothing(frame),
    outcome: known?.code === 'RSYNC_BUSY' ? 'busy' : 'failed',
    exitCode: known?.exitCode ?? EXIT.CRASHED,
    failed: trouble.failed,
    vanished: trouble.vanished,
    error: {
      code: known?.code,
      message: error instanceof Error ? error.message : String(error),
      hint: known?.hint,
    },
  };
}

/** Of a spoke that was not tried. */
export function skippedOutcome(spoke: string, why: string): SpokeOutcome {
  return {
    ...nothing({ spoke, startedAt: undefined, durationMs: 0, attempts: 0 }),
    outcome: 'skipped',
    exitCode: EXIT.OK,
    error: { code: undefined, message: why, hint: undefined },
  };
}

function nothing(frame: OutcomeFrame): Omit<SpokeOutcome, 'outcome' | 'exitCode'> {
  return { ...frame, files: 0, bytes: 0, deleted: 0, failed: NO_PATHS, vanished: NO_PATHS };
}

/** From bad to good. */
const SEVERITY: readonly OutcomeKind[] = ['failed', 'busy', 'partial', 'skipped', 'dry', 'ok'];
const PARTIAL_SEVERITY: readonly number[] = [EXIT.PARTIAL, EXIT.DEL_LIMIT, EXIT.VANISHED];

/**
 * The exit status of a run over many spokes: the worst of them. `failed` is worse than `busy`, that worse than `partial`;
 * of several that failed the first one counts, of several that are partial 23 before 25 before 24.
 */
export function worstExitCode(outcomes: readonly SpokeOutcome[]): number {
  const worst = SEVERITY.find((kind) => outcomes.some(({ outcome }) => outcome === kind));
  const codes = outcomes.filter(({ outcome }) => outcome === worst).map(({ exitCode }) => exitCode);
  if (worst === 'partial') return PARTIAL_SEVERITY.find((code) => codes.includes(code)) ?? EXIT.PARTIAL;
  return codes[0] ?? EXIT.OK;
}
