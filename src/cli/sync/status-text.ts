import { type ByteString, fromText, toText } from '../../core/bytes.ts';
import type { Plan } from '../../sync/project/plan.ts';
import type { ChangedPath, ProjectStatus } from '../../sync/project/status.ts';
import type { Change } from '../../sync/project/three-way.ts';
import { ageOf } from '../../sync/state/ages.ts';
import type { Direction, DirectionState } from '../../sync/state/profile-state.ts';
import { escaped, item, type Look, paragraph } from './columns.ts';
import type { Marks } from './marks.ts';
import { planJson } from './plan-json.ts';
import { shownPath } from './plan-text.ts';

/** The screen of `rsyncjs status`, and its twin for programs. */

const LETTERS: Readonly<Record<Change, string>> = {
  same: ' ',
  absent: ' ',
  added: 'A',
  changed: 'M',
  deleted: 'D',
};
const SHOWN = 40;

export interface StatusLook extends Look {
  marks: Marks;
  now: Date;
}

export function statusLines(status: ProjectStatus, look: StatusLook): ByteString[] {
  const { marks, utf8, columns, now } = look;
  const { profile, location, root, peer, problems, changes, lock, wouldPull, wouldPush } = status;
  const asked = wouldPull !== undefined;
  const lines: string[] = [];
  const sentences = (...texts: string[]): void => {
    for (const text of texts) {
      lines.push(...paragraph('', escaped(text, utf8), columns, '  '));
    }
  };
  sentences(
    `Project ${profile} in ${root}`,
    `Remote: ${location.replace(/(?<=[^/:])\/$/, '')}${peer === undefined ? '' : ` (protocol ${peer.protocol})`}`,
    `Last pull: ${directionText(status.pull, look)}`,
    `Last push: ${directionText(status.push, look)}`,
    ...problems.map((problem) => `${marks.warning} ${problem}`),
  );
  if (status.stale) sentences(`${marks.warning} stale: the last sync is too long ago`);
  if (lock !== undefined) {
    const since = ageOf(new Date(lock.started).toISOString(), now)?.text ?? '';
    sentences(`${marks.warning} ${lock.user}@${lock.host} is pushing (since ${since})`);
  }
  lines.push('');
  const there = asked ? counts(changes, 'remote') : 'not checked (use --remote)';
  sentences(`Here since the last sync: ${counts(changes, 'local')}`, `Server since the last sync: ${there}`);
  if (changes.length > 0) {
    lines.push('', asked ? 'HS  path (H: here, S: server)' : 'H  path (H: here)');
    for (const { path, local, remote, conflict } of changes.slice(0, SHOWN)) {
      const letters = LETTERS[local] + (remote === undefined ? '' : LETTERS[remote]);
      const remark = conflict ? '(conflict)' : undefined;
      lines.push(...item(`${letters}  `, shownPath(path, utf8), remark, columns));
    }
    if (changes.length > SHOWN) lines.push(`and ${changes.length - SHOWN} more`);
  }
  if (wouldPull !== undefined && wouldPush !== undefined) {
    lines.push('');
    sentences(wouldText('pull', wouldPull), wouldText('push', wouldPush));
  }
  return lines.map(fromText);
}

function directionText({ lastSuccess, lastAttempt }: DirectionState, { marks, now }: StatusLook): string {
  const success =
    lastSuccess === undefined
      ? 'never synced'
      : `${ageOf(lastSuccess.at, now)?.text ?? 'at some time'} ${marks.ok}`;
  // A dry run is no attempt at anything.
  if (lastAttempt === undefined || lastAttempt.dry || lastAttempt.exitCode === 0) return success;
  if (lastSuccess !== undefined && lastSuccess.at > lastAttempt.at) return success;
  const why = lastAttempt.error === undefined ? `exit ${lastAttempt.exitCode}` : lastAttempt.error;
  return `${success}, last attempt ${ageOf(lastAttempt.at, now)?.text ?? ''} ${marks.error} ${why}`;
}

function counts(changes: readonly ChangedPath[], side: 'local' | 'remote'): string {
  const number = (change: Change): number => changes.filter((path) => path[side] === change).length;
  return `${number('changed')} changed, ${number('added')} new, ${number('deleted')} deleted`;
}

function wouldText(
  direction: Direction,
  { transfer, delete: deletions, keep, conflicts, refused }: Plan,
): string {
  const files = transfer.filter(({ entry }) => entry.kind !== 'directory').length;
  const open = conflicts.filter(({ resolution }) => resolution === undefined).length;
  if (open > 0) return `A ${direction} would stop: ${open} ${open === 1 ? 'conflict' : 'conflicts'}.`;
  if (refused.length > 0) {
    const theirs = `${refused.length} ${refused.length === 1 ? 'path was' : 'paths were'} pushed by somebody else`;
    if (transfer.length + deletions.length === 0) return `Nothing to push, but to pull: ${theirs}.`;
    return `Before a push comes a pull: ${theirs}.`;
  }
  if (transfer.length + deletions.length + keep.length === 0) return `A ${direction} would change nothing.`;
  return `A ${direction} would transfer ${files}, delete ${deletions.length}, keep ${keep.length}.`;
}

/** The same for programs; names that are not UTF-8 lose what is none. */
export function statusJson(status: ProjectStatus): object {
  const { changes, wouldPull, wouldPush, lock, ...rest } = status;
  const number = (side: 'local' | 'remote', change: Change): number =>
    changes.filter((path) => path[side] === change).length;
  const side = (name: 'local' | 'remote') => ({
    changed: number(name, 'changed'),
    added: number(name, 'added'),
    deleted: number(name, 'deleted'),
  });
  return {
    schema: 1,
    ...rest,
    local: side('local'),
    server: wouldPull === undefined ? null : side('remote'),
    changes: changes.map(({ path, ...more }) => ({ path: toText(path), ...more })),
    conflicts: changes.filter(({ conflict }) => conflict).map(({ path }) => toText(path)),
    wouldPull: wouldPull === undefined ? null : planJson(wouldPull),
    wouldPush: wouldPush === undefined ? null : planJson(wouldPush),
    lock: lock ?? null,
  };
}
