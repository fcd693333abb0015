/**
 * The sender's half of the delta algorithm: the new file goes in, in pieces of any length, tokens come out.
 * docs/protocol/3-transfer.md, section 6. The tokens do not depend on how the file was cut into pieces.
 */

import { EXIT, RsyncError } from '../core/errors.ts';
import { coveredLength } from '../core/sum-head.ts';
import { LONGEST_WINDOW, type SumTable } from './sum-table.ts';

export { SumTable, type SumTableOptions } from './sum-table.ts';

/** Takes the tokens of one file, in order. `data` is a view that is valid during the call alone. */
export interface TokenSink {
  /** Bytes that the receiver does not have; at most 32768. */
  literal(data: Uint8Array): void;
  /** Bytes that the receiver has, as block `block`. */
  match(block: number, data: Uint8Array): void;
}

export interface MatchStats {
  matches: number;
  /** Offsets at which a block of the same rolling sum was there and was looked at. */
  hashHits: number;
  /** Blocks of the same rolling sum whose strong sum was another. */
  falseAlarms: number;
  literalBytes: number;
  matchedBytes: number;
}

/** Literal data flows out in pieces of this length, so that a literal of gigabytes needs no memory. */
const LITERAL = 32_768;

/** Read-ahead that the buffer has room for beside one window and one literal. */
const AHEAD = 256 << 10;

/**
 * The bound on work in vain. A peer can send sums whose rolling sum is met at every offset and whose strong sum never
 * fits: each offset then costs the digest of a whole block, hours for a gigabyte. So false alarms are paid for, in
 * bytes digested: a start-up credit, and some earned with every byte of the file. 64 still leave 150 MB/s when a
 * digest runs at 10 GB/s. Chance makes a false alarm for one offset in 2^32 / count, hence size / 2^32 bytes a byte;
 * twice that is earned on top. Without credit an offset is passed over, which costs matches and never correctness.
 * Where the previous match ended nothing is charged: what is in step always goes on matching.
 */
const FIRST_CREDIT = 1 << 30;
const EARNED_PER_BYTE = 64;
/** What comparing one candidate is charged at, in bytes digested. */
const CANDIDATE_COST = 32;

// The searcher has gone back to the pool: another file's table may be in its memory.
function finishedError(): RsyncError {
  return new RsyncError('RSYNC_INTERNAL', 'the matcher has finished', {
    exitCode: EXIT.PROTOCOL,
    origin: 'local',
  });
}

export class Matcher {
  readonly stats: MatchStats = { matches: 0, hashHits: 0, falseAlarms: 0, literalBytes: 0, matchedBytes: 0 };
  readonly #table: SumTable;
  readonly #sink: TokenSink;
  readonly #blength: number;
  /** Offset in the file of the buffer's first byte. */
  #offset = 0;
  /** Buffer indexes: first byte not yet sent; where the window is or is to be; end of the data. */
  #literal = 0;
  #window = 0;
  #end = 0;
  /** The searcher's window is at #window, and what it found there has been dealt with. */
  #placed = false;
  #finished = false;
  /** The block after the one used last. */
  #wanted = 0;
  #spent = 0;
  /**
   * Bytes of the buffer that are used: one window and one literal may have to stay in it, the same again, so that
   * moving them stays cheap, and the read-ahead. More would only leave the cache.
   */
  readonly #most: number;
  /** Bytes to digest in vain for every byte of the file. */
  readonly #earned: number;

  /** Throws RSYNC_INTERNAL if the table has had a matcher. */
  constructor(table: SumTable, sink: TokenSink) {
    table.claim();
    this.#table = table;
    this.#sink = sink;
    this.#blength = table.head.blength;
    this.#earned = EARNED_PER_BYTE + (2 * coveredLength(table.head)) / 2 ** 32;
    this.#most = 2 * (Math.min(this.#blength, LONGEST_WINDOW) + LITERAL) + AHEAD;
  }

  /** Takes the next piece of the file; tokens go to the sink meanwhile. The piece is not kept. */
  push(chunk: Uint8Array): void {
    if (this.#finished) throw finishedError();
    const { searcher, fullCount, tailLength } = this.#table;
    // Nothing can match: whole pieces need no buffer.
    const passing = fullCount === 0 && tailLength === 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#literal === this.#end) this.#empty();
      let length = chunk.length - at;
      if (passing) {
        if (this.#end === 0 && length >= LITERAL) {
          const piece = chunk.subarray(at, at + LITERAL);
          at += LITERAL;
          this.#offset += LITERAL;
          this.stats.literalBytes += LITERAL;
          this.#sink.literal(piece);
          continue;
        }
        length = Math.min(length, LITERAL - this.#end);
      }
      if (this.#end === this.#capacity()) this.#makeRoom(length);
      const part = chunk.subarray(at, at + Math.min(length, this.#capacity() - this.#end));
      searcher.data.set(part, searcher.base + this.#end);
      this.#end += part.length;
      at += part.length;
      this.#run();
    }
  }

  /** The file is complete: the rest of its tokens go to the sink. The matcher and its table are used up. */
  finish(): void {
    if (this.#finished) throw finishedError();
    this.#finished = true;
    const { searcher, tailLength, head } = this.#table;
    const tail = this.#end - tailLength;
    if (tailLength > 0 && tail >= this.#window && this.#table.isTail(tail, this.#offset + tail)) {
      this.stats.hashHits++;
      this.#sendLiteral(tail);
      this.#sendMatch(head.count - 1, tail, tailLength);
    }
    this.#sendLiteral(this.#end);
    searcher.release();
  }

  /** Everything was sent: the buffer starts anew. */
  #empty(): void {
    this.#table.searcher.moved();
    this.#offset += this.#end;
    this.#literal = this.#window = this.#end = 0;
  }

  #run(): void {
    const { searcher, fullCount, tailLength } = this.#table;
    if (fullCount === 0) {
      // Only the end of the file is of interest.
      this.#window = Math.max(this.#window, this.#end - tailLength);
      while (this.#window - this.#literal >= LITERAL) this.#sendLiteral(this.#literal + LITERAL);
      return;
    }
    const blength = this.#blength;
    for (;;) {
      if (!this.#placed) {
        if (this.#window + blength > this.#end) return;
        const sum = searcher.seek(this.#window);
        if (searcher.contains(sum) && this.#tryMatch(sum)) continue;
        this.#placed = true;
      }
      const slides = Math.min(this.#end - blength, this.#literal + LITERAL) - this.#window;
      if (slides === 0) return;
      const found = searcher.scan(this.#window, slides);
      this.#window += found === 0 ? slides : found;
      if (this.#window - this.#literal === LITERAL) this.#sendLiteral(this.#window);
      if (found !== 0) this.#tryMatch(searcher.current());
    }
  }

  /** The window's rolling sum is in the table. True if a block was used; the window is then behind it. */
  #tryMatch(sum: number): boolean {
    const window = this.#window;
    const offset = this.#offset + window;
    const inStep = !this.#placed && this.#wanted > 0;
    if (!inStep && this.#spent > FIRST_CREDIT + offset * this.#earned) return false;
    const { block, compared, looked } = this.#table.find(window, sum, offset, this.#wanted, this.#end);
    if (compared > 0) this.stats.hashHits++;
    if (block < 0) {
      this.stats.falseAlarms += compared;
      if (!inStep) this.#spent += (compared > 0 ? this.#blength : 0) + looked * CANDIDATE_COST;
      return false;
    }
    this.stats.falseAlarms += compared - 1;
    this.#sendLiteral(window);
    this.#sendMatch(block, window, this.#blength);
    return true;
  }

  #sendMatch(block: number, at: number, length: number): void {
    const { searcher } = this.#table;
    this.#table.used(block, this.#offset + at);
    this.stats.matches++;
    this.stats.matchedBytes += length;
    this.#wanted = block + 1;
    this.#literal = this.#window = at + length;
    this.#placed = false;
    this.#sink.match(block, searcher.data.subarray(searcher.base + at, searcher.base + at + length));
  }

  /** Sends the bytes from #literal up to `end`. */
  #sendLiteral(end: number): void {
    const { searcher } = this.#table;
    while (this.#literal < end) {
      const from = this.#literal;
      const to = Math.min(end, from + LITERAL);
      this.#literal = to;
      this.stats.literalBytes += to - from;
      this.#sink.literal(searcher.data.subarray(searcher.base + from, searcher.base + to));
    }
  }

  #capacity(): number {
    return Math.min(this.#table.searcher.capacity, this.#most);
  }

  /** The buffer is full: what was sent goes out of it, and it grows if that is not enough. */
  #makeRoom(coming: number): void {
    const { searcher } = this.#table;
    const { base } = searcher;
    const kept = this.#end - this.#literal;
    if (searcher.capacity < this.#most) {
      searcher.reserve(Math.min(this.#most, Math.max(2 * searcher.capacity, kept + coming)));
    }
    if (this.#literal > 0) {
      searcher.data.copyWithin(base, base + this.#literal, base + this.#end);
      this.#offset += this.#literal;
      this.#window -= this.#literal;
      this.#end = kept;
      this.#literal = 0;
      searcher.moved();
    }
  }
}
