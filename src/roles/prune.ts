import type { ByteString } from '../core/bytes.ts';
import { ENTRY, type FileList } from '../core/file-list.ts';

/**
 * `-m`: marks DEAD every directory of a whole list with nothing but directories below it, docs/protocol/2-file-list.md,
 * 4.2. The root itself stays.
 * @param protects  true for a directory that the receiver's own rules keep: it stays, and keeps those above it
 */
export function pruneEmptyDirectories(list: FileList, protects: (name: ByteString) => boolean): void {
  const full = new Set<ByteString>();
  // A directory is followed by what is in it.
  for (let position = list.count - 1; position >= 0; position--) {
    const i = list.at(position);
    if (list.isDead(i)) continue;
    const name = list.name(i);
    if (name === '.') continue;
    if (list.isDirectory(i) && !full.has(name) && !protects(name)) list.setFlags(i, ENTRY.DEAD);
    else full.add(list.dirname(i));
  }
}
