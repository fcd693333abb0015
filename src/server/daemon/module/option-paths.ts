/** Paths in the options of a client: docs/protocol/4-filters-and-options.md, G.3. */
import type { ByteString } from '../../../core/bytes.ts';
import { EXIT, RsyncError } from '../../../core/errors.ts';
import type { TransferOptions } from '../../../options/transfer-options.ts';

/** What options name on this side. */
function optionPaths({ filesFrom }: Readonly<TransferOptions>): ByteString[] {
  return filesFrom?.at === 'here' ? [filesFrom.file] : [];
}

/** @throws RsyncError RSYNC_UNSUPPORTED, exit 4: the filters of the module hide one */
export function checkOptionPaths(
  options: Readonly<TransferOptions>,
  isHidden: (path: ByteString) => boolean,
): void {
  if (!optionPaths(options).some(isHidden)) return;
  throw new RsyncError('RSYNC_UNSUPPORTED', 'Your options have been rejected by the server.', {
    exitCode: EXIT.UNSUPPORTED,
    origin: 'remote',
  });
}
