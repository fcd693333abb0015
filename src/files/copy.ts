/** Copies of whole regular files into a temporary file of another tree: what a rename or a hard link could not do. */
import { writeSync } from 'node:fs';
import { type ByteString, toText } from '../core/bytes.ts';
import { applyAttributes } from './attributes.ts';
import { BasisFile } from './basis.ts';
import { CHUNK } from './buffers.ts';
import type { TempFile } from './cleanup.ts';
import { closeFile } from './close.ts';
import { fileError } from './errors.ts';
import { FileSource } from './reader.ts';
import type { Root } from './root.ts';
import type { Stat } from './stat.ts';
import { copyBySystem } from './system-copy.ts';
import { FileSink } from './writer.ts';

/** A file in one tree. */
export interface Located {
  root: Root;
  name: ByteString;
}

/** A finished copy that has no name of its own yet; the holder closes `fd`. */
export interface Copy {
  temp: TempFile;
  /** Of the original. */
  stat: Stat;
}

/**
 * Copies the content, no attributes, into a temporary file beside `to`.
 * @param options.sparse  runs of zeros become holes
 * @param options.fsync   it is on the disk before it gets its name
 * @param options.mode    what the copy is going to have; default: that of the original
 * @throws ErrnoException of an open; RsyncError RSYNC_FILE_IO of a read (exit 23) or a write (exit 11)
 */
export async function copyToTemp(
  from: Located,
  to: Located,
  { sparse = false, fsync = false, mode }: { sparse?: boolean; fsync?: boolean; mode?: number } = {},
): Promise<Copy> {
  const source = FileSource.open(from.root, from.name);
  let temp: TempFile | undefined;
  let sink: FileSink | undefined;
  try {
    temp = to.root.createTemp(to.name, source.stat.mode);
    const path = toText(to.root.display(temp.name));
    sink = new FileSink(temp.fd, { path, sparse, oldSize: 0 });
    const bySystem = !sparse && (await copyBySystem(source, temp.fd, mode ?? source.stat.mode));
    while (!bySystem) {
      const next = source.read();
      const chunk = next instanceof Promise ? await next : next;
      if (chunk === null) break;
      const full = sink.write(chunk);
      if (full !== undefined) await full;
    }
    const finished = sink.finish();
    if (finished !== undefined) await finished;
    if (fsync) await sink.fsync();
    if (source.missing > 0) {
      const cause = source.error ?? new Error('the file became shorter');
      throw fileError('read errors mapping', toText(from.root.display(from.name)), cause);
    }
    return { temp, stat: source.stat };
  } catch (error) {
    // Writes under way hold on to the descriptor.
    await sink?.abort();
    if (temp !== undefined) dropTemp(temp);
    throw error;
  } finally {
    source.close();
  }
}

/** As `copyToTemp`, in one go: for what has to be over when a call returns (an abort, a removal). */
export function copyToTempNow(from: Located, to: Located): Copy {
  const source = BasisFile.open(from.root, from.name);
  let temp: TempFile | undefined;
  try {
    temp = to.root.createTemp(to.name, source.stat.mode);
    for (let at = 0; at < source.size; ) {
      const data = source.read(at, Math.min(CHUNK, source.size - at));
      let written = 0;
      while (written < data.length) written += writeSync(temp.fd, data, written, data.length - written);
      at += data.length;
    }
    return { temp, stat: source.stat };
  } catch (error) {
    if (temp !== undefined) dropTemp(temp);
    throw error;
  } finally {
    source.close();
  }
}

/** Gives the copy the attributes of the original and its name; closes it. Throws an ErrnoException of the rename. */
export function nameCopy({ temp, stat }: Copy, name: ByteString): void {
  const { root } = temp;
  try {
    const { mode, uid, gid, mtime, mtimeNsec } = stat;
    // What cannot be kept of an owner is lost, as it is in any copy of an ordinary user.
    applyAttributes(root, temp.name, root.fstat(temp.fd), { mode, uid, gid, mtime, mtimeNsec }, temp.fd);
    closeFile(temp.fd);
    root.rename(temp.name, name);
  } catch (error) {
    removeTemp(temp);
    throw error;
  }
}

/** Closes and removes a temporary file that is of no use. */
function dropTemp(temp: TempFile): void {
  closeFile(temp.fd);
  removeTemp(temp);
}

/** Removes a temporary file that is of no use. */
export function removeTemp(temp: TempFile): void {
  try {
    temp.root.unlink(temp.name);
  } catch {
    // Already gone.
  }
}
