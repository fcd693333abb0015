import { type ByteString, toText } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { errnoText } from './errors.ts';
import { type Places, splitPath } from './places.ts';
import type { Root } from './root.ts';
import type { Stat } from './stat.ts';

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
export function openDestination(
  places: Places,
  path: ByteString,
  shape: ListShape,
  dryRun: boolean,
): Destination {
  const shown = toText(places.display(path));
  const stat = statOf(places, path);
  if (stat?.isDirectory)
    return { root: places.open(path), rename: undefined, created: false, announced: false };
  const single = shape.count === 1 && shape.only !== undefined;
  if (stat !== undefined) {
    if (!single) throw cannotSelect('destination must be a directory when copying more than 1 file', shown);
    if (shape.only!.isDirectory) throw cannotSelect('cannot overwrite non-directory with a directory', shown);
    return inParent(places, path, dryRun);
  }
  const announced = !single || path.endsWith('/');
  if (!announced) {
    const inside = inParent(places, path, dryRun);
    if (shape.only!.name !== '.') return inside;
    inside.root?.close();
  }
  if (dryRun) return { root: undefined, rename: undefined, created: true, announced };
  try {
    places.mkdir(path);
  } catch (error) {
    throw new RsyncError('RSYNC_FILE_IO', `mkdir "${shown}" failed: ${errnoText(error)}`, {
      exitCode: EXIT.FILEIO,
      origin: 'local',
      path: shown,
      hint: 'Only the last component of a destination is made; make its parents first.',
      cause: error,
    });
  }
  return { root: places.open(path), rename: undefined, created: true, announced };
}

function inParent(places: Places, path: ByteString, dryRun: boolean): Destination {
  const { directory, base } = splitPath(path);
  const stat = statOf(places, directory);
  if (stat?.isDirectory)
    return { root: places.open(directory), rename: base, created: false, announced: false };
  if (dryRun && stat === undefined)
    return { root: undefined, rename: base, created: false, announced: false };
  const shown = toText(places.display(directory));
  const reason = stat === undefined ? 'No such file or directory (2)' : 'Not a directory (20)';
  throw cannotSelect(`change_dir "${shown}" failed: ${reason}`, shown);
}

function statOf(places: Places, path: ByteString): Stat | undefined {
  try {
    return places.stat(path);
  } catch (error) {
    const shown = toText(places.display(path));
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
