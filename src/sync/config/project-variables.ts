/**
 * The variables of a project: SYNC_REMOTE and SYNC_OPTIONS, or the same behind a name (AMPLIFIER_SYNC_REMOTE). Those of the
 * environment win over those of `.env`; a blank one counts as not set.
 */
import type { Environment } from '../../options/environment.ts';
import type { EnvFile } from './env-file.ts';
import type { Problems } from './problems.ts';
import { type Origin, type Sourced, strongest } from './source.ts';

/** A text, and where each of its characters stands. */
export interface SourcedText extends Sourced<string> {
  positionOf(index: number): Origin;
}

export interface VariablePair {
  /** What stands before SYNC_; '' for the neutral names. */
  prefix: string;
  remote: SourcedText | undefined;
  options: SourcedText | undefined;
}

const NAME = /^(?:([A-Za-z][A-Za-z0-9_]*)_)?SYNC_(REMOTE|OPTIONS)$/;

export function isSyncVariable(name: string, platform: NodeJS.Platform): boolean {
  return NAME.test(inCase(name, platform));
}

/** The name of the profile that a pair belongs to: `My-Web` is set by MY_WEB_SYNC_REMOTE. */
export function prefixOf(profile: string): string {
  return profile.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
}

/** All pairs, by prefix. */
export function readVariables(
  env: Environment,
  envFile: { file: string; content: EnvFile } | undefined,
  platform: NodeJS.Platform,
  problems: Problems,
): ReadonlyMap<string, VariablePair> {
  const found = new Map<string, SourcedText[]>();
  const add = (name: string, text: SourcedText): void => {
    if (text.value.trim() === '') return;
    found.set(name, [...(found.get(name) ?? []), text]);
  };
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !isSyncVariable(name, platform)) continue;
    add(inCase(name, platform), environmentText(name, value));
  }
  if (envFile !== undefined) {
    checkLines(envFile.file, envFile.content, problems);
    // The last one of a name is the one that holds.
    for (const entry of envFile.content.entries.toReversed()) {
      if (!isSyncVariable(entry.name, platform)) continue;
      const origin = (index: number): Origin => ({
        kind: 'env file',
        name: entry.name,
        file: envFile.file,
        ...entry.positionOf(index),
      });
      if (entry.fault !== undefined) {
        const { reason, hint, line, column } = entry.fault;
        problems.add({ ...origin(0), line, column }, `${entry.name}: ${reason}`, hint);
      }
      add(inCase(entry.name, platform), { value: entry.value, origin: origin(0), positionOf: origin });
    }
  }
  return paired(found);
}

function environmentText(name: string, value: string): SourcedText {
  const origin: Origin = { kind: 'environment', name };
  return { value, origin, positionOf: (index) => ({ ...origin, column: index + 1 }) };
}

function paired(found: ReadonlyMap<string, readonly SourcedText[]>): ReadonlyMap<string, VariablePair> {
  const pairs = new Map<string, VariablePair>();
  for (const [name, texts] of found) {
    const [, prefix = '', kind] = NAME.exec(name)!;
    const pair = pairs.get(prefix) ?? { prefix, remote: undefined, options: undefined };
    const text = strongestText(texts);
    pairs.set(prefix, kind === 'REMOTE' ? { ...pair, remote: text } : { ...pair, options: text });
  }
  return pairs;
}

/** As `strongest`, for texts. */
export function strongestText(texts: readonly (SourcedText | undefined)[]): SourcedText | undefined {
  const first = texts.find((text) => text !== undefined);
  const winner = strongest(texts);
  return first === undefined || winner === undefined
    ? undefined
    : { ...winner, positionOf: first.positionOf };
}

/** A line that was meant for us and is none. */
function checkLines(file: string, { malformed }: EnvFile, problems: Problems): void {
  for (const { text, line, column } of malformed) {
    const [name] = /\b(?:\w+_)?SYNC_(?:REMOTE|OPTIONS)\b/.exec(text) ?? [];
    if (name === undefined) continue;
    problems.add(
      { kind: 'env file', name, file, line, column },
      `${name}: expected NAME=VALUE`,
      `Write ${name}=VALUE on a line of its own.`,
    );
  }
}

/** Windows has no case in the names of variables. */
function inCase(name: string, platform: NodeJS.Platform): string {
  return platform === 'win32' ? name.toUpperCase() : name;
}
