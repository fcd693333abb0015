/** One check of a setup: a name, a run, a graded result with a remedy. */
import type { SetupContext } from './context.ts';

/**
 * How a check has come out. `failed`: the check itself could not be carried out; `skipped`: what it stands on is missing;
 * `omitted`: it makes no sense here.
 */
export type Grade = 'ok' | 'info' | 'warning' | 'error' | 'failed' | 'skipped' | 'omitted';

/** In the order in which they run. */
export type CheckName =
  | 'configuration'
  | 'exclude-file'
  | 'local-root'
  | 'git'
  | 'name-resolution'
  | 'tcp'
  | 'host-key'
  | 'login'
  | 'shell'
  | 'rsync'
  | 'key'
  | 'path'
  | 'writable'
  | 'clock'
  | 'names'
  | 'times'
  | 'symlinks';

/** Facts of a check for programs; names as text. */
export type Details = Readonly<Record<string, unknown>>;

export interface Outcome {
  grade: Grade;
  /** What was found, one sentence without a full stop. */
  sentence: string;
  /** What to do about it. */
  remedy?: string;
  details?: Details;
  /** Of an error: rsync's exit code for it. */
  exitCode?: number;
}

export interface CheckResult extends Outcome {
  name: CheckName;
  details: Details;
}

/** A way for a check to come out, for the reference page. */
export interface PossibleOutcome {
  grade: Exclude<Grade, 'skipped' | 'omitted' | 'failed'>;
  when: string;
  /** What to do; nothing for what is well. */
  remedy?: string;
}

export interface Check {
  name: CheckName;
  /** What is looked at, for the reference page. */
  about: string;
  outcomes: readonly PossibleOutcome[];
  /** It is skipped if one of these is not there to stand on. */
  needs: readonly CheckName[];
  /** Why it makes no sense here; undefined: it does. */
  omit?(context: SetupContext): string | undefined;
  /** What it throws as RsyncError is an error of the setup. */
  run(context: SetupContext): Promise<Outcome> | Outcome;
}

export const ok = (sentence: string, details: Details = {}): Outcome => ({ grade: 'ok', sentence, details });

export const info = (sentence: string, details: Details = {}, remedy?: string): Outcome =>
  graded('info', sentence, remedy, details);

export const warning = (sentence: string, remedy: string, details: Details = {}): Outcome =>
  graded('warning', sentence, remedy, details);

export const fault = (
  exitCode: number,
  sentence: string,
  remedy: string,
  details: Details = {},
): Outcome => ({
  ...graded('error', sentence, remedy, details),
  exitCode,
});

function graded(grade: Grade, sentence: string, remedy: string | undefined, details: Details): Outcome {
  return { grade, sentence, details, ...(remedy === undefined ? {} : { remedy }) };
}

/** "1 name", "2 names". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
