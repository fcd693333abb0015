/** The values of `--checksum-choice` and `--compress-choice`: docs/protocol/1-session.md, 1.5. */
import { type ChecksumName, type CompressorName, DIGEST_LENGTH } from '../core/algorithms.ts';
import { EXIT, RsyncError } from '../core/errors.ts';

const COMPRESSORS: readonly CompressorName[] = ['zstd', 'lz4', 'zlibx', 'zlib', 'none'];

/** Undefined stands for `auto`: the default of the protocol, or negotiated. */
export interface ChecksumPair {
  /** For blocks and whole files on the way. */
  transfer: ChecksumName | undefined;
  /** For `--checksum`. */
  preTransfer: ChecksumName | undefined;
}

/**
 * Reads `NAME` or `NAME,NAME`; names compare without case.
 * @throws RsyncError RSYNC_UNSUPPORTED, exit 4: a name that is not known.
 */
export function parseChecksumChoice(choice: string): ChecksumPair {
  const names = choice.split(',');
  if (names.length > 2) throw unknown('checksum', choice);
  const [transfer, preTransfer] = names.map(checksumName);
  return { transfer, preTransfer: names.length === 1 ? transfer : preTransfer };
}

function checksumName(text: string): ChecksumName | undefined {
  const name = text.toLowerCase();
  if (name === 'auto') return undefined;
  if (name === 'xxhash') return 'xxh64';
  if (Object.hasOwn(DIGEST_LENGTH, name)) return name as ChecksumName;
  throw unknown('checksum', text);
}

/** @throws RsyncError RSYNC_UNSUPPORTED, exit 4: a name that is not known. */
export function parseCompressChoice(choice: string): CompressorName | undefined {
  const name = choice.toLowerCase();
  if (name === 'auto') return undefined;
  const found = COMPRESSORS.find((known) => known === name);
  if (found === undefined) throw unknown('compress', choice);
  return found;
}

function unknown(kind: 'checksum' | 'compress', name: string): RsyncError {
  const names = kind === 'checksum' ? Object.keys(DIGEST_LENGTH) : COMPRESSORS;
  return new RsyncError('RSYNC_UNSUPPORTED', `rsyncjs: unknown ${kind} name: ${name}`, {
    exitCode: EXIT.UNSUPPORTED,
    origin: 'local',
    hint: `Known are ${[...names, 'auto'].join(', ')}.`,
  });
}
