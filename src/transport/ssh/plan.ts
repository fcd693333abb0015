import { userInfo } from 'node:os';
import { join } from 'node:path';
import { RsyncError, usageError } from '../../core/errors.ts';
import { defaultAgent } from './auth/default-agent.ts';
import type { OnPrompt } from './auth/prompts.ts';
import { quoteValue } from './config/line.ts';
import { homeDirectory } from './config/paths.ts';
import { formatReport } from './config/report.ts';
import { type GivenSetting, resolveSshConfig } from './config/resolve.ts';
import {
  DEFAULT_IDENTITY_FILES,
  DEFAULT_PORT,
  DEFAULT_USER_KNOWN_HOSTS_FILES,
  type SshSettings,
  UNUSABLE_IDENTITY_FILES,
} from './config/settings.ts';
import { SSH_FAILED } from './errors.ts';
import type { SshDestination, SshFact } from './facts.ts';
import { KnownHosts } from './host/known-hosts.ts';
import { parseJump } from './jump.ts';
import { checkNames, connectionNames, type Expand } from './names.ts';

/** Keys and words that the library's caller hands over instead of naming files. */
export interface SshSecrets {
  /** Private keys as text; `name` stands for one in messages. */
  keys?: readonly { content: string | Uint8Array; name: string }[] | undefined;
  /** For encrypted keys: tried before anybody is asked. */
  passphrase?: string | undefined;
  /** Tried once, before anybody is asked. */
  password?: string | undefined;
}

export interface SshTarget {
  /** As the user wrote it; may be an alias of the configuration. */
  host: string;
  /** `user@` of the argument; wins over the configuration. */
  user?: string | undefined;
  /** Settings of the command line and of the library's caller, the strongest first. */
  given: readonly GivenSetting[];
  /** `-F`; `none` reads no configuration. */
  configFile?: string | undefined;
  /** `Match exec` may run its command. */
  allowExec?: boolean | undefined;
  env: NodeJS.ProcessEnv;
  secrets?: SshSecrets | undefined;
  /** Who answers questions; without it a connection that has any is refused. */
  onPrompt?: OnPrompt | undefined;
  signal?: AbortSignal | undefined;
  /** Progress of the connection for people, a line at a time; never a secret. */
  trace?: ((line: string) => void) | undefined;
  /** Tell `trace` only if LogLevel asks for it. */
  traceIfAsked?: boolean | undefined;
  /** Also trace the protocol messages. */
  verbose?: boolean;
  /** Told what the connection to the host itself comes to know; jump hosts are not spoken of. */
  onFact?: ((fact: SshFact) => void) | undefined;
}

/** A jump host may itself be behind others: no longer chain than this is taken for meant. */
const MAX_HOPS = 8;

/** What leads to the ssh server. */
export type Route =
  | { kind: 'tcp' }
  | { kind: 'jump'; hop: SshPlan }
  /** Expanded, for a shell. */
  | { kind: 'command'; command: string };

/** Everything about one connection that is known before the first byte is sent. */
export interface SshPlan {
  host: string;
  port: number;
  user: string;
  settings: SshSettings;
  route: Route;
  identityFiles: string[];
  /** The user named the files. */
  identitiesNamed: boolean;
  agent: string | undefined;
  agentExplicit: boolean;
  /** Where new host keys go; `none` for nowhere. */
  knownHostsFile: string;
  known: KnownHosts;
  /** Under which the host is on file: HostKeyAlias has no port. */
  knownName: string;
  knownPort: number;
  secrets: SshSecrets;
  onPrompt: OnPrompt | undefined;
  /** What happens, a line at a time. */
  trace: (line: string) => void;
  /** Also trace the protocol messages. */
  verbose: boolean;
  /** `host:port`, for messages. */
  where: string;
  onFact: (fact: SshFact) => void;
}

/**
 * Brings command line, configuration and environment together, for the host and for every host on the way to it.
 *
 * @throws RsyncError RSYNC_USAGE, RSYNC_UNSUPPORTED, RSYNC_HOST_KEY (unreadable known hosts).
 */
export async function makePlan(target: SshTarget, depth = 0): Promise<SshPlan> {
  const { env } = target;
  checkNames(target.host, target.user);
  const home = homeDirectory(env);
  const localUser = localUserName(env);
  const user = target.user;
  const given: GivenSetting[] = [
    ...target.given,
    // As rsync starts ssh, `-l USER` comes after the words of -e, and ssh takes the first.
    ...(user === undefined ? [] : [{ keyword: 'User', value: quoteValue(user), source: `${user}@` }]),
  ];
  const { settings, report } = await resolveSshConfig({
    host: target.host,
    given,
    configFile: target.configFile,
    home,
    localUser,
    env,
    trace: target.traceIfAsked === true ? undefined : target.trace,
    ...(target.allowExec === undefined ? {} : { allowExec: target.allowExec }),
  });
  const { logLevel = '' } = settings;
  const silent = target.traceIfAsked === true && !/^(?:verbose|debug)/.test(logLevel);
  const trace = (silent ? undefined : target.trace) ?? (() => {});
  for (const line of formatReport(target.host, report)) trace(line);

  const { host, port, expand, expandProxy } = connectionNames({
    original: target.host,
    settings,
    localUser,
    home,
    env,
  });
  const remoteUser = settings.user ?? localUser;
  if (remoteUser === '') throw usageError('this account has no name to log in with', 'Write USER@HOST.');

  const files = settings.identityFiles.filter((file) => file.toLowerCase() !== 'none');
  const identitiesNamed = settings.identityFiles.length > 0;
  const userFiles = (settings.userKnownHostsFiles ?? DEFAULT_USER_KNOWN_HOSTS_FILES).map((file) =>
    expand('UserKnownHostsFile', file),
  );
  const agent = chooseAgent(settings, env, expand);
  return {
    host,
    port,
    user: remoteUser,
    settings,
    route: await findRoute(target, settings, depth, expandProxy),
    identityFiles: (identitiesNamed ? files : [...DEFAULT_IDENTITY_FILES, ...UNUSABLE_IDENTITY_FILES]).map(
      (file) => expand('IdentityFile', file),
    ),
    identitiesNamed,
    ...agent,
    knownHostsFile: userFiles[0] ?? 'none',
    known: KnownHosts.read([...userFiles, ...globalFiles(settings, env, expand)], trace),
    knownName: settings.hostKeyAlias ?? host,
    knownPort: settings.hostKeyAlias === undefined ? port : DEFAULT_PORT,
    secrets: target.secrets ?? {},
    onPrompt: settings.batchMode === true ? undefined : target.onPrompt,
    trace,
    verbose: target.verbose === true || logLevel.startsWith('debug'),
    where: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    onFact: target.onFact ?? (() => {}),
  };
}

/** Where a plan leads. */
export function destinationOf(plan: SshPlan): SshDestination {
  const { host, port, user, where } = plan;
  const hops: string[] = [];
  let next = plan;
  while (next.route.kind === 'jump') {
    next = next.route.hop;
    hops.unshift(next.where);
  }
  const first = next.route.kind === 'tcp' ? { host: next.host, port: next.port } : undefined;
  return { host, port, user, where, first, hops };
}

async function findRoute(
  target: SshTarget,
  { proxy }: SshSettings,
  depth: number,
  expand: Expand,
): Promise<Route> {
  if (proxy === undefined || proxy === 'none') return { kind: 'tcp' };
  if ('command' in proxy) return { kind: 'command', command: expand('ProxyCommand', proxy.command) };
  const last = proxy.jump.at(-1)!;
  const before = proxy.jump.slice(0, -1);
  if (depth + proxy.jump.length > MAX_HOPS) {
    throw new RsyncError('RSYNC_USAGE', `${target.host}: more than ${MAX_HOPS} jump hosts on the way`, {
      exitCode: SSH_FAILED,
      origin: 'local',
      hint: 'A jump host may be reached through itself: give it a Host block with "ProxyJump none".',
    });
  }
  const { user, host, port } = parseJump(expand('ProxyJump', last));
  // As `ssh -J` does: a jump host has its own configuration, and of the command line it is told -F alone.
  const given: GivenSetting[] = [];
  if (port !== undefined) given.push({ keyword: 'Port', value: String(port), source: `ProxyJump ${last}` });
  if (before.length > 0) {
    given.push({ keyword: 'ProxyJump', value: before.join(','), source: `ProxyJump before ${last}` });
  }
  // A password is for the host that it was given for, and for nobody on the way.
  const secrets = { ...target.secrets, password: undefined };
  const hop = {
    ...target,
    host,
    user,
    secrets,
    given: [...given, ...hopSettings(target)],
    onFact: undefined,
  };
  return { kind: 'jump', hop: await makePlan(hop, depth + 1) };
}

/** Settings that a caller of the library gave: where no configuration file speaks for the jump hosts, these do. */
function hopSettings({ given }: SshTarget): GivenSetting[] {
  return given.filter(({ source, keyword }) => source.startsWith('ssh.') && HOP_KEYWORDS.has(keyword));
}

const HOP_KEYWORDS = new Set([
  'IdentityFile',
  'IdentityAgent',
  'IdentitiesOnly',
  'UserKnownHostsFile',
  'StrictHostKeyChecking',
]);

function globalFiles(settings: SshSettings, env: NodeJS.ProcessEnv, expand: Expand): string[] {
  const named = settings.globalKnownHostsFiles?.map((file) => expand('GlobalKnownHostsFile', file));
  const folder =
    process.platform === 'win32' ? join(env.ProgramData ?? 'C:\\ProgramData', 'ssh') : '/etc/ssh';
  return named ?? [join(folder, 'ssh_known_hosts'), join(folder, 'ssh_known_hosts2')];
}

function chooseAgent(
  { identityAgent }: SshSettings,
  env: NodeJS.ProcessEnv,
  expand: Expand,
): { agent: string | undefined; agentExplicit: boolean } {
  if (identityAgent?.toLowerCase() === 'none') return { agent: undefined, agentExplicit: false };
  if (identityAgent !== undefined && identityAgent !== 'SSH_AUTH_SOCK') {
    // IdentityAgent also takes the bare `$NAME`.
    const variable = /^\$(\w+)$/.exec(identityAgent);
    const value = variable === null ? expand('IdentityAgent', identityAgent) : (env[variable[1]!] ?? '');
    return { agent: value === '' ? undefined : pipePath(value), agentExplicit: true };
  }
  const found = defaultAgent(env);
  return { agent: found, agentExplicit: found !== undefined && found === env.SSH_AUTH_SOCK };
}

/** The rules for backslashes in ssh_config(5) leave a pipe's name with one at the start; people also write slashes. */
function pipePath(agent: string): string {
  if (process.platform !== 'win32') return agent;
  return agent.replace(/^[\\/]{1,2}\.[\\/]pipe[\\/]/i, '\\\\.\\pipe\\');
}

/** Empty if this account has no name, as in a container under a random user id. */
function localUserName(env: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    return env.USER ?? env.LOGNAME ?? env.USERNAME ?? '';
  }
}
