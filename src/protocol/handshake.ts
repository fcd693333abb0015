import { randomInt } from 'node:crypto';
import type { ChecksumName, CompressorName } from '../core/algorithms.ts';
import { fromBuffer } from '../core/bytes.ts';
import { EXIT, protocolError, RsyncError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { CF, type Negotiated, negotiated, PROTOCOL_MIN } from './negotiated.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/**
 * The start of a session, docs/protocol/1-session.md, 1.3 to 1.6; everything here is unframed.
 *
 *     client: version                        [checksum list] [compression list]
 *     server: version  [compat flags]        [checksum list] [compression list]   seed
 *
 * With a daemon the greetings have agreed on the version (1.10), and there are no version ints.
 *
 * version and seed are ints, the compat flags a varint (protocol 30 and later), a list is a vstring of names with
 * single spaces between them.
 */
export interface HandshakeStream {
  readonly writer: Writer;
  flush(): void;
  /** Runs a synchronous decoder as soon as the bytes it needs have come. */
  read<T>(decode: (r: Reader) => T): Promise<T>;
}

export interface HandshakeTerms {
  /** The highest version to offer: 29 to 32. */
  protocol: number;
  /** The version that both ends came to before: none is exchanged. */
  agreedProtocol?: number | undefined;
  /** The capability letters sent as the value of `-e`; a server: those it was given. Empty: none. */
  capabilities: string;
  /** `--checksum-choice` other than `auto`: [transfer, list]. */
  checksumChoice: readonly [ChecksumName | undefined, ChecksumName | undefined] | undefined;
  /** Names we can do, most preferred first. */
  checksums: readonly ChecksumName[];
  /** Compression is on. */
  compress: boolean;
  /** An explicit algorithm; no compression lists are exchanged then. */
  compressChoice: CompressorName | undefined;
  compressors: readonly CompressorName[];
}

async function exchangeVersions(stream: HandshakeStream, own: number): Promise<number> {
  stream.writer.int(own);
  stream.flush();
  const peer = await stream.read((r) => r.int());
  if (peer < 20 || peer > 40) {
    throw new RsyncError('RSYNC_PROTOCOL', 'protocol version mismatch -- is your shell clean?', {
      exitCode: EXIT.PROTOCOL,
      origin: 'remote',
      hint: 'Something printed text before rsync started; see which start-up file of the remote shell does it.',
    });
  }
  if (peer < PROTOCOL_MIN) {
    throw new RsyncError('RSYNC_PROTOCOL', `the peer speaks protocol ${peer}, older than ${PROTOCOL_MIN}`, {
      exitCode: EXIT.PROTOCOL,
      origin: 'remote',
      hint: 'rsync 2.6.4 or later is needed at the other end.',
    });
  }
  return Math.min(own, peer);
}

function readList(r: Reader): string[] {
  const bytes = r.vstring();
  if (bytes.length > LIMITS.NEGOTIATION_LIST_LENGTH)
    throw protocolError('negotiation list is too long', EXIT.UNSUPPORTED);
  return fromBuffer(bytes).toLowerCase().split(' ').filter(Boolean);
}

function writeList(w: Writer, names: readonly string[]): void {
  w.vstring(Buffer.from(names.join(' '), 'latin1'));
}

function choose<T extends string>(what: string, preferred: readonly T[], offered: readonly string[]): T {
  const names = offered.map((name) => (name === 'xxhash' ? 'xxh64' : name));
  const found = preferred.find((name) => names.includes(name));
  if (found !== undefined) return found;
  throw new RsyncError('RSYNC_UNSUPPORTED', `no common ${what}: the peer offers "${offered.join(' ')}"`, {
    exitCode: EXIT.UNSUPPORTED,
    origin: 'remote',
    hint: `Spoken here: ${preferred.join(' ')}.`,
  });
}

/** Which lists both ends exchange: the same condition at either end, docs/protocol/1-session.md, 1.5. */
function listsWanted(terms: HandshakeTerms): { checksum: boolean; compress: boolean } {
  return {
    checksum: terms.checksumChoice === undefined,
    compress: terms.compress && terms.compressChoice === undefined,
  };
}

/** The compressor when no list is exchanged. */
function plainCompressor(terms: HandshakeTerms): CompressorName {
  return terms.compress ? (terms.compressChoice ?? 'zlib') : 'none';
}

/** Throws a protocol error (exit 2), or RSYNC_UNSUPPORTED (exit 4) if no algorithm is common. */
export async function clientHandshake(stream: HandshakeStream, terms: HandshakeTerms): Promise<Negotiated> {
  const protocol = terms.agreedProtocol ?? (await exchangeVersions(stream, terms.protocol));
  const compatFlags = protocol >= 30 ? await stream.read((r) => r.varint()) : 0;
  if (compatFlags & CF.INC_RECURSE && !terms.capabilities.includes('i')) {
    throw protocolError('the server turned on incremental recursion, which was not offered');
  }
  let [transferChecksum, listChecksum] = terms.checksumChoice ?? [undefined, undefined];
  let compressor = plainCompressor(terms);
  if (compatFlags & CF.VARINT_FLIST_FLAGS && terms.capabilities.includes('v')) {
    const wanted = listsWanted(terms);
    // Read both lists, then answer with one name each: no release can misread that (the rule of choice differs
    // between 3.4 and 3.5), and a C server has written its lists before it reads ours.
    if (wanted.checksum) {
      transferChecksum = choose('checksum', terms.checksums, await stream.read(readList));
      listChecksum = transferChecksum;
    }
    if (wanted.compress) {
      compressor = choose('compressor', terms.compressors, await stream.read(readList));
    }
    if (wanted.checksum) writeList(stream.writer, [transferChecksum!]);
    if (wanted.compress) writeList(stream.writer, [compressor]);
    stream.flush();
  }
  const checksumSeed = await stream.read((r) => r.int());
  return negotiated({ protocol, compatFlags, checksumSeed, transferChecksum, listChecksum, compressor });
}

export interface ServerTerms extends HandshakeTerms {
  /** Incremental recursion is possible from what the server's own arguments say. */
  mayRecurseIncrementally: boolean;
  /** `--checksum-seed`; 0: a random one. */
  checksumSeed: number;
}

/** The other end of `clientHandshake`. Throws like it. */
export async function serverHandshake(stream: HandshakeStream, terms: ServerTerms): Promise<Negotiated> {
  const protocol = terms.agreedProtocol ?? (await exchangeVersions(stream, terms.protocol));
  let compatFlags = 0;
  const can = (letter: string): boolean => terms.capabilities.includes(letter);
  if (protocol >= 30) {
    compatFlags = CF.SYMLINK_TIMES;
    if (can('i') && terms.mayRecurseIncrementally) compatFlags |= CF.INC_RECURSE;
    if (can('f')) compatFlags |= CF.SAFE_FLIST;
    if (can('x')) compatFlags |= CF.AVOID_XATTR_OPTIM;
    if (can('C')) compatFlags |= CF.CHKSUM_SEED_FIX;
    if (can('I')) compatFlags |= CF.INPLACE_PARTIAL_DIR;
    if (can('v')) compatFlags |= CF.VARINT_FLIST_FLAGS;
    if (can('u')) compatFlags |= CF.ID0_NAMES;
    stream.writer.varint(compatFlags);
  }
  let [transferChecksum, listChecksum] = terms.checksumChoice ?? [undefined, undefined];
  let compressor = plainCompressor(terms);
  if (compatFlags & CF.VARINT_FLIST_FLAGS) {
    const wanted = listsWanted(terms);
    if (wanted.checksum) writeList(stream.writer, terms.checksums);
    if (wanted.compress) writeList(stream.writer, terms.compressors);
    stream.flush();
    // The client's first name that is known here: agrees with the clients of every release.
    if (wanted.checksum) {
      const offered = await stream.read(readList);
      transferChecksum = choose('checksum', inOrderOf(offered, terms.checksums), offered);
      listChecksum = transferChecksum;
    }
    if (wanted.compress) {
      const offered = await stream.read(readList);
      compressor = choose('compressor', inOrderOf(offered, terms.compressors), offered);
    }
  }
  const checksumSeed = terms.checksumSeed || randomInt(1, 0x7fffffff);
  stream.writer.int(checksumSeed);
  stream.flush();
  return negotiated({ protocol, compatFlags, checksumSeed, transferChecksum, listChecksum, compressor });
}

function inOrderOf<T extends string>(offered: readonly string[], known: readonly T[]): T[] {
  const common = offered.filter((name): name is T => (known as readonly string[]).includes(name));
  return common.length > 0 ? common : [...known];
}
