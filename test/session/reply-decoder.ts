import { constants, inflateRawSync } from 'node:zlib';

/**
 * A second decoder of token streams, docs/protocol/3-transfer.md, 7.1 to 7.3, written for tests alone: it expands what
 * our sender says without any code of ours.
 */
export interface BlockSource {
  basis: Buffer;
  count: number;
  blength: number;
  remainder: number;
}

export type Compression = 'none' | 'zlib' | 'zlibx';

/** The content and where the tokens end. */
export function expandTokens(
  stream: Buffer,
  at: number,
  blocks: BlockSource,
  compression: Compression,
): { content: Buffer; end: number } {
  return compression === 'none'
    ? expandPlain(stream, at, blocks)
    : expandDeflated(stream, at, blocks, compression === 'zlib');
}

function block({ basis, count, blength, remainder }: BlockSource, number: number): Buffer {
  if (number < 0 || number >= count) throw new Error(`block ${number} of ${count}`);
  const length = number === count - 1 && remainder > 0 ? remainder : blength;
  return basis.subarray(number * blength, number * blength + length);
}

function expandPlain(stream: Buffer, start: number, blocks: BlockSource): { content: Buffer; end: number } {
  const parts: Buffer[] = [];
  for (let at = start; ; ) {
    const token = stream.readInt32LE(at);
    at += 4;
    if (token === 0) return { content: Buffer.concat(parts), end: at };
    if (token < 0) parts.push(block(blocks, -token - 1));
    else {
      parts.push(stream.subarray(at, at + token));
      at += token;
    }
  }
}

function expandDeflated(
  stream: Buffer,
  start: number,
  blocks: BlockSource,
  keepsBlocks: boolean,
): { content: Buffer; end: number } {
  let content = Buffer.alloc(0);
  let history = Buffer.alloc(0);
  let run: Buffer[] = [];
  let last = 0;
  const endRun = (): void => {
    if (run.length === 0) return;
    const bytes = Buffer.concat([...run, Buffer.from([0, 0, 0xff, 0xff])]);
    run = [];
    const dictionary = history.subarray(-32768);
    const options = { finishFlush: constants.Z_SYNC_FLUSH, ...(dictionary.length > 0 ? { dictionary } : {}) };
    const data = inflateRawSync(bytes, options);
    content = Buffer.concat([content, data]);
    history = Buffer.concat([history, data]);
  };
  const matched = (first: number, more: number): void => {
    endRun();
    for (let number = first; number <= first + more; number++) {
      const data = block(blocks, number);
      content = Buffer.concat([content, data]);
      if (keepsBlocks) history = Buffer.concat([history, data]);
    }
    last = first + more;
  };
  for (let at = start; ; ) {
    const flag = stream[at++]!;
    if (flag === 0) {
      endRun();
      return { content, end: at };
    }
    if (flag >= 0xc0) {
      matched(last + (flag & 0x3f), stream.readUInt16LE(at));
      at += 2;
    } else if (flag >= 0x80) matched(last + (flag & 0x3f), 0);
    else if (flag >= 0x40) {
      const length = ((flag & 0x3f) << 8) + stream[at++]!;
      run.push(stream.subarray(at, at + length));
      at += length;
    } else if (flag === 0x20) {
      matched(stream.readInt32LE(at), 0);
      at += 4;
    } else if (flag === 0x21) {
      matched(stream.readInt32LE(at), stream.readUInt16LE(at + 4));
      at += 6;
    } else throw new Error(`flag ${flag.toString(16)}`);
  }
}
