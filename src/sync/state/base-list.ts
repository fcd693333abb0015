import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createBrotliCompress, createBrotliDecompress } from 'node:zlib';
import { errnoCode, errnoText, fileError } from '../../files/errors.ts';
import type { Tree } from '../project/tree.ts';
import { BaseDecoder, BaseEncoder, DamagedBase } from './base-codec.ts';
import { setAside, type Unusable } from './state-file.ts';
import { WholeFile } from './whole-file.ts';

/**
 * The base: what both sides agreed on after the last success. A file outside of the tree:
 *
 *     file := "rsyncjs base 1\n" brotli(body sha256)     the digest is that of the body (base-codec.ts)
 *
 * A path of a project takes 9 to 11 bytes, most of them for sizes and microseconds, which do not compress. 100,000 paths
 * are written or read in 0.4 s with 4 MB beside the tree (Node 20, one core).
 */
const MAGIC = 'rsyncjs base ';
const VERSION_LINE = `${MAGIC}1\n`;
const DIGEST_LENGTH = 32;
/** Quality 4 takes half the time of 6 for 3 % more bytes; a window of 1 MiB holds all that front-coded paths repeat. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 20 } };
/** Bytes of a body that are read at most: what inflates beyond is no base of a project. */
const MAX_BODY = 2 ** 32;

export type BaseRead =
  /** `digest`: hex, as `writeBase` returned it. */
  { kind: 'found'; tree: Tree; digest: string } | { kind: 'none' } | Unusable;

/**
 * Replaces a base. Beside the tree and the sorted list of its paths it takes a few hundred kilobytes.
 * @returns the digest, hex: it belongs into the state of the profile
 * @throws RsyncError (exit 11); the old base is then still there
 */
export async function writeBase(path: string, tree: Tree): Promise<string> {
  const hash = createHash('sha256');
  let digest = '';
  const body = async function* (): AsyncGenerator<Buffer> {
    const encoder = new BaseEncoder();
    // Without a comparison function: by code units, which are bytes.
    for (const name of [...tree.keys()].sort()) {
      const chunk = encoder.add(name, tree.get(name)!);
      if (chunk === undefined) continue;
      hash.update(chunk);
      // The encoder uses its chunk again while the compressor may still be at it.
      yield Buffer.from(chunk);
    }
    const last = Buffer.from(encoder.end());
    hash.update(last);
    yield last;
    const sum = hash.digest();
    digest = sum.toString('hex');
    yield sum;
  };
  const file = new WholeFile(path);
  try {
    file.write(Buffer.from(VERSION_LINE, 'latin1'));
    await flow(body(), createBrotliCompress(BROTLI), (chunk) => file.write(chunk));
    file.commit();
    return digest;
  } catch (error) {
    file.abandon();
    throw error instanceof RangeError ? fileError('write', path, error) : error;
  }
}

/**
 * Reads a base; never throws. A damaged file is moved aside to `PATH.bad`.
 * @param expected  the digest that the state has, if it has one: another base than that one is not used
 */
export async function readBase(path: string, expected?: string): Promise<BaseRead> {
  const unusable = (reason: string, newer: boolean): Unusable => ({
    kind: 'unusable',
    reason,
    newer,
    path,
    keptAs: newer ? undefined : setAside(path),
  });
  try {
    const first = firstBytes(path, VERSION_LINE.length);
    if (first !== VERSION_LINE) {
      const later = first.startsWith(MAGIC) && first.length === VERSION_LINE.length;
      return unusable(later ? 'it was written by a later release' : 'it is damaged or was cut short', later);
    }
    const { tree, digest } = await readBody(path);
    if (expected === undefined || expected === digest) return { kind: 'found', tree, digest };
    return unusable('it is not the one that the state speaks of', false);
  } catch (error) {
    const code = errnoCode(error);
    if (code === 'ENOENT') return { kind: 'none' };
    if (error instanceof DamagedBase) return unusable(error.message, false);
    if (code !== undefined) {
      return {
        kind: 'unusable',
        reason: `it can not be read: ${errnoText(error)}`,
        newer: false,
        path,
        keptAs: undefined,
      };
    }
    return unusable('it is damaged or was cut short', false);
  }
}

async function readBody(path: string): Promise<{ tree: Tree; digest: string }> {
  const tree: Tree = new Map();
  const hash = createHash('sha256');
  const decoder = new BaseDecoder((name, entry) => tree.set(name, entry));
  let held: Buffer = Buffer.alloc(0);
  let total = 0;
  const source = createReadStream(path, { start: VERSION_LINE.length });
  await flow(source, createBrotliDecompress(), (chunk) => {
    total += chunk.length;
    if (total > MAX_BODY) throw new DamagedBase('it is larger than any base');
    // The last bytes are the digest, and which are the last shows at the end.
    const all = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const bodyLength = Math.max(0, all.length - DIGEST_LENGTH);
    const body = all.subarray(0, bodyLength);
    held = Buffer.from(all.subarray(bodyLength));
    hash.update(body);
    decoder.feed(body);
  });
  if (!decoder.complete) throw new DamagedBase('it was cut short');
  const sum = hash.digest();
  if (!sum.equals(held)) throw new DamagedBase('its digest is another one');
  return { tree, digest: sum.toString('hex') };
}

/** Bytes through a transform to a consumer; throws what the consumer threw. */
async function flow(
  source: AsyncIterable<Buffer>,
  transform: Transform,
  onChunk: (chunk: Buffer) => void,
): Promise<void> {
  let problem: { error: unknown } | undefined;
  try {
    await pipeline(source, transform, async (chunks: AsyncIterable<Buffer>) => {
      try {
        for await (const chunk of chunks) onChunk(chunk);
      } catch (error) {
        problem = { error };
        throw error;
      }
    });
  } catch (error) {
    // Leaving the loop aborts the streams, and of the two errors a pipeline tells the later one.
    throw problem === undefined ? error : problem.error;
  }
}

function firstBytes(path: string, count: number): string {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(count);
    return bytes.toString('latin1', 0, readSync(fd, bytes, 0, count, 0));
  } finally {
    closeSync(fd);
  }
}
