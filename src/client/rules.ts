import type { ByteString } from '../core/bytes.ts';
import { ruleFileReader } from '../files/rule-file.ts';
import { buildFilterList, FilterSet } from '../filter/filter-list.ts';
import type { FilterArgument } from '../options/transfer-options.ts';

/**
 * The pattern by which a path is excluded; undefined if it is not. The directories above it are not asked.
 * @param path  relative to the root of the transfer, `/` between components
 */
export type ExcludedBy = (path: ByteString, isDirectory: boolean) => ByteString | undefined;

/**
 * Makes rules answer for single paths, as a sender would: for whoever looks at a tree without a transfer.
 * @param filters  as a transfer takes them
 * @param rootPath  absolute path of the root of the transfer
 * @throws RsyncError RSYNC_USAGE (exit 1) for a rule that is none, RSYNC_FILE_IO (exit 11) for a file that cannot be read
 */
export function excludedBy(filters: readonly FilterArgument[], rootPath: ByteString): ExcludedBy {
  const rules = buildFilterList(filters, {
    deleteExcluded: false,
    readFile: ruleFileReader(),
    onWarning: () => {},
  });
  const filter = new FilterSet(rules, { side: 'sender', rootPath });
  return (path, isDirectory) => {
    const rule = filter.decide(path, isDirectory);
    if (rule === undefined || rule.include) return undefined;
    return rule.dirOnly ? `${rule.pattern}/` : rule.pattern;
  };
}
