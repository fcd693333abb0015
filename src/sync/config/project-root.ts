/**
 * The root of a project. From the current directory upwards: the first folder with `rsyncjs.yaml`, `.rsync-exclude` or a
 * `.env` that sets a variable of ours; if there is none, the first one with `.git` or `.env`.
 */
import { statSync } from 'node:fs';
import { type EnvFile, parseEnvFile } from './env-file.ts';
import { pathsOf } from './paths.ts';
import { isSyncVariable } from './project-variables.ts';
import { readConfigText } from './text-file.ts';

export const PROJECT_FILE = 'rsyncjs.yaml';
export const EXCLUDE_FILE = '.rsync-exclude';
export const ENV_FILE = '.env';

export interface ProjectPlace {
  root: string;
  /** The `.env` of the root, if there is one. */
  env: EnvFile | undefined;
}

/**
 * @param home  the search ends above its parent; a folder outside of it may be searched up to the top
 * @returns undefined outside of a project
 * @throws RsyncError RSYNC_FILE_IO, exit 11: a `.env` that cannot be read
 */
export function findProject(cwd: string, home: string, platform: NodeJS.Platform): ProjectPlace | undefined {
  let weak: ProjectPlace | undefined;
  for (const folder of upwards(cwd, home, platform)) {
    // Whoever may write to it could choose our remote: /tmp.
    if (folder !== cwd && isOpenToAll(folder, platform)) continue;
    const place = projectAt(folder, platform);
    if (place === undefined) continue;
    if (place.strong) return { root: place.root, env: place.env };
    weak ??= { root: place.root, env: place.env };
  }
  return weak;
}

/** A folder that was named as the root. */
export function projectEnv(root: string, platform: NodeJS.Platform): EnvFile | undefined {
  const file = pathsOf(platform).join(root, ENV_FILE);
  // Environments of Python are folders, and some are called so.
  if (exists(() => statSync(file).isDirectory())) return undefined;
  const text = readConfigText(file);
  return text === undefined ? undefined : parseEnvFile(text);
}

function projectAt(
  root: string,
  platform: NodeJS.Platform,
): (ProjectPlace & { strong: boolean }) | undefined {
  const paths = pathsOf(platform);
  const has = (name: string): boolean =>
    statSync(paths.join(root, name), { throwIfNoEntry: false }) !== undefined;
  const own = exists(() => has(PROJECT_FILE) || has(EXCLUDE_FILE));
  const env = projectEnv(root, platform);
  const strong = own || env?.entries.some(({ name }) => isSyncVariable(name, platform)) === true;
  if (!strong && env === undefined && !exists(() => has('.git'))) return undefined;
  return { root, env, strong };
}

/** A folder that may not be looked into has nothing for us. */
function exists(look: () => boolean): boolean {
  try {
    return look();
  } catch {
    return false;
  }
}

function* upwards(cwd: string, home: string, platform: NodeJS.Platform): Generator<string> {
  const paths = pathsOf(platform);
  const top = home === '' ? undefined : paths.dirname(paths.resolve(home));
  for (let folder = paths.resolve(cwd); ; folder = paths.dirname(folder)) {
    yield folder;
    if (folder === top || paths.dirname(folder) === folder) return;
  }
}

function isOpenToAll(folder: string, platform: NodeJS.Platform): boolean {
  if (platform === 'win32') return false;
  try {
    return (statSync(folder).mode & 0o002) !== 0;
  } catch {
    return true;
  }
}
