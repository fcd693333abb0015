import { posix, win32 } from 'node:path';
import { usageError } from '../../core/errors.ts';

/** What decides where our own files are: parameters, so that no test and no library user depends on this process. */
export interface FolderInputs {
  /** As `process.platform`. */
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  /** Absolute. Undefined: nobody knows; then only an environment variable helps. */
  home: string | undefined;
  /** Is there such a directory? Asked on macOS alone. */
  isDirectory: (path: string) => boolean;
}

const NAME = 'rsyncjs';

/**
 * Where we remember things, outside of every tree: `$RSYNCJS_STATE_HOME` itself, else the platform's folder for state
 * with `rsyncjs` in it. Not made here.
 * @throws RsyncError (exit 1) if neither an environment variable nor a home says where
 */
export function stateFolder(inputs: FolderInputs): string {
  const { env, platform } = inputs;
  const path = pathsOf(platform);
  const own = absolute(inputs, 'RSYNCJS_STATE_HOME');
  if (own !== undefined) return path.normalize(own);
  if (platform === 'win32') {
    const local = absolute(inputs, 'LOCALAPPDATA') ?? path.join(homeOf(inputs, 'state'), 'AppData', 'Local');
    return path.join(local, NAME, 'State');
  }
  const xdg = xdgFolder(env.XDG_STATE_HOME);
  if (xdg !== undefined) return path.join(xdg, NAME);
  const home = homeOf(inputs, 'state');
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', NAME, 'state');
  return path.join(home, '.local', 'state', NAME);
}

/**
 * Where a user's own settings are (`hub.yaml`): `$XDG_CONFIG_HOME/rsyncjs`, `~/.config/rsyncjs`; on macOS the latter only
 * if it is there, on Windows `%APPDATA%\rsyncjs`. Not made here.
 * @throws RsyncError (exit 1) if neither an environment variable nor a home says where
 */
export function configFolder(inputs: FolderInputs): string {
  const { env, platform } = inputs;
  const path = pathsOf(platform);
  if (platform === 'win32') {
    const roaming = absolute(inputs, 'APPDATA') ?? path.join(homeOf(inputs, 'config'), 'AppData', 'Roaming');
    return path.join(roaming, NAME);
  }
  const xdg = xdgFolder(env.XDG_CONFIG_HOME);
  if (xdg !== undefined) return path.join(xdg, NAME);
  const home = homeOf(inputs, 'config');
  const dotConfig = path.join(home, '.config', NAME);
  if (platform !== 'darwin' || inputs.isDirectory(dotConfig)) return dotConfig;
  return path.join(home, 'Library', 'Application Support', NAME);
}

function pathsOf(platform: NodeJS.Platform): typeof posix {
  return platform === 'win32' ? win32 : posix;
}

/** The XDG specification: a relative path is as good as none. */
function xdgFolder(value: string | undefined): string | undefined {
  return value !== undefined && posix.isAbsolute(value) ? value : undefined;
}

/** A relative folder would be another one in every directory: refused, since state would seem to be lost. */
function absolute({ env, platform }: FolderInputs, name: string): string | undefined {
  const value = env[name];
  if (value === undefined || value === '') return undefined;
  if (pathsOf(platform).isAbsolute(value)) return value;
  throw usageError(
    `${name} is not an absolute path: ${value}`,
    `Set ${name} to an absolute path, or unset it.`,
  );
}

function homeOf({ home, platform }: FolderInputs, what: 'state' | 'config'): string {
  if (home !== undefined && pathsOf(platform).isAbsolute(home)) return home;
  const name = what === 'state' ? 'RSYNCJS_STATE_HOME' : platform === 'win32' ? 'APPDATA' : 'XDG_CONFIG_HOME';
  throw usageError(
    `no home directory is known for the ${what} of rsyncjs`,
    `Set ${name} to an absolute path.`,
  );
}
