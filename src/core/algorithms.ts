/** Digests, by the names that the negotiation uses (docs/protocol/1-session.md, 1.5). */
export type ChecksumName = 'md4' | 'md5' | 'sha1' | 'xxh64' | 'xxh3' | 'xxh128' | 'none';

/** Compressors, by the names that the negotiation uses. */
export type CompressorName = 'none' | 'zlib' | 'zlibx' | 'lz4' | 'zstd';

/** Bytes of a whole digest on the wire. */
export const DIGEST_LENGTH: Readonly<Record<ChecksumName, number>> = {
  md4: 16,
  md5: 16,
  sha1: 20,
  xxh64: 8,
  xxh3: 8,
  xxh128: 16,
  none: 1,
};
