import { type ByteString, fromText, toText } from '../../core/bytes.ts';
import type { Guard } from '../../sync/project/guards.ts';
import type { KeepReason, Plan, PlannedConflict } from '../../sync/project/plan.ts';
import type { ConflictKind } from '../../sync/project/three-way.ts';
import { escapeLine } from '../../text/escape.ts';
import { item, type Look, paragraph } from './columns.ts';

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
  'deletions-off': 'to be deleted by the next run',
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
  { utf8, columns }: Look,
  about: (entry: T) => string,
): ByteString[] {
  const lines = entries
    .slice(0, SHOWN)
    .flatMap((entry) => item('  ', shownPath(entry.path, utf8), `(${about(entry)})`, columns))
    .map(fromText);
  if (entries.length > SHOWN) lines.push(`  and ${entries.length - SHOWN} more`);
  return lines;
}

/** A name as text, fit for the terminal. */
export function shownPath(path: ByteString, utf8: boolean): string {
  return toText(escapeLine(path, utf8));
}

/** What stays as it is at the destination; conflicts are told by themselves. */
export function keptLines({ keep, conflicts }: Plan, look: Look): ByteString[] {
  const told = new Set(conflicts.map(({ path }) => path));
  const kept = keep.filter(({ path }) => !told.has(path));
  if (kept.length === 0) return [];
  const what = kept.length === 1 ? '1 path stays as it is:' : `${kept.length} paths stay as they are:`;
  return [what, ...list(kept, look, ({ reason }) => KEPT[reason])];
}

/** What was left out because somebody was at work on it. */
export function changedLines(changed: readonly ByteString[], look: Look): ByteString[] {
  if (changed.length === 0) return [];
  const what = changed.length === 1 ? '1 path' : `${changed.length} paths`;
  const paths = changed.map((path) => ({ path }));
  return [`${what} changed here while the pull ran:`, ...list(paths, look, () => 'left as it is')];
}

/** Why nothing was done, and what to do. */
export function blockedLines({ direction, conflicts, refused }: Plan, look: Look): ByteString[] {
  const lines: ByteString[] = [];
  const sentence = (text: string) => lines.push(...paragraph('', text, look.columns, '  ').map(fromText));
  const open = conflicts.filter(({ resolution }) => resolution === undefined);
  if (refused.length > 0) {
    lines.push('Somebody else has pushed since your last pull:');
    lines.push(...list(refused, look, ({ change }) => `${change} on the server`));
  }
  if (open.length > 0) {
    lines.push('Changed here and on the server:');
    lines.push(...list(open, look, ({ kind }) => CONFLICTS[kind]));
  }
  const who = (verb: string) => `"rsyncjs ${verb} --conflict newer", local, remote or keep-both.`;
  // What comes with the pull is what the conflicts are about.
  if (refused.length > 0 && open.length > 0) sentence(`Pull first, and say who wins: ${who('pull')}`);
  else if (refused.length > 0) sentence('Pull first ("rsyncjs pull"), or go on over it with --force.');
  else if (open.length > 0) sentence(`Say who wins: ${who(direction)}`);
  return lines;
}

/** Which side won, of conflicts that had a rule. */
export function resolvedLines({ conflicts }: Plan, look: Look): ByteString[] {
  const done = conflicts.filter(
    (conflict): conflict is PlannedConflict & { resolution: string } => conflict.resolution !== undefined,
  );
  if (done.length === 0) return [];
  const won = { local: 'the local version wins', remote: "the server's version wins", both: 'both are kept' };
  return ['Changed here and on the server:', ...list(done, look, ({ resolution }) => won[resolution])];
}

export function guardLines(guard: Guard, { utf8, columns }: Look): ByteString[] {
  const { sentence, remedy, examples, more } = guard;
  return [
    ...paragraph('', sentence, columns, '  '),
    ...examples.flatMap((path) => item('  ', shownPath(path, utf8), undefined, columns)),
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...paragraph('', remedy, columns, '  '),
  ].map(fromText);
}
