import { fromText, toText } from '../core/bytes.ts';
import { EXIT, isRsyncError, RsyncError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { errnoText } from '../files/errors.ts';
import type { Places } from '../files/places.ts';
import { type CvsIgnores, cvsExcludeRules, cvsRulesAt } from '../filter/cvs.ts';
import { directoryFileReader } from '../filter/directory-files.ts';
import { openRules } from '../filter/directory-rules.ts';
import { buildFilterList, type Filter, forDeleteExcluded, type Side } from '../filter/filter-list.ts';
import type { FilterRule } from '../filter/rule.ts';
import type { RoleContext } from '../roles/context.ts';

/** Rules put to work on one side of a session: docs/protocol/4-filters-and-options.md, A.8 to A.10. */

/**
 * @param rootPath  of this side's root of the transfer, as `Places` displays it
 */
export function openFilter(
  ctx: RoleContext,
  rules: readonly FilterRule[],
  { side, rootPath }: { side: Side; rootPath: string },
): Filter {
  const { options, negotiated, places, policy } = ctx;
  const settled: FilterRule[] = rules.flatMap<FilterRule>((rule) =>
    rule.kind === 'cvs' ? cvsRulesAt(rule, negotiated.protocol) : [rule],
  );
  const warn = (text: string): void => ctx.warning(fromText(text));
  const read = directoryFileReader({
    rootPath,
    from0: options.from0,
    deleteExcluded: options.deleteExcluded,
    cvsIgnores: () => cvsIgnores(places),
    onWarning: warn,
    readPath: (path, most) => {
      // What a daemon does not show must not be felt either; what is read of it is nothing.
      if (policy?.hides(path, false) === true) return new Uint8Array(0);
      try {
        return places.readFile(path, most);
      } catch (error) {
        if (isRsyncError(error)) throw error;
        // As rsync, go on without it; but say so, since something may be sent or deleted for want of it.
        warn(`cannot read the filter file ${places.display(path)}: ${errnoText(error)}`);
        return undefined;
      }
    },
  });
  return openRules(settled, { side, rootPath, read });
}

/** What the user of this machine, or the owner of a confined tree, adds to the list of `-C`. */
export function cvsIgnores(places: Places): CvsIgnores {
  const { CVSIGNORE } = process.env;
  return { file: readIgnores(places), variable: CVSIGNORE === undefined ? undefined : fromText(CVSIGNORE) };
}

function readIgnores(places: Places): Uint8Array | undefined {
  if (places.home === undefined) return undefined;
  try {
    return places.readFile(`${places.home.replace(/\/+$/, '')}/.cvsignore`, LIMITS.RULE_BYTES);
  } catch (error) {
    if (isRsyncError(error)) throw error;
    return undefined;
  }
}

/**
 * The rules of the option `-C`, behind all others; none without it. As in rsync, the list goes on protecting from
 * `--delete-excluded` at a client that receives.
 */
export function cvsExcludes({ options, places }: RoleContext, receives: boolean): FilterRule[] {
  if (!options.cvsExclude) return [];
  const rules: FilterRule[] = cvsExcludeRules(cvsIgnores(places));
  if (!options.deleteExcluded) return rules;
  return rules.map((rule) => (receives && rule.kind === 'cvs' ? rule : forDeleteExcluded(rule)));
}

/**
 * The rules in the words of a server, which come from `--remote-option`: they work beside those that are sent. A file
 * that they name is one of the tree.
 * @throws RsyncError exit 1 for a malformed rule, 4 for one that is not supported, 11 for a missing file
 */
export function wordedRules(ctx: RoleContext): FilterRule[] {
  const { options, places, policy } = ctx;
  return buildFilterList(options.filters, {
    deleteExcluded: options.deleteExcluded,
    cvsIgnores: () => cvsIgnores(places),
    onWarning: (text) => ctx.warning(fromText(text)),
    readFile: (name) => {
      const isHidden = policy?.hides(places.display(name), false) === true;
      const content = isHidden ? undefined : places.readFile(name, LIMITS.RULE_BYTES);
      if (content !== undefined) return content;
      throw new RsyncError('RSYNC_FILE_IO', `failed to open exclude file ${toText(name)}`, {
        exitCode: EXIT.FILEIO,
        origin: 'remote',
        path: toText(name),
      });
    },
  });
}
