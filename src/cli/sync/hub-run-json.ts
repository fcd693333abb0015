import type { SpokeOutcome } from '../../sync/hub/outcome.ts';
import type { HubRunResult } from '../../sync/hub/run.ts';

/** A hub run for programs (docs/hub.md): every key is always there, and null where there is nothing to tell. */
export function hubRunJson({ exitCode, outcomes }: HubRunResult): object {
  return { schema: 1, exitCode, outcomes: outcomes.map(outcomeJson) };
}

function outcomeJson(outcome: SpokeOutcome): object {
  const { spoke, exitCode, startedAt, durationMs, attempts, files, bytes, deleted, failed, vanished } =
    outcome;
  const { error } = outcome;
  return {
    spoke,
    outcome: outcome.outcome,
    exitCode,
    startedAt: startedAt ?? null,
    durationMs,
    attempts,
    files,
    bytes,
    deleted,
    failed,
    vanished,
    error:
      error === undefined
        ? null
        : { code: error.code ?? null, message: error.message, hint: error.hint ?? null },
  };
}
