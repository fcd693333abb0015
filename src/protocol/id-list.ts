/**
 * Lists of user and group names, without incremental recursion: docs/protocol/2-file-list.md, 3.2.
 *
 *   id-list := item* (varint30 0) [byte length, name of id 0]     the last only with ID0_NAMES
 *   item    := varint30 id (not 0), byte length, name
 *
 * After the end of the list: the uid list with -o, then the gid list with -g; nothing with --numeric-ids.
 */
import { type ByteString, fromBuffer } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { NEED_MORE, type Reader } from './reader.ts';
import type { Writer } from './writer.ts';

export interface IdListContext {
  /** 29 to 32. */
  protocol: number;
  /** Compat flag 0x100: the name of id 0 follows the terminator. */
  id0Names: boolean;
}

/** Items of one list. A list holds the ids of one transfer's owners: far fewer in any real tree. */
export const MAX_IDS = 1 << 20;

const MAX_NAME = 255;

/** Reads one list; make a new one for each. */
export class IdListReader {
  /** Names by id as they have come; id 0 only with ID0_NAMES; '' is "has no name". */
  readonly names = new Map<number, ByteString>();
  private readonly ctx: IdListContext;
  private terminated = false;

  constructor(ctx: IdListContext) {
    this.ctx = ctx;
  }

  /**
   * Reads as many items as `reader` holds. True at the end of the list; false when more bytes are needed: call again
   * then, `reader` stands at the first item that has not been read.
   * @throws RsyncError (exit 22) for more than `MAX_IDS` items
   */
  read(reader: Reader): boolean {
    let start = reader.pos;
    try {
      while (!this.terminated) {
        const id = (this.ctx.protocol >= 30 ? reader.varint() : reader.int()) >>> 0;
        if (id === 0) this.terminated = true;
        else this.set(id, readName(reader));
        start = reader.pos;
      }
      if (this.ctx.id0Names && !this.names.has(0)) this.names.set(0, readName(reader));
      return true;
    } catch (error) {
      if (error !== NEED_MORE) throw error;
      reader.pos = start;
      return false;
    }
  }

  private set(id: number, name: ByteString): void {
    if (this.names.size >= MAX_IDS) {
      throw new RsyncError('RSYNC_LIMIT', `id list of more than ${MAX_IDS} items`, {
        exitCode: EXIT.MALLOC,
        origin: 'remote',
      });
    }
    this.names.set(id, name);
  }
}

/**
 * Writes one list: every id that has a name, in the order given; an entry for id 0 gives the name after the
 * terminator (none: length 0). Names over 255 bytes do not fit and are left out.
 */
export function writeIdList(
  writer: Writer,
  ctx: IdListContext,
  names: Iterable<readonly [number, ByteString]>,
): void {
  let zero: ByteString = '';
  for (const [id, name] of names) {
    if (name.length > MAX_NAME) continue;
    if (id === 0) {
      zero = name;
    } else if (name !== '') {
      writeId(writer, ctx, id);
      writeName(writer, name);
    }
  }
  writeId(writer, ctx, 0);
  if (ctx.id0Names) writeName(writer, zero);
}

function writeId(writer: Writer, ctx: IdListContext, id: number): void {
  if (ctx.protocol >= 30) writer.varint(id);
  else writer.int(id);
}

function writeName(writer: Writer, name: ByteString): void {
  writer.byte(name.length);
  writer.text(name);
}

function readName(reader: Reader): ByteString {
  return fromBuffer(reader.view(reader.byte()));
}
