import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, isRsyncError } from '../../src/core/errors.ts';
import { tempCount } from '../../src/files/cleanup.ts';
import {
  compareTrees,
  type EntrySpec,
  makeTree,
  removeTree,
  snapshotTree,
  type Tree,
} from '../support/tree.ts';
import { makeDaemonFiles } from './daemon-end.ts';
import { mutate } from './mutation.ts';
import { LIST } from './option-sets.ts';
import { Random } from './random.ts';
import type { Recording } from './recording.ts';
import { type Replayed, replay } from './replay.ts';

export interface CaseOutcome {
  recording: string;
  victim: Recording['victim'];
  exitCode: number;
  /** The code of the RsyncError that ended it; `ok` for none. */
  code: string;
  /** Its message. */
  said: string;
  /** What must not be; empty: all is well. */
  faults: string[];
}

/** What a programming error says where it is caught and told as the failure of a file. */
const BUG =
  /Cannot read prop|is not a function|is not iterable|undefined|Invalid array length|out of bounds|out of range|offset is|Invalid typed array|Maximum call stack/;

/** Runs the cases of one seed, one at a time, in a folder of its own. */
export class Fuzzer {
  readonly seed: number;
  private readonly recordings: readonly Recording[];
  private readonly space: string;
  private readonly rejections: unknown[] = [];
  private readonly onRejection = (reason: unknown): void => void this.rejections.push(reason);
  private outside: Tree;

  /** @param base  an existing folder, whose file system is the one to work on */
  constructor(seed: number, recordings: readonly Recording[], base: string) {
    this.seed = seed;
    this.recordings = recordings;
    this.space = mkdtempSync(join(base, 'rsyncjs-fuzz-'));
    makeTree(join(this.space, 'outside'), [
      { path: 'secret', content: 'secret', mode: 0o600 },
      { path: 'dir/secret', content: 'secret' },
      { path: 'list', content: LIST },
    ]);
    makeDaemonFiles(join(this.space, 'outside'));
    this.outside = this.lookOutside();
    process.on('unhandledRejection', this.onRejection);
  }

  close(): void {
    process.off('unhandledRejection', this.onRejection);
    removeTree(this.space);
  }

  /** Everything but what the victim may write to. */
  private lookOutside(): Tree {
    return snapshotTree(join(this.space, 'outside'), { nanoseconds: true });
  }

  /** Case `number`, the same one whenever seed and recordings are the same. */
  async run(number: number): Promise<CaseOutcome> {
    const random = new Random(this.seed, number);
    const recording = random.pick(this.recordings);
    const pieces = mutate(recording, random.pick(this.recordings), random);
    return this.tell(recording, pieces);
  }

  async tell(recording: Recording, pieces: Parameters<typeof replay>[1]): Promise<CaseOutcome> {
    const { victim } = recording;
    const receives = victim.endsWith('receiver');
    const here = join(this.space, 'here');
    mkdirSync(here);
    const tree = join(here, receives ? 'dst' : 'src');
    makeTree(tree, (receives ? recording.destination : recording.source).map(inWholeSeconds));
    const before = receives ? undefined : snapshotTree(tree, { nanoseconds: true });
    const handles = openHandles();
    const files = join(this.space, 'outside');
    const replayed = await replay(recording, pieces, { source: tree, destination: tree, files });
    const faults = this.faults(recording, replayed);
    if (before !== undefined) {
      const after = snapshotTree(tree, { nanoseconds: true });
      if (recording.options.removeSourceFiles) hideRemovals(before, after);
      faults.push(...compareTrees(before, after));
    }
    if (readdirSync(here).length !== 1) faults.push(`beside the tree: ${readdirSync(here).join(' ')}`);
    if (receives) faults.push(...leftovers(tree, replayed));
    for (let turns = 0; openHandles() > handles && turns < 100; turns++)
      await new Promise((done) => setTimeout(done, turns));
    if (openHandles() > handles) faults.push(`${openHandles() - handles} file handles are left open`);
    removeTree(here);
    const code =
      replayed.error === undefined ? 'ok' : isRsyncError(replayed.error) ? replayed.error.code : 'bug';
    const { exitCode, error } = replayed;
    return { recording: recording.name, victim, exitCode, code, said: String(error ?? ''), faults };
  }

  private faults(recording: Recording, { exitCode, error, messages, hangs }: Replayed): string[] {
    const faults: string[] = [];
    if (hangs) faults.push('it hangs');
    if (error !== undefined && !isRsyncError(error)) faults.push(`not a RsyncError: ${stackOf(error)}`);
    if (isRsyncError(error) && error.code === 'RSYNC_INTERNAL') faults.push(`internal: ${stackOf(error)}`);
    // A daemon tells its log what has ended it, and no more than its exit code to others.
    const crashed = recording.victim.startsWith('daemon') && exitCode === EXIT.CRASHED;
    if (error === undefined && !hangs && (crashed || !(exitCode >= 0 && exitCode <= 255)))
      faults.push(`exit code ${exitCode}: ${messages.slice(-3).join(' | ')}`);
    for (const text of messages) if (BUG.test(text)) faults.push(`a message like that of a bug: ${text}`);
    for (const reason of this.rejections.splice(0)) faults.push(`unhandled rejection: ${stackOf(reason)}`);
    if (tempCount() > 0) faults.push(`${tempCount()} temporary files are alive (${recording.name})`);
    const outside = this.lookOutside();
    faults.push(...compareTrees(this.outside, outside, { names: ['outside before', 'outside after'] }));
    if (readdirSync(this.space).sort().join(' ') !== 'here outside')
      faults.push(`beside the folder: ${readdirSync(this.space).join(' ')}`);
    return faults;
  }
}

/** `--remove-source-files`: files may be gone, so that their directories have another time. */
function hideRemovals(before: Tree, after: Tree): void {
  for (const [name, entry] of before) {
    const now = after.get(name);
    if (now === undefined && entry.type !== 'dir') before.delete(name);
    // Another name of the same file may be the first one now.
    delete entry.sameAs;
    delete now?.sameAs;
    if (entry.type !== 'dir') continue;
    delete entry.mtime;
    delete now?.mtime;
  }
}

/** Temporary files: of data, and of links and nodes, which end in the number of the process. */
function leftovers(tree: string, { hangs }: Replayed): string[] {
  if (hangs) return [];
  const names = [...snapshotTree(tree, { times: false, owners: false }).keys()];
  const numbers = [0, 1, 2].map((n) => String(process.pid + n));
  return names
    .filter((name) => {
      const base = name.slice(name.lastIndexOf('/') + 1);
      const suffix = base.slice(base.lastIndexOf('.') + 1);
      return base.startsWith('.') && (/^[A-Za-z0-9]{6}$/.test(suffix) || numbers.includes(suffix));
    })
    .map((name) => `left behind: ${name}`);
}

/** A finer time would need another program for every case. */
function inWholeSeconds(entry: EntrySpec): EntrySpec {
  return typeof entry.mtime === 'object' ? { ...entry, mtime: entry.mtime[0] } : entry;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Descriptors of this process; 0 where the system does not tell. */
function openHandles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}
