/** What a person says about a plan, before anything is done. */
import type { ByteString } from '../../core/bytes.ts';
import { usageError } from '../../core/errors.ts';
import type { Guard } from '../../sync/project/guards.ts';
import type { Plan, PlannedDeletion, PlannedTransfer } from '../../sync/project/plan.ts';
import { guardLines, shownPath } from './plan-text.ts';
import type { Screen } from './terminal.ts';

const KEYS = 'y: yes, n: no, !: yes to all the rest, q: no to all the rest';

/** Paths that are to be transferred or deleted; undefined: nothing at all. */
export type Choose = (plan: Plan) => Promise<ReadonlySet<ByteString> | undefined>;

/**
 * @param interactive  each file is asked about
 * @param confirms  the whole is
 * @throws RsyncError RSYNC_USAGE, exit 1: nobody can be asked about each file
 */
export function chooser(
  { interactive, confirms }: { interactive: boolean; confirms: boolean },
  screen: Screen,
): Choose | undefined {
  if (interactive) {
    if (!screen.canAsk)
      throw usageError('--interactive needs a terminal', 'Look at the plan with --dry-run.');
    return (plan) => choosePaths(plan, screen);
  }
  return confirms ? (plan) => confirmPlan(plan, screen) : undefined;
}

export async function confirmGuard(guard: Guard, screen: Screen): Promise<boolean> {
  // Where nobody can be asked the end of the run tells it.
  if (!screen.canAsk) return false;
  screen.warnBytes(guardLines(guard, screen.errorLook));
  return screen.confirm('Go on?');
}

/** What would be lost or replaced is asked about; what is new is not. */
async function choosePaths(plan: Plan, screen: Screen): Promise<ReadonlySet<ByteString>> {
  const chosen = new Set<ByteString>();
  const asked: (PlannedTransfer | PlannedDeletion)[] = [];
  for (const transfer of plan.transfer) {
    if (transfer.replaces === undefined || transfer.replaces.kind === 'directory') chosen.add(transfer.path);
    else asked.push(transfer);
  }
  // Parents first, as a person thinks of them.
  asked.push(...[...plan.delete].reverse());
  if (asked.length > 0) screen.warn(KEYS);
  const where = plan.direction === 'pull' ? 'here' : 'on the server';
  let all: boolean | undefined;
  for (const step of asked) {
    const yes = all ?? (await askAbout(step, where, screen));
    if (yes === 'all' || yes === 'none') all = yes === 'all';
    if (yes === true || yes === 'all') chosen.add(step.path);
  }
  return chosen;
}

async function askAbout(
  step: PlannedTransfer | PlannedDeletion,
  where: string,
  screen: Screen,
): Promise<boolean | 'all' | 'none'> {
  const what = 'replaces' in step ? 'Overwrite' : 'Delete';
  for (;;) {
    const answer = await screen.ask(`${what} ${shownPath(step.path, screen.utf8)} ${where}? [y/n/!/q]`);
    switch (answer?.trim().toLowerCase().charAt(0)) {
      case 'y':
        return true;
      case 'n':
        return false;
      case '!':
      case 'a':
        return 'all';
      case 'q':
      case undefined:
        return 'none';
    }
    screen.warn(KEYS);
  }
}

async function confirmPlan(plan: Plan, screen: Screen): Promise<ReadonlySet<ByteString> | undefined> {
  const steps = [...plan.transfer, ...plan.delete].map(({ path }) => path);
  if (steps.length === 0) return new Set();
  if (!screen.canAsk) {
    screen.warn('Each run is to be confirmed (guards.confirm), and nobody can be asked: --force goes on.');
    return undefined;
  }
  const question = `Transfer ${plan.transfer.length} and delete ${plan.delete.length}?`;
  return (await screen.confirm(question)) ? new Set(steps) : undefined;
}
