import type { TransferResult } from '../../client/transfer-request.ts';
import type { ByteString } from '../../core/bytes.ts';
import type { EventSink, TransferEvent } from '../../core/events.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import type { Remote, RemoteRun } from '../remote/remote.ts';
import { asLocal, profileRules, type Sides } from './inspect.ts';
import type { Plan } from './plan.ts';
import { guardPlan } from './plan-guard.ts';
import { onlyPaths, planRules } from './plan-rules.ts';
import { BACKUP_FOLDER, PROFILE_WORDS, type Profile } from './profile.ts';
import { makeTempFolder } from './temp-folder.ts';
import type { TreeEntry } from './tree.ts';

/** Of an item whose content goes over: docs/protocol/3-transfer.md, 2.1. */
const TRANSFER = 0x8000;

export interface PlanRun {
  plan: Plan;
  profile: Profile;
  remote: Remote;
  /** Both sides as they were when the plan was made. */
  listed: Sides;
  /** Rules after all others. */
  only: readonly FilterArgument[];
  dryRun: boolean;
  /** The name of this machine. */
  host: string;
  /** Names the folder for what is overwritten or deleted. */
  started: Date;
  /** Options for what is told. */
  tells: readonly string[];
  onEvent: EventSink | undefined;
}

export interface PlanResult {
  result: TransferResult;
  /**
   * Paths of the plan that nothing was heard of: a file that was changed or removed meanwhile, a directory that can not go
   * because of something excluded in it. What became of them only a look can tell.
   */
  unheard: ReadonlySet<ByteString>;
  /** Those of them that changed here since the sides were listed, and therefore stay as they are. */
  changed: readonly ByteString[];
}

/** One run of rsync that does a plan and nothing else, or two: `overlooked`. Throws as a transfer. */
export async function transferPlan(run: PlanRun): Promise<PlanResult> {
  const { plan, profile, listed, only, dryRun, host } = run;
  const { rules, deletes } = planRules(plan);
  const guard = dryRun ? undefined : guardPlan(plan, listed, profile);
  const unheard = new Set([...plan.transfer, ...plan.delete].map(({ path }) => path));
  const receives = plan.direction === 'pull' && !dryRun && plan.transfer.some(({ entry }) => isFile(entry));
  const temp = receives ? makeTempFolder(profile.root, [host, profile.name, profile.location]) : undefined;
  const alike = new Set(overlooked(plan));
  const hear = (event: TransferEvent): void => {
    if (event.type === 'item') {
      const { iflags, entry } = event;
      if ((iflags & TRANSFER) !== 0 || !alike.has(entry.name)) unheard.delete(entry.name);
    } else if (event.type === 'deleted') unheard.delete(event.name);
    run.onEvent?.(event);
  };
  const go = (more: readonly string[], selection: readonly FilterArgument[]): Promise<TransferResult> => {
    const words = [...wordsOf(run), ...more, ...(temp === undefined ? [] : [`--temp-dir=${temp.path}`])];
    return oneRun(run, { words, rules: selection, onEvent: hear, guard });
  };
  try {
    let result = await go(deletes ? ['--delete-delay'] : [], [
      ...rules.map((text): FilterArgument => ({ kind: 'filter', text })),
      ...profileRules(profile),
      ...only,
    ]);
    const rest = [...alike].filter((path) => unheard.has(path));
    if (rest.length > 0) result = both(result, await go(['--ignore-times'], onlyPaths(rest)));
    const changed = [...(guard?.changed ?? [])].sort();
    for (const path of changed) unheard.add(path);
    return { result, unheard, changed };
  } finally {
    temp?.remove();
  }
}

function wordsOf({ profile, tells, dryRun, started }: PlanRun): string[] {
  const stamp = started.toISOString().replace(/[:.]/g, '-');
  return [
    ...PROFILE_WORDS,
    ...tells,
    ...profile.words,
    // Without it a server does not tell what it does.
    '--itemize-changes',
    ...(dryRun ? ['--dry-run'] : []),
    ...(profile.backup ? ['--backup', `--backup-dir=${BACKUP_FOLDER}/${stamp}`] : []),
  ];
}

function oneRun({ plan, profile, remote, listed }: PlanRun, options: RemoteRun): Promise<TransferResult> {
  const local = asLocal(`${profile.root}${/[\\/]$/.test(profile.root) ? '' : '/'}`);
  if (plan.direction === 'pull') return remote.pull(local, { ...options, root: 'kept' });
  const { root } = listed.remote;
  return remote.push(local, root === undefined ? options : { ...options, root });
}

/**
 * Files that rsync takes for the same: of one size, and of times that differ in parts of a second alone
 * (docs/protocol/3-transfer.md, 3.2). Servers before 3.1.3, and restricted keys, know no option to look closer.
 */
function overlooked({ transfer }: Plan): ByteString[] {
  return transfer
    .filter(({ entry, replaces }) => {
      if (!isFile(entry) || replaces === undefined || !isFile(replaces)) return false;
      return entry.size === replaces.size && entry.mtime === replaces.mtime;
    })
    .map(({ path }) => path);
}

function isFile({ kind }: TreeEntry): boolean {
  return kind === 'file';
}

/** Of the whole project is what the first run says, and what was done is what both did. */
function both(first: TransferResult, second: TransferResult): TransferResult {
  const stats = { ...first.stats };
  for (const key of ['transferredFiles', 'transferredSize', 'literalData', 'matchedData'] as const)
    stats[key] += second.stats[key];
  return { ...first, exitCode: first.exitCode || second.exitCode, stats };
}
