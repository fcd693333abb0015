import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKS } from '../../../src/sync/doctor/checks.ts';
import {
  type CheckName,
  type CheckResult,
  runSetup,
  type SetupInput,
  type SetupProfile,
} from '../../../src/sync/doctor/run.ts';

/** Results by name, and in their order. */
export interface SetupRun {
  results: CheckResult[];
  of(name: CheckName): CheckResult;
  /** "name: grade" of those that are neither omitted nor skipped. */
  grades(): string[];
}

export async function check(
  profile: SetupProfile | (() => SetupProfile | undefined),
  input: Partial<SetupInput> & Pick<SetupInput, 'env'>,
): Promise<SetupRun> {
  const results: CheckResult[] = [];
  const configure = typeof profile === 'function' ? profile : () => profile;
  for await (const result of runSetup({ configure, ...input })) {
    results.push(result);
    // What comes out is what docs/setup.md says may.
    const { name, grade } = result;
    const told = CHECKS.find((each) => each.name === name)!.outcomes.some(
      (outcome) => outcome.grade === grade,
    );
    if (!told && grade !== 'skipped' && grade !== 'omitted') {
      throw new Error(`${name}: the grade ${grade} is not among its outcomes: ${result.sentence}`);
    }
  }
  return {
    results,
    of: (name) => results.find((result) => result.name === name)!,
    grades: () =>
      results
        .filter(({ grade }) => !/omitted|skipped/.test(grade))
        .map(({ name, grade }) => `${name}: ${grade}`),
  };
}

/** Names of the checks that were skipped, and because of which. */
export function skipped({ results }: SetupRun): [string, unknown][] {
  return results
    .filter(({ grade }) => grade === 'skipped')
    .map(({ name, details }) => [name, details.because]);
}

/** A small project. */
export function makeProject(folder: string, files: Record<string, string> = { 'a.txt': 'a\n' }): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** A program of /bin/sh. */
export function script(path: string, text: string): string {
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return path;
}
