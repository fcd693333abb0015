/**
 * The configuration of a project: command line over environment over `.env` over `rsyncjs.yaml` over what holds by default,
 * setting by setting.
 */
import { EXIT, RsyncError, usageError } from '../../core/errors.ts';
import { pathsOf } from './paths.ts';
import { configError, type Notice, Problems } from './problems.ts';
import { namedProfiles, singleProfile } from './project-choice.ts';
import { readProjectFile } from './project-file.ts';
import {
  ProfileBuilder,
  type ProjectInput,
  type ProjectProfile,
  type UnresolvedProfile,
} from './project-profile.ts';
import { ENV_FILE, EXCLUDE_FILE, findProject, PROJECT_FILE, projectEnv } from './project-root.ts';
import { readTyped, typedOrigin } from './project-settings.ts';
import { prefixOf, readVariables } from './project-variables.ts';
import { type Sourced, strongest } from './source.ts';
import { isUtf16, readConfigText } from './text-file.ts';

export type {
  ProjectArguments,
  ProjectGuards,
  ProjectInput,
  ProjectProfile,
  UnresolvedProfile,
} from './project-profile.ts';

export interface ProjectConfig {
  root: string;
  profiles: ProjectProfile[];
  /** Of `default_profile`, or the only one; undefined: a run has to name one. */
  defaultProfile: string | undefined;
  notices: Notice[];
}

/** For `status`, `setup` and `config show`. */
export type UnresolvedProject = Omit<ProjectConfig, 'profiles'> & { profiles: UnresolvedProfile[] };

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
    file.profiles.length > 0
      ? namedProfiles(file.profiles, pairs, argv, problems)
      : singleProfile(pairs, argv, problems);
  if (choice.length > 1 && argv.remote !== undefined) {
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

/** rsync ends with 11 where a file of excludes is missing, and so does this: without it, more would be copied and deleted. */
function checkExcludeFile({ value: file, origin }: Sourced<string>): void {
  if (readConfigText(file) !== undefined) {
    if (!isUtf16(file)) return;
    throw configError([
      {
        origin: { kind: 'file', name: origin.name, file, line: 1, column: 1 },
        text: 'found UTF-16, expected UTF-8: rsync would read no rule of it',
        hint: 'Save it as UTF-8; Windows PowerShell does so with "Set-Content -Encoding ascii", and not with ">".',
      },
    ]);
  }
  throw new RsyncError('RSYNC_FILE_IO', `the exclude file ${file} is not there (${origin.name})`, {
    exitCode: EXIT.FILEIO,
    origin: 'local',
    path: file,
    hint: 'Create it ("rsyncjs init" writes one), or take it out of exclude_from.',
  });
}
