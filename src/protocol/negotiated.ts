import type { ChecksumName, CompressorName } from '../core/algorithms.ts';

/** Compat flags, docs/protocol/1-session.md, 1.4. */
export const CF = {
  INC_RECURSE: 0x001,
  SYMLINK_TIMES: 0x002,
  SYMLINK_ICONV: 0x004,
  SAFE_FLIST: 0x008,
  AVOID_XATTR_OPTIM: 0x010,
  CHKSUM_SEED_FIX: 0x020,
  INPLACE_PARTIAL_DIR: 0x040,
  VARINT_FLIST_FLAGS: 0x080,
  ID0_NAMES: 0x100,
} as const;

/** The protocol versions spoken here. */
export const PROTOCOL_MIN = 29;
export const PROTOCOL_MAX = 32;

/** What both ends agreed on, made once by the handshake. Named after facts, so that no loop asks for a version. */
export interface Negotiated {
  readonly protocol: number;
  readonly compatFlags: number;
  /** int32; mixed into block sums. */
  readonly checksumSeed: number;
  /** For block sums and the sum at the end of a file. */
  readonly transferChecksum: ChecksumName;
  /** For the `--checksum` values of the file list. */
  readonly listChecksum: ChecksumName;
  readonly compressor: CompressorName;
  /** The MD4 of protocol 29: the file sum begins with the seed. */
  readonly classicMd4: boolean;
  /** MD5 block sums have the seed in front of the data. */
  readonly md5SeedFirst: boolean;
  readonly incRecurse: boolean;
  readonly usesVarintFlags: boolean;
  /** List ends may carry an I/O error. */
  readonly safeFlist: boolean;
  readonly hasId0Names: boolean;
  /** The receiving side can set times of symlinks; decides `t` or `T` in what a sender prints. */
  readonly setsSymlinkTimes: boolean;
  /** Deletion statistics and a fourth phase exist. */
  readonly hasDeleteStats: boolean;
  /** A partial file is continued in place: the sender must not refer to what has been written over. */
  readonly updatesPartialInPlace: boolean;
  /** The client's direction is framed, whatever the options are. */
  readonly framesClient: boolean;
}

export interface Agreement {
  protocol: number;
  compatFlags: number;
  checksumSeed: number;
  /** Named by option or negotiated; undefined: the version's default. */
  transferChecksum: ChecksumName | undefined;
  listChecksum: ChecksumName | undefined;
  compressor: CompressorName;
}

export function negotiated(a: Agreement): Negotiated {
  const { protocol, compatFlags } = a;
  const has = (flag: number): boolean => (compatFlags & flag) !== 0;
  const fallback: ChecksumName = protocol >= 30 ? 'md5' : 'md4';
  return Object.freeze({
    protocol,
    compatFlags,
    checksumSeed: a.checksumSeed,
    transferChecksum: a.transferChecksum ?? fallback,
    listChecksum: a.listChecksum ?? fallback,
    compressor: a.compressor,
    classicMd4: a.transferChecksum === undefined && protocol < 30,
    md5SeedFirst: has(CF.CHKSUM_SEED_FIX),
    incRecurse: has(CF.INC_RECURSE),
    usesVarintFlags: has(CF.VARINT_FLIST_FLAGS),
    safeFlist: protocol >= 31 || has(CF.SAFE_FLIST),
    hasId0Names: has(CF.ID0_NAMES),
    setsSymlinkTimes: has(CF.SYMLINK_TIMES),
    hasDeleteStats: protocol >= 31,
    updatesPartialInPlace: has(CF.INPLACE_PARTIAL_DIR),
    framesClient: protocol >= 30,
  });
}
