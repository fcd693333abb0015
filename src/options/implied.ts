/** What options say together, where one fills in what another leaves open: docs/protocol/4-filters-and-options.md, B.2. */
import { posix } from 'node:path';
import type { ByteString } from '../core/bytes.ts';
import type { TransferOptions } from './transfer-options.ts';

/** The partial directory of `--delay-updates`, unless one is named. */
const DELAYED = '.~tmp~';

/** Where partial and delayed files are kept, as named or implied; undefined: nowhere but at their own place. */
export function partialDirectory(
  options: Pick<TransferOptions, 'partialDir' | 'delayUpdates'>,
): ByteString | undefined {
  return options.partialDir ?? (options.delayUpdates ? DELAYED : undefined);
}

/** Interrupted files are kept, in a directory of their own or as they are. */
export function keepsPartial(
  options: Pick<TransferOptions, 'partial' | 'partialDir' | 'delayUpdates'>,
): boolean {
  return options.partial || partialDirectory(options) !== undefined;
}

/** What a backup's name ends in: `~`, or nothing where backups have a directory of their own. */
export function backupSuffix(options: Pick<TransferOptions, 'backupDir' | 'suffix'>): ByteString {
  return options.suffix ?? defaultSuffix(options);
}

export function defaultSuffix(options: Pick<TransferOptions, 'backupDir'>): ByteString {
  return options.backupDir === undefined ? '~' : '';
}

/** Times of directories are not kept: by `-O`, or because backups beside the files change them for good. */
export function omitsDirectoryTimes(
  options: Pick<TransferOptions, 'omitDirTimes' | 'backup' | 'backupDir'>,
): boolean {
  return options.omitDirTimes || (options.backup && options.backupDir === undefined);
}

/** The one kind of alternate directories that is in use, and the directories in their order. */
export function alternateDirectories(
  options: Pick<TransferOptions, 'compareDest' | 'copyDest' | 'linkDest'>,
): { kind: 'compare' | 'copy' | 'link'; directories: readonly ByteString[] } | undefined {
  if (options.compareDest.length > 0) return { kind: 'compare', directories: options.compareDest };
  if (options.copyDest.length > 0) return { kind: 'copy', directories: options.copyDest };
  if (options.linkDest.length > 0) return { kind: 'link', directories: options.linkDest };
  return undefined;
}

/** A directory without `.`, `..` inside it and a slash at its end, as far as that can be told from the text; '' is none. */
export function cleanDirectory(path: ByteString): ByteString {
  const clean = posix.normalize(path).replace(/(?<=.)\/$/, '');
  return clean === '.' ? '' : clean;
}
