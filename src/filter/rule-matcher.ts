import type { ByteString } from '../core/bytes.ts';
import type { MatchRule } from './rule.ts';
import { compileWild, compileWildTail, type WildMatcher } from './wildmatch.ts';

/**
 * Does a rule match a name? docs/protocol/4-filters-and-options.md, A.5. All that depends on the rule alone is worked
 * out once.
 */

/** The name being tested, shared by all rules that look at it. */
export interface Subject {
  /** Relative to the root of the transfer; without the leading slash that `-R` gives an absolute source. */
  name: ByteString;
  /** The last component of `name`. */
  base: ByteString;
  isDir: boolean;
  /** The name had a leading slash: it is absolute as it stands. */
  isAbsolute: boolean;
}

/**
 * Where a file of rules is, seen from the root of the transfer: what its anchored rules are anchored at. Below: its
 * directory, with a slash at its end. Above: the way from its directory down to the root, likewise. '' is the root.
 */
export type Anchor = { below: ByteString } | { above: ByteString };

export type RuleMatcher = (subject: Subject) => boolean;

/** How a rule looks up a literal in a map rather than being tried in turn: by last component or by whole name. */
export type LiteralKey = { by: 'base' | 'name'; text: ByteString };

/** The literal that the name, or its last component, has to equal; undefined if the rule is not that simple. */
export function literalKey(rule: MatchRule, anchor: Anchor = AT_ROOT): LiteralKey | undefined {
  if (rule.negate || isWild(rule.pattern)) return undefined;
  if (!rule.pattern.includes('/')) return { by: 'base', text: rule.pattern };
  if (!rule.pattern.startsWith('/') || rule.absolute || !('below' in anchor)) return undefined;
  return { by: 'name', text: anchor.below + rule.pattern.slice(1) };
}

const AT_ROOT: Anchor = { below: '' };

/** A test for one rule. `rootPath`: absolute path of this side's root, for rules with the modifier `/`. */
export function compileRule(rule: MatchRule, rootPath: ByteString, anchor: Anchor = AT_ROOT): RuleMatcher {
  const { dirOnly, negate } = rule;
  const isAnchored = rule.pattern.startsWith('/') && !rule.absolute;
  const matches = isAnchored
    ? anchoredAt(anchor, compilePattern(rule, rootPath))
    : compilePattern(rule, rootPath);
  if (!dirOnly && !negate) return matches;
  return (subject) => ((!dirOnly || subject.isDir) && matches(subject)) !== negate;
}

/** The pattern against what follows the anchor: the anchor itself is a path and no pattern, whatever is in it. */
function anchoredAt(anchor: Anchor, matches: RuleMatcher): RuleMatcher {
  if ('above' in anchor) {
    const { above } = anchor;
    return (subject) => matches({ ...subject, name: above + subject.name });
  }
  const { below } = anchor;
  if (below === '') return matches;
  return (subject) =>
    subject.name.startsWith(below) && matches({ ...subject, name: subject.name.slice(below.length) });
}

function compilePattern(rule: MatchRule, rootPath: ByteString): RuleMatcher {
  const { pattern } = rule;
  const wild = isWild(pattern);
  const crossing = wild && pattern.includes('**');
  const slashes = pattern.split('/').length - 1;
  const anchored = pattern.startsWith('/');
  const body = anchored ? pattern.slice(1) : pattern;

  if (slashes === 0 && !crossing) {
    const full = wholeText(body, wild);
    return (subject) => full(subject.base);
  }
  const textOf = subjectText(rule, crossing, rootPath);
  if (anchored || (crossing && pattern.startsWith('**'))) {
    const full = wholeText(body, wild);
    return (subject) => full(textOf(subject));
  }
  if (crossing) {
    const tail = compileWildTail(body);
    return (subject) => tail(textOf(subject));
  }
  if (!wild) {
    const withSlash = `/${body}`;
    return (subject) => {
      const text = textOf(subject);
      return text === body || text.endsWith(withSlash);
    };
  }
  const full = compileWild(body);
  return (subject) => {
    const tail = lastComponents(textOf(subject), slashes + 1);
    return tail !== undefined && full(tail);
  };
}

/** Which text of a subject the pattern is compared with. */
function subjectText(
  rule: MatchRule,
  crossing: boolean,
  rootPath: ByteString,
): (subject: Subject) => ByteString {
  const { pattern } = rule;
  const root = rootPath.replace(/^\/|\/+$/g, '');
  let prefix = '';
  if (rule.absolute && root !== '') prefix = `${root}/`;
  // So that **/foo matches foo at the top too.
  else if (crossing && pattern.startsWith('**')) prefix = '/';
  // So that dir/*** matches dir itself.
  const slashAfterDir = crossing && pattern.endsWith('***');
  if (prefix === '' && !slashAfterDir) return (subject) => subject.name;
  return (subject) => {
    const text = subject.isAbsolute ? subject.name : prefix + subject.name;
    return slashAfterDir && subject.isDir ? `${text}/` : text;
  };
}

function wholeText(body: ByteString, wild: boolean): WildMatcher {
  return wild ? compileWild(body) : (text) => text === body;
}

function isWild(pattern: ByteString): boolean {
  return /[*?[]/.test(pattern);
}

/** The last `count` components of `text`, undefined if it has fewer. */
function lastComponents(text: ByteString, count: number): ByteString | undefined {
  let at = text.length;
  for (let left = count; left > 0; left--) {
    if (at < 0) return undefined;
    at = at === 0 ? -1 : text.lastIndexOf('/', at - 1);
  }
  return text.slice(at + 1);
}
