import type { ByteString } from '../core/bytes.ts';
import { FilterSet } from './filter-set.ts';
import { type FilterRule, type MatchRule, worksOn } from './rule.ts';
import { compileWild, type WildMatcher } from './wildmatch.ts';

/**
 * What a client that pulls accepts from a sender it does not trust: docs/protocol/4-filters-and-options.md, A.15, and
 * 2-file-list.md, 10.1 and 10.2.
 */

/**
 * `allowed`: asked for, or below it. `parent`: a directory on the way to something asked for, and no more: it must
 * not become a content directory, or its other content could be deleted. `refused`: nobody asked for it.
 */
export type RequestVerdict = 'allowed' | 'parent' | 'refused';

export interface RequestedNamesOptions {
  /** `-R`. */
  relative: boolean;
  /** `-r`: everything below an argument comes with it. */
  recursive: boolean;
  /** `-d` without `-r`: the direct children come with it. */
  dirs: boolean;
}

/**
 * The names that the source arguments ask for. `sourceArgs` are the paths at the remote end, as given and before any
 * escaping for a shell; of a daemon without the module name. Names of a local `--files-from` are arguments too.
 */
export class RequestedNames {
  private readonly below: 'all' | 'children' | 'none';
  private readonly names = new Set<ByteString>();
  private readonly parents = new Set<ByteString>();
  private readonly wildNames: WildMatcher[] = [];
  private readonly wildParents: WildMatcher[] = [];
  /** Some argument names the content of the root. */
  private root = false;

  constructor(sourceArgs: readonly ByteString[], { relative, recursive, dirs }: RequestedNamesOptions) {
    this.below = recursive ? 'all' : dirs ? 'children' : 'none';
    for (const arg of sourceArgs) {
      const name = normalise(relative ? afterDotDir(arg) : arg.slice(arg.lastIndexOf('/') + 1));
      // `..` alone names the content of a directory, as `.` does.
      if (name === '' || (!relative && name === '..')) this.root = true;
      else if (/[*?[]/.test(name)) this.addWild(name, relative);
      else this.addLiteral(name, relative);
    }
  }

  /** `name` as on the wire; a leading slash (`-R` with an absolute source) does not matter. */
  verdict(name: ByteString, isDir: boolean): RequestVerdict {
    const plain = name.charCodeAt(0) === 0x2f ? name.slice(1) : name;
    if (plain === '.' || plain === '') return this.root && this.below !== 'none' ? 'allowed' : 'parent';
    if (this.isAllowed(plain)) return 'allowed';
    if (isDir && (this.parents.has(plain) || this.wildParents.some((matches) => matches(plain)))) {
      return 'parent';
    }
    return 'refused';
  }

  private isAllowed(name: ByteString): boolean {
    if (this.root && (this.below === 'all' || (this.below === 'children' && !name.includes('/'))))
      return true;
    if (this.names.has(name)) return true;
    if (this.below === 'children') {
      const slash = name.lastIndexOf('/');
      if (slash > 0 && this.names.has(name.slice(0, slash))) return true;
    } else if (this.below === 'all') {
      for (let slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
        if (this.names.has(name.slice(0, slash))) return true;
      }
    }
    return this.wildNames.some((matches) => matches(name));
  }

  private addLiteral(name: ByteString, relative: boolean): void {
    this.names.add(name);
    if (relative) for (const parent of parentsOf(name)) this.parents.add(parent);
  }

  private addWild(name: ByteString, relative: boolean): void {
    for (const pattern of readings(name)) {
      this.wildNames.push(compileWild(pattern));
      if (this.below !== 'none')
        this.wildNames.push(compileWild(`${pattern}/${this.below === 'all' ? '**' : '*'}`));
      if (relative) for (const parent of parentsOf(pattern)) this.wildParents.push(compileWild(parent));
    }
  }
}

/**
 * The rules that the sender had to apply, to be held against each received name but `.` and those that are `parent`
 * alone: those in front of the first one that depends on files at the sender. Undefined: the check cannot be made,
 * because a rule is about the sender's absolute path, which a client does not know.
 */
export function rulesOfSender(rules: readonly FilterRule[]): FilterSet | undefined {
  const known: MatchRule[] = [];
  for (const rule of rules) {
    if (!worksOn(rule, 'sender')) continue;
    if (rule.kind !== 'match') break;
    if (rule.absolute && /\/|\*\*/.test(rule.pattern)) return undefined;
    known.push(rule);
  }
  return new FilterSet(known, { side: 'sender', rootPath: '/' });
}

/** What `-R` keeps of an argument. */
function afterDotDir(arg: ByteString): ByteString {
  const at = arg.indexOf('/./');
  return at < 0 ? arg : arg.slice(at + 3);
}

/** Without empty and `.` components, and without slashes at either end. */
function normalise(path: ByteString): ByteString {
  const components = path.split('/').filter((component) => component !== '' && component !== '.');
  return components.join('/');
}

/** `a/b/c`: `a`, `a/b`. */
function parentsOf(path: ByteString): ByteString[] {
  const parents: ByteString[] = [];
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    parents.push(path.slice(0, slash));
  }
  return parents;
}

/**
 * The patterns that an argument with wildcards may stand for at the other end. A bracket that matches nothing stays as
 * it is there. A backslash before anything but `*?[]` is literal where the client escaped it for a shell (E.3), and an
 * escape where a daemon expands the argument.
 */
function readings(arg: ByteString): Set<ByteString> {
  const patterns = new Set<ByteString>();
  for (const pattern of [arg, arg.replace(/\\(?![*?[\]])/g, '\\\\')]) {
    patterns.add(pattern);
    patterns.add(pattern.replace(/\\[\s\S]|\[/g, (part) => (part === '[' ? '\\[' : part)));
  }
  return patterns;
}
