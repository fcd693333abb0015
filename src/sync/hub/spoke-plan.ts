/** What a run of a spoke may do to its copy, and what stops it before anything is done. */
import { opendirSync } from 'node:fs';
import { toText } from '../../core/bytes.ts';
import { EXIT, RsyncError } from '../../core/errors.ts';
import { fileError } from '../../files/errors.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import type { Spoke } from '../config/hub-spoke.ts';
import { checkGuards, type Guard, type GuardName } from '../project/guards.ts';
import { asLocal } from '../project/inspect.ts';
import { listPartly, localState } from '../project/listing.ts';
import { planPull } from '../project/plan.ts';
import { type PlanRules, planRules } from '../project/plan-rules.ts';
import { compareTrees } from '../project/three-way.ts';
import { Remote } from '../remote/remote.ts';
import { OWN_FOLDERS } from './files.ts';
import type { SpokeConnect } from './spoke-remote.ts';

export interface SpokePlanInput {
  /** What is left out, on both sides. */
  rules: readonly FilterArgument[];
  /** Surplus names go, unless the copy is append-only. */
  deletes: boolean;
  /** Goes on over guards. */
  force: boolean;
  connect: SpokeConnect;
  host: string;
  started: Date;
  /** Names in the list of the last success, the folder itself included; undefined: there was none. */
  lastTotal: number | undefined;
}

/** mutagen's: with less than two entries, and the folder itself, an empty one is nothing unusual. */
const EMPTIED_FLOOR = 3;

/** Where a project would say something else. */
const REMEDIES: Partial<Record<GuardName, string>> = {
  'many-deletions': '--dry-run --force counts them; --force deletes them.',
};

/**
 * Looks at the copy, and at the spoke where something may be deleted or must not shrink.
 * @throws RsyncError RSYNC_FILE_IO, exit 11: the copy can not be there; RSYNC_FILE_SELECT, exit 23: the spoke's folder is
 *   not there or can not be read; RSYNC_GUARD, exit 40; as a transfer
 */
export async function planSpoke(spoke: Spoke, remote: Remote, input: SpokePlanInput): Promise<PlanRules> {
  const { force, lastTotal = 0 } = input;
  const path = spoke.path.value;
  const appendOnly = spoke.appendOnly.value;
  const deletes = input.deletes && !appendOnly;
  const state = localState(path);
  if (state === 'other') throw noFolder(path);
  if (!force && lastTotal >= EMPTIED_FLOOR && (state === 'missing' || isEmpty(path)))
    throw lostCopy(path, state === 'missing', lastTotal - 1);
  if (!appendOnly && !deletes) return { rules: [], deletes: false };
  const far = await listPartly(remote, spoke.extraArgs.value, input.rules);
  if (far.fault !== undefined && far.tree.size === 0) throw far.fault;
  if (far.state !== 'directory') throw sourceError(remote.location);
  const folder = new Remote({ ...input.connect, location: asLocal(path), words: [] });
  const near = state === 'directory' ? await listPartly(folder, [], input.rules) : undefined;
  const here = near?.tree ?? new Map();
  // The hub follows: what it has is what both agreed on, and only the spoke has changed.
  const comparison = compareTrees(here.size === 0 ? undefined : here, here, far.tree);
  const plan = planPull(comparison, {
    appendOnly,
    // What a listing does not show may be there all the same.
    deletions: deletes && far.fault === undefined && near?.fault === undefined,
    conflict: 'remote',
    now: input.started,
    hosts: { local: input.host, remote: spoke.name },
  });
  const guards = checkGuards({
    comparison,
    plan,
    roots: { local: 'directory', remote: far.state },
    names: { local: path, remote: remote.location },
  });
  // A spoke whose files all grow is nothing unusual.
  const [stop] = guards.filter(({ name, weight }) => weight !== 'warning' && name !== 'everything-changed');
  if (stop !== undefined && !force) throw guardError(stop);
  return planRules(plan);
}

/** Nothing in it but what a run of ours has left. @throws RsyncError RSYNC_FILE_IO, exit 11 */
function isEmpty(path: string): boolean {
  try {
    const folder = opendirSync(path);
    try {
      for (let entry = folder.readSync(); entry !== null; entry = folder.readSync())
        if (!OWN_FOLDERS.includes(entry.name)) return false;
      return true;
    } finally {
      folder.closeSync();
    }
  } catch (error) {
    throw fileError('opendir', path, error);
  }
}

/** Also of a transfer that has found nothing at all. */
export function sourceError(location: string): RsyncError {
  return new RsyncError('RSYNC_FILE_SELECT', `${location} is not there, or may not be read`, {
    exitCode: EXIT.PARTIAL,
    origin: 'remote',
    path: location,
    hint: 'Check "source" of the spoke: is it a folder, is its disk mounted, and may the account read it?',
  });
}

function noFolder(path: string): RsyncError {
  return new RsyncError('RSYNC_FILE_IO', `${path} is no folder`, {
    exitCode: EXIT.FILEIO,
    origin: 'local',
    path,
    hint: 'Check "path" of the spoke, or move away what is there.',
  });
}

function lostCopy(path: string, isMissing: boolean, count: number): RsyncError {
  return new RsyncError(
    'RSYNC_GUARD',
    `${path} is ${isMissing ? 'not there' : 'empty'}, and the spoke had ${count} names at the last sync`,
    {
      exitCode: EXIT.GUARD,
      origin: 'local',
      path,
      hint: 'Is a disk of this machine not mounted? --force fetches everything anew.',
    },
  );
}

function guardError({ name, sentence, remedy, examples, more }: Guard): RsyncError {
  const names = examples.map(toText).join(', ');
  const list = names === '' ? '' : ` (${names}${more > 0 ? ` and ${more} more` : ''})`;
  return new RsyncError('RSYNC_GUARD', `${sentence.replace(/\.$/, '')}${list}`, {
    exitCode: EXIT.GUARD,
    origin: 'remote',
    hint: REMEDIES[name] ?? remedy,
  });
}
