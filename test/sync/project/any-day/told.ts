/** Plans, events and trees in words: to compare them, and for messages. */
import type { TransferEvent } from '../../../../src/core/events.ts';
import type { Plan } from '../../../../src/sync/project/plan.ts';
import { isExcluded } from './names.ts';
import { type Shot, sameThing } from './places.ts';

/** Of what a run may touch, modes included. */
export function differences(a: Shot, b: Shot): string[] {
  const found: string[] = [];
  for (const path of new Set([...a.keys(), ...b.keys()])) {
    if (path === '' || isExcluded(path, a) || isExcluded(path, b)) continue;
    const [one, other] = [a.get(path), b.get(path)];
    if (!sameThing(one, other) || one?.mode !== other?.mode) found.push(JSON.stringify(path));
  }
  return found;
}

export function planText(plan: Plan): string {
  const { transfer, delete: deletions, keep, conflicts, refused, aside, leave } = plan;
  return JSON.stringify({
    transfer: transfer.map(({ path, lost }) => (lost ? `${path} (lost)` : path)),
    delete: deletions.map(({ path, lost }) => (lost ? `${path} (lost)` : path)),
    keep: keep.map(({ path, reason }) => `${path}: ${reason}`),
    conflicts: conflicts.map(({ path, kind, resolution }) => `${path}: ${kind} ${resolution}`),
    refused: refused.map(({ path, change }) => `${path}: ${change}`),
    aside: aside.map(({ path, side }) => `${path} ${side}`),
    leave,
  });
}

/** What rsync said on either side. */
export function toldBy(events: readonly TransferEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'message' ? [`said: ${JSON.stringify(event.text)}`] : []));
}

/** What was done, as events told it, but for the time of the root. */
export function eventsText(events: readonly TransferEvent[]): string {
  const told = events.flatMap((event) => {
    if (event.type === 'item' && event.entry.name !== '.')
      return [`${event.iflags.toString(16)} ${event.entry.name}`];
    return event.type === 'deleted' ? [`deleted ${event.name}`] : [];
  });
  return JSON.stringify([...new Set(told)].sort());
}
