import type { ByteString } from '../../core/bytes.ts';
import type { Plan } from './plan.ts';
import { parentOf } from './tree.ts';

/**
 * A plan without the transfers and deletions that were not chosen: these stay as they are, with all that is in them. Of a
 * directory of the destination that was not chosen what is in it goes only if something else in it stays: rsync would
 * delete one that it has emptied.
 */
export function narrowPlan(plan: Plan, chosen: ReadonlySet<ByteString>): Plan {
  const keptDeletions = keptOf(plan, chosen);
  const dropped = new Set<ByteString>();
  const isDropped = (path: ByteString): boolean => isIn(path, dropped);
  // Parents come first: what is in a directory that is not made is not asked about; nor is what is to take the place of a
  // directory that does not go as a whole.
  for (const { path, replaces } of plan.transfer) {
    const isHeld = replaces?.kind === 'directory' && keptDeletions.has(path);
    if (!chosen.has(path) || isDropped(parentOf(path)) || isHeld) dropped.add(path);
  }
  for (const { path } of plan.delete) if (isDropped(path)) keptDeletions.add(path);
  const deletions = plan.delete.filter(({ path }) => !keptDeletions.has(path));
  const opened = new Set(plan.opened);
  for (const { path } of deletions) {
    for (let at = parentOf(path); keptDeletions.has(at) && !opened.has(at); at = parentOf(at)) opened.add(at);
  }
  const settled = new Map(plan.settled);
  for (const path of [...dropped, ...keptDeletions]) settled.delete(path);
  return {
    ...plan,
    transfer: plan.transfer.filter(({ path }) => !dropped.has(path)),
    delete: deletions,
    // What is not overwritten keeps its name.
    aside: plan.aside.filter(({ path }) => !isDropped(path)),
    leave: [...plan.leave, ...[...dropped].filter((path) => !isDropped(parentOf(path)))],
    opened: [...opened].sort(),
    settled,
  };
}

/** Deletions that are not to be, and all that is above them. */
function keptOf(plan: Plan, chosen: ReadonlySet<ByteString>): Set<ByteString> {
  const kept = new Set<ByteString>();
  const keep = (path: ByteString): void => {
    for (let at = path; at !== ''; at = parentOf(at)) kept.add(at);
  };
  const closed = new Set<ByteString>();
  // What is in a directory comes first: a directory goes only with all of it.
  for (const { path } of plan.delete) {
    if (chosen.has(path) && !kept.has(path)) continue;
    if (!kept.has(path)) closed.add(path);
    keep(path);
  }
  for (const { path } of plan.delete) if (isIn(path, closed)) kept.add(path);
  return kept;
}

function isIn(path: ByteString, above: ReadonlySet<ByteString>): boolean {
  for (let at = path; at !== ''; at = parentOf(at)) if (above.has(at)) return true;
  return false;
}
