import { closeSync, readFileSync } from 'node:fs';
import { type ByteString, fromBuffer, toText } from '../core/bytes.ts';
import { EXIT, isRsyncError, protocolError, RsyncError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { errnoText } from '../files/errors.ts';
import { type Places, splitPath } from '../files/places.ts';
import { splitRuleFile } from '../filter/rule-items.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import { NameListReader, nameListPieces, splitNameList } from '../protocol/files-from.ts';
import { FilterListReader } from '../protocol/filter-list.ts';
import { Demux, readFrame } from '../protocol/mux.ts';
import { NEED_MORE, Reader } from '../protocol/reader.ts';
import type { RoleContext } from '../roles/context.ts';

/** The names of `--files-from`: where they are read, and how they get to the sender. docs/protocol/2-file-list.md, 1.5. */

/**
 * The names in the list file, if it is this process that reads it.
 * @param role  a sender skips comments, and what is behind a NUL in a line; a receiver forwards it all
 * @throws RsyncError RSYNC_FILE_IO, exit 1
 */
export function readNameList(
  options: TransferOptions,
  places: Places,
  role: 'sender' | 'receiver',
): ByteString[] | undefined {
  const { filesFrom, from0 } = options;
  if (filesFrom?.at !== 'here') return undefined;
  const { file } = filesFrom;
  try {
    const content = file === '-' ? readFileSync(0) : readPlace(places, file);
    if (role === 'receiver') return splitNameList(content, from0);
    return splitRuleFile(fromBuffer(content), from0 ? 'nul' : 'lines').map(({ text }) => text);
  } catch (error) {
    const reason = isRsyncError(error) ? error.message : errnoText(error);
    throw new RsyncError('RSYNC_FILE_IO', `failed to open files-from file ${toText(file)}: ${reason}`, {
      exitCode: EXIT.SYNTAX,
      origin: 'local',
      path: toText(file),
      cause: error,
    });
  }
}

function readPlace(places: Places, path: ByteString): Uint8Array {
  const { directory, base } = splitPath(path);
  const { root, prefix } = places.openSource(directory);
  try {
    const fd = root.openRead(prefix + base, true);
    try {
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  } finally {
    root.close();
  }
}

/** True if the names come, or go, outside of all frames although the direction is framed. */
function isRaw({ negotiated }: RoleContext): boolean {
  return negotiated.protocol < 31;
}

/** Sends the names while the file list is read: a sender may answer each of them before it takes the next one. */
export async function forwardNames(ctx: RoleContext, names: readonly ByteString[]): Promise<void> {
  const { wire } = ctx;
  const outside = wire.isOutputFramed && isRaw(ctx);
  const fitting = names.filter((name) => {
    if (name.length <= LIMITS.NAME_LENGTH) return true;
    // A part of it would be the name of something else.
    ctx.error(`rsync: [${ctx.isServer ? 'server' : 'client'}] name is too long: ${name.slice(0, 60)}...`);
    return false;
  });
  for (const piece of nameListPieces(fitting)) {
    if (outside) wire.sendRaw(piece);
    else wire.writer.bytes(piece);
    wire.flush();
    if (wire.isFull) await wire.drain();
  }
}

/** A sender's input stays unframed until the names have come. */
export function expectsRawNames(ctx: RoleContext): boolean {
  return ctx.options.filesFrom?.at === 'peer' && isRaw(ctx);
}

/** The names that the other end reads from its disk. Frames the input behind raw ones. */
export async function receiveNames(ctx: RoleContext): Promise<ByteString[]> {
  const { wire, negotiated } = ctx;
  const list = new NameListReader();
  while (!(await wire.read((r) => list.next(r))));
  if (expectsRawNames(ctx) && (!ctx.isServer || negotiated.framesClient))
    wire.frameInput(negotiated.protocol);
  return list.names;
}

/** The filter list of a stream whose frames stop behind it: they are taken one by one, so that nothing is taken as one. */
export async function readFramedRules(ctx: RoleContext): Promise<ByteString[]> {
  const { wire, negotiated } = ctx;
  const list = new FilterListReader();
  let rest = Buffer.alloc(0);
  const demux = new Demux(negotiated.protocol, {
    data: (bytes) => {
      rest = Buffer.concat([rest, bytes]);
    },
    message: (code, payload) => wire.onMessage(code, payload),
  });
  for (;;) {
    demux.feed(await wire.read(readFrame));
    const reader = new Reader(rest);
    try {
      while (!list.next(reader));
      if (reader.remaining > 0)
        throw protocolError('data between the filter list and the names of --files-from');
      return list.texts;
    } catch (error) {
      if (error !== NEED_MORE) throw error;
    }
    rest = rest.subarray(reader.pos);
  }
}

/** As a RequestedNames takes them: what a sender makes of a name of the list. */
export function cleanListName(name: ByteString): ByteString {
  const kept: ByteString[] = [];
  for (const component of name.split('/')) {
    if (component === '..') {
      while (kept.pop() === '.');
    } else if (component !== '') kept.push(component);
  }
  const isContent = /(^|\/)\.{0,2}$/.test(name) && kept.length > 0 && kept.at(-1) !== '.';
  return kept.length === 0 ? '.' : kept.join('/') + (isContent ? '/' : '');
}
