import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { RsyncError } from '../../../core/errors.ts';
import { SYSTEM_SSH_HINT } from './command.ts';
import { type ConfigLine, splitConfigLine } from './line.ts';
import { expandHome, globPaths } from './paths.ts';
import { applyKeyword, type SshSettings } from './settings.ts';
import { matchPatternList } from './wildcard.ts';

/** A line that would apply to the host but has no effect in this client. */
export interface IgnoredKeyword {
  file: string;
  line: number;
  keyword: string;
}

export interface SshConfigQuery {
  /** The host as the user wrote it; the alias. */
  host: string;
  /** Settings that are already decided (command line, `user@`); they win over every file. */
  settings: SshSettings;
  /** `-F`: this file alone; `none` for no file at all. Default: `~/.ssh/config`, then the system's. */
  configFile?: string | undefined;
  home: string;
  localUser: string;
  trace?: ((line: string) => void) | undefined;
  /** For tests. Default: `/etc/ssh/ssh_config`, on Windows `%ProgramData%\ssh\ssh_config`. */
  systemFile?: string;
}

export interface SshConfigAnswer {
  settings: SshSettings;
  ignored: IgnoredKeyword[];
}

const SYSTEM_FILE =
  process.platform === 'win32'
    ? join(process.env.ProgramData ?? 'C:\\ProgramData', 'ssh', 'ssh_config')
    : '/etc/ssh/ssh_config';

/** As in ssh: a file that includes itself ends here. */
const MAX_INCLUDE_DEPTH = 16;

/** Does a block apply? A string names the `Match` criterion that only the real ssh could decide. */
type Applies = boolean | string;

/**
 * What ssh_config(5) says about a host: `Host` and `Match` blocks (host, originalhost, user, localuser, all, final),
 * `Include`, first value wins. Nothing is ever executed. `ProxyJump`, `ProxyCommand`, `CanonicalizeHostname` and
 * blocks under a criterion that can not be decided are refused where they matter, since leaving them out would connect to
 * another place than the user wrote; every other keyword without effect is listed in `ignored`.
 *
 * @throws RsyncError RSYNC_UNSUPPORTED (exit 4); RSYNC_USAGE (exit 255, as from ssh) for a malformed file.
 */
export function resolveSshConfig(query: SshConfigQuery): SshConfigAnswer {
  const resolver = new Resolver(query);
  resolver.pass(false);
  // `Match final` asks for a second reading in which it applies; values of the first reading stay.
  if (resolver.wantsFinal) resolver.pass(true);
  return { settings: resolver.settings, ignored: resolver.ignored };
}

class Resolver {
  readonly settings: SshSettings;
  readonly ignored: IgnoredKeyword[] = [];
  wantsFinal = false;
  readonly #query: SshConfigQuery;
  #final = false;

  constructor(query: SshConfigQuery) {
    this.#query = query;
    this.settings = { ...query.settings, identityFiles: [...query.settings.identityFiles] };
  }

  pass(final: boolean): void {
    this.#final = final;
    const { configFile, home, systemFile } = this.#query;
    if (configFile === 'none') return;
    const userDir = join(home, '.ssh');
    if (configFile !== undefined) {
      this.#file(expandHome(configFile, home), userDir, true, 0, true);
      return;
    }
    this.#file(join(userDir, 'config'), userDir, true, 0, false);
    const system = systemFile ?? SYSTEM_FILE;
    this.#file(system, dirname(system), true, 0, false);
  }

  #file(path: string, includeDir: string, outer: Applies, depth: number, required: boolean): void {
    if (depth > MAX_INCLUDE_DEPTH) throw malformed(`${path}: too many levels of Include`, path);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (required) throw malformed(`can not read the ssh configuration file ${path}: ${code}`, path);
      if (code !== 'ENOENT' && code !== 'ENOTDIR') this.#query.trace?.(`ssh: skipped ${path}: ${code}`);
      return;
    }
    let applies: Applies = outer;
    const lines = text.replace(/^\uFEFF/, '').split('\n');
    for (let i = 0; i < lines.length; i++) {
      const at = `${path}:${i + 1}`;
      let line: ConfigLine | undefined;
      try {
        line = splitConfigLine(lines[i]!);
      } catch (error) {
        throw malformed(`${at}: ${(error as Error).message}`, at);
      }
      if (line === undefined) continue;
      const { keyword, values } = line;
      switch (keyword.toLowerCase()) {
        case 'host':
          // The second reading looks the resolved name up, as ssh does.
          applies = both(outer, matchPatternList(values, this.#final ? this.#hostName() : this.#query.host));
          break;
        case 'match':
          applies = both(outer, this.#match(values, at));
          break;
        case 'include':
          if (applies === false) break;
          for (const value of values) {
            const pattern = expandHome(value, this.#query.home);
            for (const file of globPaths(isAbsolute(pattern) ? pattern : join(includeDir, pattern))) {
              this.#file(file, includeDir, applies, depth + 1, false);
            }
          }
          break;
        default:
          if (applies !== false) this.#keyword(line, applies, path, i + 1);
      }
    }
  }

  #keyword({ keyword, values }: ConfigLine, applies: Applies, file: string, line: number): void {
    const at = `${file}:${line}`;
    // Under an undecided block the keyword is only looked at: does it matter at all?
    const target = applies === true ? this.settings : { ...this.settings, identityFiles: [] };
    let kind: ReturnType<typeof applyKeyword>;
    try {
      kind = applyKeyword(target, keyword, values);
    } catch (error) {
      throw malformed(`${at}: bad value of ${keyword}: ${(error as Error).message}`, at);
    }
    if (kind === 'refused') throw unsupported(`${keyword} ${values.join(' ')}`, at);
    if (kind === 'applied' && applies !== true) throw unsupported(`${keyword} under "Match ${applies}"`, at);
    if (kind === 'unknown' && !this.ignored.some((other) => other.file === file && other.line === line)) {
      this.ignored.push({ file, line, keyword });
    }
  }

  #match(words: readonly string[], at: string): Applies {
    let result: Applies = true;
    if (words.length === 0) throw malformed(`${at}: Match without a criterion`, at);
    for (let i = 0; i < words.length; i++) {
      let name = words[i]!.toLowerCase();
      const negated = name.startsWith('!');
      if (negated) name = name.slice(1);
      // A criterion and its value may also be joined by `=`.
      const equals = name.indexOf('=');
      let value = equals < 0 ? undefined : words[i]!.slice(equals + 1 + (negated ? 1 : 0));
      if (equals >= 0) name = name.slice(0, equals);
      let holds: Applies;
      if (name === 'all') holds = true;
      else if (name === 'canonical') holds = false;
      else if (name === 'final') {
        this.wantsFinal = true;
        holds = this.#final;
      } else {
        value ??= words[++i];
        if (value === undefined) throw malformed(`${at}: Match ${name} wants a value`, at);
        const subject = this.#subject(name);
        holds = subject === undefined ? name : matchPatternList(value.split(','), subject);
      }
      result = both(result, typeof holds === 'string' ? holds : holds !== negated);
    }
    return result;
  }

  #hostName(): string {
    const { host } = this.#query;
    return this.settings.hostName?.replace(/%[%h]/g, (token) => (token === '%h' ? host : '%')) ?? host;
  }

  #subject(criterion: string): string | undefined {
    const { host, localUser } = this.#query;
    switch (criterion) {
      case 'host':
        return this.#hostName();
      case 'originalhost':
        return host;
      case 'user':
        return this.settings.user ?? localUser;
      case 'localuser':
        return localUser;
      default:
        return undefined;
    }
  }
}

/** Both must hold; one that can not be decided leaves the whole undecided, unless the other fails. */
function both(a: Applies, b: Applies): Applies {
  if (a === false || b === false) return false;
  return a === true ? b : a;
}

function unsupported(what: string, at: string): RsyncError {
  return new RsyncError('RSYNC_UNSUPPORTED', `${at}: the built-in ssh can not do "${what}"`, {
    exitCode: 4,
    origin: 'local',
    path: at,
    hint: `${SYSTEM_SSH_HINT} -F none reads no configuration.`,
  });
}

function malformed(message: string, at: string): RsyncError {
  return new RsyncError('RSYNC_USAGE', message, { exitCode: 255, origin: 'local', path: at });
}
