import { type ByteString, toText } from '../../core/bytes.ts';
import type { Plan } from './plan.ts';
import type { Comparison } from './three-way.ts';
import type { Tree } from './tree.ts';

/**
 * Reasons to ask before a run, or to refuse it where nobody can be asked. A guard is not an error: `--force` goes on.
 */
export type GuardName =
  | 'root-vanished'
  | 'root-type'
  | 'root-emptied'
  | 'everything-changed'
  | 'many-deletions'
  | 'filter-changed'
  | 'filter-in-transfer'
  | 'changed-meanwhile';

export interface Guard {
  name: GuardName;
  /** `stop`: go on only if a person says so. `no-deletions`: as well, or without deletions. `warning`: to be told. */
  weight: 'stop' | 'no-deletions' | 'warning';
  /** What was found: one sentence. */
  sentence: string;
  /** What to do: one sentence. */
  remedy: string;
  /** Paths concerned; 0 if it is about a root. */
  count: number;
  /** The first of them, and how many are left out. */
  examples: ByteString[];
  more: number;
}

/** What was found where a root should be. */
export type RootState = 'directory' | 'missing' | 'other';

export interface GuardLimits {
  /** Deletions that are too many: more than this share (0 to 1) of the paths at the destination. Default 0.5. */
  deleteShare?: number;
  /** Too many, whatever the share. Default 1000. */
  deleteCount?: number;
  /** So few deletions, or changes, never are too many: small trees must not nag. Default 10. */
  floor?: number;
}

export interface GuardInputs {
  comparison: Comparison;
  plan: Plan;
  roots: { local: RootState; remote: RootState };
  /** What the roots are called. Default: `The local root`, `The remote root`. */
  names?: { local: string; remote: string };
  limits?: GuardLimits;
  /** Digests of all filter rules, of this run and of the last one that succeeded. */
  filterHash?: string;
  lastFilterHash?: string;
  /** Paths in the tree that filter rules are read from. */
  filterFiles?: readonly ByteString[];
}

const DEFAULTS: Required<GuardLimits> = { deleteShare: 0.5, deleteCount: 1000, floor: 10 };
const ROOT_NAMES = { local: 'The local root', remote: 'The remote root' };
const EXAMPLES = 5;
/** mutagen's: with less than two entries an empty root is nothing unusual. */
const EMPTIED_FLOOR = 2;

/** The guards that stand in the way of a plan, the gravest first. Empty: go on. */
export function checkGuards(inputs: GuardInputs): Guard[] {
  const limits = { ...DEFAULTS, ...inputs.limits };
  const found = [...rootGuards(inputs)];
  // All else follows from a root that is not what it was.
  if (found.length > 0) return found;
  return [...changeGuards(inputs, limits), ...deletionGuards(inputs, limits), ...filterGuards(inputs)];
}

function* rootGuards({ comparison, plan, roots, names = ROOT_NAMES }: GuardInputs): Generator<Guard> {
  const { base, local, remote, hasBase } = comparison;
  const destination = plan.direction === 'pull' ? 'local' : 'remote';
  for (const side of ['local', 'remote'] as const) {
    const where = names[side];
    if (roots[side] === 'other') {
      yield guard(
        'root-type',
        'stop',
        `${where} is not a directory.`,
        'Put back the directory that was there.',
      );
    } else if (roots[side] === 'missing' && (hasBase || side !== destination)) {
      yield guard(
        'root-vanished',
        'stop',
        hasBase ? `${where} is not there, and it was at the last sync.` : `${where} is not there.`,
        'Is a disk not mounted, or the path wrong? Go on with --force only if it was removed on purpose.',
      );
    }
  }
  const bothThere = roots.local === 'directory' && roots.remote === 'directory';
  // Both empty is agreement. Empty since ever is a first run.
  if (!bothThere || (local.size === 0) === (remote.size === 0) || base.size < EMPTIED_FLOOR) return;
  const where = local.size === 0 ? names.local : names.remote;
  yield guard(
    'root-emptied',
    'stop',
    `${where} is empty, and there were ${base.size} paths in it at the last sync.`,
    'Is a disk not mounted? Go on with --force only if it was emptied on purpose.',
  );
}

/** A clock, a time zone or a checkout that touched every file: a person would not do that. */
function* changeGuards({ comparison }: GuardInputs, { floor }: Required<GuardLimits>): Generator<Guard> {
  const files = [...comparison.base].filter(([, entry]) => entry.kind === 'file').map(([path]) => path);
  if (files.length < floor) return;
  for (const side of ['local', 'remote'] as const) {
    if (!files.every((path) => comparison.byPath.get(path)?.[side] === 'changed')) continue;
    const where = side === 'local' ? 'here' : 'on the server';
    yield guard(
      'everything-changed',
      'stop',
      `Every file changed ${where} since the last sync.`,
      'Did something touch all times, as a fresh checkout or another time zone does? Look at the plan with --dry-run first.',
      files,
    );
  }
}

function* deletionGuards({ comparison, plan }: GuardInputs, limits: Required<GuardLimits>): Generator<Guard> {
  const paths = plan.delete.map(({ path }) => path).sort();
  const there: Tree = plan.direction === 'pull' ? comparison.local : comparison.remote;
  const tooMany = paths.length > limits.deleteCount;
  const tooMuch = paths.length > limits.floor && paths.length > there.size * limits.deleteShare;
  if (!tooMany && !tooMuch) return;
  const percent = Math.round((100 * paths.length) / there.size);
  const where = plan.direction === 'pull' ? 'here' : 'on the server';
  yield guard(
    'many-deletions',
    'no-deletions',
    `${paths.length} of ${there.size} paths (${percent} %) would be deleted ${where}.`,
    'Look with --dry-run; --force deletes them, --max-delete sets the limit.',
    paths,
  );
}

/** A rule that changed makes paths appear and vanish that nobody touched. */
function* filterGuards(inputs: GuardInputs): Generator<Guard> {
  const { plan, filterHash, lastFilterHash, filterFiles = [] } = inputs;
  if (plan.delete.length === 0) return;
  const deleted = plan.delete.map(({ path }) => path).sort();
  if (filterHash !== undefined && lastFilterHash !== undefined && filterHash !== lastFilterHash) {
    yield guard(
      'filter-changed',
      'no-deletions',
      `The filter rules changed since the last sync, and ${deleted.length} ${deleted.length === 1 ? 'path' : 'paths'} would be deleted.`,
      'Look at the plan with --dry-run; --force deletes them.',
      deleted,
    );
  }
  const touched = new Set([...plan.transfer, ...plan.delete].map(({ path }) => path));
  const files = filterFiles.filter((path) => touched.has(path));
  if (files.length === 0) return;
  yield guard(
    'filter-in-transfer',
    'no-deletions',
    `This run replaces ${files.map(toText).join(', ')}, which says what may be deleted.`,
    'Nothing is deleted by this run; the next one goes by the new rules.',
    files,
  );
}

/** What was decided was decided about something else. */
export function changedMeanwhile(sides: readonly ('local' | 'remote')[]): Guard {
  const where = sides.map((side) => (side === 'local' ? 'here' : 'on the server')).join(' and ');
  return guard('changed-meanwhile', 'stop', `Files changed ${where} while you were asked.`, 'Run it again.');
}

/** @param paths  those that it is about, in order */
export function guard(
  name: GuardName,
  weight: Guard['weight'],
  sentence: string,
  remedy: string,
  paths: readonly ByteString[] = [],
): Guard {
  const examples = paths.slice(0, EXAMPLES);
  return {
    name,
    weight,
    sentence,
    remedy,
    count: paths.length,
    examples,
    more: paths.length - examples.length,
  };
}
