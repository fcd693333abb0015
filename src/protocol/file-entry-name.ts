/** Checks of an entry's name on arrival: docs/protocol/2-file-list.md, 2.5, rules 3 and 5 to 8. */
import { type ByteString, fromBuffer } from '../core/bytes.ts';
import { EXIT, protocolError, RsyncError } from '../core/errors.ts';

const SLASH = 0x2f;
const DOT = 0x2e;

/**
 * Copies `name[0..length)` to `out` without doubled slashes, `./` components and trailing slash; returns the length.
 * A last component `.` stays: it sorts in its own way. `out` must hold `length` + 2 bytes.
 * @throws RsyncError exit 4 for a `..` component, and for a leading slash unless `relative`; exit 2 for a NUL
 */
export function cleanName(name: Uint8Array, length: number, out: Uint8Array, relative: boolean): number {
  let at = 0;
  if (name[0] === SLASH) {
    if (!relative) throw unsafeName('absolute name', name, length);
    out[at++] = SLASH;
  }
  for (let i = 0; i < length; i++) {
    const start = i;
    for (; i < length; i++) {
      const byte = name[i]!;
      if (byte === SLASH) break;
      if (byte === 0) throw protocolError('NUL byte in a name of the file list');
    }
    const size = i - start;
    if (size === 0) continue;
    if (size === 1 && name[start] === DOT && i < length) continue;
    if (size === 2 && name[start] === DOT && name[start + 1] === DOT) {
      throw unsafeName('`..` in a name', name, length);
    }
    if (at > 0 && out[at - 1] !== SLASH) out[at++] = SLASH;
    for (let from = start; from < i; ) out[at++] = name[from++]!;
  }
  // Nothing left: the name was made of `./` and slashes, which is the root.
  if (at === 0 || (at === 1 && out[0] === SLASH)) out[at++] = DOT;
  return at;
}

/** Length of the directory part of a clean name, without the slash that ends it; -1 if there is none. */
export function directoryLength(name: Uint8Array, length: number): number {
  let slash = length - 1;
  while (slash >= 0 && name[slash] !== SLASH) slash--;
  return slash;
}

/** True if the last component of a clean name is `.`. */
export function endsInDot(name: Uint8Array, length: number): boolean {
  return name[length - 1] === DOT && (length === 1 || name[length - 2] === SLASH);
}

/** Directories above a name. */
export function depthOf(name: Uint8Array, length: number): number {
  let depth = 0;
  for (let i = 0; i < length; i++) if (name[i] === SLASH) depth++;
  return depth;
}

/**
 * Under incremental recursion a name must lie directly in the directory that its list was announced for.
 * @throws RsyncError exit 4
 */
export function checkDirectory(name: Uint8Array, length: number, dirName: ByteString): void {
  const from = name[0] === SLASH ? 1 : 0;
  const size = Math.max(directoryLength(name, length) - from, 0);
  let same = size === dirName.length;
  for (let c = size - 1; same && c >= 0; c--) same = name[from + c] === dirName.charCodeAt(c);
  if (!same) throw unsafeName(`name outside the directory \`${dirName}\` of its list`, name, length);
}

function unsafeName(what: string, name: Uint8Array, length: number): RsyncError {
  return new RsyncError('RSYNC_UNSAFE_PATH', `the sender's file list has ${what}`, {
    exitCode: EXIT.UNSUPPORTED,
    origin: 'remote',
    path: fromBuffer(name, 0, length),
  });
}
