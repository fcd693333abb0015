/**
 * The file of `--files-from`, and what it and its kin select: docs/protocol/4-filters-and-options.md, A.12, B.2, B.3.
 *
 *     arg = FILE | "-" | ":" FILE | [USER "@"] HOST ":" FILE
 */
import { fromText } from '../core/bytes.ts';
import { usageError } from '../core/errors.ts';
import { parseLocation } from './location.ts';
import type { ListFile, TransferOptions } from './transfer-options.ts';

/**
 * Tells whose file it is.
 * @param arg  text; bytes if a client sent it
 * @throws RsyncError RSYNC_USAGE, exit 1: no file, or the standard input of the other end
 */
export function locateList(arg: string, form: { windows?: boolean; server?: boolean }): ListFile {
  if (arg === '') throw usageError('rsyncjs: --files-from: the name of the file is empty');
  if (form.server === true) return { at: arg === '-' ? 'peer' : 'here', file: arg };
  const location = parseLocation(arg, { windows: form.windows === true });
  if (location.kind === 'local') return { at: 'here', file: fromText(location.path) };
  const { user, host, path } = location;
  // A path that is missing has been made ".".
  if (path === '-' || /:$/.test(arg)) {
    throw usageError(
      `rsyncjs: invalid --files-from argument: ${arg}`,
      'Standard input is that of this machine: write "-" alone.',
    );
  }
  return { at: 'peer', file: path, host: user === undefined ? host : `${user}@${host}` };
}

/** `-R` is in force: the paths of sources are kept. */
export function keepsPaths({
  relative,
  filesFrom,
}: Pick<Readonly<TransferOptions>, 'relative' | 'filesFrom'>): boolean {
  return relative ?? filesFrom !== undefined;
}

/** What decides whether directories are transferred. */
type DirOptions = Pick<Readonly<TransferOptions>, 'recursive' | 'dirs' | 'listOnly' | 'filesFrom'>;

/** Directories are transferred, at least those that are named: `-r`, `-d`, or what implies `-d`. */
export function transfersDirs({ recursive, dirs, listOnly, filesFrom }: DirOptions): boolean {
  return recursive || (dirs ?? (listOnly || filesFrom !== undefined));
}
