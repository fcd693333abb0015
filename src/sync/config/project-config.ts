/**
 * The configuration of a project: command line over environment over `.env` over `rsyncjs.yaml` over what holds by default,
 * setting by setting.
 */
import { EXIT, RsyncError, usageError } from '../../core/errors.ts';
import { nearestName } from '../../core/nearest-name.ts';
import type { Environment } from '../../options/environment.ts';
import { isWithin, pathsOf, resolvePath } from './paths.ts';
import { type Notice, Problems } from './problems.ts';
import { type FileProfile, readProjectFile } from './project-file.ts';
import { ENV_FILE, EXCLUDE_FILE, findProject, PROJECT_FILE, projectEnv } from './project-root.ts';
import {
  type Confirmation,
  type ConflictChoice,
  type GivenSettings,
  readTyped,
  type TypedSettings,
  typedOrigin,
} from './project-settings.ts';
import {
  prefixOf,
  readVariables,
  type SourcedText,
  strongestText,
  type VariablePair,
} from './project-variables.ts';
import { parseRemote, type Remote } from './remote.ts';
import { byDefault, type Sourced, sourced, strongest } from './source.ts';
import type { SshSettings } from './ssh-settings.ts';
import { checkOptionWords, type OptionWord, splitOptionText } from './sync-options.ts';
import { readConfigText } from './text-file.ts';

export interface ProjectInput {
  /** Absolute. */
  cwd: string;
  env: Environment;
  /** '' if there is none. */
  home: string;
  platform: NodeJS.Platform;
  argv?: ProjectArguments;
}

/** What the command line has. */
export interface ProjectArguments extends TypedSettings {
  /** The root, in place of the one that is found from `cwd`. */
  root?: string;
  /** In place of all that the configuration says. Needs a single profile. */
  remote?: string;
  /** Names; default: all. */
  profiles?: readonly string[];
  /** Further options of rsync, after those of the configuration. */
  options?: readonly string[];
}

export interface ProjectGuards {
  /** Undefined: no limit by number. */
  maxDelete: Sourced<number | undefined>;
  maxDeletePercent: Sourced<number>;
  confirm: Sourced<Confirmation>;
}

export interface ProjectProfile {
  /** `default` if it has no name. */
  name: string;
  /** The local folder, absolute. */
  local: Sourced<string>;
  remote: Sourced<Remote>;
  /** Arguments of rsync, checked: none runs a command, deletes, or writes elsewhere. */
  options: Sourced<readonly string[]>;
  /** Those of this run alone, after the others. */
  typedOptions: Sourced<readonly string[]>;
  /** Patterns as for --exclude, after BUILT_IN_EXCLUDES. */
  excludes: Sourced<readonly string[]>;
  /** Absolute; each of them is there. */
  excludeFiles: Sourced<string>[];
  guards: ProjectGuards;
  conflict: Sourced<ConflictChoice>;
  /** Seconds; 0: never. */
  staleAfter: Sourced<number>;
  onlyIgnored: Sourced<boolean>;
  backup: Sourced<boolean>;
  ssh: SshSettings;
}

export interface ProjectConfig {
  root: string;
  profiles: ProjectProfile[];
  /** Of `default_profile`, or the only one; undefined: a run has to name one. */
  defaultProfile: string | undefined;
  notices: Notice[];
}

/** A profile that may lack its remote: for `status`, `setup` and `config show`. */
export type UnresolvedProfile = Omit<ProjectProfile, 'remote'> & { remote: Sourced<Remote> | undefined };
export type UnresolvedProject = Omit<ProjectConfig, 'profiles'> & { profiles: UnresolvedProfile[] };

/** Seconds. */
const STALE_AFTER = 24 * 3600;
const MAX_DELETE_PERCENT = 50;

export const NOT_CONFIGURED = 'Sync not configured. Set SYNC_REMOTE in .env';
export const NOT_CONFIGURED_HINT =
  'Example: SYNC_REMOTE=user@host:/path/of/the/project ("rsyncjs init" writes the files).';

/**
 * @throws as `readProject`; RSYNC_USAGE, exit 1, too if a profile has no remote
 */
export function resolveProject(input: ProjectInput): ProjectConfig {
  const project = readProject(input);
  const profiles = project.profiles.map((profile): ProjectProfile => {
    const { remote } = profile;
    if (remote !== undefined) return { ...profile, remote };
    if (project.profiles.length === 1 && profile.name === 'default') {
      throw usageError(NOT_CONFIGURED, NOT_CONFIGURED_HINT);
    }
    throw usageError(
      `profile ${profile.name}: there is no remote`,
      `Set profiles.${profile.name}.remote in ${PROJECT_FILE}, or ${prefixOf(profile.name)}_SYNC_REMOTE.`,
    );
  });
  return { ...project, profiles };
}

/**
 * @throws RsyncError RSYNC_USAGE, exit 1: outside of a project, or mistakes in the configuration, all of them;
 *   RSYNC_FILE_IO, exit 11: a file that cannot be read, or a file of excludes that is named and not there
 */
export function readProject(input: ProjectInput): UnresolvedProject {
  const { cwd, env, home, platform, argv = {} } = input;
  const paths = pathsOf(platform);
  const found =
    argv.root === undefined
      ? findProject(cwd, home, platform)
      : { root: paths.resolve(cwd, argv.root), env: projectEnv(paths.resolve(cwd, argv.root), platform) };
  if (found === undefined) {
    throw usageError(
      `not inside a project: no ${PROJECT_FILE}, ${EXCLUDE_FILE}, ${ENV_FILE} or .git in ${cwd} or above it`,
      '"rsyncjs init" makes a project of a folder.',
    );
  }
  const { root } = found;
  const problems = new Problems();
  const content = found.env;
  const envFile = content && { file: paths.join(root, ENV_FILE), content };
  const pairs = readVariables(env, envFile, platform, problems);
  const file = readProjectFile(paths.join(root, PROJECT_FILE), problems);
  const typed = readTyped(argv, problems);
  const choice =
    file.profiles.length > 0 ? named(file.profiles, pairs, argv, problems) : single(pairs, argv, problems);
  if (choice.length !== 1 && argv.remote !== undefined) {
    problems.add(typedOrigin('--remote'), 'there are several profiles', 'Name one with --profile.');
  }
  const build = new ProfileBuilder(root, input, problems, typed);
  const profiles = choice.map(({ name, pair, profile }) =>
    build.profile(name, pair, pairs.get(''), [profile?.settings ?? {}, file.settings], {
      path: profile?.path,
      remote: profile === undefined ? file.remote : profile.remote,
      options: strongest([profile?.options, file.options]),
    }),
  );
  problems.throwIfAny();
  for (const { excludeFiles } of profiles) for (const exclude of excludeFiles) checkExcludeFile(exclude);
  return {
    root,
    profiles,
    defaultProfile: profiles.length === 1 ? profiles[0]!.name : file.defaultProfile?.value,
    notices: problems.notices,
  };
}

interface Choice {
  name: string;
  pair: VariablePair | undefined;
  profile: FileProfile | undefined;
}

/** The profiles of the file, or those that the command line names. */
function named(
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
  for (const { prefix, remote, options } of pairs.values()) {
    const origin = (remote ?? options)?.origin;
    if (prefix === '' || prefixes.has(prefix) || origin === undefined) continue;
    problems.notice('variable-unused', `${origin.name} belongs to no profile and is not used`, origin);
  }
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

/** The one profile of a project whose file names none; the name of its variables is its own. */
function single(
  pairs: ReadonlyMap<string, VariablePair>,
  argv: ProjectArguments,
  problems: Problems,
): Choice[] {
  const prefixed = [...pairs.values()].filter(({ prefix, remote }) => prefix !== '' && remote !== undefined);
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

class ProfileBuilder {
  readonly #root: string;
  readonly #input: ProjectInput;
  readonly #problems: Problems;
  readonly #typed: GivenSettings;

  constructor(root: string, input: ProjectInput, problems: Problems, typed: GivenSettings) {
    this.#root = root;
    this.#input = input;
    this.#problems = problems;
    this.#typed = typed;
  }

  /** @param layers  settings of the file, the strongest first */
  profile(
    name: string,
    pair: VariablePair | undefined,
    neutral: VariablePair | undefined,
    layers: readonly GivenSettings[],
    file: Pick<FileProfile, 'path' | 'remote' | 'options'>,
  ): UnresolvedProfile {
    const settings = [this.#typed, ...layers];
    const pick = <K extends keyof GivenSettings>(key: K): GivenSettings[K] =>
      strongest(settings.map((one) => one[key] as Sourced<unknown> | undefined)) as GivenSettings[K];
    const named = settings.find(({ excludeFrom }) => excludeFrom !== undefined)?.excludeFrom;
    return {
      name,
      local: this.#local(file.path),
      // A profile that was asked for by the name of its variables is not overruled by the neutral ones.
      remote: this.#remote(
        pair?.remote === undefined ? [neutral?.remote, file.remote] : [pair.remote, file.remote],
      ),
      options: this.#options(pair, neutral, file.options),
      typedOptions: this.#typedOptions(),
      excludes: pick('exclude') ?? byDefault('exclude', []),
      excludeFiles: named?.map((exclude) => this.#excludeFile(exclude)) ?? this.#usualExcludeFile(),
      guards: {
        maxDelete: pick('maxDelete') ?? byDefault('guards.max_delete', undefined),
        maxDeletePercent:
          pick('maxDeletePercent') ?? byDefault('guards.max_delete_percent', MAX_DELETE_PERCENT),
        confirm: pick('confirm') ?? byDefault('guards.confirm', 'guards'),
      },
      conflict: pick('conflict') ?? byDefault('conflict', 'stop'),
      staleAfter: pick('staleAfter') ?? byDefault('stale_after', STALE_AFTER),
      onlyIgnored: pick('onlyIgnored') ?? byDefault('only_ignored', false),
      backup: pick('backup') ?? byDefault('backup', false),
      ssh: Object.assign({}, ...layers.map(({ ssh }) => ssh).toReversed()) as SshSettings,
    };
  }

  #local(path: Sourced<string> | undefined): Sourced<string> {
    if (path === undefined) return byDefault('path', this.#root);
    const { platform, home } = this.#input;
    const local = resolvePath(path.value, { base: this.#root, home, platform });
    if (local === undefined || !isWithin(this.#root, local, platform)) {
      this.#problems.add(
        path.origin,
        `path: found ${JSON.stringify(path.value)}, expected a folder of the project`,
        `Write it relative to ${this.#root}.`,
      );
      return sourced(this.#root, path.origin);
    }
    return { ...path, value: local };
  }

  #remote(candidates: readonly (SourcedText | undefined)[]): Sourced<Remote> | undefined {
    const typed = this.#input.argv?.remote;
    const given: SourcedText | undefined =
      typed === undefined
        ? undefined
        : { ...sourced(typed, typedOrigin('--remote')), positionOf: () => typedOrigin('--remote') };
    const text = strongestText([given, ...candidates]);
    if (text === undefined) return undefined;
    const { origin, overrode } = text;
    const file = overrode?.find((beaten) => beaten.origin.kind === 'file');
    if (file !== undefined && origin.kind === 'environment') {
      this.#problems.notice(
        'remote-overruled',
        `${origin.name} is used, not the remote of ${PROJECT_FILE}`,
        origin,
      );
    }
    const windows = this.#input.platform === 'win32';
    const key = origin.kind === 'file' ? 'remote' : origin.name;
    const remote = this.#problems.attempt(origin, key, () => parseRemote(text.value.trim(), { windows }));
    return remote && { value: remote, origin, ...(overrode === undefined ? {} : { overrode }) };
  }

  #options(
    pair: VariablePair | undefined,
    neutral: VariablePair | undefined,
    file: Sourced<readonly OptionWord[]> | undefined,
  ): Sourced<readonly string[]> {
    const text = pair?.options ?? neutral?.options;
    const words =
      text === undefined
        ? file
        : strongest([
            {
              ...text,
              value: splitOptionText(text.value, text.origin.name, text.positionOf, this.#problems),
            },
            file,
          ]);
    if (words === undefined) return byDefault('options', []);
    const key = text === undefined ? 'options' : text.origin.name;
    checkOptionWords(words.value, { workflow: 'project', key }, this.#problems);
    return { ...words, value: words.value.map((word) => word.text) };
  }

  #typedOptions(): Sourced<readonly string[]> {
    const typed = this.#input.argv?.options ?? [];
    const origin = typedOrigin('options');
    const words = typed.map((text) => ({ text, origin }));
    checkOptionWords(words, { workflow: 'project', key: 'command line', typed: true }, this.#problems);
    return sourced(typed, origin);
  }

  /** `.rsync-exclude` is used where it is there and no other file is named. */
  #usualExcludeFile(): Sourced<string>[] {
    const file = pathsOf(this.#input.platform).join(this.#root, EXCLUDE_FILE);
    if (readConfigText(file) !== undefined) return [byDefault('exclude_from', file)];
    const { notices } = this.#problems;
    if (!notices.some(({ code }) => code === 'exclude-file-absent')) {
      this.#problems.notice(
        'exclude-file-absent',
        `${file} is not there: everything but .git is synchronised`,
      );
    }
    return [];
  }

  #excludeFile(named: Sourced<string>): Sourced<string> {
    const { home, platform } = this.#input;
    const file = resolvePath(named.value, { base: this.#root, home, platform });
    if (file === undefined) {
      this.#problems.add(named.origin, `exclude_from: found ${JSON.stringify(named.value)}, expected a file`);
    }
    return { ...named, value: file ?? named.value };
  }
}

/** rsync ends with 11 where a file of excludes is missing, and so does this: without it, more would be copied and deleted. */
function checkExcludeFile({ value: file, origin }: Sourced<string>): void {
  if (readConfigText(file) !== undefined) return;
  throw new RsyncError('RSYNC_FILE_IO', `the exclude file ${file} is not there (${origin.name})`, {
    exitCode: EXIT.FILEIO,
    origin: 'local',
    path: file,
    hint: 'Create it ("rsyncjs init" writes one), or take it out of exclude_from.',
  });
}
