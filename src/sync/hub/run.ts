import { setMaxListeners } from 'node:events';
import { EXIT } from '../../core/errors.ts';
import type { HubConfig } from '../config/hub-config.ts';
import type { Spoke } from '../config/hub-spoke.ts';
import { readState, stateOf } from '../state/state-file.ts';
import { chooseSpokes, type SpokeChoice } from './choice.ts';
import { isDue } from './due.ts';
import { type SpokeOutcome, skippedOutcome, worstExitCode } from './outcome.ts';
import { runPool } from './pool.ts';
import { runSpoke, type SpokeRunInput, spokeIdentity } from './spoke-run.ts';

export interface HubRunInput extends Omit<SpokeRunInput, 'onEvent' | 'retry'>, SpokeChoice {
  /** Spokes at a time; undefined: what the configuration says. */
  jobs: number | undefined;
  /** Only spokes whose `schedule` has come since they were last tried, and those that have none. */
  due?: boolean | undefined;
  /** Told when a spoke's attempt begins, of its events, of waits, and of its end. */
  onBegin?: (spoke: string) => void;
  onEvent?: (spoke: string, event: Parameters<NonNullable<SpokeRunInput['onEvent']>>[0]) => void;
  onRetry?: (spoke: string, failure: unknown, attempt: number, delayMs: number) => void;
  onEnd?: (outcome: SpokeOutcome) => void;
}

/** What became of each spoke, in the order of the configuration; `exitCode` is the worst, or 20 if a signal ended the run. */
export interface HubRunResult {
  outcomes: SpokeOutcome[];
  exitCode: number;
}

function isSpokeDue(spoke: Spoke, { stateFolder, now }: HubRunInput): boolean {
  if (spoke.schedule === undefined) return true;
  const identity = spokeIdentity(spoke);
  const { lastAttempt, lastSuccess } = stateOf(readState(stateFolder, identity), identity).pull;
  // A dry run was no run, and one that a signal ended was not let do its work.
  const isRun = lastAttempt?.dry !== true && lastAttempt?.exitCode !== EXIT.SIGNAL;
  const last = isRun ? lastAttempt : lastSuccess;
  return isDue(spoke.schedule.value, last?.at, now());
}

/**
 * Pulls from all spokes that are chosen, several at a time; one that fails keeps no other from its turn.
 * @throws RsyncError RSYNC_USAGE, exit 1: a name or a tag that no spoke has
 */
export async function runHub(config: HubConfig, input: HubRunInput): Promise<HubRunResult> {
  const { chosen: all, skipped } = chooseSpokes(config, input);
  const chosen = input.due === true ? all.filter((spoke) => isSpokeDue(spoke, input)) : all;
  const { onBegin, onEvent, onRetry, onEnd } = input;
  const byName = new Map<string, SpokeOutcome>();
  const ended = (outcome: SpokeOutcome): void => {
    byName.set(outcome.spoke, outcome);
    onEnd?.(outcome);
  };
  for (const { spoke, why } of skipped) ended(skippedOutcome(spoke.name, why));
  for (const spoke of all) if (!chosen.includes(spoke)) ended(skippedOutcome(spoke.name, 'not due yet'));
  const run = async (spoke: Spoke): Promise<void> => {
    onBegin?.(spoke.name);
    ended(
      await runSpoke(spoke, {
        ...input,
        onEvent: onEvent === undefined ? undefined : (event) => onEvent(spoke.name, event),
        retry: {
          onRetry: (failure, attempt, delay) => {
            onRetry?.(spoke.name, failure, attempt, delay);
          },
        },
      }),
    );
  };
  const { signal } = input.connect;
  // Every spoke that is under way listens to it, several times: no sign of a leak.
  if (signal !== undefined) setMaxListeners(0, signal);
  await runPool(chosen, input.jobs ?? config.jobs.value, run, signal);
  let isCut = false;
  for (const { name } of chosen) {
    const error = byName.get(name)?.error;
    isCut ||= !byName.has(name) || error?.code === 'RSYNC_ABORTED';
    if (!byName.has(name)) ended(skippedOutcome(name, 'the run was ended before its turn'));
  }
  const outcomes = config.spokes.flatMap(({ name }) => byName.get(name) ?? []);
  // Of a run that a signal ended nobody asks who was worst.
  return { outcomes, exitCode: isCut ? EXIT.SIGNAL : worstExitCode(outcomes) };
}
