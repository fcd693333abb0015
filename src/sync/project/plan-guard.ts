import type { ItemGuard } from '../../client/transfer-request.ts';
import type { ByteString } from '../../core/bytes.ts';
import type { Stat } from '../../files/stat.ts';
import { parseArguments } from '../../options/parse.ts';
import type { Sides } from './inspect.ts';
import type { Plan } from './plan.ts';
import type { Profile } from './profile.ts';
import { kindOf, sameEntry, type Tree, type TreeEntry } from './tree.ts';

/**
 * A plan is made of what was listed, and people go on working while it is done. What has changed at this end since the
 * listing is not overwritten and not deleted by a pull; and a push sends nothing that was no difference then: what
 * somebody changes on the server by other means stays there.
 */
export interface PlanGuard extends ItemGuard {
  /** Paths of the plan that were kept out of it, so far. */
  readonly changed: ReadonlySet<ByteString>;
}

export function guardPlan(plan: Plan, listed: Sides, profile: Pick<Profile, 'words'>): PlanGuard {
  const { local, remote } = listed;
  if (plan.direction === 'push') {
    const { checksum, ignoreTimes } = parseArguments(profile.words).options;
    return {
      changed: new Set(),
      maySend: (name) => wasDifferent(name, local.tree, remote.tree, checksum || ignoreTimes),
    };
  }
  const planned = new Set([...plan.transfer, ...plan.delete].map(({ path }) => path));
  const changed = new Set<ByteString>();
  return {
    changed,
    mayChange(name, found) {
      const expected = local.tree.get(name);
      if (name === '.' || (expected !== undefined && isAsListed(found, expected))) return true;
      if (planned.has(name)) changed.add(name);
      return false;
    },
  };
}

/** `looksInside`: equal facts do not keep rsync from comparing contents. */
function wasDifferent(name: ByteString, local: Tree, remote: Tree, looksInside: boolean): boolean {
  const [here, there] = [local.get(name), remote.get(name)];
  if (here === undefined) return false;
  return there === undefined || looksInside || !sameEntry(here, there);
}

/** A symlink by its time: where it leads to would have to be read. */
function isAsListed(found: Stat, expected: TreeEntry): boolean {
  if (kindOf(found.mode) !== expected.kind) return false;
  if (expected.kind !== 'file' && expected.kind !== 'symlink') return true;
  if (expected.kind === 'file' && found.size !== expected.size) return false;
  return sameEntry(
    { ...expected, kind: 'file', mtime: found.mtime, mtimeNsec: found.mtimeNsec },
    { ...expected, kind: 'file' },
  );
}
