import type { ChecksumName } from '../core/algorithms.ts';
import { hashAvailable } from '../delta/hashes.ts';
import { parseChecksumChoice, parseCompressChoice } from '../options/choices.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import type { HandshakeTerms } from '../protocol/handshake.ts';
import type { Negotiated } from '../protocol/negotiated.ts';
import { availableCompressors } from '../protocol/token.ts';

/**
 * Digests, most preferred first, by speed in Node 20 (bench/): the 128-bit one is as quick as the others, so nothing
 * is gained by a shorter one.
 */
const CHECKSUMS: readonly ChecksumName[] = ['xxh128', 'xxh3', 'xxh64', 'md5', 'sha1', 'md4'];

/** What to offer in the handshake, from the options. */
export function handshakeTerms(options: TransferOptions, capabilities: string): HandshakeTerms {
  const checksum =
    options.checksumChoice === undefined ? undefined : parseChecksumChoice(options.checksumChoice);
  const explicit =
    checksum !== undefined && (checksum.transfer !== undefined || checksum.preTransfer !== undefined);
  return {
    protocol: options.protocol,
    capabilities,
    checksumChoice: explicit ? [checksum.transfer, checksum.preTransfer] : undefined,
    checksums: CHECKSUMS.filter(hashAvailable),
    compress: options.compress,
    compressChoice:
      options.compressChoice === undefined ? undefined : parseCompressChoice(options.compressChoice),
    compressors: availableCompressors(),
  };
}

/** A client of the old protocol frames what it says only if it has to say what it received. */
export function framesClient(negotiated: Negotiated, options: TransferOptions, pulls: boolean): boolean {
  return negotiated.framesClient || (pulls && (options.removeSourceFiles || options.removeSentFiles));
}
