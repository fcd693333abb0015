import { streamError } from '../core/errors.ts';

/**
 * Where the borders of a zstd stream are (RFC 8878, 3.1); the content of blocks is not looked at.
 *
 *   stream := { frame | skippable }
 *   frame  := 28 b5 2f fd, header 2..14 bytes, { block }, [4 bytes checksum]
 *   block  := 3 bytes: last (1 bit), type (2), size (21); `size` bytes, or 1 byte for a repetition (type 1)
 *   skippable := 50..5f 2a 4d 18, int size, `size` bytes
 *
 * Needed because a block of 4 bytes may become 128 KB, so that one DATA frame could become half a gigabyte: the
 * decompressor is fed a few blocks at a time. And because a run of literals must not end within a block.
 */
const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const RAW = 0;
const RLE = 1;
const RESERVED = 3;
/** A block becomes 128 KB at most. */
const BLOCKS_AT_A_TIME = 8;

type State = 'magic' | 'descriptor' | 'header' | 'block header' | 'block' | 'checksum' | 'skip size' | 'skip';

export class ZstdFrames {
  private state: State = 'magic';
  /** Bytes of the current part that are still to come. */
  private left = 4;
  /** The current part, if it is a number: little-endian. */
  private value = 0;
  private shift = 0;
  private lastBlock = false;
  private hasChecksum = false;

  /** True between blocks and between frames: all that was fed can be decompressed. */
  get atBorder(): boolean {
    return (this.state === 'block header' && this.left === 3) || (this.state === 'magic' && this.left === 4);
  }

  /** How many of these bytes, which come next, to decompress at once; they count as fed. */
  advance(data: Uint8Array): number {
    let at = 0;
    let blocks = 0;
    while (at < data.length) {
      const count = Math.min(this.left, data.length - at);
      if (this.state !== 'block' && this.state !== 'skip' && this.state !== 'header') {
        for (let i = 0; i < count; i++) {
          this.value += data[at + i]! * 2 ** this.shift;
          this.shift += 8;
        }
      }
      at += count;
      this.left -= count;
      if (this.left > 0) return at;
      const ended = this.state;
      this.enter(this.value);
      // The decompressor stops at the end of a frame whatever else it is given.
      if (this.state === 'magic') return at;
      if (ended === 'block' && ++blocks === BLOCKS_AT_A_TIME) return at;
    }
    return at;
  }

  /** The current part, `value`, is complete: on to the next. */
  private enter(value: number): void {
    switch (this.state) {
      case 'magic':
        if (value === MAGIC) this.expect('descriptor', 1);
        else if (value - (value % 16) === SKIPPABLE_MAGIC) this.expect('skip size', 4);
        else throw streamError(`token: zstd: no frame but 0x${value.toString(16).padStart(8, '0')}`);
        break;
      case 'descriptor':
        this.hasChecksum = (value & 0x04) !== 0;
        this.expect('header', headerLength(value));
        break;
      case 'header':
        this.expect('block header', 3);
        break;
      case 'block header':
        this.startBlock(value);
        break;
      case 'block':
        this.endBlock();
        break;
      case 'skip size':
        if (value === 0) this.expect('magic', 4);
        else this.expect('skip', value);
        break;
      case 'checksum':
      case 'skip':
        this.expect('magic', 4);
        break;
    }
  }

  private startBlock(header: number): void {
    this.lastBlock = (header & 1) !== 0;
    const type = (header >>> 1) & 3;
    const size = header >>> 3;
    if (type === RESERVED) throw streamError('token: zstd: block of a reserved type');
    if (type === RLE) this.expect('block', 1);
    else if (size > 0) this.expect('block', size);
    else if (type === RAW) this.endBlock();
    else throw streamError('token: zstd: empty block');
  }

  private endBlock(): void {
    if (!this.lastBlock) this.expect('block header', 3);
    else if (this.hasChecksum) this.expect('checksum', 4);
    else this.expect('magic', 4);
  }

  private expect(state: State, length: number): void {
    this.state = state;
    this.left = length;
    this.value = 0;
    this.shift = 0;
  }
}

/** Bytes of the frame header after its descriptor. */
function headerLength(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >>> 6;
  const contentSize = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag;
  const dictionaryId = [0, 1, 2, 4][descriptor & 3]!;
  return (singleSegment ? 0 : 1) + dictionaryId + contentSize;
}
