import { toText } from '../../core/bytes.ts';
import type { Plan } from '../../sync/project/plan.ts';

/** A plan for programs: names that are not UTF-8 lose what is none. */
export function planJson({
  direction,
  transfer,
  delete: deletions,
  keep,
  conflicts,
  refused,
  blocked,
}: Plan): object {
  return {
    direction,
    blocked,
    transfer: transfer.map(({ path, entry }) => ({ path: toText(path), kind: entry.kind, size: entry.size })),
    delete: deletions.map(({ path }) => toText(path)),
    keep: keep.map(({ path, reason }) => ({ path: toText(path), reason })),
    conflicts: conflicts.map(({ path, kind, resolution }) => ({
      path: toText(path),
      kind,
      resolution: resolution ?? null,
    })),
    refused: refused.map(({ path, change }) => ({ path: toText(path), change })),
  };
}
