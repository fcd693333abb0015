import type { ByteString } from '../core/bytes.ts';
import { type RuleSource, ruleError, unsupportedRule } from './rule-source.ts';

/**
 * Rules and their text, docs/protocol/4-filters-and-options.md, A.1 to A.3:
 *
 *     rule  := short [","] mods [sep pattern] | long ["," mods] [sep pattern]
 *     short := "-" | "+" | "." | ":" | "H" | "S" | "P" | "R" | "!"
 *     long  := exclude | include | merge | dir-merge | hide | show | protect | risk | clear
 *     sep   := " " | "_"                             exactly one; further blanks belong to the pattern
 */

/** What a rule, or a merge for the rules in it, may carry. */
export interface RuleModifiers {
  /** `/`: the pattern is compared with the absolute path. */
  absolute: boolean;
  /** `p`: does not count inside a directory that is being deleted. */
  perishable: boolean;
  /** `s`, `r`: on which side the rule works. Neither is the same as both, but for `--delete-excluded`. */
  sender: boolean;
  receiver: boolean;
  /** `x`: for the names of extended attributes, not of files. */
  xattr: boolean;
}

/** A pattern that includes or excludes: exclude, include, hide, show, protect, risk. */
export interface MatchRule extends RuleModifiers {
  kind: 'match';
  include: boolean;
  /** Without the trailing slash that `dirOnly` stands for; with a leading one. Not empty. */
  pattern: ByteString;
  dirOnly: boolean;
  /** `!`: the result of the match is inverted. */
  negate: boolean;
  /** Where a rule comes from that no option and no peer spelled out. */
  readFrom?: RuleOrigin;
  /** It has its side from an option, and the peer, which is given the option too, is not told of it. */
  tacitSide?: true;
}

/** A per-directory merge file, by its name; or one of the lists of ignored names that CVS has. */
export type RuleOrigin = { kind: 'per-directory'; file: ByteString } | { kind: 'cvs' };

interface MergeModifiers extends RuleModifiers {
  file: ByteString;
  /** `-`, `+`: the items of the file are bare patterns, all to exclude or all to include. */
  itemAction: 'exclude' | 'include' | undefined;
  /** `w`: items are separated by blanks. */
  wordSplit: boolean;
  /** `n`: subdirectories do not inherit. */
  noInherit: boolean;
  /** `e`: the file itself is excluded. */
  excludeSelf: boolean;
  /** `C`: the file is read as CVS reads its own. */
  cvs: boolean;
}

/** A file of rules that is read once, where the rule stands. */
export interface MergeRule extends MergeModifiers {
  kind: 'merge';
}

/** A file of rules that is looked for in every directory. */
export interface DirMergeRule extends MergeModifiers {
  kind: 'dir-merge';
  /** As in `MatchRule`. */
  tacitSide?: true;
}

/** `-C`, `+C`: stands for the global CVS list. */
export interface CvsRule extends RuleModifiers {
  kind: 'cvs';
  include: boolean;
  negate: boolean;
  /** What was written as its pattern: it means nothing. */
  pattern: ByteString;
}

/** With the list that it stands for, docs/protocol/4-filters-and-options.md, A.10. */
export interface CvsListRule extends CvsRule {
  /** In order; those that everybody has are perishable. */
  rules: readonly MatchRule[];
}

/** `!`: forgets the list so far. */
export interface ClearRule {
  kind: 'clear';
}

/** All that the grammar knows. */
export type ParsedRule = MatchRule | MergeRule | DirMergeRule | CvsRule | ClearRule;

/** What a list of rules holds. */
export type FilterRule = MatchRule | DirMergeRule | CvsListRule;

/** The side of a transfer that a list of rules is for. */
export type Side = 'sender' | 'receiver';

/** A longer pattern is dropped with a message, A.4. */
export const MAX_PATTERN_LENGTH = 4095;

interface RuleName {
  short: string;
  long: string;
  kind: 'match' | 'merge' | 'dir-merge' | 'clear';
  include: boolean;
  side?: 'sender' | 'receiver';
}

const NAMES: readonly RuleName[] = [
  { short: '-', long: 'exclude', kind: 'match', include: false },
  { short: '+', long: 'include', kind: 'match', include: true },
  { short: '.', long: 'merge', kind: 'merge', include: false },
  { short: ':', long: 'dir-merge', kind: 'dir-merge', include: false },
  { short: 'H', long: 'hide', kind: 'match', include: false, side: 'sender' },
  { short: 'S', long: 'show', kind: 'match', include: true, side: 'sender' },
  { short: 'P', long: 'protect', kind: 'match', include: false, side: 'receiver' },
  { short: 'R', long: 'risk', kind: 'match', include: true, side: 'receiver' },
  { short: '!', long: 'clear', kind: 'clear', include: false },
];

const MODIFIERS = { action: '/px!srC', side: '/px!', merge: '/pxsrC+-enw', clear: '' } as const;

/** One rule of `--filter`. Undefined: empty text. Throws (exit 1) what the grammar does not know. */
export function parseRule(text: ByteString, source: RuleSource): ParsedRule | undefined {
  if (text === '') return undefined;
  const first = text[0]!;
  const isLong = 'cdehimprs'.includes(first);
  const name = NAMES.find((n) => (isLong ? startsWithWord(text, n.long) : n.short === first));
  if (name === undefined) throw ruleError('Unknown filter rule', text, source);
  refuseNul(text, source);

  let at = isLong ? name.long.length : 1;
  if (text[at] === ',') at++;
  const start = at;
  while (at < text.length && text[at] !== ' ' && text[at] !== '_') at++;
  const modifiers = checkModifiers(name, text, start, at, source);
  if (name.kind === 'clear') {
    if (at < text.length) throw ruleError('unexpected text after a clear rule', text, source);
    return { kind: 'clear' };
  }

  const has = (modifier: string): boolean => modifiers.includes(modifier);
  const common: RuleModifiers = {
    absolute: has('/'),
    perishable: has('p'),
    sender: has('s') || name.side === 'sender',
    receiver: has('r') || name.side === 'receiver',
    xattr: has('x'),
  };
  const pattern = text.slice(at + 1);
  const cvs = has('C');
  if (pattern === '' && !cvs) throw ruleError('unexpected end of filter rule', text, source);
  if (name.kind === 'match') {
    const { include } = name;
    if (cvs) return { kind: 'cvs', include, negate: has('!'), pattern, ...common };
    return matchRule(pattern, { include, negate: has('!'), ...common });
  }
  return {
    kind: name.kind,
    file: pattern || '.cvsignore',
    itemAction: has('-') || cvs ? 'exclude' : has('+') ? 'include' : undefined,
    wordSplit: has('w') || cvs,
    noInherit: has('n') || cvs,
    excludeSelf: has('e'),
    cvs,
    ...common,
  };
}

/**
 * One text of `--exclude` (`include` false) or `--include`: a pattern, but for a leading `- ` or `+ ` and a lone `!`.
 * Undefined: empty text.
 */
export function parseOldStyleRule(
  text: ByteString,
  include: boolean,
  source: RuleSource,
): MatchRule | ClearRule | undefined {
  if (text === '') return undefined;
  if (text === '!') return { kind: 'clear' };
  refuseNul(text, source);
  if (text.startsWith('- ') || text.startsWith('+ ')) {
    if (text.length === 2) throw ruleError('unexpected end of filter rule', text, source);
    return matchRule(text.slice(2), { include: text[0] === '+' });
  }
  return matchRule(text, { include });
}

/** A rule of `pattern` as written: a trailing slash makes it `dirOnly`. Modifiers not given are off. */
export function matchRule(
  pattern: ByteString,
  modifiers: Partial<Omit<MatchRule, 'kind' | 'pattern' | 'dirOnly'>> = {},
): MatchRule {
  const dirOnly = pattern.length > 1 && pattern.endsWith('/');
  return {
    kind: 'match',
    include: false,
    negate: false,
    absolute: false,
    perishable: false,
    sender: false,
    receiver: false,
    xattr: false,
    ...modifiers,
    pattern: dirOnly ? pattern.slice(0, -1) : pattern,
    dirOnly,
  };
}

/** Throws (exit 4) for rules that are well-formed but not offered: those for the names of extended attributes. */
export function requireSupported(rule: ParsedRule, text: ByteString, source: RuleSource): void {
  if ((rule.kind === 'match' || rule.kind === 'cvs') && rule.xattr)
    throw unsupportedRule('rules for extended attributes (modifier "x")', text, source);
}

/** The name that a per-directory file has in each directory, and that tells it from others. */
export function mergeFileName({ file }: DirMergeRule): ByteString {
  const path = file.replace(/\/+$/, '');
  return path.slice(path.lastIndexOf('/') + 1);
}

/** False: the rule is for the other side of the transfer alone. */
export function worksOn(rule: RuleModifiers, side: Side): boolean {
  return rule[side] || !(rule.sender || rule.receiver);
}

/** The word, and after it the end or a character that may follow a rule's name. */
function startsWithWord(text: ByteString, word: string): boolean {
  return text.startsWith(word) && (text.length === word.length || /[\s_,]/.test(text[word.length]!));
}

/** The modifiers at `start` to `end` of `text`, each checked against what `name` takes. */
function checkModifiers(
  name: RuleName,
  text: ByteString,
  start: number,
  end: number,
  source: RuleSource,
): string {
  const merge = name.kind === 'merge' || name.kind === 'dir-merge';
  const taken = name.kind === 'clear' ? 'clear' : merge ? 'merge' : name.side ? 'side' : 'action';
  let bare = false;
  for (let at = start; at < end; at++) {
    const modifier = text[at]!;
    let valid = MODIFIERS[taken].includes(modifier);
    if (merge && '+-C'.includes(modifier)) {
      // Each of them makes the items bare patterns. C may repeat, but + and - stand alone, and C not after them.
      const seen = text.slice(start, at);
      valid = modifier === 'C' ? !/[+-]/.test(seen) : !bare;
      bare = true;
    }
    if (!valid) {
      const shown = source.kind === 'file' ? '' : ` '${modifier}' at position ${at}`;
      throw ruleError(`invalid modifier${shown} in filter rule`, text, source);
    }
  }
  return text.slice(start, end);
}

/** No name has a NUL, and a peer written in C would read up to it: another rule than the one that was checked. */
function refuseNul(text: ByteString, source: RuleSource): void {
  if (text.includes('\0')) throw ruleError('NUL byte in filter rule', text, source);
}
