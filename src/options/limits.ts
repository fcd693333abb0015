/** Bounds on option values that more than one place looks at. */
import { EXIT, RsyncError, usageError } from '../core/errors.ts';

export const OLDEST_PROTOCOL = 29;
export const NEWEST_PROTOCOL = 32;

/** Bytes; docs/protocol/4-filters-and-options.md, B.4. Protocol 30 and later use the smaller one. */
export const MAX_BLOCK_SIZE = 131_072;
export const MAX_BLOCK_SIZE_29 = 536_870_912;

/** @throws RsyncError, exit 2, outside of 29 to 32. */
export function checkProtocol(version: number, word: string): number {
  if (version >= OLDEST_PROTOCOL && version <= NEWEST_PROTOCOL) return version;
  throw new RsyncError(
    'RSYNC_USAGE',
    `rsyncjs: ${word}: only the protocol versions 29 to 32 are spoken here`,
    {
      exitCode: EXIT.PROTOCOL,
      origin: 'local',
      hint: 'Leave the option out: both sides then take the newest version that they share.',
    },
  );
}

export function checkBlockSize(bytes: number, protocol: number, word: string): number {
  const most = protocol === 29 ? MAX_BLOCK_SIZE_29 : MAX_BLOCK_SIZE;
  if (bytes <= most) return bytes;
  throw usageError(
    `rsyncjs: ${word}: a block has at most ${most} bytes`,
    protocol === 29 ? undefined : `Up to ${MAX_BLOCK_SIZE_29} bytes work after --protocol=29.`,
  );
}

/** A TCP port; 0: the usual one. */
export function checkPort(port: number, word: string): number {
  if (port <= 65_535) return port;
  throw usageError(`rsyncjs: ${word}: a port is at most 65535`);
}
