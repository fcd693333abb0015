import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { canonicalName, type NameService, systemNames } from './canonical.ts';
import { readConfigFile } from './config-file.ts';
import { Directives } from './directives.ts';
import { attempt, malformed, type Place, unsupported } from './faults.ts';
import { type ConfigLine, splitConfigLine } from './line.ts';
import { type Applies, both, evaluateMatch, type MatchFacts } from './match.ts';
import { expandHome, expandTokens, globPaths } from './paths.ts';
import type { SettingReport } from './report.ts';
import {
  DEFAULT_CONNECT_TIMEOUT,
  DEFAULT_IDENTITY_FILES,
  DEFAULT_PORT,
  DEFAULT_SERVER_ALIVE_COUNT_MAX,
  DEFAULT_SERVER_ALIVE_INTERVAL,
  DEFAULT_USER_KNOWN_HOSTS_FILES,
  type SshSettings,
} from './settings.ts';
import { Settled } from './settled.ts';
import { runShellTest } from './shell-test.ts';
import { connectionTokens } from './tokens.ts';
import { matchPatternList } from './wildcard.ts';

/** A setting that somebody gave outside of any file. */
export interface GivenSetting {
  /** Of ssh_config(5), in any case. */
  keyword: string;
  /** As one text, as it would stand in a config line. */
  value: string;
  /** For people: `-p 2222`, `-o Port=2222`, `user@`, `ssh.port`. */
  source: string;
}

export interface SshConfigQuery {
  /** The host as the user wrote it; the alias. */
  host: string;
  /** Settings of the command line and of the caller, the strongest first; they win over every file. */
  given: readonly GivenSetting[];
  /** `-F`: this file alone; `none` for no file at all. Default: `~/.ssh/config`, then the system's. */
  configFile?: string | undefined;
  home: string;
  localUser: string;
  /** Variables for `${NAME}` and for commands. Default: those of the process. */
  env?: NodeJS.ProcessEnv;
  trace?: ((line: string) => void) | undefined;
  /** Default: `/etc/ssh/ssh_config`, on Windows `%ProgramData%\ssh\ssh_config`. */
  systemFile?: string;
  /** `Match exec` may run its command. Default false. */
  allowExec?: boolean;
  /** Default: is this Windows? */
  windows?: boolean;
  /** For CanonicalizeHostname. Default: the system's. */
  names?: NameService;
}

export interface SshConfigAnswer {
  settings: SshSettings;
  /** Everything that applied to the host, used or not, in the order it was met, then the defaults that matter. */
  report: SettingReport[];
}

/** As in ssh: a file that includes itself ends here. */
const MAX_INCLUDE_DEPTH = 16;

/**
 * What the command line and the files of ssh_config(5) say about a host: `Host`, `Match`, `Include`, first value wins;
 * key by key what `ssh -G` answers. The name service is asked for CanonicalizeHostname alone, and a command is run for
 * `Match exec` alone, if `allowExec` is set.
 *
 * @throws RsyncError RSYNC_USAGE for what is malformed: exit 255 as from ssh for a file, 1 for `given`.
 * @throws RsyncError RSYNC_UNSUPPORTED (exit 4) for what can not be decided or done here and would matter.
 */
export async function resolveSshConfig(query: SshConfigQuery): Promise<SshConfigAnswer> {
  return new Resolver(query).run();
}

/** A file being read. */
interface Reading {
  file: string;
  /** Where names without a folder are looked for. */
  includeDir: string;
  /** The user's file, or one that it includes. */
  user: boolean;
  checkOwner: boolean;
  depth: number;
  outer: Applies;
}

class Resolver {
  readonly #settled = new Settled();
  readonly #directives: Directives;
  readonly #query: SshConfigQuery;
  readonly #env: NodeJS.ProcessEnv;
  readonly #windows: boolean;
  #wantsFinal = false;
  #final = false;

  constructor(query: SshConfigQuery) {
    this.#query = query;
    this.#env = query.env ?? process.env;
    this.#directives = new Directives(this.#settled, this.#env);
    this.#windows = query.windows ?? process.platform === 'win32';
  }

  async run(): Promise<SshConfigAnswer> {
    const { host: original, given } = this.#query;
    const settled = this.#settled;
    for (const { keyword, value, source } of given) this.#given(keyword, value, source);
    await this.#pass();
    const host = this.#hostName().toLowerCase();
    const { canonicalize } = settled.settings;
    const canonical = await this.#canonical(host);
    if (this.#wantsFinal || (canonicalize !== undefined && canonicalize !== 'no')) {
      settled.fixHostName(canonical, canonical === host ? undefined : 'CanonicalizeHostname');
      this.#final = true;
      await this.#pass();
    }
    settled.settleOpen();
    this.#checkProxy();
    this.#defaults(original);
    return { settings: settled.settings, report: settled.report };
  }

  async #canonical(host: string): Promise<string> {
    try {
      return await canonicalName(host, this.#settled.settings, this.#query.names ?? systemNames);
    } catch (error) {
      throw malformed({ text: this.#query.host, given: false }, (error as Error).message);
    }
  }

  async #pass(): Promise<void> {
    const { configFile, home } = this.#query;
    if (configFile?.toLowerCase() === 'none') return;
    const userDir = path.join(home, '.ssh');
    const start = { includeDir: userDir, user: true, checkOwner: false, depth: 0, outer: true } as const;
    if (configFile !== undefined) {
      const file = expandHome(configFile, home);
      if (!(await this.#file({ ...start, file }))) {
        const reason = 'can not read this ssh configuration file: ENOENT';
        throw malformed({ text: file, given: false }, reason);
      }
      return;
    }
    await this.#file({ ...start, file: path.join(userDir, 'config'), checkOwner: true });
    const system = this.#query.systemFile ?? systemFile(this.#env, this.#windows);
    await this.#file({ ...start, file: system, includeDir: path.dirname(system), user: false });
  }

  /** False if there is no such file. */
  async #file(reading: Reading): Promise<boolean> {
    const { file, depth, outer, checkOwner } = reading;
    const whole = { text: file, given: false };
    if (depth > MAX_INCLUDE_DEPTH) throw malformed(whole, 'too many levels of Include');
    const content = readConfigFile(file, { checkOwner, windows: this.#windows });
    if ('missing' in content) return false;
    if ('unreadable' in content) {
      const reason = `can not read this ssh configuration file: ${content.unreadable}`;
      // The two files that are read without being named may be closed to the user.
      if (depth > 0 || this.#query.configFile !== undefined) throw malformed(whole, reason);
      this.#query.trace?.(`ssh: skipped ${file}: ${content.unreadable}`);
      return true;
    }
    if ('unsafe' in content) {
      const hint = `chmod go-w ${file} (or make it yours).`;
      throw malformed(whole, `ssh does not trust this configuration file: ${content.unsafe}`, hint);
    }
    let applies = outer;
    for (const [i, text] of content.text.split('\n').entries()) {
      const place = { text: `${file}:${i + 1}`, given: false };
      const line = attempt(place, '', () => splitConfigLine(text));
      if (line === undefined) continue;
      const keyword = line.keyword.toLowerCase();
      if (keyword === 'host') applies = both(outer, this.#host(line, place));
      else if (keyword === 'match') applies = both(outer, await this.#match(line, place, outer));
      else if (keyword === 'include') await this.#include(line, place, reading, applies);
      else this.#directives.take(line, place, applies);
    }
    return true;
  }

  #host({ values }: ConfigLine, place: Place): boolean {
    if (values.length === 0 || values.includes('')) throw malformed(place, 'Host with an empty pattern');
    // The second reading looks the resolved name up, as ssh does.
    return matchPatternList(values, this.#final ? this.#hostName() : this.#query.host);
  }

  async #match({ values }: ConfigLine, place: Place, outer: Applies): Promise<Applies> {
    const { host, localUser } = this.#query;
    const { user, tag } = this.#settled.settings;
    const facts: MatchFacts = {
      place: place.text,
      original: host,
      host: () => this.#hostName(),
      user: user ?? localUser,
      localUser,
      tag: tag ?? '',
      final: this.#final,
      wantFinal: () => {
        this.#wantsFinal = true;
      },
      exec: async (command) => {
        if (this.#query.allowExec !== true) return undefined;
        return runShellTest(expandTokens(command, this.#tokens(), {}), this.#env, this.#windows);
      },
      addresses: () =>
        Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)),
    };
    try {
      return await evaluateMatch(values, facts, outer === true);
    } catch (error) {
      throw malformed(place, (error as Error).message);
    }
  }

  async #include({ values }: ConfigLine, place: Place, reading: Reading, applies: Applies): Promise<void> {
    const { includeDir, user, depth } = reading;
    if (values.length === 0 || values.includes('')) throw malformed(place, 'Include with an empty name');
    const { isAbsolute, join } = this.#windows ? path.win32 : path.posix;
    for (const value of values) {
      if (value.startsWith('~') && !user) throw malformed(place, `Include ${value}: "~" is for users' files`);
      const named = attempt(place, `Include ${value}: `, () =>
        expandTokens(value, this.#tokens(), this.#env),
      );
      const pattern = expandHome(named, this.#query.home);
      const absolute = isAbsolute(pattern) ? pattern : join(includeDir, pattern);
      for (const file of globPaths(absolute, this.#windows)) {
        // Read even where it does not apply: ssh, too, refuses a file with mistakes in it.
        await this.#file({ file, includeDir, user, checkOwner: true, depth: depth + 1, outer: applies });
      }
    }
  }

  #given(name: string, value: string, source: string): void {
    const place = { text: source, given: true };
    const line = attempt(place, '', () => splitConfigLine(`${name} ${value}`));
    if (line === undefined) throw malformed(place, 'no keyword');
    if (/^(?:host|match|include)$/i.test(line.keyword)) {
      throw malformed(place, `${line.keyword} belongs in a configuration file`);
    }
    this.#directives.take(line, place, true);
  }

  /** After HostName so far. */
  #hostName(): string {
    const { hostName } = this.#settled.settings;
    const { host } = this.#query;
    if (hostName === undefined) return host;
    const place = { text: `HostName ${hostName}`, given: false };
    return attempt(place, '', () => expandTokens(hostName, { h: host }, {}));
  }

  #tokens(): Record<string, string> {
    const { settings } = this.#settled;
    const { proxy, hostKeyAlias } = settings;
    const { host, home, localUser } = this.#query;
    return connectionTokens({
      original: host,
      host: this.#hostName(),
      port: settings.port ?? DEFAULT_PORT,
      user: settings.user ?? localUser,
      hostKeyAlias,
      jump: typeof proxy === 'object' && 'jump' in proxy ? proxy.jump.join(',') : '',
      home,
      localUser,
    });
  }

  #checkProxy(): void {
    const { proxy, proxyUseFdpass } = this.#settled.settings;
    if (proxyUseFdpass !== true || typeof proxy !== 'object' || !('command' in proxy)) return;
    const row = this.#settled.report.find(({ setting, used }) => setting === 'ProxyUseFdpass' && used);
    throw unsupported(
      { text: row?.source ?? 'ProxyUseFdpass', given: false },
      'ProxyUseFdpass: the built-in ssh can not take a socket over from its ProxyCommand',
    );
  }

  #defaults(original: string): void {
    const settled = this.#settled;
    settled.default('HostName', 'hostName', original.toLowerCase());
    settled.default('User', 'user', this.#query.localUser);
    settled.default('Port', 'port', String(DEFAULT_PORT));
    settled.default('IdentityFile', 'identityFiles', DEFAULT_IDENTITY_FILES.join(' '));
    settled.default('UserKnownHostsFile', 'userKnownHostsFiles', DEFAULT_USER_KNOWN_HOSTS_FILES.join(' '));
    settled.default('StrictHostKeyChecking', 'strictHostKeyChecking', 'ask');
    settled.default('ConnectTimeout', 'connectTimeout', String(DEFAULT_CONNECT_TIMEOUT));
    settled.default('ServerAliveInterval', 'serverAliveInterval', String(DEFAULT_SERVER_ALIVE_INTERVAL));
    settled.default('ServerAliveCountMax', 'serverAliveCountMax', String(DEFAULT_SERVER_ALIVE_COUNT_MAX));
  }
}

function systemFile(env: NodeJS.ProcessEnv, windows: boolean): string {
  if (!windows) return '/etc/ssh/ssh_config';
  return path.win32.join(env.ProgramData ?? 'C:\\ProgramData', 'ssh', 'ssh_config');
}
