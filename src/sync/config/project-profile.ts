/** A profile of a project, put together from all that has a say in it. */
import type { Environment } from '../../options/environment.ts';
import type { ConflictPolicy } from '../project/conflict-policy.ts';
import { isWithin, pathsOf, resolvePath } from './paths.ts';
import type { Problems } from './problems.ts';
import type { FileProfile } from './project-file.ts';
import { EXCLUDE_FILE, PROJECT_FILE } from './project-root.ts';
import {
  type Confirmation,
  type GivenSettings,
  type TypedSettings,
  typedOrigin,
} from './project-settings.ts';
import { type SourcedText, strongestText, type VariablePair } from './project-variables.ts';
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
  /** Files and directories: more than this is too many. */
  maxDelete: Sourced<number>;
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
  conflict: Sourced<ConflictPolicy>;
  /** Seconds; 0: never. */
  staleAfter: Sourced<number>;
  onlyIgnored: Sourced<boolean>;
  backup: Sourced<boolean>;
  ssh: SshSettings;
}

/** A profile that may lack its remote: for `status`, `setup` and `config show`. */
export type UnresolvedProfile = Omit<ProjectProfile, 'remote'> & { remote: Sourced<Remote> | undefined };

/** Seconds. */
const STALE_AFTER = 24 * 3600;
const MAX_DELETE = 1000;
const MAX_DELETE_PERCENT = 50;

export class ProfileBuilder {
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
    const pick = <K extends Exclude<keyof GivenSettings, 'excludeFrom' | 'ssh'>>(key: K): GivenSettings[K] =>
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
        maxDelete: pick('maxDelete') ?? byDefault('guards.max_delete', MAX_DELETE),
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
    const [variable] = /\$(?:\w+|[{(].*?[)}])/.exec(text.value) ?? [];
    if (variable !== undefined) {
      this.#problems.notice(
        'remote-literal',
        `${key}: ${variable} is not expanded, it is the name of a folder`,
        origin,
      );
    }
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
    const origin = typedOrigin('command line');
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
