import type { ByteString } from '../core/bytes.ts';

/**
 * Absolute paths of rule files and their directories: normal ones, with `/` between components, and on Windows with a
 * drive or a share in front.
 */

const VOLUME = /^(?:[A-Za-z]:|\/\/[^/]+\/[^/]+)/;

/** `path` from the directory `base`, which is absolute, without `.` and `..`; one that begins with `/` is absolute. */
export function resolvePath(base: ByteString, path: ByteString): ByteString {
  const volume = VOLUME.exec(base)?.[0] ?? '';
  const whole = path.startsWith('/') ? path : `${base.slice(volume.length)}/${path}`;
  const kept: ByteString[] = [];
  for (const component of whole.split('/')) {
    if (component === '..') kept.pop();
    else if (component !== '' && component !== '.') kept.push(component);
  }
  return `${volume}/${kept.join('/')}`;
}

/** The directory that something is in; the top is in itself. */
export function directoryOf(path: ByteString): ByteString {
  return resolvePath(path, '..');
}

/** Whether `directory` is `path` or above it. */
export function isAtOrAbove(directory: ByteString, path: ByteString): boolean {
  if (directory === path) return true;
  return path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}

/** `a/b/c`: `a`, `a/b`, `a/b/c`; the root is alone. */
export function ancestors(name: ByteString): ByteString[] {
  if (name === '') return [''];
  const found: ByteString[] = [];
  for (let slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
    if (slash > 0) found.push(name.slice(0, slash));
  }
  found.push(name);
  return found;
}
