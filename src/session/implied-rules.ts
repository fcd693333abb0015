import { isAbsolutePath } from '../files/option-paths.ts';
import { forDeleteExcluded } from '../filter/filter-list.ts';
import { type FilterRule, matchRule } from '../filter/rule.ts';
import { backupSuffix, partialDirectory } from '../options/implied.ts';
import type { TransferOptions } from '../options/transfer-options.ts';

/**
 * The rules that a client adds to its user's, docs/protocol/4-filters-and-options.md, A.11: backups are not deleted as
 * surplus, partial files are neither deleted nor sent.
 */
export function impliedRules(
  options: TransferOptions,
  session: { direction: 'push' | 'pull'; protocol: number },
): FilterRule[] {
  const rules: FilterRule[] = [];
  const { backup, backupDir, deleteMode, deleteExcluded } = options;
  if (backup && backupDir === undefined && deleteMode !== 'none' && !deleteExcluded)
    rules.push(matchRule(`*${backupSuffix(options)}`, { receiver: true }));
  const partial = partialDirectory(options);
  if (partial !== undefined && !isAbsolutePath(partial)) {
    // The old protocol has no word for it.
    const perishable = session.protocol >= 30 || session.direction === 'pull';
    const rule: FilterRule = { ...matchRule(partial, { perishable }), dirOnly: true };
    rules.push(deleteExcluded ? forDeleteExcluded(rule) : rule);
  }
  return rules;
}
