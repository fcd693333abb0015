/**
 * A value of the configuration together with where it was written, so that every message and `config show --origin` can
 * point there.
 */

/** In the order in which they win, the first one over all others. */
export type OriginKind = 'command line' | 'environment' | 'env file' | 'file' | 'default';

export interface Origin {
  kind: OriginKind;
  /** What is written there: an option, a variable, a key with those above it (`profiles.web.remote`). */
  name: string;
  /** Absolute. Only of `env file` and `file`. */
  file?: string;
  /** From 1. */
  line?: number;
  /** From 1, in UTF-16 units; without a line: within the value. */
  column?: number;
}

export interface Sourced<T> {
  value: T;
  origin: Origin;
  /** What would hold without this one, the strongest first. */
  overrode?: readonly Sourced<unknown>[];
}

export function sourced<T>(value: T, origin: Origin): Sourced<T> {
  return { value, origin };
}

export function byDefault<T>(name: string, value: T): Sourced<T> {
  return { value, origin: { kind: 'default', name } };
}

/** The first candidate that is there; it remembers the others, and what they remember. The candidates stand in the order in which they win. */
export function strongest<T>(candidates: readonly (Sourced<T> | undefined)[]): Sourced<T> | undefined {
  const [winner, ...others] = candidates.filter((candidate) => candidate !== undefined);
  if (winner === undefined) return undefined;
  const beaten: Sourced<unknown>[] = [
    ...(winner.overrode ?? []),
    ...others.flatMap((other) => [other, ...(other.overrode ?? [])]),
  ];
  return beaten.length === 0 ? winner : { ...winner, overrode: beaten };
}

/** A place for a person: `FILE:LINE:COLUMN`, or what the value came with. */
export function placeOf({ kind, name, file, line, column }: Origin): string {
  if (file !== undefined) {
    return [file, line, line === undefined ? undefined : column]
      .filter((part) => part !== undefined)
      .join(':');
  }
  const where =
    kind === 'environment' ? `${name} in the environment` : kind === 'default' ? `default of ${name}` : name;
  return column === undefined ? where : `${where}, character ${column}`;
}

/** One line for `config show --origin`. */
export function originText(origin: Origin): string {
  if (origin.kind === 'default') return 'default';
  if (origin.kind === 'command line') return `command line: ${origin.name}`;
  if (origin.kind === 'environment') return `environment: ${origin.name}`;
  return `${placeOf(origin)} (${origin.name})`;
}
