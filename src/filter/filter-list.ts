import { type ByteString, fromText } from '../core/bytes.ts';
import type { CvsIgnores } from './cvs.ts';
import { type FilterRule, MAX_PATTERN_LENGTH, parseOldStyleRule, parseRule } from './rule.ts';
import { type ReadRuleFile, RuleCollector } from './rule-files.ts';
import type { RuleSource } from './rule-source.ts';

export {
  type Filter,
  type FilterScope,
  FilterSet,
  type FilterSetOptions,
  type Position,
  type Verdict,
} from './filter-set.ts';
export type { Side } from './rule.ts';

/** A filter option of the command line or of the library. `from0`: a `-0` stood before it. */
export type FilterArgument =
  | { kind: 'exclude' | 'include' | 'filter'; text: ByteString; from0?: boolean }
  | { kind: 'exclude-from' | 'include-from'; file: string; from0?: boolean };

export interface FilterListOptions {
  /** `--delete-excluded`: rules of no side work on the sender alone. */
  deleteExcluded: boolean;
  readFile: ReadRuleFile;
  /** For `-C` among the rules. Default: the user adds nothing to the list that everybody has. */
  cvsIgnores?: () => CvsIgnores;
  /** Told of each pattern that is dropped because it is too long. */
  onWarning?: (text: string) => void;
}

const FROM_OPTION: RuleSource = { kind: 'option' };

/**
 * The list that the options make, in their order. Throws RsyncError: exit 1 for a malformed rule, 4 for one that is
 * not supported, 11 for a missing file or files nested too deeply.
 */
export function buildFilterList(
  args: readonly FilterArgument[],
  { deleteExcluded, readFile, cvsIgnores = () => NO_IGNORES, onWarning }: FilterListOptions,
): FilterRule[] {
  const collector = new RuleCollector({ readFile, cvsIgnores });
  for (const arg of args) {
    const from0 = arg.from0 === true;
    switch (arg.kind) {
      case 'filter':
        collector.add(parseRule(arg.text, FROM_OPTION), arg.text, FROM_OPTION, from0);
        break;
      case 'exclude':
      case 'include': {
        const rule = parseOldStyleRule(arg.text, arg.kind === 'include', FROM_OPTION);
        collector.add(rule, arg.text, FROM_OPTION, from0);
        break;
      }
      case 'exclude-from':
      case 'include-from':
        collector.addOldStyleFile(fromText(arg.file), arg.kind === 'include-from', from0);
        break;
    }
  }
  const rules = dropOverLong(collector.rules, onWarning);
  return deleteExcluded ? rules.map(forDeleteExcluded) : rules;
}

/** Nothing but the list that everybody has. */
export const NO_IGNORES: CvsIgnores = { file: undefined, variable: undefined };

/**
 * The rule as `--delete-excluded` has it: with no side of its own, it hides but does not protect. The rules in a
 * per-directory file speak for themselves, unless they are bare patterns.
 */
export function forDeleteExcluded(rule: FilterRule): FilterRule {
  if (rule.sender || rule.receiver) return rule;
  switch (rule.kind) {
    case 'match':
      return { ...rule, sender: true };
    case 'dir-merge':
      return rule.itemAction === undefined ? rule : { ...rule, sender: true, tacitSide: true };
    case 'cvs':
      return { ...rule, sender: true, rules: rule.rules.map((each) => ({ ...each, sender: true })) };
  }
}

/** The rules less those whose pattern is longer than any name could be. */
export function dropOverLong(
  rules: readonly FilterRule[],
  onWarning: ((text: string) => void) | undefined,
): FilterRule[] {
  return rules.filter((rule) => {
    const length = rule.kind === 'match' ? rule.pattern.length + (rule.dirOnly ? 1 : 0) : 0;
    if (length <= MAX_PATTERN_LENGTH) return true;
    onWarning?.(`discarding over-long filter (${length} bytes)`);
    return false;
  });
}
