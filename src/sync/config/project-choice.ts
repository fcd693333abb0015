/** Which profiles a run is about: those of the file, or the one that variables make. */
import { nearestName } from '../../core/nearest-name.ts';
import type { Problems } from './problems.ts';
import type { FileProfile } from './project-file.ts';
import type { ProjectArguments } from './project-profile.ts';
import { PROJECT_FILE } from './project-root.ts';
import { typedOrigin } from './project-settings.ts';
import { prefixOf, type VariablePair } from './project-variables.ts';

export interface Choice {
  name: string;
  pair: VariablePair | undefined;
  profile: FileProfile | undefined;
}

/** The profiles of the file, or those that the command line names. */
export function namedProfiles(
  profiles: readonly FileProfile[],
  pairs: ReadonlyMap<string, VariablePair>,
  argv: ProjectArguments,
  problems: Problems,
): Choice[] {
  const neutral = pairs.get('')?.remote;
  if (neutral !== undefined && profiles.length > 1) {
    const [first] = profiles;
    problems.add(
      neutral.origin,
      `SYNC_REMOTE: ${PROJECT_FILE} has several profiles`,
      `Set ${prefixOf(first!.name)}_SYNC_REMOTE for one of them, and leave SYNC_REMOTE unset.`,
    );
  }
  const prefixes = new Set(profiles.map(({ name }) => prefixOf(name)));
  tellUnused(
    [...pairs.values()].filter(({ prefix }) => !prefixes.has(prefix)),
    problems,
  );
  const all = profiles.map((profile) => ({
    name: profile.name,
    pair: pairs.get(prefixOf(profile.name)),
    profile,
  }));
  if (argv.profiles === undefined) return all;
  return argv.profiles.flatMap((wanted) => {
    const choice = all.find(({ name }) => name === wanted);
    if (choice !== undefined) return [choice];
    unknownProfile(
      wanted,
      all.map(({ name }) => name),
      problems,
    );
    return [];
  });
}

function unknownProfile(wanted: string, names: readonly string[], problems: Problems): void {
  const near = nearestName(wanted, names);
  problems.add(
    typedOrigin('--profile'),
    `there is no profile ${JSON.stringify(wanted)}`,
    near === undefined ? `There are ${names.join(', ')}.` : `Did you mean ${near}?`,
  );
}

function tellUnused(pairs: readonly VariablePair[], problems: Problems): void {
  for (const { prefix, remote, options } of pairs) {
    const origin = (remote ?? options)?.origin;
    if (prefix === '' || origin === undefined) continue;
    problems.notice('variable-unused', `${origin.name} belongs to no profile and is not used`, origin);
  }
}

/** The one profile of a project whose file names none; the name of its variables is its own. */
export function singleProfile(
  pairs: ReadonlyMap<string, VariablePair>,
  argv: ProjectArguments,
  problems: Problems,
): Choice[] {
  const prefixed = [...pairs.values()]
    .filter(({ prefix, remote }) => prefix !== '' && remote !== undefined)
    .sort((one, other) => (one.remote!.origin.line ?? 0) - (other.remote!.origin.line ?? 0));
  // Options alone make no profile.
  tellUnused(
    [...pairs.values()].filter(({ remote }) => remote === undefined),
    problems,
  );
  const names = ['default', ...prefixed.map(({ prefix }) => prefix.toLowerCase())];
  const chosen = (pair: VariablePair): Choice => ({
    name: pair.prefix.toLowerCase(),
    pair,
    profile: undefined,
  });
  const unnamed: Choice = { name: 'default', pair: undefined, profile: undefined };
  if (argv.profiles !== undefined && argv.profiles.length > 0) {
    return argv.profiles.flatMap((wanted) => {
      if (wanted === 'default') return [unnamed];
      const pair = prefixed.find(({ prefix }) => prefix === prefixOf(wanted));
      if (pair === undefined) unknownProfile(wanted, names, problems);
      return pair === undefined ? [] : [chosen(pair)];
    });
  }
  const neutral = pairs.get('')?.remote;
  const variables = prefixed.map(({ remote }) => remote!.origin.name);
  if (neutral !== undefined) {
    if (variables.length > 0) {
      problems.notice('remote-neutral', `SYNC_REMOTE is used, not ${variables.join(', ')}`, neutral.origin);
    }
    return [unnamed];
  }
  const [first, second] = prefixed;
  if (argv.remote !== undefined || first === undefined) return [unnamed];
  if (second === undefined) return [chosen(first)];
  problems.add(
    first.remote!.origin,
    `found several remotes: ${variables.join(', ')}`,
    `Choose with --profile (${names.slice(1).join(', ')}), or set SYNC_REMOTE.`,
  );
  return [];
}
