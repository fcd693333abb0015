import { mkdirSync, type Stats, statSync } from 'node:fs';
import nodePath from 'node:path';
import { type ByteString, fromText } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { errnoText } from './errors.ts';
import { platform } from './platform/index.ts';
import { Root } from './root.ts';

/** What is known of the file list when the destination is chosen. */
export interface ListShape {
  /** Entries of the whole list, 2 for "more than one". */
  count: number;
  /** The only entry, if there is one. */
  only: { name: ByteString; isDirectory: boolean } | undefined;
}

export interface Destination {
  /** Undefined: it does not exist and was not made (dry run): everything counts as missing. */
  root: Root | undefined;
  /** The local name of the only entry, when the destination names a file and not a directory. */
  rename: ByteString | undefined;
  /** The directory was made, or with `dryRun` would have been. */
  created: boolean;
  /** That is worth a line: not when the only entry of the list is that directory. */
  announced: boolean;
}

/**
 * Turns the destination argument into a root, docs/protocol/4-filters-and-options.md, C.4.
 * @param path  the argument as typed; a trailing slash matters
 * @throws RsyncError exit 3 if it cannot be used, exit 11 if it cannot be made
 */
export function openDestination(path: string, shape: ListShape, dryRun: boolean): Destination {
  const shown = nodePath.resolve(path);
  const trailingSlash = path.endsWith('/') || (platform.isWindows && path.endsWith('\\'));
  const stat = statOrUndefined(path);
  if (stat?.isDirectory())
    return { root: Root.open(path), rename: undefined, created: false, announced: false };
  const single = shape.count === 1 && shape.only !== undefined;
  if (stat !== undefined) {
    if (!single) throw cannotSelect('destination must be a directory when copying more than 1 file', shown);
    if (shape.only!.isDirectory) throw cannotSelect('cannot overwrite non-directory with a directory', shown);
    return inParent(path, dryRun);
  }
  const announced = !single || trailingSlash;
  if (!announced) {
    const inside = inParent(path, dryRun);
    if (shape.only!.name !== '.') return inside;
    inside.root?.close();
  }
  if (dryRun) return { root: undefined, rename: undefined, created: true, announced };
  try {
    mkdirSync(path);
  } catch (error) {
    throw new RsyncError('RSYNC_FILE_IO', `mkdir "${shown}" failed: ${errnoText(error)}`, {
      exitCode: EXIT.FILEIO,
      origin: 'local',
      path: shown,
      hint: 'Only the last component of a destination is made; make its parents first.',
      cause: error,
    });
  }
  return { root: Root.open(path), rename: undefined, created: true, announced };
}

function inParent(path: string, dryRun: boolean): Destination {
  const parent = nodePath.dirname(path);
  const stat = statOrUndefined(parent);
  if (stat?.isDirectory()) {
    return {
      root: Root.open(parent),
      rename: fromText(nodePath.basename(path)),
      created: false,
      announced: false,
    };
  }
  if (dryRun && stat === undefined)
    return { root: undefined, rename: fromText(nodePath.basename(path)), created: false, announced: false };
  const shown = nodePath.resolve(parent);
  const reason = stat === undefined ? 'No such file or directory (2)' : 'Not a directory (20)';
  throw cannotSelect(`change_dir "${shown}" failed: ${reason}`, shown);
}

function statOrUndefined(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    const shown = nodePath.resolve(path);
    throw cannotSelect(`cannot stat destination "${shown}": ${errnoText(error)}`, shown, error);
  }
}

function cannotSelect(message: string, path: string, cause?: unknown): RsyncError {
  return new RsyncError('RSYNC_FILE_SELECT', message, {
    exitCode: EXIT.FILESELECT,
    origin: 'local',
    path,
    cause,
  });
}
