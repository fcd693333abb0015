/** Paths in the options of a client: docs/protocol/4-filters-and-options.md, G.3. */
import type { ByteString } from '../../../core/bytes.ts';
import { EXIT, RsyncError } from '../../../core/errors.ts';
import { optionPath } from '../../../files/option-paths.ts';
import type { TransferOptions } from '../../../options/transfer-options.ts';

/** What options name on this side, beside the directories of old files. */
function optionPaths(options: Readonly<TransferOptions>, destination: ByteString): ByteString[] {
  const { filesFrom, tempDir, backupDir, partialDir } = options;
  const directories = [tempDir, backupDir, partialDir]
    .filter((path) => path !== undefined)
    .map((path) => optionPath(destination, path));
  return filesFrom?.at === 'here' ? [filesFrom.file, ...directories] : directories;
}

/**
 * @param destination  of a receiver: where relative directories start
 * @throws RsyncError exit 4, exit 1 for `--link-dest` and its kin: the filters of the module hide one
 */
export function checkOptionPaths(
  options: Readonly<TransferOptions>,
  destination: ByteString,
  isHidden: (path: ByteString) => boolean,
): void {
  const { compareDest, copyDest, linkDest } = options;
  const others = [...compareDest, ...copyDest, ...linkDest].map((path) => optionPath(destination, path));
  if (others.some(isHidden)) throw rejected('RSYNC_USAGE', EXIT.SYNTAX);
  if (optionPaths(options, destination).some(isHidden)) throw rejected('RSYNC_UNSUPPORTED', EXIT.UNSUPPORTED);
}

function rejected(code: 'RSYNC_USAGE' | 'RSYNC_UNSUPPORTED', exitCode: number): RsyncError {
  return new RsyncError(code, 'Your options have been rejected by the server.', {
    exitCode,
    origin: 'remote',
  });
}
