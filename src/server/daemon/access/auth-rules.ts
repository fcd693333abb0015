/** `auth users`: docs/protocol/4-filters-and-options.md, G.5. */
import type { ByteString } from '../../../core/bytes.ts';
import { compileWild } from '../../../filter/wildmatch.ts';

/** What a rule does with whoever it matches; undefined: `read only` of the module stands. */
export type AuthAccess = 'deny' | 'ro' | 'rw' | undefined;

export interface AuthRule {
  /** A pattern for user names, or for names of groups that the user is in. */
  pattern: ByteString;
  isGroup: boolean;
  access: AuthAccess;
}

export interface AuthDecision {
  access: AuthAccess;
  /** The group that made the rule match. */
  group: ByteString | undefined;
}

export function parseAuthUsers(value: ByteString): AuthRule[] {
  const words = value.startsWith(',') ? value.split(',') : value.split(/[ \t-\r,]+/);
  return words
    .map((word) => word.trim())
    .filter((word) => word !== '')
    .map(parseRule);
}

function parseRule(word: ByteString): AuthRule {
  const colon = word.indexOf(':');
  const name = colon < 0 ? word : word.slice(0, colon);
  const isGroup = name.startsWith('@');
  return {
    pattern: isGroup ? name.slice(1) : name,
    isGroup,
    access: colon < 0 ? undefined : parseAccess(word.slice(colon + 1)),
  };
}

function parseAccess(text: ByteString): AuthAccess {
  const word = text.toLowerCase();
  if (word.startsWith('d')) return 'deny';
  if (word.startsWith('ro') || word === 'r') return 'ro';
  return word.startsWith('rw') ? 'rw' : undefined;
}

/**
 * The first rule that matches decides alone. Undefined: there is none.
 * @param groups  names of the groups of a user; asked for only if a rule is about groups
 */
export function decideUser(
  rules: readonly AuthRule[],
  user: ByteString,
  groups: (user: ByteString) => readonly ByteString[],
): AuthDecision | undefined {
  let known: readonly ByteString[] | undefined;
  for (const { pattern, isGroup, access } of rules) {
    const matches = compileWild(pattern);
    if (!isGroup) {
      if (matches(user)) return { access, group: undefined };
      continue;
    }
    known ??= groups(user);
    const group = known.find(matches);
    if (group !== undefined) return { access, group };
  }
  return undefined;
}
