import { protocolError } from '../core/errors.ts';
import type { KindCounts } from '../core/events.ts';
import { LIMITS } from '../core/limits.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/**
 * The records at the end of a session, docs/protocol/1-session.md, 1.9.
 *
 *     statistics := varlong30(3) * 5      server-sender to client, after the echo of the third DONE
 *     del-stats  := varint * 5            after the index -3, protocol 31 and later
 */
export interface ServerStatistics {
  /** Bytes the server read and wrote. */
  bytesRead: number;
  bytesWritten: number;
  totalSize: number;
  /** Milliseconds. */
  fileListBuildTime: number;
  fileListTransferTime: number;
}

export function writeStatistics(w: Writer, protocol: number, s: ServerStatistics): void {
  const numbers = [s.bytesRead, s.bytesWritten, s.totalSize, s.fileListBuildTime, s.fileListTransferTime];
  for (const n of numbers) {
    if (protocol >= 30) w.varlong(n, 3);
    else w.longint(n);
  }
}

/** Throws NEED_MORE, or a protocol error for negative numbers. */
export function readStatistics(r: Reader, protocol: number): ServerStatistics {
  const next = (): number => {
    const n = protocol >= 30 ? r.varlong(3) : r.longint();
    if (n < 0) throw protocolError(`negative number in the statistics: ${n}`);
    return n;
  };
  return {
    bytesRead: next(),
    bytesWritten: next(),
    totalSize: next(),
    fileListBuildTime: next(),
    fileListTransferTime: next(),
  };
}

export function writeDeleteStats(w: Writer, counts: KindCounts): void {
  w.varint(counts.regular);
  w.varint(counts.directories);
  w.varint(counts.symlinks);
  w.varint(counts.devices);
  w.varint(counts.specials);
}

/** Throws NEED_MORE, or a protocol error for a count out of range. */
export function readDeleteStats(r: Reader): KindCounts {
  const next = (): number => {
    const n = r.varint();
    if (n < 0 || n > LIMITS.DELETED_COUNT) throw protocolError(`invalid deletion count ${n}`);
    return n;
  };
  const [regular, directories, symlinks, devices, specials] = [next(), next(), next(), next(), next()];
  const total = regular + directories + symlinks + devices + specials;
  return { total, regular, directories, symlinks, devices, specials };
}
