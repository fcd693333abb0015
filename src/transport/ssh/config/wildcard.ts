/**
 * The wildcards of ssh_config and known_hosts (ssh_config(5), PATTERNS): `*` is any run of characters, `?` any one;
 * nothing else is special. A list matches if one of its patterns does and none of its negated ones (`!pattern`).
 */

/** Linear in the product of both lengths at worst: the one-level backtrack of glob matching, never a regular expression. */
export function matchWildcard(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

export function matchPatternList(patterns: readonly string[], text: string): boolean {
  let matched = false;
  for (const pattern of patterns) {
    if (pattern.startsWith('!')) {
      if (matchWildcard(pattern.slice(1), text)) return false;
    } else if (matchWildcard(pattern, text)) {
      matched = true;
    }
  }
  return matched;
}
