import { type ByteString, fromText } from '../../core/bytes.ts';

/**
 * The name of the version that lost: `NAME.conflict-YYYYMMDD-HHMMSS-HOST.EXT`, in UTC, so that it opens with the same
 * program and tells when and where it was made. The default filter leaves these names out (`CONFLICT_PATTERN`).
 */

/** An exclude pattern of rsync that matches every such name, with a number or without. */
export const CONFLICT_PATTERN =
  '*.conflict-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]-[0-9][0-9][0-9][0-9][0-9][0-9]-*';

/** Bytes of one component. */
const NAME_MAX = 255;
const HOST_MAX = 40;
/** A longer one is no extension but part of a name that has dots. */
const EXTENSION_MAX = 16;

/**
 * @param path   whose version is put aside
 * @param host   text; what Windows can not have in a name becomes `-`
 * @param taken  is there such a path, or will there be? Asked until one is free
 */
export function conflictName(
  path: ByteString,
  at: Date,
  host: string,
  taken: (path: ByteString) => boolean,
): ByteString {
  const slash = path.lastIndexOf('/') + 1;
  const folder = path.slice(0, slash);
  const name = path.slice(slash);
  const extension = extensionOf(name);
  const stem = name.slice(0, name.length - extension.length);
  const mark = `.conflict-${stamp(at)}-${safeHost(host)}`;
  for (let k = 1; ; k++) {
    const tail = `${mark}${k === 1 ? '' : `-${k}`}${extension}`;
    const found = folder + cut(stem, NAME_MAX - tail.length) + tail;
    if (!taken(found)) return found;
  }
}

/** With its dot; '' if there is none. `.bashrc` has none, and `a.tar.gz` keeps both. */
function extensionOf(name: ByteString): ByteString {
  const found = /[^.](\.tar\.[^./]+|\.[^./ ]+)$/.exec(name)?.[1] ?? '';
  return found.length > EXTENSION_MAX ? '' : found;
}

function stamp(at: Date): string {
  const digits = at.toISOString().replace(/[-:]/g, '');
  return `${digits.slice(0, 8)}-${digits.slice(9, 15)}`;
}

function safeHost(host: string): ByteString {
  // The first label tells one machine from the other.
  const label = host.split('.')[0]!.replace(/[^\p{L}\p{N}_-]/gu, '-');
  return cut(fromText(label), HOST_MAX) || 'host';
}

/** Cut at the border of a UTF-8 character. */
function cut(text: ByteString, room: number): ByteString {
  if (text.length <= room) return text;
  let end = room;
  while (end > 0 && (text.charCodeAt(end) & 0xc0) === 0x80) end--;
  return text.slice(0, end === 0 ? room : end);
}
