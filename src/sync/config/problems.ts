/** What is wrong with a configuration: all of it is collected and told at once. */
import { EXIT, isRsyncError, RsyncError } from '../../core/errors.ts';
import { isSecretName, redactAddress } from './redaction.ts';
import { type Origin, placeOf } from './source.ts';

export interface Problem {
  origin: Origin;
  /** What was found and what was expected. */
  text: string;
  /** What to write: a sentence. */
  hint?: string;
}

/** Something worth saying that stops nothing. */
export interface Notice {
  /** Stable: for JSON and for tests. */
  code: string;
  text: string;
  origin?: Origin;
}

/** Told one by one; the others are counted. */
const MOST_TOLD = 20;

export class Problems {
  readonly #found: Problem[] = [];
  readonly notices: Notice[] = [];

  get count(): number {
    return this.#found.length;
  }

  add(origin: Origin, text: string, hint?: string): void {
    this.#found.push(hint === undefined ? { origin, text } : { origin, text, hint });
  }

  notice(code: string, text: string, origin?: Origin): void {
    this.notices.push(origin === undefined ? { code, text } : { code, text, origin });
  }

  /** Adds what `read` throws as a mistake at a place; returns undefined then. */
  attempt<T>(origin: Origin, key: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!isRsyncError(error)) throw error;
      this.add(origin, `${key}: ${error.message.replace(/^rsyncjs: /, '')}`, error.hint);
      return undefined;
    }
  }

  /** @throws RsyncError RSYNC_USAGE, exit 1, if there is a problem */
  throwIfAny(): void {
    if (this.#found.length === 0) return;
    // What several profiles have in common is read for each of them.
    throw configError([...new Map(this.#found.map((problem) => [sentence(problem), problem])).values()]);
  }
}

/** RSYNC_USAGE, exit 1. `problemsOf` gives the problems back. */
export function configError(problems: readonly Problem[]): RsyncError {
  const [first] = problems;
  const file = problems.find(({ origin }) => origin.file !== undefined)?.origin.file;
  const common = {
    exitCode: EXIT.SYNTAX,
    origin: 'local' as const,
    cause: problems,
    ...(file === undefined ? {} : { path: file }),
  };
  if (first !== undefined && problems.length === 1) {
    return new RsyncError('RSYNC_USAGE', sentence(first), {
      ...common,
      ...(first.hint === undefined ? {} : { hint: first.hint }),
    });
  }
  const told = problems
    .slice(0, MOST_TOLD)
    .map((problem) => `\n  ${sentence(problem)}${problem.hint === undefined ? '' : ` (${problem.hint})`}`);
  const rest = problems.length - told.length;
  return new RsyncError(
    'RSYNC_USAGE',
    `${problems.length} mistakes in the configuration:${told.join('')}${rest > 0 ? `\n  and ${rest} more` : ''}`,
    common,
  );
}

/** The problems behind an error of `configError`; of any other error none. */
export function problemsOf(error: unknown): readonly Problem[] {
  return isRsyncError(error) && Array.isArray(error.cause) ? (error.cause as Problem[]) : [];
}

/** The value as it may be quoted: not at all if its key looks like that of a secret. */
export function quoted(key: string, value: unknown): string {
  if (isSecretName(key)) return 'a value';
  const text = JSON.stringify(typeof value === 'string' ? redactAddress(value) : value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function sentence({ origin, text }: Problem): string {
  // A place outside of files has the name already.
  const named = origin.file === undefined && text.startsWith(`${origin.name}: `);
  return `${placeOf(origin)}: ${named ? text.slice(origin.name.length + 2) : text}`;
}
