import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import picomatch from 'picomatch';

/**
 * The home folder that `~` stands for. OpenSSH takes that of the account even if HOME names another one; HOME is what
 * every other program goes by, and what a caller can set.
 */
export function homeDirectory(env: NodeJS.ProcessEnv): string {
  const named = process.platform === 'win32' ? env.USERPROFILE : env.HOME;
  return named === undefined || named === '' ? homedir() : named;
}

/** `~`, `~/x`, and on POSIX `~user/x` of an account of this machine; any other name is left as it is. */
export function expandHome(file: string, home: string): string {
  if (file === '~') return home;
  if (file.startsWith('~/') || file.startsWith('~\\')) return path.join(home, file.slice(2));
  const [whole, user] = /^~([^/\\]+)/.exec(file) ?? [];
  const other = user === undefined ? undefined : homeOf(user);
  return other === undefined ? file : path.join(other, file.slice(whole!.length));
}

function homeOf(user: string): string | undefined {
  if (process.platform === 'win32') return undefined;
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
    return lines.find((line) => line.startsWith(`${user}:`))?.split(':')[5];
  } catch {
    return undefined;
  }
}

/**
 * The %-tokens and `${NAME}` variables of ssh_config(5).
 *
 * @throws Error if a token or a variable is unknown.
 */
export function expandTokens(text: string, tokens: Record<string, string>, env: NodeJS.ProcessEnv): string {
  return text.replace(
    /%(.?)|\$\{([^}]*)\}/g,
    (found, token: string | undefined, name: string | undefined) => {
      if (token === '%') return '%';
      const value = token === undefined ? env[name!] : tokens[token];
      if (value === undefined) throw new Error(`${found} is not known`);
      return value;
    },
  );
}

const WILD = /[*?[]/;

/**
 * The existing paths that an absolute glob(7) pattern names, sorted; a pattern without wildcards names itself.
 *
 * @param windows Names are split at both slashes and compared without regard to case.
 */
export function globPaths(pattern: string, windows: boolean = process.platform === 'win32'): string[] {
  if (!WILD.test(pattern)) return [pattern];
  const { parse, join } = windows ? path.win32 : path.posix;
  const { root } = parse(pattern);
  const parts = pattern
    .slice(root.length)
    .split(windows ? /[\\/]/ : '/')
    .filter((part) => part !== '');
  let found = [root];
  for (const part of parts) {
    if (!WILD.test(part)) {
      found = found.map((dir) => join(dir, part));
      continue;
    }
    const options = { nobrace: true, noextglob: true, nonegate: true, strictSlashes: true, nocase: windows };
    const matches = picomatch(part, options);
    found = found.flatMap((dir) =>
      listing(dir)
        .filter((name) => matches(name))
        .sort()
        .map((name) => join(dir, name)),
    );
  }
  return found;
}

function listing(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
