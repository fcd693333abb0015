import { isRsyncError } from '../../core/errors.ts';
import { askVersion } from '../../transport/diagnose/account.ts';
import type { HubConfig } from '../config/hub-config.ts';
import type { Spoke } from '../config/hub-spoke.ts';
import type { Remote } from '../remote/remote.ts';
import { isStale } from '../state/ages.ts';
import type { DirectionState, ProfileState } from '../state/profile-state.ts';
import { readState, stateOf } from '../state/state-file.ts';
import { checkChoice, type SpokeChoice } from './choice.ts';
import { nameMatcher, spokeFiles } from './files.ts';
import { runPool } from './pool.ts';
import { type SpokeConnect, spokeRemote } from './spoke-remote.ts';
import { spokeIdentity } from './spoke-run.ts';

/** Files that match, and their bytes. */
export interface Counts {
  files: number;
  bytes: number;
  /** Why they are not all; undefined: they are. */
  problem: string | undefined;
}

/** What a look at the other side has found. */
export type Reach =
  | { reached: true; protocol: number; version: string | undefined }
  | { reached: false; code: string; message: string; hint: string | undefined };

export interface SpokeStatus {
  name: string;
  method: Spoke['method'];
  enabled: boolean;
  tags: readonly string[];
  path: string;
  /** Undefined: its files come by another program. */
  source: string | undefined;
  counts: Counts;
  sync: DirectionState;
  peer: ProfileState['peer'];
  stale: boolean;
  /** Undefined: nobody looked. */
  reach: Reach | undefined;
}

export interface HubStatus {
  name: string | undefined;
  sessionsDir: string;
  counts: Counts;
  spokes: SpokeStatus[];
}

export interface HubStatusInput {
  stateFolder: string;
  now: Date;
  /** Connects to every spoke that is enabled or named. */
  check: boolean;
  connect: SpokeConnect;
  choice: Pick<SpokeChoice, 'spokes' | 'tags'>;
}

/**
 * What the hub has, and what it remembers; changes nothing on either side.
 * @throws RsyncError RSYNC_USAGE, exit 1: a name or a tag that no spoke has
 */
export async function hubStatus(config: HubConfig, input: HubStatusInput): Promise<HubStatus> {
  const { spokes: names, tags } = input.choice;
  checkChoice(config, input.choice);
  const chosen = config.spokes.filter(
    ({ name, tags: own }) =>
      (names.length === 0 || names.includes(name)) &&
      (tags.length === 0 || own.value.some((tag) => tags.includes(tag))),
  );
  const spokes = chosen.map((spoke) => statusOf(spoke, input));
  if (input.check) {
    const look = async (spoke: Spoke, index: number): Promise<void> => {
      // What is disabled is left alone, unless it is asked for by its name.
      if (spoke.method === 'rsync' && (spoke.enabled.value || names.includes(spoke.name)))
        spokes[index]!.reach = await reach(spoke, input.connect);
    };
    await runPool(chosen, config.jobs.value, look, input.connect.signal);
  }
  return {
    name: config.name?.value,
    sessionsDir: config.sessionsDir.value,
    counts: count(config.sessionsDir.value, config.defaults.match.value),
    spokes,
  };
}

function statusOf(spoke: Spoke, { stateFolder, now }: HubStatusInput): SpokeStatus {
  const { name, method, enabled, tags, path, source, match, staleAfter } = spoke;
  const identity = spokeIdentity(spoke);
  const { pull, peer } = stateOf(readState(stateFolder, identity), identity);
  const limit = staleAfter.value;
  return {
    name,
    method,
    enabled: enabled.value,
    tags: tags.value,
    path: path.value,
    source: source?.value.text,
    counts: count(path.value, match.value),
    sync: pull,
    peer,
    stale: method === 'rsync' && enabled.value && limit > 0 && isStale(pull.lastSuccess?.at, now, limit),
    reach: undefined,
  };
}

/** What can not be read of one spoke must not hide the others. */
function count(folder: string, patterns: readonly string[]): Counts {
  const counts: Counts = { files: 0, bytes: 0, problem: undefined };
  try {
    for (const { size } of spokeFiles(folder, nameMatcher(patterns))) {
      counts.files++;
      counts.bytes += size;
    }
  } catch (error) {
    counts.problem = error instanceof Error ? error.message : String(error);
  }
  return counts;
}

async function reach(spoke: Spoke, connect: SpokeConnect): Promise<Reach> {
  const remote = spokeRemote(spoke, connect, spoke.connectTimeout.value);
  try {
    const { protocol, exitCode } = await remote.list({ words: ['--dirs'] });
    if (exitCode !== 0) {
      return {
        reached: false,
        code: `exit ${exitCode}`,
        message: 'its folder can not be listed',
        hint: undefined,
      };
    }
    return { reached: true, protocol, version: spoke.restricted.value ? undefined : await versionOf(remote) };
  } catch (error) {
    if (isRsyncError(error))
      return { reached: false, code: error.code, message: error.message, hint: error.hint };
    return { reached: false, code: 'unknown', message: String(error), hint: undefined };
  } finally {
    await remote.close();
  }
}

/** A key that starts one command tells no version. */
async function versionOf(remote: Remote): Promise<string | undefined> {
  const shell = await remote.shell();
  if (shell === undefined) return undefined;
  const text = await askVersion(shell, 'rsync').catch(() => undefined);
  return /version v?(\d[\w.+-]*)/.exec(text ?? '')?.[1];
}
