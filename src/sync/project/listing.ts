import { statSync } from 'node:fs';
import type { RootAttributes, TransferResult } from '../../client/transfer-request.ts';
import { EXIT, isRsyncError, RsyncError } from '../../core/errors.ts';
import type { TransferEvent } from '../../core/events.ts';
import { errnoCode } from '../../files/errors.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import { Complaints } from '../remote/complaints.ts';
import type { Remote } from '../remote/remote.ts';
import type { RootState } from './guards.ts';
import { addListed, type Tree } from './tree.ts';

/** What one side looks like. */
export interface Listing {
  tree: Tree;
  state: RootState;
  /** Of the root; undefined if there is none. */
  root: RootAttributes | undefined;
  result: TransferResult | undefined;
}

/** As much of one side as could be read. */
export interface PartialListing extends Listing {
  /** RSYNC_FILE_SELECT, exit 23: it is not all; what it does not show may be there, and must not be taken for deleted. */
  fault: RsyncError | undefined;
}

/** How a tree is listed: everything that two sides are compared by. */
const LIST_WORDS = ['--recursive', '--links', '--perms', '--times'];
/** A server or a disk that is not well says so for every file. */
const ERRORS_SHOWN = 5;

/**
 * Lists a folder, without devices and the like, which a project does not carry.
 * @param words  options of the profile: rules among them take part
 * @throws RsyncError as a transfer; RSYNC_FILE_SELECT, exit 23, for a listing with errors: what it does not show may be
 *   there all the same, and must not be taken for deleted
 */
export async function listFolder(
  folder: Remote,
  words: readonly string[],
  rules: readonly FilterArgument[],
): Promise<Listing> {
  const { fault, ...listing } = await listPartly(folder, words, rules);
  if (fault !== undefined) throw fault;
  return listing;
}

/** As `listFolder`; of a listing with errors what there is of it. Throws as a transfer. */
export async function listPartly(
  folder: Remote,
  words: readonly string[],
  rules: readonly FilterArgument[],
): Promise<PartialListing> {
  const tree: Tree = new Map();
  const complaints = new Complaints();
  let root: RootAttributes | undefined;
  const onEvent = (event: TransferEvent): void => {
    if (event.type === 'listed') {
      if (event.entry.name === '.') root = event.entry;
      addListed(tree, event.entry);
    } else complaints.hear(event);
  };
  let result: TransferResult;
  try {
    result = await folder.list({ words: [...words, ...LIST_WORDS], rules, onEvent });
  } catch (error) {
    const gone = isMissing(error, complaints.lines);
    if (gone === undefined) throw error;
    return { tree, state: gone, root: undefined, result: undefined, fault: undefined };
  }
  let fault: RsyncError | undefined;
  if (result.exitCode !== EXIT.OK && result.exitCode !== EXIT.VANISHED) {
    const gone = root === undefined ? missing(complaints.lines) : undefined;
    if (gone !== undefined) return { tree, state: gone, root: undefined, result, fault };
    fault = incomplete(folder.location, complaints);
  }
  for (const [path, entry] of tree) if (entry.kind === 'other') tree.delete(path);
  return { tree, state: root === undefined ? 'other' : 'directory', root, result, fault };
}

/** A folder of this machine without a listing. @throws an ErrnoException if it cannot even be looked at */
export function localState(path: string): RootState {
  try {
    return statSync(path).isDirectory() ? 'directory' : 'other';
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return 'missing';
    if (errnoCode(error) === 'ENOTDIR') return 'missing';
    throw error;
  }
}

/** Servers end in several ways over a folder that is not there; all say why. */
function isMissing(error: unknown, errors: readonly string[]): RootState | undefined {
  if (!isRsyncError(error) || error.origin === 'transport') return undefined;
  return missing([...errors, error.message]);
}

/** All in one line: a login shell says of a missing home directory that it "could not chdir" to it. */
function missing(errors: readonly string[]): RootState | undefined {
  const told = errors
    .flatMap((text) => text.split('\n'))
    .filter((line) => /link_stat|change_dir|chdir/.test(line) && !/chdir to home/i.test(line));
  if (told.some((line) => /No such file or directory/.test(line))) return 'missing';
  return told.some((line) => /Not a directory/.test(line)) ? 'other' : undefined;
}

function incomplete(location: string, { lines, count }: Complaints): RsyncError {
  const shown = lines.slice(0, ERRORS_SHOWN);
  const more = count - shown.length;
  const list = [...shown, ...(more > 0 ? [`and ${more} more`] : [])].map((line) => `\n  ${line}`).join('');
  return new RsyncError('RSYNC_FILE_SELECT', `${location} can not be listed completely:${list}`, {
    exitCode: EXIT.PARTIAL,
    origin: 'remote',
    path: location,
    hint: 'What is not listed would look deleted. Make it readable, or exclude it.',
  });
}
