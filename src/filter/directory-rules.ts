import type { ByteString } from '../core/bytes.ts';
import { LIMITS } from '../core/limits.ts';
import { type ReadDirectoryFile, tooMuch } from './directory-files.ts';
import {
  type Filter,
  type FilterScope,
  FilterSet,
  type FilterSetOptions,
  type Position,
} from './filter-set.ts';
import { type DirMergeRule, type FilterRule, type MatchRule, mergeFileName, worksOn } from './rule.ts';
import type { Anchor } from './rule-matcher.ts';
import { ancestors, directoryOf, isAtOrAbove, resolvePath } from './rule-paths.ts';

/**
 * Rules that come from a file in each directory as well: docs/protocol/4-filters-and-options.md, A.9. Files are read
 * through a callback, when their directory is entered; what was read is in force until another directory is, so that
 * each file is read once while a tree is walked depth first.
 */

/** A list cut at its per-directory files: each stands for what it holds where the walk is. */
type Part = FilterSet | { merge: ByteString };

/** The rules of one file name in some directory: its own, then those that it inherits. Never changed once made. */
interface MergedList {
  own: readonly Part[];
  inherited: MergedList | undefined;
}

/** The state of a directory. Never changed once the directory is entered. */
interface Level {
  /** '' for the root. */
  directory: ByteString;
  /** Files to be read in it and below it, by their name, in the order in which they were named. */
  merges: ReadonlyMap<ByteString, DirMergeRule>;
  lists: ReadonlyMap<ByteString, MergedList | undefined>;
  /** Of the files that the lists come from. */
  bytes: number;
}

/** Files that are being read for a directory. */
interface Reading {
  merges: Map<ByteString, DirMergeRule>;
  bytes: number;
}

export interface DirectoryRulesOptions extends FilterSetOptions {
  read: ReadDirectoryFile;
}

/** A list put to work on one side: at no cost for the files of directories where it names none. */
export function openRules(rules: readonly FilterRule[], options: DirectoryRulesOptions): Filter {
  const namesFiles = rules.some((rule) => rule.kind === 'dir-merge' && worksOn(rule, options.side));
  if (namesFiles) return new DirectoryRules(rules, options);
  return new FilterSet(
    rules.filter((rule) => rule.kind !== 'dir-merge'),
    options,
  );
}

export class DirectoryRules implements Filter {
  readonly size: number;
  private readonly parts: readonly Part[];
  private readonly options: DirectoryRulesOptions;
  private readonly top: Level;
  /** The directories on the way to the one that was entered last. */
  private levels: Level[] = [];

  constructor(rules: readonly FilterRule[], options: DirectoryRulesOptions) {
    this.options = options;
    const merges = new Map<ByteString, DirMergeRule>();
    this.parts = this.split(rules, merges, options);
    this.size = rules.filter((rule) => worksOn(rule, options.side)).length;
    this.top = { directory: '', merges, lists: new Map(), bytes: 0 };
  }

  /**
   * The rules of a directory come into force, with those of the directories above it that have been entered, or that
   * are components of its name. The root counts for what is below it only if it was entered itself.
   * @param name  as in `decide`; `.` is the root
   * @throws RsyncError what the reader throws: a bad rule (exit 1), a file that is named and missing (exit 11), too much
   */
  enter(name: ByteString): void {
    const directory = plain(name);
    let last = this.levels.at(-1);
    while (last !== undefined && last.directory !== directory && !isBelow(directory, last.directory)) {
      this.levels.pop();
      last = this.levels.at(-1);
    }
    if (last?.directory === directory) return;
    for (const part of ancestors(directory)) {
      if (last === undefined || isBelow(part, last.directory)) this.push(part);
    }
  }

  leave(): void {
    this.levels = [];
  }

  get position(): readonly Level[] {
    return this.levels.slice();
  }

  resume(position: Position): void {
    this.levels = position.slice() as Level[];
  }

  decide(name: ByteString, isDir: boolean, scope?: FilterScope): MatchRule | undefined {
    if (name === '.') return undefined;
    return this.decideBy(this.parts, this.levels.at(-1) ?? this.top, { name, isDir, scope });
  }

  isExcluded(name: ByteString, isDir: boolean, scope?: FilterScope): boolean {
    return this.decide(name, isDir, scope)?.include === false;
  }

  private decideBy(
    parts: readonly Part[],
    level: Level,
    item: { name: ByteString; isDir: boolean; scope: FilterScope | undefined },
  ): MatchRule | undefined {
    for (const part of parts) {
      if (part instanceof FilterSet) {
        const rule = part.decide(item.name, item.isDir, item.scope);
        if (rule !== undefined) return rule;
        continue;
      }
      let list = level.lists.get(part.merge);
      for (; list !== undefined; list = list.inherited) {
        const rule = this.decideBy(list.own, level, item);
        if (rule !== undefined) return rule;
      }
    }
    return undefined;
  }

  private push(directory: ByteString): void {
    const above = this.levels.at(-1) ?? this.top;
    const reading: Reading = { merges: new Map(above.merges), bytes: above.bytes };
    const { merges } = reading;
    const lists = new Map<ByteString, MergedList | undefined>();
    const { rootPath } = this.options;
    const path = directory === '' ? rootPath : `${withSlash(rootPath)}${directory}`;
    const below = directory === '' ? '' : `${directory}/`;
    // Files that are named in the files of this directory are read in it too: the map grows on the way.
    for (const [name, merge] of merges) {
      let inherited: MergedList | undefined;
      if (!merge.noInherit)
        inherited = above.lists.has(name) ? above.lists.get(name) : this.scanAbove(merge, path, reading);
      lists.set(name, this.read(merge, { path, anchor: { below } }, reading, inherited));
    }
    this.levels.push({ directory, merges, lists, bytes: reading.bytes });
  }

  /** A file that is named with a path is looked for from there down to the directory above the first one entered. */
  private scanAbove(merge: DirMergeRule, path: ByteString, reading: Reading): MergedList | undefined {
    const file = merge.file.replace(/\/+$/, '');
    if (!file.includes('/')) return undefined;
    const from = directoryOf(resolvePath(path, file));
    if (from === path || !isAtOrAbove(from, path)) return undefined;
    const directories: ByteString[] = [];
    for (let at = directoryOf(path); ; at = directoryOf(at)) {
      directories.unshift(at);
      if (at === from) break;
    }
    const { rootPath } = this.options;
    let list: MergedList | undefined;
    for (const directory of directories) {
      const anchor = isAtOrAbove(directory, rootPath)
        ? { above: rest(rootPath, directory) }
        : { below: rest(directory, rootPath) };
      list = this.read(merge, { path: directory, anchor }, reading, list);
    }
    return list;
  }

  /** The list of a file in a directory: what the file says in front of what is inherited. */
  private read(
    merge: DirMergeRule,
    { path, anchor }: { path: ByteString; anchor: Anchor },
    reading: Reading,
    inherited: MergedList | undefined,
  ): MergedList | undefined {
    const found = this.options.read(merge, path);
    if (found === undefined) return inherited;
    reading.bytes += found.bytes;
    if (reading.bytes > LIMITS.RULE_BYTES_IN_FORCE)
      throw tooMuch(`more than ${LIMITS.RULE_BYTES_IN_FORCE} bytes of filter rules`, path);
    const own = this.split(found.rules, reading.merges, { ...this.options, anchor });
    const before = found.isCleared ? undefined : inherited;
    return own.length === 0 ? before : { own, inherited: before };
  }

  /** @param merges  gets the per-directory files of the list that are new and for this side */
  private split(
    rules: readonly FilterRule[],
    merges: Map<ByteString, DirMergeRule>,
    options: FilterSetOptions,
  ): Part[] {
    const parts: Part[] = [];
    let plainRules: Exclude<FilterRule, DirMergeRule>[] = [];
    const finish = (): void => {
      const set = new FilterSet(plainRules, options);
      if (set.size > 0) parts.push(set);
      plainRules = [];
    };
    for (const rule of rules) {
      if (rule.kind !== 'dir-merge') {
        plainRules.push(rule);
        continue;
      }
      const name = mergeFileName(rule);
      if (!worksOn(rule, options.side) || merges.has(name)) continue;
      finish();
      merges.set(name, rule);
      parts.push({ merge: name });
    }
    finish();
    return parts;
  }
}

function plain(name: ByteString): ByteString {
  const relative = name.startsWith('/') ? name.slice(1) : name;
  return relative === '.' ? '' : relative;
}

/** `directory` is a proper part of the way to `name`. */
function isBelow(name: ByteString, directory: ByteString): boolean {
  if (directory === '') return name !== '';
  return name.length > directory.length && name[directory.length] === '/' && name.startsWith(directory);
}

function withSlash(path: ByteString): ByteString {
  return path.endsWith('/') ? path : `${path}/`;
}

/** What of `path` is below `directory`, with a slash at its end; '' if they are the same. */
function rest(path: ByteString, directory: ByteString): ByteString {
  return path === directory ? '' : `${path.slice(withSlash(directory).length)}/`;
}
