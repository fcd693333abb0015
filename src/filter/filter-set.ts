import type { ByteString } from '../core/bytes.ts';
import { type FilterRule, type MatchRule, type Side, worksOn } from './rule.ts';
import { type Anchor, compileRule, literalKey, type RuleMatcher, type Subject } from './rule-matcher.ts';

/**
 * First match over a list of rules, docs/protocol/4-filters-and-options.md, A.8, for one side of a transfer.
 */

/** Where the walk stands: what a verdict depends on beside the name. */
export interface FilterScope {
  /** Inside a directory that is being deleted: perishable rules do not count. */
  deleting?: boolean;
}

export interface FilterSetOptions {
  side: Side;
  /** Absolute path of this side's root of the transfer, for rules with the modifier `/`. */
  rootPath: ByteString;
  /** What anchored rules are anchored at; default: the root. */
  anchor?: Anchor;
}

/** Where a walk stands, to come back to. */
export type Position = readonly unknown[];

/** What answers for the names of one side. */
export interface Filter {
  /** Rules that work on this side. */
  readonly size: number;
  /** The rules in the files of a directory come into force; to be called before what is in it is judged. */
  enter(directory: ByteString): void;
  /** Out of all directories: only rules that were spelled out are in force. */
  leave(): void;
  readonly position: Position;
  /** Back to a position, with the rules as they were read then. */
  resume(position: Position): void;
  decide(name: ByteString, isDir: boolean, scope?: FilterScope): MatchRule | undefined;
  isExcluded(name: ByteString, isDir: boolean, scope?: FilterScope): boolean;
}

/** `undefined`: no rule matched, which means included. */
export type Verdict = 'excluded' | 'included' | undefined;

interface CompiledRule {
  rule: MatchRule;
  /** Position in the list: the lowest that matches decides. */
  order: number;
  matches: RuleMatcher;
}

const NOT_DELETING: FilterScope = {};

export class FilterSet implements Filter {
  // Literal rules are looked up, so that a list of ten thousand names costs two look-ups and not ten thousand tests.
  private readonly byBase = new Map<ByteString, CompiledRule[]>();
  private readonly byName = new Map<ByteString, CompiledRule[]>();
  /** The others, in order. */
  private readonly patterns: CompiledRule[] = [];
  /** Rules that work on this side. */
  readonly size: number;

  /** Rules for the other side only, and rules for extended attributes, are left out. */
  constructor(rules: readonly FilterRule[], { side, rootPath, anchor }: FilterSetOptions) {
    let size = 0;
    for (const [order, rule] of rules.flatMap(matchRules).entries()) {
      if (rule.xattr || !worksOn(rule, side)) continue;
      size++;
      const compiled = { rule, order, matches: compileRule(rule, rootPath, anchor) };
      const key = literalKey(rule, anchor);
      if (key === undefined) this.patterns.push(compiled);
      else append(key.by === 'base' ? this.byBase : this.byName, key.text, compiled);
    }
    this.size = size;
  }

  /** None of the rules comes from the files of a directory. */
  enter(): void {}

  leave(): void {}

  get position(): Position {
    return [];
  }

  resume(): void {}

  /**
   * The rule that decides about `name`: relative to the root of the transfer, no trailing slash; a leading one only
   * under `-R` with an absolute source. A symlink is no directory unless it is followed. The root itself (`.`) is
   * never tested.
   */
  decide(name: ByteString, isDir: boolean, scope: FilterScope = NOT_DELETING): MatchRule | undefined {
    if (this.size === 0 || name === '.') return undefined;
    const isAbsolute = name.charCodeAt(0) === 0x2f;
    const plain = isAbsolute ? name.slice(1) : name;
    const subject: Subject = {
      name: plain,
      base: plain.slice(plain.lastIndexOf('/') + 1),
      isDir,
      isAbsolute,
    };
    const deleting = scope.deleting === true;

    let best = firstOf(this.byBase.get(subject.base), subject, deleting, undefined);
    best = firstOf(this.byName.get(plain), subject, deleting, best);
    return firstOf(this.patterns, subject, deleting, best)?.rule;
  }

  check(name: ByteString, isDir: boolean, scope?: FilterScope): Verdict {
    const rule = this.decide(name, isDir, scope);
    if (rule === undefined) return undefined;
    return rule.include ? 'included' : 'excluded';
  }

  isExcluded(name: ByteString, isDir: boolean, scope?: FilterScope): boolean {
    return this.decide(name, isDir, scope)?.include === false;
  }
}

function matchRules(rule: FilterRule): MatchRule | readonly MatchRule[] {
  if (rule.kind === 'dir-merge') throw new Error('rules of directories are for openRules');
  return rule.kind === 'cvs' ? rule.rules : rule;
}

/** The first of `candidates` that matches, if it stands before `best`; else `best`. */
function firstOf(
  candidates: readonly CompiledRule[] | undefined,
  subject: Subject,
  deleting: boolean,
  best: CompiledRule | undefined,
): CompiledRule | undefined {
  if (candidates === undefined) return best;
  const limit = best === undefined ? Number.POSITIVE_INFINITY : best.order;
  for (const candidate of candidates) {
    if (candidate.order > limit) break;
    if (deleting && candidate.rule.perishable) continue;
    if (candidate.matches(subject)) return candidate;
  }
  return best;
}

function append(map: Map<ByteString, CompiledRule[]>, key: ByteString, rule: CompiledRule): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [rule]);
  else list.push(rule);
}
