/** One run of one spoke: its folder is pulled, under a lock of its own. */
import type { ItemGuard, TransferResult } from '../../client/transfer-request.ts';
import { fromText, toText } from '../../core/bytes.ts';
import { EXIT, RsyncError } from '../../core/errors.ts';
import type { EventSink } from '../../core/events.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import type { Spoke } from '../config/hub-spoke.ts';
import { remoteArgument } from '../config/remote.ts';
import { sshOptionsOf } from '../project/from-config.ts';
import { checkGuards, type Guard } from '../project/guards.ts';
import { asLocal } from '../project/inspect.ts';
import { listFolder, localState } from '../project/listing.ts';
import { planPull } from '../project/plan.ts';
import { type PlanRules, planRules } from '../project/plan-rules.ts';
import { compareTrees } from '../project/three-way.ts';
import { kindOf, wouldShrink } from '../project/tree.ts';
import { connectionWords } from '../remote/connection-words.ts';
import { Remote, type RemoteSettings } from '../remote/remote.ts';
import { type RetryContext, withRetries } from '../remote/retry.ts';
import type { HistoryRecord } from '../state/history.ts';
import { requireLock } from '../state/lock.ts';
import type { ProfileIdentity } from '../state/profile-state.ts';
import { doneBy, peerOf, RunRecord } from '../state/run-record.ts';
import { profileFiles, readState, stateOf } from '../state/state-file.ts';
import { PARTIAL_DIR } from './files.ts';
import { outcomeOf, outcomeOfError, type SpokeOutcome, TroubleList } from './outcome.ts';

/** What a run has in common for all spokes; what is undefined is for the configuration of the spoke to say. */
export interface SpokeRunInput {
  dryRun: boolean;
  /** Goes on over guards. */
  force: boolean;
  delete: boolean | undefined;
  /** KiB a second; 0: no limit. */
  bwlimit: number | undefined;
  connect: Omit<RemoteSettings, 'location' | 'words' | 'ssh'>;
  stateFolder: string;
  who: { user: string; host: string };
  now: () => Date;
  onEvent?: EventSink | undefined;
  retry?: RetryContext | undefined;
}

/** What a spoke carries: files, folders and links with modes and times; devices and owners are those of a machine. */
const SPOKE_WORDS = ['--recursive', '--links', '--perms', '--times', '--mkpath'];

/** For `append_only`, whatever the spoke has come to since it was listed, and whatever it sends. */
const NOTHING_SHRINKS: ItemGuard = {
  mayChange: (_, found, coming) =>
    coming !== undefined &&
    !wouldShrink(
      { kind: kindOf(found.mode), size: found.size },
      { kind: kindOf(coming.mode), size: coming.size },
    ),
};

/** What we remember of a spoke goes by this. */
export function spokeIdentity({ name, path, source }: Spoke): ProfileIdentity {
  return { profile: `spoke ${name}`, localRoot: path.value, remote: source?.value.text ?? '' };
}

/** Never throws: what went wrong is in the outcome. */
export async function runSpoke(spoke: Spoke, input: SpokeRunInput): Promise<SpokeOutcome> {
  return new SpokeRun(spoke, input).run();
}

class SpokeRun {
  readonly #spoke: Spoke;
  readonly #input: SpokeRunInput;
  readonly #identity: ProfileIdentity;
  readonly #started: Date;
  readonly #trouble = new TroubleList();
  #attempts = 0;

  constructor(spoke: Spoke, input: SpokeRunInput) {
    this.#spoke = spoke;
    this.#input = input;
    this.#identity = spokeIdentity(spoke);
    this.#started = input.now();
  }

  async run(): Promise<SpokeOutcome> {
    let transfer: TransferResult | undefined;
    let outcome: SpokeOutcome;
    try {
      transfer = await this.#locked();
      outcome = outcomeOf(this.#frame(), transfer, this.#trouble, this.#input.dryRun);
    } catch (error) {
      outcome = outcomeOfError(this.#frame(), error, this.#trouble);
    }
    try {
      this.#remember(outcome, transfer);
    } catch (error) {
      // A run that cannot be remembered would be told as never done.
      return outcome.outcome === 'failed' ? outcome : outcomeOfError(this.#frame(), error);
    }
    return outcome;
  }

  #frame() {
    const durationMs = Math.max(0, this.#input.now().getTime() - this.#started.getTime());
    return { spoke: this.#spoke.name, durationMs, attempts: this.#attempts };
  }

  async #locked(): Promise<TransferResult> {
    const { stateFolder, now, retry, connect } = this.#input;
    const { lock: path } = profileFiles(stateFolder, this.#identity);
    const lock = requireLock(path, { purpose: `sync of ${this.#spoke.name}`, now });
    try {
      const policy = { attempts: 1 + this.#spoke.retries.value };
      return await withRetries(
        (attempt) => {
          this.#attempts = attempt;
          return this.#attempt();
        },
        policy,
        { ...retry, signal: connect.signal },
      );
    } finally {
      lock.release();
    }
  }

  async #attempt(): Promise<TransferResult> {
    const { connect, dryRun, bwlimit } = this.#input;
    const { source, extraArgs, timeout, connectTimeout, compress, path, ssh } = this.#spoke;
    const location = remoteArgument(source!.value);
    // 0 is a rate too: it lifts that of the options.
    const rate = bwlimit ?? this.#spoke.bwLimit?.value;
    const isDaemon = source!.value.kind === 'daemon';
    const connection = [
      `--timeout=${timeout.value}`,
      ...(isDaemon ? [`--contimeout=${connectTimeout.value}`] : []),
      ...connectionWords(extraArgs.value),
      ...(rate === undefined ? [] : [`--bwlimit=${rate}`]),
    ];
    const remote = new Remote({
      ...connect,
      location,
      words: connection,
      ...(isDaemon ? {} : { ssh: { connectTimeout: connectTimeout.value, ...sshOptionsOf(ssh) } }),
    });
    try {
      const { rules, deletes } = await this.#plan(remote);
      const result = await remote.pull(asLocal(`${path.value.replace(/[\\/]$/, '')}/`), {
        words: [
          ...SPOKE_WORDS,
          '--progress',
          ...(compress.value ? ['--compress'] : []),
          `--partial-dir=${PARTIAL_DIR}`,
          // The last word is that of the person who wrote them.
          ...extraArgs.value,
          ...(rate === undefined ? [] : [`--bwlimit=${rate}`]),
          ...(deletes ? ['--delete-delay'] : []),
          ...(dryRun ? ['--dry-run'] : []),
        ],
        rules: [...rules.map((text): FilterArgument => ({ kind: 'filter', text })), ...this.#rules()],
        root: 'kept',
        guard: this.#spoke.appendOnly.value ? NOTHING_SHRINKS : undefined,
        onEvent: (event) => {
          this.#trouble.see(event);
          this.#input.onEvent?.(event);
        },
      });
      // Not even the folder itself is in the list.
      if (result.exitCode === EXIT.PARTIAL && result.stats.files.total === 0) throw sourceError(location);
      return result;
    } finally {
      await remote.close();
    }
  }

  #rules(): FilterArgument[] {
    return this.#spoke.exclude.value.map((pattern) => ({ kind: 'exclude', text: fromText(pattern) }));
  }

  /** Only what may delete, or must not shrink, has to know both sides first. */
  async #plan(remote: Remote): Promise<PlanRules> {
    const { force, connect, who } = this.#input;
    const appendOnly = this.#spoke.appendOnly.value;
    const deletes = !appendOnly && (this.#input.delete ?? this.#spoke.delete.value);
    if (!appendOnly && !deletes) return { rules: [], deletes: false };
    const folder = new Remote({ ...connect, location: asLocal(this.#spoke.path.value), words: [] });
    const rules = this.#rules();
    const far = await listFolder(remote, this.#spoke.extraArgs.value, rules);
    const isThere = localState(this.#spoke.path.value) === 'directory';
    const here = isThere ? (await listFolder(folder, [], rules)).tree : new Map();
    // The hub follows: what it has is what both agreed on, and only the spoke has changed.
    const comparison = compareTrees(here.size === 0 ? undefined : here, here, far.tree);
    const plan = planPull(comparison, {
      appendOnly,
      deletions: deletes,
      conflict: 'remote',
      now: this.#started,
      hosts: { local: who.host, remote: this.#spoke.name },
    });
    const guards = checkGuards({ comparison, plan, roots: { local: 'directory', remote: far.state } });
    // A spoke whose files all grow is nothing unusual.
    const [stop] = guards.filter(({ name, weight }) => weight !== 'warning' && name !== 'everything-changed');
    if (stop !== undefined && !force) throw guardError(stop);
    return planRules(plan);
  }

  #remember(outcome: SpokeOutcome, transfer: TransferResult | undefined): void {
    const { stateFolder, dryRun } = this.#input;
    const { exitCode, error } = outcome;
    const record = new RunRecord({
      ...this.#input,
      direction: 'pull',
      options: this.#spoke.extraArgs.value,
      started: this.#started,
    });
    record.ended(
      { identity: this.#identity, state: stateOf(readState(stateFolder, this.#identity), this.#identity) },
      {
        exitCode,
        result: historyResult(outcome),
        error: error?.code,
        message: error?.message,
        done: transfer === undefined ? undefined : doneBy(transfer),
      },
      transfer === undefined || dryRun ? {} : { peer: peerOf(transfer) },
    );
  }
}

function historyResult({ outcome, exitCode }: SpokeOutcome): HistoryRecord['result'] {
  if (outcome === 'failed' || outcome === 'skipped') return exitCode === EXIT.GUARD ? 'stopped' : 'failed';
  return outcome;
}

function sourceError(location: string): RsyncError {
  return new RsyncError('RSYNC_FILE_SELECT', `${location} is not there, or may not be read`, {
    exitCode: EXIT.PARTIAL,
    origin: 'remote',
    path: location,
    hint: 'Check "source" of the spoke: is it the folder, and may the account read it?',
  });
}

function guardError({ sentence, remedy, examples, more }: Guard): RsyncError {
  const names = examples.map(toText).join(', ');
  const list = names === '' ? '' : ` (${names}${more > 0 ? ` and ${more} more` : ''})`;
  return new RsyncError('RSYNC_GUARD', `${sentence}${list}`, {
    exitCode: EXIT.GUARD,
    origin: 'remote',
    hint: remedy,
  });
}
