import { type ByteString, fromText } from '../core/bytes.ts';
import { type FilterRule, MAX_PATTERN_LENGTH, parseOldStyleRule, parseRule } from './rule.ts';
import { type ReadRuleFile, RuleCollector } from './rule-files.ts';
import type { RuleSource } from './rule-source.ts';

export { type FilterScope, FilterSet, type FilterSetOptions, type Side, type Verdict } from './filter-set.ts';

/** A filter option of the command line or of the library. `from0`: a `-0` stood before it. */
export type FilterArgument =
  | { kind: 'exclude' | 'include' | 'filter'; text: ByteString; from0?: boolean }
  | { kind: 'exclude-from' | 'include-from'; file: string; from0?: boolean };

export interface FilterListOptions {
  /** `--delete-excluded`: rules of no side work on the sender alone. */
  deleteExcluded: boolean;
  readFile: ReadRuleFile;
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
  { deleteExcluded, readFile, onWarning }: FilterListOptions,
): FilterRule[] {
  const collector = new RuleCollector(readFile);
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

/** The rule as `--delete-excluded` has it: with no side of its own, it hides but does not protect. */
export function forDeleteExcluded(rule: FilterRule): FilterRule {
  return rule.sender || rule.receiver ? rule : { ...rule, sender: true };
}

/** The rules less those whose pattern is longer than any name could be. */
export function dropOverLong(
  rules: readonly FilterRule[],
  onWarning: ((text: string) => void) | undefined,
): FilterRule[] {
  return rules.filter((rule) => {
    const length = rule.pattern.length + (rule.dirOnly ? 1 : 0);
    if (length <= MAX_PATTERN_LENGTH) return true;
    onWarning?.(`discarding over-long filter (${length} bytes)`);
    return false;
  });
}
