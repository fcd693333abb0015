import type { ByteString } from '../../core/bytes.ts';
import type { Plan } from './plan.ts';
import { parentOf } from './tree.ts';

/** A plan without the transfers and deletions that were not chosen: these stay as they are, with all that is in them. */
export function narrowPlan(plan: Plan, chosen: ReadonlySet<ByteString>): Plan {
  const dropped = new Set<ByteString>();
  const isDropped = (path: ByteString): boolean => {
    for (let at = path; at !== ''; at = parentOf(at)) if (dropped.has(at)) return true;
    return false;
  };
  // Parents come first: what is in a directory that is not made is not asked about.
  for (const { path } of plan.transfer) if (!chosen.has(path) || isDropped(parentOf(path))) dropped.add(path);
  const keptDeletions = new Set<ByteString>();
  // And here what is in a directory comes first: a directory goes only with all of it.
  for (const { path } of plan.delete) {
    if (chosen.has(path) && !keptDeletions.has(path)) continue;
    for (let at = path; at !== ''; at = parentOf(at)) keptDeletions.add(at);
  }
  const settled = new Map(plan.settled);
  for (const path of [...dropped, ...keptDeletions]) settled.delete(path);
  return {
    ...plan,
    transfer: plan.transfer.filter(({ path }) => !dropped.has(path)),
    delete: plan.delete.filter(({ path }) => !keptDeletions.has(path)),
    // What is not overwritten keeps its name.
    aside: plan.aside.filter(({ path }) => !isDropped(path)),
    leave: [...plan.leave, ...[...dropped].filter((path) => !isDropped(parentOf(path)))],
    settled,
  };
}
