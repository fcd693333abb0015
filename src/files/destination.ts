import { type ByteString, toText } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { errnoCode, errnoError, errnoText } from './errors.ts';
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
  /** The directory that names are in, as Places takes it: what relative paths of options start at. */
  path: ByteString;
  /** The local name of the only entry, when the destination names a file and not a directory. */
  rename: ByteString | undefined;
  /** The directory was made, or with `dryRun` would have been. */
  created: boolean;
  /** That is worth a line: not when the only entry of the list is that directory. */
  announced: boolean;
  /** `--mkpath`: directories that were made, or with `dryRun` would have been, and the last of them. */
  made?: { count: number; path: ByteString };
}

export interface DestinationOptions {
  dryRun: boolean;
  /** `--mkpath`: directories above the destination are made too. */
  mkpath?: boolean;
  /** Symlinks in the destination are followed. */
  follows?: boolean;
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
  options: DestinationOptions,
): Destination {
  const { dryRun, mkpath = false, follows = false } = options;
  const shown = toText(places.display(path));
  const stat = statOf(places, path, mkpath);
  if (stat?.isDirectory)
    return { root: places.open(path, follows), path, rename: undefined, created: false, announced: false };
  const single = shape.count === 1 && shape.only !== undefined;
  if (stat !== undefined) {
    if (!single) throw cannotSelect('destination must be a directory when copying more than 1 file', shown);
    if (shape.only!.isDirectory) throw cannotSelect('cannot overwrite non-directory with a directory', shown);
    return inParent(places, path, options);
  }
  const announced = !single || path.endsWith('/');
  if (mkpath) return onMadePath(places, path, announced || shape.only!.name === '.', options);
  if (!announced) {
    const inside = inParent(places, path, options);
    if (shape.only!.name !== '.') return inside;
    inside.root?.close();
  }
  if (dryRun) return { root: undefined, path, rename: undefined, created: true, announced };
  try {
    places.mkdir(path);
  } catch (error) {
    throw cannotMake(
      shown,
      error,
      'Only the last component of a destination is made; --mkpath makes the others.',
    );
  }
  return { root: places.open(path, follows), path, rename: undefined, created: true, announced };
}

/** `--mkpath`: the destination, or what it is to be in, with everything above it. */
function onMadePath(
  places: Places,
  path: ByteString,
  isDirectory: boolean,
  { dryRun, follows = false }: DestinationOptions,
): Destination {
  const { directory, base } = splitPath(path);
  const wanted = isDirectory ? path.replace(/(?<=[^/])\/+$/, '') : directory;
  const count = makePath(places, wanted, dryRun);
  const made = count > 0 ? { made: { count, path: wanted } } : {};
  const exists = !dryRun || count === 0;
  return {
    root: exists ? places.open(wanted, follows) : undefined,
    path: wanted,
    rename: isDirectory ? undefined : base,
    created: isDirectory && count > 0,
    // rsync tells the whole of it in one line, but in a dry run.
    announced: isDirectory && dryRun,
    ...made,
  };
}

/** Makes a directory and all above it; returns how many, or how many there would be to make. */
function makePath(places: Places, path: ByteString, dryRun: boolean): number {
  let count = 0;
  for (let end = path.indexOf('/', 1); ; end = path.indexOf('/', end + 1)) {
    const part = end < 0 ? path : path.slice(0, end);
    try {
      const stat = places.stat(part);
      if (stat !== undefined && !stat.isDirectory) throw errnoError('EEXIST', 'mkdir', part);
      if (stat === undefined) {
        if (!dryRun) places.mkdir(part);
        count++;
      }
    } catch (error) {
      throw cannotMake(toText(places.display(path)), error);
    }
    if (end < 0) return count;
  }
}

function cannotMake(shown: string, cause: unknown, hint?: string): RsyncError {
  return new RsyncError('RSYNC_FILE_IO', `mkdir "${shown}" failed: ${errnoText(cause)}`, {
    exitCode: EXIT.FILEIO,
    origin: 'local',
    path: shown,
    ...(hint === undefined ? {} : { hint }),
    cause,
  });
}

function inParent(
  places: Places,
  path: ByteString,
  { dryRun, follows = false }: DestinationOptions,
): Destination {
  const { directory, base } = splitPath(path);
  const stat = statOf(places, directory);
  if (stat?.isDirectory)
    return {
      root: places.open(directory, follows),
      path: directory,
      rename: base,
      created: false,
      announced: false,
    };
  if (dryRun && stat === undefined)
    return { root: undefined, path: directory, rename: base, created: false, announced: false };
  const shown = toText(places.display(directory));
  const reason = stat === undefined ? 'No such file or directory (2)' : 'Not a directory (20)';
  throw cannotSelect(`change_dir "${shown}" failed: ${reason}`, shown);
}

/** @param mkpath  what cannot be reached because of something above it is missing: making the path will tell */
function statOf(places: Places, path: ByteString, mkpath = false): Stat | undefined {
  try {
    return places.stat(path);
  } catch (error) {
    if (mkpath && errnoCode(error) === 'ENOTDIR') return undefined;
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
