import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, parse, sep } from 'node:path';
import picomatch from 'picomatch';

/** The home folder that `~` stands for. */
export function homeDirectory(env: NodeJS.ProcessEnv): string {
  const named = process.platform === 'win32' ? env.USERPROFILE : env.HOME;
  return named === undefined || named === '' ? homedir() : named;
}

/** `~` and `~/x`; another user's home (`~u/x`) is left as it is. */
export function expandHome(path: string, home: string): string {
  if (path === '~') return home;
  return path.startsWith('~/') || path.startsWith('~\\') ? join(home, path.slice(2)) : path;
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

/** The existing paths that an absolute glob(7) pattern names, sorted; a pattern without wildcards names itself. */
export function globPaths(pattern: string): string[] {
  if (!WILD.test(pattern)) return [pattern];
  const { root } = parse(pattern);
  const parts = pattern
    .slice(root.length)
    .split(sep === '\\' ? /[\\/]/ : '/')
    .filter((part) => part !== '');
  let found = [root];
  for (const part of parts) {
    if (!WILD.test(part)) {
      found = found.map((dir) => join(dir, part));
      continue;
    }
    const matches = picomatch(part, { nobrace: true, noextglob: true, nonegate: true, strictSlashes: true });
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
