/**
 * Wildcards in the paths of a request, for servers that have no shell in front of them: `*`, `?`, `[...]`, and a
 * backslash that takes the meaning away (docs/protocol/4-filters-and-options.md, A.6). No symlink is followed but as
 * the places say.
 */
import type { ByteString } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Places } from '../files/places.ts';
import type { Root } from '../files/root.ts';
import type { Stat } from '../files/stat.ts';
import { compileWild } from '../filter/wildmatch.ts';

export interface ExpandOptions {
  places: Places;
  /** `*` and the like also match the dot that a name begins with: rsync's own expansion does, a shell's does not. */
  matchesDots: boolean;
  /** Names that no wildcard finds; `path` as `places.display` tells it. */
  hides?: (path: ByteString, isDirectory: boolean) => boolean;
}

const WILD = /[*?[]/;
const ESCAPED = /\\([\s\S])/g;

/** The text that a pattern stands for if it is none. */
export function unescapePattern(pattern: ByteString): ByteString {
  return pattern.replace(ESCAPED, '$1');
}

export function isPattern(text: ByteString): boolean {
  return WILD.test(text.replace(ESCAPED, ''));
}

/** Expands the paths of one request; what they take together is bounded. */
export class Expansion {
  private readonly options: ExpandOptions;
  private names = 0;
  private looked = 0;

  constructor(options: ExpandOptions) {
    this.options = options;
  }

  /**
   * The names that match, in the order of their bytes, with a slash at the end if the pattern has one; none if nothing
   * does. They begin with a slash if the pattern does.
   * @throws RsyncError RSYNC_LIMIT, exit 22: more names than a command line may have, or too many to look at
   */
  expand(pattern: ByteString): ByteString[] {
    const isContent = pattern.endsWith('/');
    const parts = pattern.split('/').filter((part) => part !== '');
    let found: ByteString[] = [pattern.startsWith('/') ? '/' : ''];
    for (const [at, part] of parts.entries()) {
      const mustBeDirectory = at < parts.length - 1 || isContent;
      found = found.flatMap((parent) => this.step(parent, part, mustBeDirectory));
      if (this.names + found.length > LIMITS.ARGUMENTS) throw tooMany(`${LIMITS.ARGUMENTS} names`);
    }
    this.names += found.length;
    return isContent ? found.map((name) => `${name}/`) : found;
  }

  /** What one component leads to from one directory. */
  private step(parent: ByteString, part: ByteString, mustBeDirectory: boolean): ByteString[] {
    const prefix = parent === '' || parent === '/' ? parent : `${parent}/`;
    const root = this.enter(parent);
    if (root === undefined) return [];
    try {
      const names = isPattern(part) ? this.matches(root, part) : [unescapePattern(part)];
      return names.filter((name) => this.isThere(root, prefix, name, mustBeDirectory)).map((n) => prefix + n);
    } finally {
      root.close();
    }
  }

  private enter(directory: ByteString): Root | undefined {
    try {
      return this.options.places.open(directory === '' ? '.' : directory);
    } catch {
      // No directory, not to be looked at, or behind a symlink that leads out: there is no match.
      return undefined;
    }
  }

  private matches(root: Root, part: ByteString): ByteString[] {
    const matches = compileWild(part);
    const names = this.contents(root);
    this.looked += names.length;
    if (this.looked > LIMITS.EXPANSION_NAMES)
      throw tooMany(`${LIMITS.EXPANSION_NAMES} names to be looked at`);
    const seesDots = this.options.matchesDots || unescapePattern(part).startsWith('.');
    return names.filter((name) => (seesDots || !name.startsWith('.')) && matches(name)).sort(byBytes);
  }

  private contents(root: Root): ByteString[] {
    try {
      return root.readdir('');
    } catch {
      return [];
    }
  }

  private isThere(root: Root, prefix: ByteString, name: ByteString, mustBeDirectory: boolean): boolean {
    const path = prefix + name;
    const stat = mustBeDirectory ? this.stat(path) : this.lstat(root, name, path);
    if (stat === undefined || (mustBeDirectory && !stat.isDirectory)) return false;
    const { hides, places } = this.options;
    return hides?.(places.display(path), stat.isDirectory) !== true;
  }

  /** `.` and `..` are no names in a root. */
  private lstat(root: Root, name: ByteString, path: ByteString): Stat | undefined {
    if (name === '.' || name === '..') return this.stat(path);
    try {
      return root.lstat(name);
    } catch {
      return undefined;
    }
  }

  private stat(path: ByteString): Stat | undefined {
    try {
      return this.options.places.stat(path);
    } catch {
      return undefined;
    }
  }
}

function byBytes(a: ByteString, b: ByteString): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function tooMany(what: string): RsyncError {
  return new RsyncError('RSYNC_LIMIT', `the wildcards stand for more than ${what}`, {
    exitCode: EXIT.MALLOC,
    origin: 'remote',
    hint: 'Name the directory above them.',
  });
}
