import { NEED_MORE, Reader } from '../../src/protocol/reader.ts';
import { TOKEN, type TokenReader } from '../../src/protocol/token.ts';

/** What a file is made of: literal bytes, or the number of a block. */
export type Part = Uint8Array | number;

export interface Decoded {
  parts: Part[];
  /** Bytes of the stream that were used; the file's end was reached if `ended`. */
  used: number;
  ended: boolean;
}

export interface DecodeOptions {
  /** Content of every block. */
  blocks?: readonly Uint8Array[];
  blockCount?: number;
  /** How the stream comes: the sizes of the pieces, the rest in one. */
  pieces?: readonly number[];
  /** What the reader is told of matched blocks; default their content. */
  matched?: (block: number) => Uint8Array;
}

const EMPTY = new Uint8Array(0);

/**
 * Decodes one file. The bytes come in pieces; whatever was taken is overwritten before the next one comes, so that a
 * decoder that holds a view too long is found out.
 */
export function decodeFile(tokens: TokenReader, stream: Uint8Array, options: DecodeOptions = {}): Decoded {
  const { blocks = [], blockCount = blocks.length, pieces = [] } = options;
  const matched = options.matched ?? ((block) => blocks[block] ?? EMPTY);
  const storage = new Uint8Array(stream);
  const reader = new Reader(storage, 0, 0);
  const parts: Part[] = [];
  let next = 0;
  const feed = (): boolean => {
    if (reader.end === storage.length) return false;
    storage.fill(0xaa, 0, reader.pos);
    reader.end =
      next < pieces.length ? Math.min(reader.end + pieces[next++]!, storage.length) : storage.length;
    return true;
  };
  tokens.begin(blockCount);
  for (;;) {
    try {
      const kind = tokens.next(reader);
      if (kind === TOKEN.END) return { parts: joined(parts), used: reader.pos, ended: true };
      if (kind === TOKEN.LITERAL) {
        parts.push(tokens.data.slice());
      } else {
        for (let i = 0; i < tokens.run; i++) {
          parts.push(tokens.block + i);
          tokens.matched(matched(tokens.block + i));
        }
      }
    } catch (error) {
      if (error !== NEED_MORE) throw error;
      if (!feed()) return { parts: joined(parts), used: reader.pos, ended: false };
    }
  }
}

/** The file itself. */
export function assemble(parts: readonly Part[], blocks: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'number' ? blocks[part]! : part)));
}

/** Literals that follow one another become one: where they are cut is nobody's business. */
export function joined(parts: readonly Part[]): Part[] {
  const result: Part[] = [];
  let run: Uint8Array[] = [];
  const close = () => {
    const bytes = new Uint8Array(Buffer.concat(run));
    if (bytes.length > 0) result.push(bytes);
    run = [];
  };
  for (const part of parts) {
    if (typeof part === 'number') {
      close();
      result.push(part);
    } else {
      run.push(part);
    }
  }
  close();
  return result;
}

/** Deterministic bytes: `kind` text compresses, noise does not. */
export function sample(kind: 'text' | 'noise', length: number, seed = 1): Uint8Array {
  const words = ['alpha ', 'bravo ', 'charlie ', 'delta\n', 'echo ', 'foxtrot '];
  const bytes = Buffer.alloc(length);
  let x = (seed * 2654435761) >>> 0 || 1;
  for (let at = 0; at < length; ) {
    x ^= (x << 13) >>> 0;
    x >>>= 0;
    x ^= x >>> 17;
    x ^= (x << 5) >>> 0;
    x >>>= 0;
    if (kind === 'noise') bytes[at++] = x >>> 8;
    else at += bytes.write(words[(x >>> 8) % words.length]!, at, 'latin1');
  }
  return new Uint8Array(bytes);
}
