/**
 * One pull or push of a project: both sides are listed and compared with what they last agreed on, the plan that follows
 * is checked, and one run of rsync does exactly that plan. What is remembered is kept outside of the tree.
 */
import type { TransferResult } from '../../client/transfer-request.ts';
import type { ByteString } from '../../core/bytes.ts';
import { EXIT, isRsyncError } from '../../core/errors.ts';
import type { EventSink } from '../../core/events.ts';
import { nameFault as nameFaultHere } from '../../files/platform/index.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import { Remote, type RemoteSettings } from '../remote/remote.ts';
import { writeBase } from '../state/base-list.ts';
import { requireLock } from '../state/lock.ts';
import type { Direction } from '../state/profile-state.ts';
import { doneBy, peerOf, RunRecord } from '../state/run-record.ts';
import { profileFiles } from '../state/state-file.ts';
import { filterHash } from './filter-hash.ts';
import type { Folding } from './folding.ts';
import { changedMeanwhile, checkGuards, type Guard } from './guards.ts';
import {
  compareSides,
  identityOf,
  listSides,
  type Memory,
  recall,
  remoteSide,
  type Sides,
} from './inspect.ts';
import { narrowPlan } from './narrow-plan.ts';
import { type AskIgnored, onlyIgnoredSides } from './only-ignored.ts';
import { agreedBase, baseAfter, isLeftOut, type Plan, type PlanPolicy, planPull, planPush } from './plan.ts';
import { onlyPaths } from './plan-rules.ts';
import { transferPlan } from './plan-transfer.ts';
import type { Profile } from './profile.ts';
import { lostLock, PushLock } from './push-lock.ts';
import { putAside } from './put-aside.ts';
import { compareContents } from './same-content.ts';
import type { Comparison } from './three-way.ts';
import { sameTree, type Tree } from './tree.ts';

/** How far a run has come: for messages, and for what is remembered of one that failed. */
export type Stage = 'lock' | 'connect' | 'list' | 'plan' | 'transfer' | 'settle';

export interface RunInput {
  profile: Profile;
  direction: Direction;
  /** Tells what would be done. Default false. */
  dryRun?: boolean;
  /** Goes on over conflicts, over what others pushed, and over guards. Default false. */
  force?: boolean;
  /** Options for what is told: `-v`, `--stats`. */
  tells?: readonly string[] | undefined;
  connect: Omit<RemoteSettings, 'location' | 'words'>;
  stateFolder: string;
  who: { user: string; host: string };
  now: () => Date;
  /** What the file system here takes for the same name. Default: nothing. */
  folding?: Folding | undefined;
  /** Why a component can not be a name here. Default: that of this system. */
  nameFault?: PlanPolicy['nameFault'];
  /** A guard stands in the way: true goes on. Without it nobody can be asked, and the run stops. */
  ask?: ((guard: Guard, plan: Plan) => Promise<boolean>) | undefined;
  /** Chooses what of a plan is to be done: paths of transfers and deletions; undefined: nothing, stop. Default: all. */
  choose?: ((plan: Plan) => Promise<ReadonlySet<ByteString> | undefined>) | undefined;
  /** Which of these paths Git ignores; needed for a profile of ignored files. */
  ignored?: AskIgnored | undefined;
  onStage?: ((stage: Stage) => void) | undefined;
  onPlan?: ((plan: Plan) => void) | undefined;
  onEvent?: EventSink | undefined;
}

export interface RunResult {
  /** `stopped`: nothing was done; a person is to decide. */
  outcome: 'ok' | 'partial' | 'stopped' | 'dry';
  /** rsync's, or 40 for a run that was stopped. */
  exitCode: number;
  plan: Plan;
  /** Those that stopped it, or that somebody went on over. */
  guards: Guard[];
  /** What could not be used of what was remembered: sentences. */
  problems: string[];
  /** Paths of the plan that changed here while the run was under way, and stay as they are. */
  changed: readonly ByteString[];
  /** Undefined if nothing was run. */
  transfer: TransferResult | undefined;
}

/** Milliseconds to give the lock back on a connection of its own, for a run that was told to end. */
const LAST_WORDS = 5000;

/**
 * @throws RsyncError RSYNC_BUSY (exit 41) if somebody else is at it; as a transfer
 */
export async function runProject(input: RunInput): Promise<RunResult> {
  return new ProjectRun(input).run();
}

/** A run that was stopped before it did anything. */
class Stopped {
  readonly plan: Plan;

  constructor(plan: Plan) {
    this.plan = plan;
  }
}

class ProjectRun {
  readonly #input: RunInput;
  readonly #profile: Profile;
  readonly #started: Date;
  readonly #record: RunRecord;
  /** Of the rules that this run goes by: it may replace the files that they are in. */
  readonly #filterHash: string;
  readonly #lost = new AbortController();
  #stage: Stage = 'lock';
  #guards: Guard[] = [];
  /** A person was asked: what was listed before may be old. */
  #asked = false;

  constructor(input: RunInput) {
    this.#input = input;
    this.#profile = input.profile;
    this.#started = input.now();
    const { dryRun = false, profile } = input;
    this.#filterHash = filterHash(profile);
    this.#record = new RunRecord({ ...input, dryRun, options: profile.words, started: this.#started });
  }

  async run(): Promise<RunResult> {
    const { profile, stateFolder, direction, now } = this.#input;
    this.#enter('lock');
    const lock = requireLock(profileFiles(stateFolder, identityOf(profile)).lock, {
      purpose: `${direction} of ${profile.name}`,
      now,
    });
    try {
      // Only now: a run that has just ended may have changed it.
      const memory = await recall(profile, stateFolder);
      try {
        return await this.#locked(memory);
      } catch (failure) {
        const error = this.#lost.signal.aborted ? lostLock(profile.location) : failure;
        this.#record.failed(memory, this.#stage, error);
        throw error;
      }
    } finally {
      lock.release();
    }
  }

  async #locked(memory: Memory): Promise<RunResult> {
    const { connect, direction, dryRun = false } = this.#input;
    const { location, connection: words } = this.#profile;
    const signals = [this.#lost.signal, ...(connect.signal === undefined ? [] : [connect.signal])];
    const remote = new Remote({ ...connect, location, words, signal: AbortSignal.any(signals) });
    let lock: PushLock | undefined;
    try {
      this.#enter('connect');
      if (direction === 'push' && !dryRun) lock = await this.#lockRemote(memory, remote);
      return await this.#inspected(memory, remote);
    } finally {
      await this.#unlockRemote(lock);
      await remote.close();
    }
  }

  /** The lock is in the folder: one that is not there yet is made first, one that is gone is for a guard to tell. */
  async #lockRemote({ identity, base }: Memory, remote: Remote): Promise<PushLock | undefined> {
    const { who, now, stateFolder } = this.#input;
    const tokenFile = profileFiles(stateFolder, identity).remoteLock;
    const terms = { remote, who, now, tokenFile, onLost: () => this.#lost.abort() };
    try {
      return await PushLock.take(terms);
    } catch (error) {
      if (!isRsyncError(error) || error.code === 'RSYNC_BUSY' || error.origin !== 'remote') throw error;
      if ((await remoteSide(this.#profile, remote)).state !== 'missing') throw error;
      if (base !== undefined) return undefined;
      await remote.makeFolder();
      return PushLock.take(terms);
    }
  }

  /** A lock that can not be given back, because the connection is gone, runs out by itself. */
  async #unlockRemote(lock: PushLock | undefined): Promise<void> {
    const { connect } = this.#input;
    if (lock === undefined || connect.signal?.aborted !== true) {
      await lock?.release().catch(() => {});
      return;
    }
    // With the signal of a person who ends the run everything else on that connection ended.
    const { location, connection: words } = this.#profile;
    const last = new Remote({ ...connect, location, words, signal: AbortSignal.timeout(LAST_WORDS) });
    await lock.release(last).catch(() => {});
    await last.close();
  }

  async #inspected(memory: Memory, remote: Remote): Promise<RunResult> {
    const { direction, dryRun = false, connect, onPlan, tells = [], onEvent } = this.#input;
    const profile = this.#profile;
    this.#enter('list');
    const listed = await listSides(profile, remote, connect);
    const { sides: narrowed, base, only } = await this.#narrowed(memory.base, listed);
    this.#enter('plan');
    const { sides, comparison } = await compareContents(base, narrowed, { profile, remote, connect });
    let decided = await this.#decide(comparison, sides, memory);
    if (this.#asked && !(decided instanceof Stopped) && !dryRun) {
      const now = await listSides(profile, remote, connect);
      const changed = (['local', 'remote'] as const).filter(
        (side) => !sameTree(listed[side].tree, now[side].tree),
      );
      if (changed.length > 0) {
        this.#guards.push(changedMeanwhile(changed));
        decided = new Stopped(decided);
      }
    }
    const { problems } = memory;
    const guards = this.#guards;
    if (decided instanceof Stopped) {
      const { plan } = decided;
      onPlan?.(plan);
      this.#record.ended(memory, {
        exitCode: EXIT.GUARD,
        result: 'stopped',
        error: 'RSYNC_GUARD',
        message: 'stopped: a decision was needed',
      });
      return {
        ...{ outcome: 'stopped', exitCode: EXIT.GUARD, plan, guards, problems },
        ...{ changed: [], transfer: undefined },
      };
    }
    const plan = decided;
    onPlan?.(plan);
    if (!dryRun)
      await putAside(plan, profile, remote, [this.#input.who.host, profile.name, profile.location]);
    this.#enter('transfer');
    const {
      result: transfer,
      unheard,
      changed,
    } = await transferPlan({
      ...{ plan, profile, remote, listed, only, dryRun, tells, onEvent },
      host: this.#input.who.host,
      started: this.#started,
    });
    const isPartial = !dryRun && (changed.length > 0 || (direction === 'pull' && plan.keep.some(isLeftOut)));
    const exitCode = transfer.exitCode || (isPartial ? EXIT.PARTIAL : EXIT.OK);
    if (dryRun) this.#record.ended(memory, { exitCode, result: 'dry' });
    else await this.#settle(memory, remote, { plan, transfer, unheard, exitCode });
    const outcome = dryRun ? 'dry' : exitCode === EXIT.OK ? 'ok' : 'partial';
    return { outcome, exitCode, plan, guards, problems, changed, transfer };
  }

  /** What the profile is about, of what was listed. */
  async #narrowed(
    base: Tree | undefined,
    sides: Sides,
  ): Promise<{ sides: Sides; base: Tree | undefined; only: FilterArgument[] }> {
    if (!this.#profile.onlyIgnored) return { sides, base, only: [] };
    const { paths, ...narrowed } = await onlyIgnoredSides(sides, base, this.#input.ignored);
    return { ...narrowed, only: onlyPaths(paths) };
  }

  /** The plan that is to be done, after everybody who has a say has had it. */
  async #decide(comparison: Comparison, sides: Sides, memory: Memory): Promise<Plan | Stopped> {
    const { force = false, dryRun = false, ask, choose } = this.#input;
    let plan = this.#plan(comparison, {});
    // A dry run shows everything, and what would stand in the way.
    const guards = this.#check(comparison, plan, sides, memory);
    if (plan.blocked && !dryRun) {
      // A root that is gone explains the rest.
      this.#guards = guards.filter(({ name }) => name.startsWith('root-'));
      return new Stopped(plan);
    }
    const deletes = dryRun || force || !guards.some(({ name }) => name === 'filter-in-transfer');
    if (!deletes) plan = this.#plan(comparison, { deletions: false });
    for (const found of guards) {
      const isMoot = !deletes && found.weight === 'no-deletions';
      // Of deletions that are not made it is told why; nobody is asked about them.
      if (isMoot && found.name !== 'filter-in-transfer') continue;
      this.#guards.push(found);
      if (found.weight === 'warning' || dryRun || force || isMoot) continue;
      this.#asked = true;
      if (ask === undefined || !(await ask(found, plan))) return new Stopped(plan);
    }
    if (choose === undefined || dryRun) return plan;
    this.#asked = true;
    const chosen = await choose(plan);
    return chosen === undefined ? new Stopped(plan) : narrowPlan(plan, chosen);
  }

  #plan(comparison: Comparison, more: Partial<PlanPolicy>): Plan {
    const { direction, force = false, who, folding, nameFault = nameFaultHere } = this.#input;
    const policy: PlanPolicy = {
      conflict: this.#profile.conflict,
      force,
      now: this.#started,
      hosts: { local: who.host, remote: 'server' },
      nameFault,
      ...(folding === undefined ? {} : { folding }),
      ...more,
    };
    return direction === 'push' ? planPush(comparison, policy) : planPull(comparison, policy);
  }

  #check(comparison: Comparison, plan: Plan, { local, remote }: Sides, { state }: Memory): Guard[] {
    const { limits, filterFiles } = this.#profile;
    const { filterHash: lastFilterHash } = state;
    return checkGuards({
      comparison,
      plan,
      roots: { local: local.state, remote: remote.state },
      limits,
      filterHash: this.#filterHash,
      ...(lastFilterHash === undefined ? {} : { lastFilterHash }),
      filterFiles,
    });
  }

  async #settle(
    memory: Memory,
    remote: Remote,
    run: { plan: Plan; transfer: TransferResult; unheard: ReadonlySet<ByteString>; exitCode: number },
  ): Promise<void> {
    this.#enter('settle');
    const { transfer, plan, exitCode } = run;
    const base = await this.#baseAfter(memory, remote, run);
    const files = profileFiles(this.#input.stateFolder, memory.identity);
    const baseDigest = await writeBase(files.base, base);
    const done = doneBy(transfer, plan.delete.length);
    this.#record.ended(
      memory,
      { exitCode, result: exitCode === EXIT.OK ? 'ok' : 'partial', done },
      { baseDigest, filterHash: this.#filterHash, peer: peerOf(transfer) },
    );
  }

  /** The base of the whole profile, also after a run that was about a part of it. */
  async #baseAfter(
    { base: known = new Map() }: Memory,
    remote: Remote,
    { plan, transfer, unheard }: { plan: Plan; transfer: TransferResult; unheard: ReadonlySet<ByteString> },
  ): Promise<Tree> {
    const failed = transfer.exitCode !== EXIT.OK;
    if (!failed && unheard.size === 0) return baseAfter({ base: known }, plan);
    // After a run with errors only a look at both sides tells what they agree on.
    const heard = new Map([...plan.settled].filter(([path]) => !unheard.has(path)));
    const base = failed ? known : baseAfter({ base: known }, { settled: heard });
    const { connect, ignored } = this.#input;
    const sides = await listSides(this.#profile, remote, connect);
    if (!this.#profile.onlyIgnored) return agreedBase(compareSides(base, sides, this.#profile));
    const narrowed = await onlyIgnoredSides(sides, base, ignored);
    const { paths } = compareSides(narrowed.base, narrowed.sides, this.#profile);
    return agreedBase({ base, paths });
  }

  #enter(stage: Stage): void {
    this.#stage = stage;
    this.#input.onStage?.(stage);
  }
}
