import { type ByteString, fromText } from '../../core/bytes.ts';
import type { Guard } from '../../sync/project/guards.ts';
import type { KeepReason, Plan, PlannedConflict } from '../../sync/project/plan.ts';
import type { ConflictKind } from '../../sync/project/three-way.ts';
import { escapeLine } from '../../text/escape.ts';

/** What a plan leaves alone, what stands in its way, and why: lines for a person. Names are bytes. */

/** A list that goes on for longer ends with how many are left out. */
const SHOWN = 20;

const KEPT: Readonly<Record<KeepReason, string>> = {
  'unpushed-addition': 'new here, not pushed yet',
  'unpushed-change': 'changed here, not pushed yet',
  'unpushed-deletion': 'deleted here, not pushed yet',
  'not-pulled': 'added by somebody else, not pulled yet',
  conflict: 'changed on both sides',
  'append-only': 'would be deleted or shrink',
  'deletions-off': 'would be deleted, but nothing is by this run',
  'holds-kept': 'holds something that is kept',
  'name-collision': 'its name is that of another one on this machine: rename it, or exclude it',
  'impossible-here': 'its name is impossible on this machine: rename it, or exclude it',
  inside: 'is in a directory that is kept',
};

const CONFLICTS: Readonly<Record<ConflictKind, string>> = {
  'both-added': 'added on both sides',
  'both-changed': 'changed on both sides',
  'changed-deleted': 'changed on one side, deleted on the other',
  kind: 'a file on one side, something else on the other',
  'directory-deleted': 'deleted on one side, while the other changed something in it',
};

function list<T extends { path: ByteString }>(
  entries: readonly T[],
  utf8: boolean,
  about: (entry: T) => string,
): ByteString[] {
  const lines = entries
    .slice(0, SHOWN)
    .map((entry) => `  ${escapeLine(entry.path, utf8)}  (${fromText(about(entry))})`);
  if (entries.length > SHOWN) lines.push(`  and ${entries.length - SHOWN} more`);
  return lines;
}

/** What stays as it is at the destination. */
export function keptLines({ keep }: Plan, utf8: boolean): ByteString[] {
  if (keep.length === 0) return [];
  const what = keep.length === 1 ? '1 path stays as it is:' : `${keep.length} paths stay as they are:`;
  return [what, ...list(keep, utf8, ({ reason }) => KEPT[reason])];
}

/** What was left out because somebody was at work on it. */
export function changedLines(changed: readonly ByteString[], utf8: boolean): ByteString[] {
  if (changed.length === 0) return [];
  const what = changed.length === 1 ? '1 path' : `${changed.length} paths`;
  const paths = changed.map((path) => ({ path }));
  return [`${what} changed here while the pull ran:`, ...list(paths, utf8, () => 'left as it is')];
}

/** Why nothing was done, and what to do. */
export function blockedLines({ direction, conflicts, refused }: Plan, utf8: boolean): ByteString[] {
  const lines: ByteString[] = [];
  if (refused.length > 0) {
    lines.push('Somebody else has pushed since your last pull:');
    lines.push(...list(refused, utf8, ({ change }) => `${change} on the server`));
    lines.push('Pull first ("rsyncjs pull"), or go on over it with --force.');
  }
  const open = conflicts.filter(({ resolution }) => resolution === undefined);
  if (open.length > 0) {
    lines.push('Changed here and on the server:');
    lines.push(...list(open, utf8, ({ kind }) => CONFLICTS[kind]));
    lines.push(`Say who wins: "rsyncjs ${direction} --conflict newer", local, remote or keep-both.`);
  }
  return lines;
}

/** Which side won, of conflicts that had a rule. */
export function resolvedLines({ conflicts }: Plan, utf8: boolean): ByteString[] {
  const done = conflicts.filter(
    (conflict): conflict is PlannedConflict & { resolution: string } => conflict.resolution !== undefined,
  );
  if (done.length === 0) return [];
  const won = { local: 'the local version wins', remote: "the server's version wins", both: 'both are kept' };
  return ['Changed here and on the server:', ...list(done, utf8, ({ resolution }) => won[resolution])];
}

export function guardLines(guard: Guard, utf8: boolean): ByteString[] {
  const { sentence, remedy, examples, more } = guard;
  const shown = examples.map((path) => `  ${escapeLine(path, utf8)}`);
  if (more > 0) shown.push(`  and ${more} more`);
  return [fromText(sentence), ...shown, fromText(remedy)];
}
