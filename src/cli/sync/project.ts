/** What the commands inside a project have in common: the configuration, and who is asked. */

import { statSync } from 'node:fs';
import { type ExcludedBy, excludedBy } from '../../client/rules.ts';
import { fromText } from '../../core/bytes.ts';
import { type RsyncError, usageError } from '../../core/errors.ts';
import {
  type ProjectArguments,
  type ProjectConfig,
  type ProjectProfile,
  resolveProject,
} from '../../sync/config/project-config.ts';
import { profileOf, sshOptionsOf } from '../../sync/project/from-config.ts';
import { GitTree } from '../../sync/project/git.ts';
import { profileRules } from '../../sync/project/inspect.ts';
import type { AskIgnored } from '../../sync/project/only-ignored.ts';
import type { Profile } from '../../sync/project/profile.ts';
import type { RunInput } from '../../sync/project/run.ts';
import { type FolderInputs, stateFolder } from '../../sync/state/folders.ts';
import type { Screen, Surroundings } from './terminal.ts';

/** A profile with everything that a run of it needs. */
export interface OpenProfile {
  configured: ProjectProfile;
  profile: Profile;
  connect: RunInput['connect'];
  stateFolder: string;
  who: { user: string; host: string };
  ignored: AskIgnored | undefined;
}

/**
 * The profile that a run is about.
 * @throws RsyncError RSYNC_USAGE, exit 1: not in a project, mistakes in the configuration, several profiles and none named
 */
export async function openProfile(screen: Screen, argv: ProjectArguments): Promise<OpenProfile> {
  const config = readConfig(screen, argv);
  const [configured] = config.profiles.filter(
    ({ name }) => config.profiles.length === 1 || name === config.defaultProfile,
  );
  if (configured === undefined) {
    throw severalProfiles(config.profiles);
  }
  return open(screen, configured);
}

export function severalProfiles(profiles: readonly { name: string }[]): RsyncError {
  const names = profiles.map(({ name }) => name).join(', ');
  return usageError(`there are several profiles: ${names}`, 'Name one with --profile.');
}

/** All profiles that are named; none named: all. */
export async function openProfiles(screen: Screen, argv: ProjectArguments): Promise<OpenProfile[]> {
  return Promise.all(readConfig(screen, argv).profiles.map((configured) => open(screen, configured)));
}

function readConfig(screen: Screen, argv: ProjectArguments): ProjectConfig {
  const { cwd, env, home, platform } = screen.around;
  const config = resolveProject({ cwd, env, home, platform, argv });
  for (const { text } of config.notices) screen.warn(`${screen.marks.warning} ${text}`);
  return config;
}

async function open(screen: Screen, configured: ProjectProfile): Promise<OpenProfile> {
  const { env, user, host, signal, onPrompt } = screen.around;
  const ssh = sshOptionsOf(configured.ssh);
  const prompts = await onPrompt?.();
  const profile = profileOf(configured);
  return {
    configured,
    profile,
    connect: {
      env,
      ...(ssh === undefined ? {} : { ssh }),
      ...(prompts === undefined ? {} : { onPrompt: prompts }),
      ...(signal === undefined ? {} : { signal }),
    },
    stateFolder: stateFolder(folderInputs(screen.around)),
    who: { user, host },
    ignored: profile.onlyIgnored ? await askGit(profile.root, screen.around) : undefined,
  };
}

export function folderInputs({ env, home, platform }: Surroundings): FolderInputs {
  return {
    env,
    platform,
    home: home === '' ? undefined : home,
    isDirectory: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true,
  };
}

async function askGit(root: string, { env, signal }: Surroundings): Promise<AskIgnored> {
  const opened = await GitTree.open(root, { env, signal });
  if (opened.kind === 'tree') return (paths) => opened.tree.ignored(paths);
  const why = {
    'no-git': 'there is no git',
    'no-repository': 'it is in no Git repository',
    refused: `git refuses: ${'words' in opened ? opened.words : ''}`,
  }[opened.kind];
  throw usageError(
    `only what Git ignores is to be synced of ${root}, but ${why}`,
    'Leave out --only-ignored.',
  );
}

/** The rules of a profile, for single paths. */
export function excludesOf(profile: Profile): ExcludedBy {
  return excludedBy(profileRules(profile), fromText(profile.root));
}
