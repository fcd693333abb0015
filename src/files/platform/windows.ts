/**
 * What Windows does its own way. Names are UTF-16 there: a name is decoded as UTF-8, strictly, and refused if it can
 * not be kept or would mean something else than a file of that name. Pure, so that it is tested on every system.
 */

import { type ByteString, isAscii, toBuffer } from '../../core/bytes.ts';

const FORBIDDEN = /[<>"|?*\u0001-\u001f]/;
// Devices are devices with any extension, in any case, also with blanks before the dot; the superscript digits
// 1, 2, 3 count as digits.
const DEVICE =
  /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]) *(?:\.|$)/i;
const MAX_UNITS = 255;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as text; undefined if they are not UTF-8. */
export function windowsText(name: ByteString): string | undefined {
  if (isAscii(name)) return name;
  try {
    return strictUtf8.decode(toBuffer(name));
  } catch {
    return undefined;
  }
}

/** Why a component can not be a file name on Windows, or undefined. */
export function windowsNameFault(component: ByteString): string | undefined {
  if (component === '') return 'empty component';
  if (component === '.' || component === '..') return `"${component}" component`;
  if (component.includes('\0')) return 'NUL in the name';
  const text = windowsText(component);
  if (text === undefined) return 'not UTF-8: no such name on Windows';
  if (text.includes('\\')) return 'backslash: a path separator on Windows';
  if (text.includes(':')) return 'colon: a drive or an alternate stream on Windows';
  if (FORBIDDEN.test(text)) return 'a character that Windows does not allow in names';
  if (text.endsWith('.') || text.endsWith(' ')) return 'ends in a dot or a blank, which Windows drops';
  if (DEVICE.test(text)) return 'name of a device on Windows';
  if (text.length > MAX_UNITS) return 'longer than 255 characters';
  return undefined;
}

/** A path whose components were checked (or the user's own), with `/`, in the form that node:fs takes. */
export function windowsNativePath(path: ByteString): string {
  return (windowsText(path) ?? path).replaceAll('/', '\\');
}

/** Link targets as rsync has them: slashes, no `\\?\` prefix. */
export function windowsLinkTarget(target: ByteString): ByteString {
  return target.replace(/^\\\\\?\\/, '').replaceAll('\\', '/');
}

/**
 * Windows knows read-only or not; Node shows 0666 or 0444 for everything. What a file list carries is what a Unix
 * user would expect of new files: directories 0755, files 0644 or 0444.
 */
export function windowsMode(mode: number): number {
  const type = mode & ~0o7777;
  if (type === 0o040000) return type | 0o755;
  if (type === 0o120000) return type | 0o777;
  return type | ((mode & 0o200) === 0 ? 0o444 : 0o644);
}
