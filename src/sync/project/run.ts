/**
 * One pull or push of a project: both sides are listed and compared with what they last agreed on, the plan that follows
 * is checked, and one run of rsync does exactly that plan. What is remembered is kept outside of the tree.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { TransferResult } from '../../client/transfer-request.ts';
import { type ByteString, fromText, toText } from '../../core/bytes.ts';
import { EXIT, isRsyncError, RsyncError } from '../../core/errors.ts';
import type { EventSink } from '../../core/events.ts';
import { platform } from '../../files/platform/index.ts';
import { Root } from '../../files/root.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import { RemoteLock } from '../remote/lock.ts';
import { Remote, type RemoteSettings } from '../remote/remote.ts';
import { writeBase } from '../state/base-list.ts';
import { appendHistory, type HistoryRecord } from '../state/history.ts';
import { requireLock } from '../state/lock.ts';
import { afterRun, type Direction, type ProfileState, type Success } from '../state/profile-state.ts';
import { profileFiles, writeState } from '../state/state-file.ts';
import { filterHash } from './filter-hash.ts';
import { checkGuards, type Guard } from './guards.ts';
import {
  asLocal,
  compareSides,
  localSide,
  type Memory,
  profileRules,
  recall,
  remoteSide,
  type Sides,
} from './inspect.ts';
import { narrowPlan } from './narrow-plan.ts';
import { type AskIgnored, onlyIgnoredRules, onlyIgnoredSides } from './only-ignored.ts';
import { agreedBase, baseAfter, type Plan, type PlanPolicy, planPull, planPush } from './plan.ts';
import { planRules } from './plan-rules.ts';
import { BACKUP_FOLDER, PROFILE_WORDS, type Profile } from './profile.ts';
import { withSameContent } from './same-content.ts';
import type { Comparison } from './three-way.ts';
import type { Tree } from './tree.ts';

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
  /** A guard stands in the way: true goes on. Without it nobody can be asked, and the run stops. */
  ask?: ((guard: Guard, plan: Plan) => Promise<boolean>) | undefined;
  /** Chooses what of a plan is to be done: paths of transfers and deletions. Default: all. */
  choose?: ((plan: Plan) => Promise<ReadonlySet<ByteString>>) | undefined;
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
  /** Undefined if nothing was run. */
  transfer: TransferResult | undefined;
}

/**
 * @throws RsyncError RSYNC_BUSY (exit 41) if somebody else is at it; as a transfer
 */
export async function runProject(input: RunInput): Promise<RunResult> {
  return new ProjectRun(input).run();
}

/** A run that was stopped before it did anything. */
class Stopped {
  readonly plan: Plan;
  readonly guards: Guard[];

  constructor(plan: Plan, guards: Guard[]) {
    this.plan = plan;
    this.guards = guards;
  }
}

class ProjectRun {
  readonly #input: RunInput;
  readonly #profile: Profile;
  readonly #started: Date;
  #stage: Stage = 'lock';
  #guards: Guard[] = [];

  constructor(input: RunInput) {
    this.#input = input;
    this.#profile = input.profile;
    this.#started = input.now();
  }

  async run(): Promise<RunResult> {
    const { profile, stateFolder, direction } = this.#input;
    const memory = await recall(profile, stateFolder);
    const files = profileFiles(stateFolder, memory.identity);
    this.#enter('lock');
    const lock = requireLock(files.lock, {
      purpose: `${direction} of ${profile.name}`,
      now: this.#input.now,
    });
    try {
      return await this.#locked(memory);
    } catch (error) {
      this.#rememberFailure(memory, error);
      throw error;
    } finally {
      lock.release();
    }
  }

  async #locked(memory: Memory): Promise<RunResult> {
    const { connect, direction, dryRun = false } = this.#input;
    const { location, connection } = this.#profile;
    const remote = new Remote({ ...connect, location, words: connection });
    let lock: RemoteLock | undefined;
    try {
      this.#enter('connect');
      if (direction === 'push' && !dryRun) lock = await this.#lockRemote(remote);
      return await this.#inspected(memory, remote);
    } finally {
      // A lock that can not be given back, because the connection is gone, runs out by itself.
      await lock?.release().catch(() => {});
      await remote.close();
    }
  }

  /** A folder that is not there yet has nothing to protect. */
  async #lockRemote(remote: Remote): Promise<RemoteLock | undefined> {
    const { who, now } = this.#input;
    try {
      return await RemoteLock.take(remote, {
        token: randomBytes(8).toString('hex'),
        ...who,
        pid: process.pid,
        started: now().getTime(),
      });
    } catch (error) {
      if (!isRsyncError(error) || error.code === 'RSYNC_BUSY' || error.origin !== 'remote') throw error;
      if ((await remoteSide(this.#profile, remote)).state !== 'missing') throw error;
      return undefined;
    }
  }

  async #inspected(memory: Memory, remote: Remote): Promise<RunResult> {
    const { dryRun = false, connect, onPlan } = this.#input;
    this.#enter('list');
    const [local, far] = await Promise.all([
      localSide(this.#profile, connect),
      remoteSide(this.#profile, remote),
    ]);
    let sides: Sides = { local, remote: far };
    let { base } = memory;
    let only: FilterArgument[] = [];
    if (this.#profile.onlyIgnored) {
      const narrowed = await onlyIgnoredSides(sides, base, this.#input.ignored);
      ({ sides, base } = narrowed);
      only = onlyIgnoredRules(narrowed.paths);
    }
    this.#enter('plan');
    let comparison = compareSides(base, sides);
    sides = await withSameContent(comparison, sides, { profile: this.#profile, remote, connect });
    comparison = compareSides(base, sides);
    const decided = await this.#decide(comparison, sides, memory);
    const { problems } = memory;
    if (decided instanceof Stopped) {
      const { plan, guards } = decided;
      onPlan?.(plan);
      this.#remember(memory, { exitCode: EXIT.GUARD, result: 'stopped', error: 'RSYNC_GUARD' });
      return { outcome: 'stopped', exitCode: EXIT.GUARD, plan, guards, problems, transfer: undefined };
    }
    onPlan?.(decided);
    if (!dryRun) await this.#putAside(decided, remote);
    this.#enter('transfer');
    const transfer = await this.#transfer(decided, sides, remote, only);
    if (!dryRun)
      await this.#settle(memory, remote, {
        comparison,
        plan: decided,
        transfer,
        only: this.#profile.onlyIgnored,
      });
    else this.#remember(memory, { exitCode: transfer.exitCode, result: 'dry' });
    const outcome = dryRun ? 'dry' : transfer.exitCode === EXIT.OK ? 'ok' : 'partial';
    return { outcome, exitCode: transfer.exitCode, plan: decided, guards: this.#guards, problems, transfer };
  }

  /** The plan that is to be done, after everybody who has a say has had it. */
  async #decide(comparison: Comparison, sides: Sides, memory: Memory): Promise<Plan | Stopped> {
    const { force = false, dryRun = false, ask, choose } = this.#input;
    let plan = this.#plan(comparison, {});
    // A dry run shows everything, and what would stand in the way.
    if (plan.blocked && !dryRun) return new Stopped(plan, []);
    for (const found of this.#check(comparison, plan, sides, memory)) {
      this.#guards.push(found);
      if (found.weight === 'warning' || dryRun || force) continue;
      if (found.name === 'filter-in-transfer') plan = this.#plan(comparison, { deletions: false });
      else if (ask === undefined || !(await ask(found, plan))) return new Stopped(plan, [...this.#guards]);
    }
    return choose === undefined || dryRun ? plan : narrowPlan(plan, await choose(plan));
  }

  #plan(comparison: Comparison, more: Partial<PlanPolicy>): Plan {
    const { direction, force = false, who } = this.#input;
    const policy: PlanPolicy = {
      conflict: this.#profile.conflict,
      force,
      now: this.#started,
      hosts: { local: who.host, remote: 'server' },
      ...more,
    };
    return direction === 'pull' ? planPull(comparison, policy) : planPush(comparison, policy);
  }

  #check(comparison: Comparison, plan: Plan, { local, remote }: Sides, { state }: Memory): Guard[] {
    const { limits, filterFiles } = this.#profile;
    const { filterHash: lastFilterHash } = state;
    return checkGuards({
      comparison,
      plan,
      roots: { local: local.state, remote: remote.state },
      limits,
      filterHash: filterHash(this.#profile),
      ...(lastFilterHash === undefined ? {} : { lastFilterHash }),
      filterFiles,
    });
  }

  /** Versions that would be lost get a name of their own first. */
  async #putAside({ aside }: Plan, remote: Remote): Promise<void> {
    if (aside.length === 0) return;
    const root = Root.open(this.#profile.root);
    try {
      for (const { path, to, side } of aside) {
        if (side === 'local') root.rename(path, to);
        else await this.#fetch(path, to, remote);
      }
    } finally {
      root.close();
    }
  }

  async #fetch(path: ByteString, to: ByteString, remote: Remote): Promise<void> {
    const { exitCode } = await remote.pull(asLocal(join(this.#profile.root, asText(to))), {
      path: asText(path),
      words: PROFILE_WORDS,
    });
    if (exitCode === EXIT.OK) return;
    throw new RsyncError('RSYNC_FILE_IO', `the version of the server of ${toText(path)} could not be kept`, {
      exitCode,
      origin: 'remote',
      path: toText(path),
      hint: 'Nothing else was changed. Pull that file by hand, or choose another way for the conflict.',
    });
  }

  async #transfer(
    plan: Plan,
    { remote: { root } }: Sides,
    remote: Remote,
    only: readonly FilterArgument[],
  ): Promise<TransferResult> {
    const { direction, dryRun = false, onEvent, tells = [] } = this.#input;
    const { words, backup } = this.#profile;
    const { rules, deletes } = planRules(plan);
    const stamp = this.#started.toISOString().replace(/[:.]/g, '-');
    const run = {
      words: [
        ...PROFILE_WORDS,
        ...tells,
        ...words,
        ...(deletes ? ['--delete-delay'] : []),
        ...(dryRun ? ['--dry-run'] : []),
        ...(backup ? ['--backup', `--backup-dir=${BACKUP_FOLDER}/${stamp}`] : []),
      ],
      rules: [
        ...rules.map((text): FilterArgument => ({ kind: 'filter', text })),
        ...profileRules(this.#profile),
        ...only,
      ],
      ...(onEvent === undefined ? {} : { onEvent }),
    };
    const local = asLocal(`${this.#profile.root}${/[\\/]$/.test(this.#profile.root) ? '' : '/'}`);
    if (direction === 'pull') return remote.pull(local, { ...run, root: 'kept' });
    return remote.push(local, root === undefined ? run : { ...run, root });
  }

  async #settle(
    memory: Memory,
    remote: Remote,
    done: { comparison: Comparison; plan: Plan; transfer: TransferResult; only: boolean },
  ): Promise<void> {
    this.#enter('settle');
    const { transfer } = done;
    const base = await this.#baseAfter(memory, remote, done);
    const files = profileFiles(this.#input.stateFolder, memory.identity);
    const baseDigest = await writeBase(files.base, base);
    const { stats, protocol, checksum, compressor } = transfer;
    const success: Omit<Success, 'at' | 'duration'> = {
      counts: {
        transferred: stats.transferredFiles,
        deleted: done.plan.delete.length,
        total: stats.files.total,
      },
      bytes: stats.transferredSize,
      literal: stats.literalData,
      matched: stats.matchedData,
    };
    const ok = transfer.exitCode === EXIT.OK;
    this.#remember(
      memory,
      { exitCode: transfer.exitCode, result: ok ? 'ok' : 'partial', success },
      { baseDigest, filterHash: filterHash(this.#profile), peer: { protocol, checksum, compressor } },
    );
  }

  /** After a run with errors only a look at both sides tells what they agree on. */
  async #baseAfter(
    memory: Memory,
    remote: Remote,
    {
      comparison,
      plan,
      transfer,
      only,
    }: { comparison: Comparison; plan: Plan; transfer: TransferResult; only: boolean },
  ): Promise<Tree> {
    if (transfer.exitCode === EXIT.OK) return baseAfter(comparison, plan);
    const { connect } = this.#input;
    const [local, far] = await Promise.all([
      localSide(this.#profile, connect),
      remoteSide(this.#profile, remote),
    ]);
    const sides: Sides = { local, remote: far };
    if (!only) return agreedBase(compareSides(memory.base, sides));
    const narrowed = await onlyIgnoredSides(sides, memory.base, this.#input.ignored);
    return agreedBase(compareSides(narrowed.base, narrowed.sides));
  }

  #enter(stage: Stage): void {
    this.#stage = stage;
    this.#input.onStage?.(stage);
  }

  #rememberFailure(memory: Memory, error: unknown): void {
    const known = isRsyncError(error);
    const exitCode = known ? error.exitCode : EXIT.CRASHED;
    try {
      this.#remember(memory, {
        exitCode,
        result: known && error.code === 'RSYNC_BUSY' ? 'busy' : 'failed',
        stage: this.#stage,
        error: known ? error.code : 'RSYNC_INTERNAL',
        message: error instanceof Error ? error.message : String(error),
      });
    } catch {
      // The failure itself is what is to be told.
    }
  }

  #remember(
    { identity, state }: Memory,
    run: {
      exitCode: number;
      result: HistoryRecord['result'];
      stage?: Stage;
      /** The code, and the sentence. */
      error?: string;
      message?: string;
      success?: Omit<Success, 'at' | 'duration'>;
    },
    learned: Partial<Pick<ProfileState, 'baseDigest' | 'filterHash' | 'peer'>> = {},
  ): void {
    const { stateFolder, direction, dryRun = false, who, now } = this.#input;
    const endedAt = now();
    const { exitCode, result, stage, error, message, success } = run;
    const next = afterRun(state, {
      direction,
      startedAt: this.#started,
      endedAt,
      dry: dryRun,
      exitCode,
      ...(stage === undefined ? {} : { stage }),
      ...(message === undefined && error === undefined ? {} : { error: message ?? error! }),
      ...(success === undefined || result !== 'ok' ? {} : { success }),
    });
    writeState(stateFolder, { ...next, ...learned });
    appendHistory(profileFiles(stateFolder, identity).history, {
      schema: 1,
      at: this.#started.toISOString(),
      who: `${who.user}@${who.host}`,
      profile: identity.profile,
      direction,
      ...(dryRun ? { dry: true as const } : {}),
      options: this.#profile.words,
      ...(success === undefined ? {} : { counts: success.counts }),
      result,
      exitCode,
      duration: Math.max(0, endedAt.getTime() - this.#started.getTime()),
      ...(error === undefined ? {} : { error }),
    });
  }
}

/** Paths on a command line are text. */
function asText(path: ByteString): string {
  const text = toText(path);
  if (fromText(text) === path && !(platform.isWindows && text.includes('\\'))) return text;
  throw new RsyncError(
    'RSYNC_UNSUPPORTED',
    `both versions of ${text} can not be kept: its name is not UTF-8`,
    {
      exitCode: EXIT.UNSUPPORTED,
      origin: 'local',
      path: text,
      hint: 'Rename it, or choose another way for the conflict.',
    },
  );
}
