import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { RsyncError, usageError } from '../../core/errors.ts';
import type { Prompts } from './auth/prompts.ts';
import { expandHome, expandTokens, homeDirectory } from './config/paths.ts';
import { resolveSshConfig } from './config/resolve.ts';
import type { SshSettings } from './config/settings.ts';
import { SSH_FAILED } from './errors.ts';
import { KnownHosts } from './host/known-hosts.ts';

export interface SshTarget {
  /** As the user wrote it; may be an alias of the configuration. */
  host: string;
  /** `user@` of the argument; wins over everything else. */
  user?: string | undefined;
  /** Settings of the command line. */
  settings: SshSettings;
  /** `-F`; `none` reads no configuration. */
  configFile?: string | undefined;
  env: NodeJS.ProcessEnv;
  prompts?: Prompts | undefined;
  signal?: AbortSignal | undefined;
  /** Progress of the connection for people, a line at a time; never a secret. */
  trace?: ((line: string) => void) | undefined;
  /** Also trace the protocol messages. */
  verbose?: boolean;
}

const DEFAULT_PORT = 22;
const DEFAULT_IDENTITIES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];
const WINDOWS_AGENT = '\\\\.\\pipe\\openssh-ssh-agent';

/** Everything about the connection that is known before the first byte is sent. */
export interface SshPlan {
  host: string;
  port: number;
  user: string;
  settings: SshSettings;
  identityFiles: string[];
  agent: string | undefined;
  agentExplicit: boolean;
  knownHostsFile: string;
  known: KnownHosts;
  knownName: string;
  prompts: Prompts | undefined;
  where: string;
}

/**
 * Brings command line, configuration and environment together.
 *
 * @throws RsyncError RSYNC_USAGE, RSYNC_UNSUPPORTED, RSYNC_HOST_KEY (unreadable known hosts).
 */
export function makePlan(target: SshTarget): SshPlan {
  const { env, trace } = target;
  const home = homeDirectory(env);
  const localUser = localUserName(env);
  const decided: SshSettings = { ...target.settings };
  if (target.user !== undefined) decided.user = target.user;
  const { settings, ignored } = resolveSshConfig({
    host: target.host,
    settings: decided,
    configFile: target.configFile,
    home,
    localUser,
    trace,
  });
  for (const { file, line, keyword } of ignored)
    trace?.(`ssh: ${file}:${line}: ${keyword} has no effect here`);

  const tokens: Record<string, string> = { d: home, u: localUser, n: target.host, h: target.host };
  tokens.l = hostname();
  tokens.L = hostname().replace(/\..*/, '');
  const expand = (keyword: string, value: string): string => {
    try {
      return expandHome(expandTokens(value, tokens, env), home);
    } catch (error) {
      throw new RsyncError('RSYNC_USAGE', `${keyword} ${value}: ${(error as Error).message}`, {
        exitCode: SSH_FAILED,
        origin: 'local',
      });
    }
  };
  const host = settings.hostName === undefined ? target.host : expand('HostName', settings.hostName);
  const port = settings.port ?? DEFAULT_PORT;
  const user = settings.user ?? localUser;
  if (user === '') throw usageError('this account has no name to log in with', 'Write USER@HOST.');
  Object.assign(tokens, { h: host, p: String(port), r: user, k: settings.hostKeyAlias ?? target.host });

  const files = settings.identityFiles.filter((file) => file !== 'none');
  const identityFiles =
    settings.identityFiles.length > 0
      ? files.map((file) => expand('IdentityFile', file))
      : DEFAULT_IDENTITIES.map((name) => join(home, '.ssh', name));

  const userFiles = (settings.userKnownHostsFiles ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']).map(
    (file) => expand('UserKnownHostsFile', file),
  );
  const systemDir =
    process.platform === 'win32' ? join(env.ProgramData ?? 'C:\\ProgramData', 'ssh') : '/etc/ssh';
  const globalFiles = settings.globalKnownHostsFiles?.map((file) => expand('GlobalKnownHostsFile', file)) ?? [
    join(systemDir, 'ssh_known_hosts'),
    join(systemDir, 'ssh_known_hosts2'),
  ];

  const named = settings.identityAgent === undefined ? undefined : agentName(settings.identityAgent, expand);
  const agent = named === 'SSH_AUTH_SOCK' || named === undefined ? env.SSH_AUTH_SOCK : named;
  const fallback = process.platform === 'win32' ? WINDOWS_AGENT : undefined;
  return {
    host,
    port,
    user,
    settings,
    identityFiles,
    agent: agent === 'none' ? undefined : agent === undefined || agent === '' ? fallback : agent,
    agentExplicit: agent !== undefined && agent !== '',
    knownHostsFile: userFiles[0]!,
    known: KnownHosts.read([...userFiles, ...globalFiles], trace),
    knownName: settings.hostKeyAlias ?? host,
    prompts: settings.batchMode === true ? undefined : target.prompts,
    where: `${host.includes(':') ? `[${host}]` : host}:${port}`,
  };
}

/** Empty if this account has no name, as in a container under a random user id. */
function localUserName(env: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    return env.USER ?? env.LOGNAME ?? env.USERNAME ?? '';
  }
}

function agentName(value: string, expand: (keyword: string, value: string) => string): string {
  // IdentityAgent also takes the bare `$NAME`.
  const variable = /^\$(\w+)$/.exec(value);
  return expand('IdentityAgent', variable === null ? value : `\${${variable[1]}}`);
}
