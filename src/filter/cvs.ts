import type { ByteString } from '../core/bytes.ts';
import { fromBuffer } from '../core/bytes.ts';
import { type CvsListRule, type CvsRule, type FilterRule, type MatchRule, matchRule } from './rule.ts';
import { splitRuleFile } from './rule-items.ts';

/** The names that CVS ignores everywhere: docs/protocol/4-filters-and-options.md, A.10. */

/** What a user adds to the names that everybody ignores; undefined: nothing. */
export interface CvsIgnores {
  /** Content of `.cvsignore` in the home directory. */
  file: Uint8Array | undefined;
  /** The environment variable `CVSIGNORE`. */
  variable: ByteString | undefined;
}

const BUILT_IN =
  'RCS SCCS CVS CVS.adm RCSLOG cvslog.* tags TAGS .make.state .nse_depinfo *~ #* .#* ,* _$* *$ *.old *.bak *.BAK ' +
  '*.orig *.rej .del-* *.a *.olb *.o *.obj *.so *.exe *.Z *.elc *.ln core .svn/ .git/ .hg/ .bzr/';

const PLAIN: CvsRule = {
  kind: 'cvs',
  include: false,
  negate: false,
  pattern: '',
  absolute: false,
  perishable: false,
  sender: false,
  receiver: false,
  xattr: false,
};

/** The list that a rule stands for; its rules have the action and the modifiers of that rule. */
export function cvsList(rule: CvsRule, ignores: CvsIgnores): CvsListRule {
  const { include, negate, absolute, sender, receiver } = rule;
  let rules: MatchRule[] = [];
  const add = (words: ByteString, builtIn: boolean): void => {
    for (const { text } of splitRuleFile(words, 'words')) {
      if (text === '!') rules = [];
      else {
        const perishable = builtIn || rule.perishable;
        const modifiers = { include, negate, absolute, sender, receiver, perishable };
        rules.push(matchRule(text, { ...modifiers, readFrom: { kind: 'cvs' } }));
      }
    }
  };
  add(BUILT_IN, true);
  if (ignores.file !== undefined) add(fromBuffer(ignores.file), false);
  if (ignores.variable !== undefined) add(ignores.variable, false);
  return { ...rule, rules };
}

/** The rules of a list as they work at a protocol version: 29 knows none that are perishable of themselves. */
export function cvsRulesAt(list: CvsListRule, protocol: number): readonly MatchRule[] {
  if (protocol >= 30 || list.perishable) return list.rules;
  return list.rules.map((rule) => ({ ...rule, perishable: false }));
}

/** What `-C` adds behind all other rules: `:C` and `-C`. */
export function cvsExcludeRules(ignores: CvsIgnores): FilterRule[] {
  const { absolute, perishable, sender, receiver, xattr } = PLAIN;
  return [
    {
      kind: 'dir-merge',
      file: '.cvsignore',
      itemAction: 'exclude',
      wordSplit: true,
      noInherit: true,
      excludeSelf: false,
      cvs: true,
      ...{ absolute, perishable, sender, receiver, xattr },
    },
    cvsList(PLAIN, ignores),
  ];
}
