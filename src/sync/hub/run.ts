import { EXIT, usageError } from '../../core/errors.ts';
import { nearestName } from '../../core/nearest-name.ts';
import type { HubConfig } from '../config/hub-config.ts';
import type { Spoke } from '../config/hub-spoke.ts';
import { readState, stateOf } from '../state/state-file.ts';
import { isDue } from './due.ts';
import { type SpokeOutcome, skippedOutcome, worstExitCode } from './outcome.ts';
import { runPool } from './pool.ts';
import { isInShard, type Shard } from './shard.ts';
import { runSpoke, type SpokeRunInput, spokeIdentity } from './spoke-run.ts';

/** Which spokes a command is about. */
export interface SpokeChoice {
  /** By name, disabled ones too; empty: all that are enabled. */
  spokes: readonly string[];
  /** One of them is enough; empty: whatever tags a spoke has. */
  tags: readonly string[];
  shard?: Shard | undefined;
}

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

export interface ChosenSpokes {
  chosen: Spoke[];
  /** Those that were asked for, and why they are not run. */
  skipped: { spoke: Spoke; why: string }[];
}

/** @throws RsyncError RSYNC_USAGE, exit 1: a name that no spoke has */
export function checkNames({ spokes }: HubConfig, names: readonly string[]): void {
  const known = spokes.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    throw usageError(
      `there is no spoke ${JSON.stringify(name)}`,
      `${near === undefined ? '' : `Did you mean "${near}"? `}Spokes: ${known.join(', ') || 'none'}.`,
    );
  }
}

/** @throws RsyncError RSYNC_USAGE, exit 1: a name that no spoke has */
export function chooseSpokes(config: HubConfig, { spokes: names, tags, shard }: SpokeChoice): ChosenSpokes {
  checkNames(config, names);
  const { spokes } = config;
  const chosen: Spoke[] = [];
  const skipped: ChosenSpokes['skipped'] = [];
  for (const spoke of spokes) {
    if (names.length > 0 && !names.includes(spoke.name)) continue;
    if (tags.length > 0 && !spoke.tags.value.some((tag) => tags.includes(tag))) continue;
    if (shard !== undefined && !isInShard(spoke.name, shard)) continue;
    if (spoke.method !== 'rsync') skipped.push({ spoke, why: `its files come by ${spoke.method}` });
    else if (!spoke.enabled.value && names.length === 0) skipped.push({ spoke, why: 'disabled' });
    else chosen.push(spoke);
  }
  return { chosen, skipped };
}

function isSpokeDue(spoke: Spoke, { stateFolder, now }: HubRunInput): boolean {
  if (spoke.schedule === undefined) return true;
  const identity = spokeIdentity(spoke);
  const { lastAttempt, lastSuccess } = stateOf(readState(stateFolder, identity), identity).pull;
  // A dry run was no run.
  const last = lastAttempt?.dry === true ? lastSuccess : lastAttempt;
  return isDue(spoke.schedule.value, last?.at, now());
}

/**
 * Pulls from all spokes that are chosen, several at a time; one that fails keeps no other from its turn.
 * @throws RsyncError RSYNC_USAGE, exit 1: a name that no spoke has
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
  await runPool(chosen, input.jobs ?? config.jobs.value, run, input.connect.signal);
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
