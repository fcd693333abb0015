import type { TransferResult } from '../../client/transfer-request.ts';
import type { ByteString } from '../../core/bytes.ts';
import type { EventSink, TransferEvent } from '../../core/events.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import type { Remote } from '../remote/remote.ts';
import { asLocal, profileRules, type Sides } from './inspect.ts';
import type { Plan } from './plan.ts';
import { guardPlan } from './plan-guard.ts';
import { planRules } from './plan-rules.ts';
import { BACKUP_FOLDER, PROFILE_WORDS, type Profile } from './profile.ts';
import { makeTempFolder } from './temp-folder.ts';

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

/** One run of rsync that does a plan and nothing else. Throws as a transfer. */
export async function transferPlan(run: PlanRun): Promise<PlanResult> {
  const { plan, profile, remote, listed, only, dryRun, host, started, tells, onEvent } = run;
  const { rules, deletes } = planRules(plan);
  const guard = dryRun ? undefined : guardPlan(plan, listed, profile);
  const unheard = new Set([...plan.transfer, ...plan.delete].map(({ path }) => path));
  const listen = (event: TransferEvent): void => {
    if (event.type === 'item') unheard.delete(event.entry.name);
    else if (event.type === 'deleted') unheard.delete(event.name);
    onEvent?.(event);
  };
  const stamp = started.toISOString().replace(/[:.]/g, '-');
  const options = {
    words: [
      ...PROFILE_WORDS,
      ...tells,
      ...profile.words,
      // Without it a server does not tell what it does.
      '--itemize-changes',
      ...(deletes ? ['--delete-delay'] : []),
      ...(dryRun ? ['--dry-run'] : []),
      ...(profile.backup ? ['--backup', `--backup-dir=${BACKUP_FOLDER}/${stamp}`] : []),
    ],
    rules: [
      ...rules.map((text): FilterArgument => ({ kind: 'filter', text })),
      ...profileRules(profile),
      ...only,
    ],
    onEvent: listen,
    guard,
  };
  const local = asLocal(`${profile.root}${/[\\/]$/.test(profile.root) ? '' : '/'}`);
  if (plan.direction === 'push') {
    const { root } = listed.remote;
    const result = await remote.push(local, root === undefined ? options : { ...options, root });
    return { result, unheard, changed: [] };
  }
  const receives = !dryRun && plan.transfer.some(({ entry }) => entry.kind === 'file');
  const temp = receives ? makeTempFolder(profile.root, [host, profile.name, profile.location]) : undefined;
  const tempWords = temp === undefined ? [] : [`--temp-dir=${temp.path}`];
  try {
    const words = [...options.words, ...tempWords];
    const result = await remote.pull(local, { ...options, words, root: 'kept' });
    const changed = [...(guard?.changed ?? [])].sort();
    for (const path of changed) unheard.add(path);
    return { result, unheard, changed };
  } finally {
    temp?.remove();
  }
}
