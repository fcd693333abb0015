import { EXIT, isRsyncError } from '../../core/errors.ts';
import type { Check, CheckName, CheckResult, Outcome } from './check.ts';
import { CHECKS } from './checks.ts';
import { SetupContext } from './context.ts';
import type { SetupInput } from './input.ts';

export type { CheckName, CheckResult, Details, Grade } from './check.ts';
export type { SetupInput, SetupProfile } from './input.ts';

/**
 * Checks a setup from the configuration to the remote file system, one result after another, over one connection. What a
 * check runs into is its result; a check whose ground is missing is skipped. Leaves nothing behind on either side.
 * @throws RsyncError RSYNC_ABORTED, exit 20
 */
export async function* runSetup(input: SetupInput): AsyncGenerator<CheckResult, void, undefined> {
  const context = new SetupContext(input);
  /** For each check that gives no ground to stand on: the one that it all began with. */
  const missing = new Map<CheckName, CheckName>();
  try {
    for (const check of CHECKS) {
      const result = await resultOf(check, context, missing);
      if (!standsOn(result, context)) missing.set(check.name, causeOf(result));
      yield result;
    }
  } finally {
    await context.close();
  }
}

/** The exit status of a setup: rsync's code of the first error; warnings are none. */
export function setupExitCode(results: readonly CheckResult[]): number {
  return results.find(({ grade }) => grade === 'error')?.exitCode ?? EXIT.OK;
}

async function resultOf(
  check: Check,
  context: SetupContext,
  missing: ReadonlyMap<CheckName, CheckName>,
): Promise<CheckResult> {
  const named = (outcome: Outcome): CheckResult => ({ details: {}, ...outcome, name: check.name });
  const because = check.needs.map((need) => missing.get(need)).find((name) => name !== undefined);
  const omitted = context.isConfigured ? check.omit?.(context) : undefined;
  if (omitted !== undefined) return named({ grade: 'omitted', sentence: omitted });
  if (because !== undefined) {
    return named({ grade: 'skipped', sentence: `${because} comes first`, details: { because } });
  }
  try {
    return named(await check.run(context));
  } catch (error) {
    if (context.input.signal?.aborted) throw error;
    return named(thrown(error));
  }
}

function thrown(error: unknown): Outcome {
  if (!isRsyncError(error)) {
    const sentence = `the check could not be carried out: ${error instanceof Error ? error.message : String(error)}`;
    return { grade: 'failed', sentence };
  }
  const { message, hint, exitCode, code, path } = error;
  return {
    grade: 'error',
    sentence: message.replace(/^rsyncjs: /, ''),
    exitCode,
    details: { code, ...(path === undefined ? {} : { path }) },
    ...(hint === undefined ? {} : { remedy: hint }),
  };
}

/** Others can build on it. */
function standsOn({ grade, name }: CheckResult, context: SetupContext): boolean {
  if (grade === 'error' || grade === 'failed' || grade === 'skipped') return false;
  return name !== 'configuration' || context.isConfigured;
}

function causeOf({ name, details }: CheckResult): CheckName {
  const { because } = details as { because?: CheckName };
  return because ?? name;
}
