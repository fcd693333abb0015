import { win32 } from 'node:path';
import { type ByteString, toText } from '../core/bytes.ts';
import { type Places, splitPath } from './places.ts';
import { platform } from './platform/index.ts';

/** With `/` between components, whatever the platform's own form is. */
function plain(path: ByteString): ByteString {
  return platform.isWindows ? path.replaceAll('\\', '/') : path;
}

/** True if a path that an option names does not start at the destination. */
export function isAbsolutePath(path: ByteString): boolean {
  return plain(path).startsWith('/') || (platform.isWindows && win32.isAbsolute(toText(path)));
}

/**
 * The path of a directory that an option names: relative ones start at the destination.
 * @param destination  the directory of the destination, as Places takes it
 */
export function optionPath(destination: ByteString, path: ByteString): ByteString {
  const own = plain(path);
  if (isAbsolutePath(own)) return own;
  if (destination === '' || destination === '.') return own === '' ? '.' : own;
  return destination.endsWith('/') ? destination + own : `${destination}/${own}`;
}

/**
 * Makes a directory and those above it that are missing.
 * @returns true if it was made
 * @throws ErrnoException, or RSYNC_UNSAFE_PATH
 */
export function makeDirectories(places: Places, path: ByteString): boolean {
  const own = path.replace(/(?<=[^/])\/+$/, '');
  if (places.stat(own) !== undefined) return false;
  const { directory } = splitPath(own);
  if (directory !== own) makeDirectories(places, directory);
  places.mkdir(own);
  return true;
}
