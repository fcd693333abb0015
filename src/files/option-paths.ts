import { win32 } from 'node:path';
import { type ByteString, toText } from '../core/bytes.ts';
import { type Places, splitPath } from './places.ts';
import { platform } from './platform/index.ts';
import type { Root } from './root.ts';

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
 * The name that a path has below the destination, by its text; undefined: it is elsewhere. What is there may come from the
 * peer: it is to be reached through the root of the destination, which follows no symlink.
 */
export function nameBelow(places: Places, destination: ByteString, path: ByteString): ByteString | undefined {
  const above = places.display(destination);
  const own = places.display(path);
  const prefix = above.endsWith('/') ? above : `${above}/`;
  return own.length > prefix.length && own.startsWith(prefix) ? own.slice(prefix.length) : undefined;
}

/** There, and no symlink on the way to it. */
export function isOwnDirectory(root: Root, name: ByteString): boolean {
  try {
    return root.lstat(name)?.isDirectory === true;
  } catch {
    return false;
  }
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
