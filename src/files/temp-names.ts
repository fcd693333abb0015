import { randomFillSync } from 'node:crypto';
import type { ByteString } from '../core/bytes.ts';

/** Bytes in one component of a path on every usual file system. */
const NAME_MAX = 255;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const SUFFIX_LENGTH = 6;

/** `beside`: in the directory of the target, hidden by a leading dot. `temp-dir`: in `--temp-dir`, without the dot. */
export type TempKind = 'beside' | 'temp-dir';

/**
 * The name of a temporary file, docs/protocol/3-transfer.md, 4.2: `.NAME.SUFFIX`. A leading dot of NAME is not doubled;
 * NAME is cut so that the whole fits in 255 bytes, at the border of a UTF-8 character, and without a dot at the cut.
 * @param name    last component of the target
 * @param suffix  6 random characters, or a decimal number for symlinks, nodes and hard links
 */
export function tempName(name: ByteString, suffix: ByteString, kind: TempKind = 'beside'): ByteString {
  const stem = name.startsWith('.') ? name.slice(1) : name;
  const dot = kind === 'beside' ? '.' : '';
  const room = NAME_MAX - dot.length - 1 - suffix.length;
  return `${dot}${cut(stem, room)}.${suffix}`;
}

function cut(stem: ByteString, room: number): ByteString {
  if (stem.length <= room) return stem;
  let end = room;
  while (end > 0 && stem.charCodeAt(end - 1) >= 0x80) end--;
  // A name without any ASCII byte would shrink to nothing: then bytes are cut where they fall.
  if (end === 0) end = room;
  if (end > 1 && stem.charCodeAt(end - 1) === 0x2e) end--;
  return stem.slice(0, end);
}

const pool = new Uint8Array(1024);
let used = pool.length;

/** Six random characters of `A-Za-z0-9`. */
export function randomSuffix(): ByteString {
  let suffix = '';
  while (suffix.length < SUFFIX_LENGTH) {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    const byte = pool[used++]!;
    // 248 = 4 * 62: no character is more likely than another.
    if (byte < 248) suffix += ALPHABET[byte % 62];
  }
  return suffix;
}
