import {
  closeSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { errnoCode, fileError } from '../../files/errors.ts';
import { makeFolder } from './whole-file.ts';

/** One run, as `rsyncjs log` tells it. */
export interface HistoryRecord {
  schema: 1;
  /** Start, ISO 8601, UTC. */
  at: string;
  /** `user@host`. */
  who: string;
  profile: string;
  direction: 'pull' | 'push';
  dry?: true;
  /** As given, without secrets (`redactWords`). */
  options: readonly string[];
  counts?: { transferred: number; deleted: number; total: number };
  result: 'ok' | 'partial' | 'failed' | 'stopped' | 'busy' | 'dry';
  exitCode: number;
  /** Milliseconds. */
  duration: number;
  /** `RSYNC_...`. */
  error?: string;
}

export interface HistoryLimits {
  /** Bytes of a file beyond which a new one is begun. Default 1 MiB: some three thousand runs. */
  maxBytes?: number;
  /** Files kept, the present one included. Default 4. */
  files?: number;
}

const DEFAULTS = { maxBytes: 1 << 20, files: 4 };
/** A longer line is no record of ours: it is passed over, and never held. */
const MAX_LINE = 1 << 16;
const CHUNK = 1 << 16;

/**
 * Adds a record in one write, so that two processes do not mix their lines; turns the files over first if this one is
 * full: `PATH`, `PATH.1`, `PATH.2`, ... A record too long for a line loses its options.
 * @throws RsyncError (exit 11)
 */
export function appendHistory(path: string, record: HistoryRecord, limits: HistoryLimits = {}): void {
  const { maxBytes, files } = { ...DEFAULTS, ...limits };
  makeFolder(dirname(path));
  let line = JSON.stringify(record);
  if (Buffer.byteLength(line) >= MAX_LINE) line = JSON.stringify({ ...record, options: ['...'] });
  let fd: number | undefined;
  try {
    turnOver(path, Buffer.byteLength(line) + 1, maxBytes, files);
    fd = openSync(path, 'a+', 0o600);
    const { size } = fstatSync(fd);
    const last = Buffer.alloc(1);
    // A line that a crash has torn must not take the next one with it.
    const torn = size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
    writeSync(fd, `${torn ? '\n' : ''}${line}\n`);
  } catch (error) {
    throw fileError('write', path, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Records, newest first: the order of the file, whatever their dates say. Lines that are no records are passed over.
 * Holds a chunk and a line, not the file.
 * @param limit  records at most
 */
export function* readHistory(path: string, limit = Number.POSITIVE_INFINITY): Generator<HistoryRecord> {
  let left = limit;
  for (let k = 0; left > 0; k++) {
    const lines = linesFromEnd(k === 0 ? path : `${path}.${k}`);
    if (lines === undefined) return;
    for (const line of lines) {
      const record = parseRecord(line);
      if (record === undefined) continue;
      yield record;
      if (--left <= 0) return;
    }
  }
}

/** The words with every secret in them replaced by `***`. Secrets of less than three characters would blot out everything. */
export function redactWords(words: readonly string[], secrets: readonly string[]): string[] {
  const known = secrets.filter((secret) => secret.length >= 3).sort((a, b) => b.length - a.length);
  return words.map((word) => known.reduce((text, secret) => text.replaceAll(secret, '***'), word));
}

function turnOver(path: string, more: number, maxBytes: number, files: number): void {
  let size: number;
  try {
    ({ size } = statSync(path));
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return;
    throw error;
  }
  if (size === 0 || size + more <= maxBytes) return;
  const name = (k: number): string => (k === 0 ? path : `${path}.${k}`);
  ifThere(() => unlinkSync(name(files - 1)));
  for (let k = files - 2; k >= 0; k--) ifThere(() => renameSync(name(k), name(k + 1)));
}

/** Another process may be turning the same files over. */
function ifThere(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (errnoCode(error) !== 'ENOENT') throw error;
  }
}

/** The lines of a file, last one first. Undefined: no such file. */
function linesFromEnd(path: string): Iterable<string> | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined;
    throw fileError('open', path, error);
  }
  return backwards(fd, path);
}

function* backwards(fd: number, path: string): Generator<string> {
  try {
    let end = fstatSync(fd).size;
    /** The beginning of the line after which `end` is; undefined: it is too long already. */
    let tail: Buffer | undefined = Buffer.alloc(0);
    while (end > 0) {
      const start = Math.max(0, end - CHUNK);
      const chunk = Buffer.alloc(end - start);
      const count = readSync(fd, chunk, 0, chunk.length, start);
      let to = count;
      for (
        let at = chunk.lastIndexOf(0x0a, count - 1);
        at >= 0;
        at = at === 0 ? -1 : chunk.lastIndexOf(0x0a, at - 1)
      ) {
        if (tail !== undefined) yield lineOf(chunk.subarray(at + 1, to), tail);
        tail = Buffer.alloc(0);
        to = at;
      }
      const grown: number = to + (tail?.length ?? MAX_LINE);
      tail =
        tail === undefined || grown > MAX_LINE ? undefined : Buffer.concat([chunk.subarray(0, to), tail]);
      end = start;
    }
    if (tail !== undefined) yield tail.toString('utf8');
  } catch (error) {
    throw fileError('read', path, error);
  } finally {
    closeSync(fd);
  }
}

function lineOf(head: Buffer, tail: Buffer): string {
  return head.length + tail.length > MAX_LINE ? '' : Buffer.concat([head, tail]).toString('utf8');
}

function parseRecord(line: string): HistoryRecord | undefined {
  if (line === '') return undefined;
  try {
    const value = JSON.parse(line) as Partial<HistoryRecord> | null;
    const isRecord =
      value?.schema === 1 &&
      typeof value.at === 'string' &&
      typeof value.who === 'string' &&
      typeof value.profile === 'string' &&
      (value.direction === 'pull' || value.direction === 'push') &&
      Array.isArray(value.options) &&
      typeof value.result === 'string' &&
      typeof value.exitCode === 'number' &&
      typeof value.duration === 'number' &&
      (value.counts === undefined || areCounts(value.counts));
    return isRecord ? (value as HistoryRecord) : undefined;
  } catch {
    return undefined;
  }
}

function areCounts(counts: Partial<HistoryRecord['counts']> | null): boolean {
  const { transferred, deleted, total } = counts ?? {};
  return [transferred, deleted, total].every((count) => typeof count === 'number');
}
