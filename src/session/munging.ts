import { EXIT, RsyncError } from '../core/errors.ts';
import { MUNGED_DIRECTORY } from '../core/munging.ts';
import type { Places } from '../files/places.ts';
import type { TransferOptions } from '../options/transfer-options.ts';

/**
 * Munged symlinks lead nowhere only as long as the directory of their prefix does not exist.
 * @throws RsyncError exit 4 if it does
 */
export function refuseUnsafeMunging(places: Places, options: TransferOptions): void {
  if (!options.mungeLinks || !places.stat(MUNGED_DIRECTORY)?.isDirectory) return;
  throw new RsyncError(
    'RSYNC_UNSUPPORTED',
    `Symlink munging is unsafe when a ${MUNGED_DIRECTORY} directory exists.`,
    {
      exitCode: EXIT.UNSUPPORTED,
      origin: 'local',
      path: MUNGED_DIRECTORY,
      hint: 'Remove that directory, or leave --munge-links out.',
    },
  );
}
