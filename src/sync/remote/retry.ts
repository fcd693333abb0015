import { EXIT, isRsyncError } from '../../core/errors.ts';

/** Exit codes of a connection that was lost on the way, whoever noticed. */
const LOST: ReadonlySet<number> = new Set([EXIT.SOCKETIO, EXIT.STREAMIO, EXIT.TIMEOUT, EXIT.CONTIMEOUT]);

/**
 * True for failures of the network, which waiting may mend. Never for a login that is refused, a host key that changed, a
 * mistake in the configuration, a broken protocol, or a disk.
 */
export function isRetryable(error: unknown): boolean {
  if (!isRsyncError(error)) return false;
  switch (error.code) {
    case 'RSYNC_CONNECT':
    case 'RSYNC_TIMEOUT':
      return true;
    case 'RSYNC_STREAM':
    case 'RSYNC_REMOTE_SHELL':
      return error.origin === 'transport' && LOST.has(error.exitCode);
    default:
      return false;
  }
}
