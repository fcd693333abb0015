import { RsyncError } from '../../core/errors.ts';
import { expandHome, expandTokens } from './config/paths.ts';
import { DEFAULT_PORT, type SshSettings } from './config/settings.ts';
import { connectionTokens } from './config/tokens.ts';
import { SSH_FAILED } from './errors.ts';

export type Expand = (keyword: string, value: string) => string;

export interface ConnectionNames {
  /** The host to connect to, in lower case: as ssh looks names up and files them. */
  host: string;
  port: number;
  /** %-tokens, `${NAME}` and `~` of a file's name. */
  expand: Expand;
  /** The tokens of ProxyCommand and ProxyJump. */
  expandProxy: Expand;
}

/**
 * Names may come from far away (a list of hosts, a URL), and stand in the command lines of ProxyCommand and Match exec,
 * which a shell reads: characters that mean something to it are refused, as ssh does.
 *
 * @throws RsyncError RSYNC_USAGE (exit 255).
 */
export function checkNames(host: string, user: string | undefined): void {
  if (/^-|['`"$\\;&<>|(){}\s\u0000-\u001f\u007f]/.test(host)) throw badName('host', host);
  if (user !== undefined && /^-|['`";&<>|(){}\u0000-\u001f\u007f]|\s-|\\$/.test(user))
    throw badName('user', user);
}

function badName(what: string, name: string): RsyncError {
  return new RsyncError(
    'RSYNC_USAGE',
    `a ${what} name must not hold what a shell could take for a command: ${JSON.stringify(name)}`,
    {
      exitCode: SSH_FAILED,
      origin: 'local',
      hint: `Check where the ${what} name is from.`,
    },
  );
}

export interface NameSources {
  /** The host as the user wrote it. */
  original: string;
  settings: SshSettings;
  localUser: string;
  home: string;
  env: NodeJS.ProcessEnv;
}

/**
 * Host and port, and what stands for the facts of the connection in other settings (ssh_config(5), TOKENS).
 *
 * @throws RsyncError RSYNC_USAGE (exit 255), here and from the functions returned, for an unknown token or variable.
 */
export function connectionNames({ original, settings, localUser, home, env }: NameSources): ConnectionNames {
  const expandWith =
    (tokens: Record<string, string>, isFile: boolean): Expand =>
    (keyword, value) => {
      try {
        const expanded = expandTokens(value, tokens, env);
        return isFile ? expandHome(expanded, home) : expanded;
      } catch (error) {
        throw new RsyncError('RSYNC_USAGE', `${keyword} ${value}: ${(error as Error).message}`, {
          exitCode: SSH_FAILED,
          origin: 'local',
        });
      }
    };
  const named =
    settings.hostName === undefined
      ? original
      : expandWith({ h: original }, false)('HostName', settings.hostName);
  const host = named.toLowerCase();
  const port = settings.port ?? DEFAULT_PORT;
  const { proxy } = settings;
  const tokens = connectionTokens({
    original,
    host,
    port,
    user: settings.user ?? localUser,
    hostKeyAlias: settings.hostKeyAlias,
    jump: proxy instanceof Object && 'jump' in proxy ? proxy.jump.join(',') : '',
    home,
    localUser,
  });
  const { h, n, p, r } = tokens as { h: string; n: string; p: string; r: string };
  return { host, port, expand: expandWith(tokens, true), expandProxy: expandWith({ h, n, p, r }, false) };
}
