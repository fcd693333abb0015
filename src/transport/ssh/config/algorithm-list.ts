import { matchPatternList, matchWildcard } from './wildcard.ts';

/**
 * An algorithm list of ssh_config(5), such as Ciphers: `a,b` replaces the defaults, `+a,b` appends to them, `-a,b`
 * takes away from them, `^a,b` puts at their head. Names may hold wildcards, which stand for all that is supported.
 *
 * @param spec As written; undefined or empty for the defaults.
 * @param supported Every name that can be had at all, in order of preference. Names outside it are left out.
 * @returns Without duplicates; empty if nothing is left, which ssh takes for an error.
 */
export function assembleAlgorithms(
  spec: string | undefined,
  defaults: readonly string[],
  supported: readonly string[],
): string[] {
  const usable = defaults.filter((name) => supported.includes(name));
  if (spec === undefined || spec === '') return unique(usable);
  const sign = /^[-+^]/.exec(spec)?.[0];
  const patterns = spec.slice(sign === undefined ? 0 : 1).split(',');
  if (sign === '-') return unique(usable.filter((name) => !matchPatternList(patterns, name)));
  const named = patterns.flatMap((pattern) => supported.filter((name) => matchWildcard(pattern, name)));
  if (sign === '+') return unique([...usable, ...named]);
  return unique(sign === '^' ? [...named, ...usable] : named);
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
