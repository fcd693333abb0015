import { DeflateRaw, InflateRaw } from 'minizlib';
import { RsyncError, streamError } from '../core/errors.ts';
import { CompressionStream } from './compression-stream.ts';
import { LiteralStage, type PieceSink } from './literal-stage.ts';
import { type LiteralDecoder, type LiteralEncoder, writeData } from './token-framed.ts';
import { DeflateHistory, WINDOW } from './token-history.ts';
import { Writer } from './writer.ts';

/**
 * The data of zlib and zlibx, docs/protocol/3-transfer.md, 7.3:
 *
 *   file := { run }                      one raw deflate stream, window 15 bits, no final block
 *   run  := deflate(literals) less the `00 00 ff ff` of the sync flush at its end
 *
 * zlib: matched blocks are in the history of both ends as if they had been literals. zlibx: they are not.
 *
 * How the deflater learns of matched blocks, per literal run that follows some (level 6, text, one core):
 *   - few bytes of them are deflated, flushed, and the output dropped, which leaves the receiver's stream at the same
 *     byte border: 25 us and 30 us a KB;
 *   - more: a fresh deflater with the whole window as dictionary, 83 us.
 * Between files without matches the deflater is reset: 24 us for a file of 1 KB, against 60 us with a new one.
 */

const Z_SYNC_FLUSH = 2;
/** What a sync flush ends with: the length of an empty stored block. */
const SYNC_TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
/**
 * Literals deflated at a time, each time with a flush. Text comes out 0.1 % larger than in one piece; with 32 KB
 * it is 0.4 %.
 */
const DEFLATE_PIECE = 131072;
/**
 * Compressed bytes inflated at a time: they become 4.2 MB at worst (deflate expands 1032 times at most), which is all
 * that is held of a hostile frame. Smaller steps cost time: 10 % with 2 KB, twice as much with 256 bytes.
 */
const INFLATE_PIECE = 4096;
const CHUNK_SIZE = 65536;
/** Matched bytes that are rather deflated than given as a dictionary. */
const DEFLATE_HISTORY = 2048;

export interface DeflatedOptions {
  /** zlib: matched data is part of the history. */
  history: boolean;
  /** P < 31: pieces of long blocks repeat their beginning in the history. */
  repeatsPieces: boolean;
}

export class DeflatedEncoder implements LiteralEncoder, PieceSink {
  private readonly level: number;
  private readonly history: DeflateHistory | undefined;
  private readonly stage = new LiteralStage(DEFLATE_PIECE, this);
  private readonly scratch = new Writer(CHUNK_SIZE);
  private deflater: CompressionStream | undefined;
  /** The deflater has seen data of a file before this one. */
  private stale = false;
  /** The deflater was made with a dictionary: a reset would load it again. */
  private hasDictionary = false;
  /** A piece of this run was written, less its `00 00 ff ff`. */
  private tailOwed = false;

  constructor(options: DeflatedOptions & { level: number }) {
    this.level = options.level;
    this.history = options.history ? new DeflateHistory(options.repeatsPieces) : undefined;
  }

  add(out: Writer, data: Uint8Array): void {
    this.stage.add(out, data);
  }

  endRun(out: Writer): void {
    this.stage.flush(out);
    this.tailOwed = false;
  }

  matched(data: Uint8Array): void {
    this.history?.insert(data);
  }

  endFile(): void {
    this.history?.clear();
    this.stale = true;
  }

  piece(out: Writer, data: Uint8Array): void {
    const deflater = this.prepare();
    const scratch = this.scratch;
    scratch.reset();
    if (this.tailOwed) scratch.bytes(SYNC_TAIL);
    deflater.write(data);
    this.history?.append(data);
    for (const piece of deflater.output) scratch.bytes(piece);
    deflater.output.length = 0;
    const bytes = scratch.view();
    if (!endsWithTail(bytes)) {
      throw new RsyncError('RSYNC_INTERNAL', 'deflate: no sync flush at the end of a run', {
        exitCode: 22,
        origin: 'local',
      });
    }
    writeData(out, bytes.subarray(0, bytes.length - SYNC_TAIL.length));
    this.tailOwed = true;
  }

  /** The deflater, with the history of this file. */
  private prepare(): CompressionStream {
    if (this.stale && this.deflater !== undefined) {
      if (this.hasDictionary) this.drop();
      else this.deflater.reset();
    }
    this.stale = false;
    const history = this.history;
    const pending = history?.pending ?? 0;
    if (history === undefined || pending === 0) {
      this.deflater ??= this.create();
      return this.deflater;
    }
    if (pending > DEFLATE_HISTORY) {
      this.drop();
      this.deflater = this.create(history.last(WINDOW));
      this.hasDictionary = true;
    } else {
      this.deflater ??= this.create();
      this.deflater.write(history.last(pending));
      this.deflater.output.length = 0;
    }
    history.pending = 0;
    return this.deflater;
  }

  private create(dictionary?: Uint8Array): CompressionStream {
    const options = { level: this.level, flush: Z_SYNC_FLUSH, chunkSize: CHUNK_SIZE };
    return new CompressionStream(DeflateRaw, dictionary === undefined ? options : { ...options, dictionary });
  }

  private drop(): void {
    this.deflater?.close();
    this.deflater = undefined;
    this.hasDictionary = false;
  }
}

/**
 * Fed at the end of each run: what the sender has taken away, and empty stored blocks. At a sync point all of it is
 * taken without output (some 2 us). Anywhere else it does not stay silent: what deflate can read without output or
 * error is a block header, 286 bytes at most, and one code of 48 bits.
 */
const SYNC_PROBE = Buffer.concat([
  SYNC_TAIL,
  ...Array.from({ length: 64 }, () => [Uint8Array.of(0), SYNC_TAIL]).flat(),
]);

export class DeflatedDecoder implements LiteralDecoder {
  private readonly history: DeflateHistory | undefined;
  private inflater: CompressionStream | undefined;
  private stale = false;
  /** Pieces of output handed out. */
  private taken = 0;

  constructor(options: DeflatedOptions) {
    this.history = options.history ? new DeflateHistory(options.repeatsPieces) : undefined;
  }

  begin(): void {
    this.history?.clear();
    this.stale = true;
    if (this.inflater !== undefined) this.dropOutput(this.inflater);
  }

  push(data: Uint8Array): number {
    const inflater = this.prepare();
    if (this.history !== undefined && this.history.pending > 0) this.insert(inflater, this.history);
    const length = Math.min(data.length, INFLATE_PIECE);
    inflate(inflater, data.subarray(0, length));
    return length;
  }

  pull(): Uint8Array | undefined {
    const output = this.inflater?.output;
    if (output === undefined || output.length === 0) return undefined;
    if (this.taken < output.length) return output[this.taken++];
    output.length = 0;
    this.taken = 0;
    return undefined;
  }

  endRun(): void {
    const inflater = this.prepare();
    inflate(inflater, SYNC_PROBE);
    if (inflater.outputLength > 0) throw noSyncPoint();
  }

  matched(data: Uint8Array): void {
    this.history?.insert(data);
  }

  private prepare(): CompressionStream {
    this.inflater ??= new CompressionStream(InflateRaw, { flush: Z_SYNC_FLUSH, chunkSize: CHUNK_SIZE });
    if (this.stale) this.inflater.reset();
    this.stale = false;
    return this.inflater;
  }

  /** Puts matched data into the history: as a stored block, whose output is known. */
  private insert(inflater: CompressionStream, history: DeflateHistory): void {
    const data = history.last(history.pending);
    history.clear();
    if (data.length === WINDOW) inflater.reset();
    const length = data.length;
    const block = new Uint8Array(5 + length);
    block.set([0x00, length & 0xff, length >>> 8, ~length & 0xff, (~length >>> 8) & 0xff]);
    block.set(data, 5);
    inflate(inflater, block);
    if (inflater.outputLength !== length) throw noSyncPoint();
    this.dropOutput(inflater);
  }

  private dropOutput(inflater: CompressionStream): void {
    inflater.output.length = 0;
    this.taken = 0;
  }
}

function inflate(inflater: CompressionStream, data: Uint8Array): void {
  let taken: number;
  try {
    taken = inflater.write(data);
  } catch (error) {
    throw streamError(`token: inflate: ${(error as Error).message}`);
  }
  if (taken < data.length) throw streamError('token: inflate: a final block inside of a file');
}

function noSyncPoint(): RsyncError {
  return streamError('token: inflate: a run of literals does not end with a flush');
}

function endsWithTail(bytes: Uint8Array): boolean {
  const n = bytes.length;
  return n > 4 && bytes[n - 4] === 0 && bytes[n - 3] === 0 && bytes[n - 2] === 0xff && bytes[n - 1] === 0xff;
}
