/**
 * Tries out what the other side's file system does, by means of rsync alone: a folder with a few names is pushed,
 * listed, and deleted again.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromText, toText } from '../../core/bytes.ts';
import { isRsyncError, type RsyncError } from '../../core/errors.ts';
import type { EntryDetails } from '../../core/events.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import { Complaints } from '../remote/complaints.ts';
import type { Remote } from '../remote/remote.ts';
import { type LocalFacts, makesSymlinks } from './local-probe.ts';
import { CASE, LETTER, LINK, precisionOf, probeName, TIMED, writeTimed } from './probe-names.ts';

export type RemoteFacts =
  | { kind: 'written'; files: RemoteFileFacts }
  /** Nothing may be deleted there, so that nothing was written. */
  | { kind: 'undeletable'; error: RsyncError }
  /** It took a connection, and no file. */
  | { kind: 'unwritable'; messages: readonly string[]; exitCode: number };

export interface RemoteFileFacts extends Omit<LocalFacts, 'symlinks'> {
  /** Undefined: this machine can make none, so that none was sent. */
  symlinks: boolean | undefined;
  /** Seconds by which the clock there is ahead; 0 if it is within what the transfer took. */
  clockAhead: number;
  /** Seconds by which that may be wrong. */
  clockError: number;
  /** The probe is still there. */
  left: string | undefined;
}

/** @throws RsyncError as a transfer */
export async function probeRemote(remote: Remote): Promise<RemoteFacts> {
  const name = probeName();
  const folder = mkdtempSync(join(tmpdir(), 'rsyncjs-check-'));
  try {
    // Who may not delete must not write: it would stay. There is nothing to delete yet, but a refusal shows.
    const refusal = await remove(remote, folder, name).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (refusal !== undefined) {
      // Refused for the deletion's sake, if the same without one is not.
      await remote.push(`${folder}/`, { words: ['--dirs', '--dry-run'] });
      if (!isRsyncError(refusal)) throw refusal;
      return { kind: 'undeletable', error: refusal };
    }
    return await tryOut(remote, folder, name);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function tryOut(remote: Remote, folder: string, name: string): Promise<RemoteFacts> {
  const [first, second, empty] = ['first', 'second', 'empty'].map((part) => join(folder, part)) as [
    string,
    string,
    string,
  ];
  mkdirSync(join(first, name), { recursive: true });
  mkdirSync(second);
  mkdirSync(empty);
  const linked = fill(join(first, name));
  for (const other of [CASE[1], LETTER[1]]) writeFileSync(join(second, other), '');

  const complaints = new Complaints();
  const before = Date.now() / 1000;
  let left: string | undefined;
  let pushed: { exitCode: number; after: number; entries: Map<string, EntryDetails>; unknown: Set<string> };
  try {
    const { exitCode } = await remote.push(`${first}/`, {
      words: ['-rlt', '--omit-dir-times'],
      onEvent: (event) => complaints.hear(event),
    });
    const after = Date.now() / 1000;
    const entries = await list(remote, name);
    pushed = {
      exitCode,
      after,
      entries,
      unknown: entries.size === 0 ? new Set() : await newNames(remote, second, name),
    };
  } finally {
    left = (await remove(remote, empty, name)) ? undefined : name;
  }
  const { exitCode, after, entries, unknown } = pushed;
  const [root, timed] = [entries.get('.'), entries.get(TIMED)];
  if (root === undefined || timed === undefined)
    return { kind: 'unwritable', messages: complaints.lines, exitCode };
  const there = root.mtime + root.mtimeNsec / 1e9;
  return {
    kind: 'written',
    files: {
      caseSensitive: unknown.has(CASE[1]),
      tellsForms: unknown.has(LETTER[1]),
      times: precisionOf(timed.mtime, timed.mtimeNsec),
      symlinks: linked ? entries.has(LINK) : undefined,
      // Times of a list may be whole seconds.
      clockAhead: there > after ? there - after : there + 1 < before ? there - before : 0,
      clockError: after - before + 1,
      left,
    },
  };
}

/** True if a symlink is among what was made. */
function fill(folder: string): boolean {
  for (const name of [CASE[0], LETTER[0]]) writeFileSync(join(folder, name), '');
  writeTimed(folder);
  return makesSymlinks(folder);
}

async function list(remote: Remote, name: string): Promise<Map<string, EntryDetails>> {
  const entries = new Map<string, EntryDetails>();
  await remote.list({
    path: `${name}/`,
    words: ['--dirs', '--links', '--times'],
    onEvent: (event) => {
      if (event.type === 'listed') entries.set(toText(event.entry.name).normalize('NFC'), event.entry);
    },
  });
  return entries;
}

/** Which of the names in a folder would be new in the probe: the others are there, under another spelling. */
async function newNames(remote: Remote, folder: string, name: string): Promise<Set<string>> {
  const names = new Set<string>();
  await remote.push(`${folder}/`, {
    path: `${name}/`,
    words: ['--recursive', '--dry-run', '--ignore-existing'],
    onEvent: (event) => {
      if (event.type === 'item') names.add(toText(event.entry.name));
    },
  });
  return names;
}

/** Deletes the probe, and nothing else. False: it was there and still is. */
async function remove(remote: Remote, empty: string, name: string): Promise<boolean> {
  const failures = new Complaints();
  const rules: FilterArgument[] = [
    { kind: 'filter', text: fromText(`R /${name}`) },
    { kind: 'filter', text: fromText(`R /${name}/**`) },
    { kind: 'filter', text: 'P *' },
  ];
  const { exitCode } = await remote.push(`${empty}/`, {
    words: ['--dirs', '--delete'],
    rules,
    onEvent: (event) => failures.hear(event),
  });
  return exitCode === 0 && failures.lines.length === 0;
}
