import type { ByteString } from '../../core/bytes.ts';
import { toText } from '../../core/bytes.ts';
import { EXIT, RsyncError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import type { Plan } from './plan.ts';
import { parentOf } from './tree.ts';

/**
 * The filter rules, to stand in front of the user's, that make one run of rsync do a plan and nothing else
 * (docs/protocol/4-filters-and-options.md, A):
 *
 *     - /path      what must be left alone: hidden at the source, protected at the destination, with all that is in it
 *     R /path      what is to be deleted; and directories that only the destination has, for rsync to look into them: such
 *                  a one stays if something in it does
 *     P **         and nothing else is, whatever the options and the user's rules say
 *
 * The rest is rsync's own: what differs is transferred. Rules of the other side do no harm, since a directory that is
 * left alone has nothing in it that is to be deleted.
 */
export interface PlanRules {
  /** As `--filter` takes them, in bytes. */
  rules: ByteString[];
  /** The run needs `--delete` (`--delete-delay`); without it nothing may be deleted, and none of these options given. */
  deletes: boolean;
}

/**
 * @throws RsyncError RSYNC_LIMIT (exit 1) if a path that must be left alone does not fit into a rule: no file system
 *   allows such paths
 */
export function planRules(plan: Pick<Plan, 'leave' | 'opened' | 'delete' | 'transfer'>): PlanRules {
  const rules = plan.leave.map((path) => `- ${fitting(anchoredPattern(path), path)}`);
  const deletes = plan.delete.length > 0;
  if (!deletes) return { rules, deletes };
  const cleared = plan.transfer.filter(({ entry, replaces }) => {
    return replaces?.kind === 'directory' && entry.kind !== 'directory';
  });
  const risked = [...plan.opened, ...[...cleared, ...plan.delete].map(({ path }) => path)];
  for (const path of risked) rules.push(`R ${fitting(anchoredPattern(path), path)}`);
  rules.push('P **');
  return { rules, deletes };
}

/** A pattern that matches one path below the root of the transfer and no other. */
export function anchoredPattern(path: ByteString): ByteString {
  // A backslash is an escape in patterns with a wildcard alone (A.5): in any other it stands for itself.
  return `/${/[*?[]/.test(path) ? path.replace(/[\\*?[]/g, '\\$&') : path}`;
}

/** Rules, after all others, that let these paths through with the directories above them, and nothing else. */
export function onlyPaths(paths: Iterable<ByteString>): FilterArgument[] {
  const wanted = new Set<ByteString>();
  for (const path of paths) {
    for (let at = path; at !== '' && !wanted.has(at); at = parentOf(at)) wanted.add(at);
  }
  const rules = [...wanted].map((path): FilterArgument => ({ kind: 'include', text: anchoredPattern(path) }));
  return [...rules, { kind: 'exclude', text: '*' }];
}

/** rsync drops longer patterns with a message, and would then delete or overwrite what the rule was about. */
function fitting(pattern: ByteString, path: ByteString): ByteString {
  if (pattern.length <= LIMITS.NAME_LENGTH) return pattern;
  throw new RsyncError('RSYNC_LIMIT', `no filter rule can name a path of ${path.length} bytes`, {
    exitCode: EXIT.SYNTAX,
    origin: 'local',
    path: toText(path),
    hint: 'Exclude the directory that it is in, or give it shorter names.',
  });
}
