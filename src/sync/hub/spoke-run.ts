/** One run of one spoke: its folder is pulled, under a lock of its own. */
import { rmdirSync } from 'node:fs';
import type { ItemGuard, TransferResult } from '../../client/transfer-request.ts';
import { fromText } from '../../core/bytes.ts';
import { EXIT } from '../../core/errors.ts';
import type { EventSink } from '../../core/events.ts';
import { fileError } from '../../files/errors.ts';
import { makeFolders } from '../../files/make-folders.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import type { Spoke } from '../config/hub-spoke.ts';
import { asLocal } from '../project/inspect.ts';
import { makeTempFolder } from '../project/temp-folder.ts';
import { kindOf, wouldShrink } from '../project/tree.ts';
import type { Remote } from '../remote/remote.ts';
import { type RetryContext, withRetries } from '../remote/retry.ts';
import type { HistoryRecord } from '../state/history.ts';
import { type HeldLock, requireLock } from '../state/lock.ts';
import type { ProfileIdentity, ProfileState } from '../state/profile-state.ts';
import { doneBy, peerOf, RunRecord } from '../state/run-record.ts';
import { profileFiles, readState, stateOf } from '../state/state-file.ts';
import { OWN_FOLDERS, PARTIAL_DIR } from './files.ts';
import { namedFailures, outcomeOf, outcomeOfError, type SpokeOutcome } from './outcome.ts';
import { planSpoke, sourceError } from './spoke-plan.ts';
import { type SpokeConnect, spokeRemote } from './spoke-remote.ts';
import { TroubleList } from './trouble-list.ts';

/** What a run has in common for all spokes; what is undefined is for the configuration of the spoke to say. */
export interface SpokeRunInput {
  dryRun: boolean;
  /** Goes on over guards. */
  force: boolean;
  delete: boolean | undefined;
  /** KiB a second; 0: no limit. */
  bwlimit: number | undefined;
  connect: SpokeConnect;
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
  #trouble = new TroubleList();
  #attempts = 0;

  constructor(spoke: Spoke, input: SpokeRunInput) {
    this.#spoke = spoke;
    this.#input = input;
    this.#identity = spokeIdentity(spoke);
    this.#started = input.now();
  }

  async run(): Promise<SpokeOutcome> {
    const { stateFolder, now } = this.#input;
    let lock: HeldLock;
    try {
      const { lock: path } = profileFiles(stateFolder, this.#identity);
      lock = requireLock(path, { purpose: `sync of ${this.#spoke.name}`, now });
    } catch (error) {
      // What is remembered is for the run that holds the lock to change.
      return this.#remembered(outcomeOfError(this.#frame(), error), undefined, undefined);
    }
    try {
      const state = stateOf(readState(stateFolder, this.#identity), this.#identity);
      return await this.#held(state);
    } finally {
      lock.release();
    }
  }

  async #held(state: ProfileState): Promise<SpokeOutcome> {
    const { dryRun, retry, connect } = this.#input;
    try {
      const policy = { attempts: 1 + this.#spoke.retries.value };
      const work = (attempt: number): Promise<TransferResult> => {
        this.#attempts = attempt;
        this.#trouble = new TroubleList();
        return this.#attempt(state);
      };
      const transfer = await withRetries(work, policy, { ...retry, signal: connect.signal });
      return this.#remembered(outcomeOf(this.#frame(), transfer, this.#trouble, dryRun), state, transfer);
    } catch (error) {
      return this.#remembered(outcomeOfError(this.#frame(), error, this.#trouble), state, undefined);
    }
  }

  #frame() {
    const durationMs = Math.max(0, this.#input.now().getTime() - this.#started.getTime());
    return {
      spoke: this.#spoke.name,
      startedAt: this.#started.toISOString(),
      durationMs,
      attempts: this.#attempts,
    };
  }

  async #attempt(state: ProfileState): Promise<TransferResult> {
    const { connect, force, who } = this.#input;
    const remote = spokeRemote(this.#spoke, connect, this.#spoke.timeout.value, this.#rateWords());
    try {
      const { rules, deletes } = await planSpoke(this.#spoke, remote, {
        rules: this.#rules(),
        deletes: this.#input.delete ?? this.#spoke.delete.value,
        force,
        connect,
        host: who.host,
        started: this.#started,
        lastTotal: state.pull.lastSuccess?.counts.total,
      });
      const filters = rules.map((text): FilterArgument => ({ kind: 'filter', text }));
      const result = await this.#pull(remote, [...filters, ...this.#rules()], deletes);
      // Not even the folder itself is in the list.
      if (result.exitCode === EXIT.PARTIAL && result.stats.files.total === 0)
        throw sourceError(remote.location);
      return result;
    } finally {
      await remote.close();
    }
  }

  async #pull(remote: Remote, rules: readonly FilterArgument[], deletes: boolean): Promise<TransferResult> {
    const { dryRun } = this.#input;
    const { extraArgs, compress, path, appendOnly, name } = this.#spoke;
    const isNew = !dryRun && makeCopy(path.value);
    // What a run that is killed leaves behind lies there, and is gone after the next one.
    const temp = dryRun ? undefined : makeTempFolder(path.value, ['spoke', name]);
    try {
      return await remote.pull(asLocal(`${path.value.replace(/[\\/]$/, '')}/`), {
        words: [
          ...SPOKE_WORDS,
          '--progress',
          ...(compress.value ? ['--compress'] : []),
          `--partial-dir=${PARTIAL_DIR}`,
          // The last word is that of the person who wrote them.
          ...extraArgs.value,
          ...this.#rateWords(),
          ...(temp === undefined ? [] : [`--temp-dir=${temp.path}`]),
          ...(deletes ? ['--delete-delay'] : []),
          ...(dryRun ? ['--dry-run'] : []),
        ],
        rules,
        // A new copy looks like the folder of the spoke.
        root: isNew ? undefined : 'kept',
        guard: appendOnly.value ? NOTHING_SHRINKS : undefined,
        onEvent: (event) => {
          this.#trouble.see(event);
          this.#input.onEvent?.(event);
        },
      });
    } finally {
      temp?.remove();
      if (isNew) removeIfEmpty(path.value);
    }
  }

  /** 0 is a rate too: it lifts that of the options. */
  #rateWords(): string[] {
    const rate = this.#input.bwlimit ?? this.#spoke.bwLimit?.value;
    return rate === undefined ? [] : [`--bwlimit=${rate}`];
  }

  /** What is left out on both sides: ours, and what the spoke's own keys say. */
  #rules(): FilterArgument[] {
    return [...OWN_FOLDERS, ...this.#spoke.exclude.value].map((pattern) => ({
      kind: 'exclude',
      text: fromText(pattern),
    }));
  }

  /**
   * The outcome, once it is kept.
   * @param state     as it was when the run began; undefined: it stays as it is
   * @param transfer  undefined: the run did not come to its end
   */
  #remembered(
    outcome: SpokeOutcome,
    state: ProfileState | undefined,
    transfer: TransferResult | undefined,
  ): SpokeOutcome {
    const { exitCode, error } = outcome;
    const record = new RunRecord({
      ...this.#input,
      direction: 'pull',
      options: this.#spoke.extraArgs.value,
      started: this.#started,
    });
    try {
      record.ended(
        { identity: this.#identity, state },
        {
          exitCode,
          result: historyResult(outcome),
          error: error?.code,
          message: error?.message ?? namedFailures(outcome),
          done: transfer === undefined ? undefined : doneBy(transfer),
          // What vanished is not there any more: the copy is that of the spoke all the same.
          succeeded: outcome.outcome === 'ok' || exitCode === EXIT.VANISHED,
        },
        transfer === undefined || this.#input.dryRun ? {} : { peer: peerOf(transfer) },
      );
      return outcome;
    } catch (failure) {
      // A run that cannot be remembered would be told as never done.
      const isTold = outcome.outcome === 'failed' || outcome.outcome === 'busy';
      return isTold ? outcome : outcomeOfError(this.#frame(), failure);
    }
  }
}

function historyResult({ outcome, exitCode }: SpokeOutcome): HistoryRecord['result'] {
  if (outcome === 'failed' || outcome === 'skipped') return exitCode === EXIT.GUARD ? 'stopped' : 'failed';
  return outcome;
}

/** @returns false: it was there. @throws RsyncError RSYNC_FILE_IO, exit 11 */
function makeCopy(path: string): boolean {
  try {
    return makeFolders(path);
  } catch (error) {
    throw fileError('mkdir', path, error);
  }
}

/** A first run that brought nothing leaves nothing. */
function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Something has come.
  }
}
