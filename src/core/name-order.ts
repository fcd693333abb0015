/**
 * The order of names: docs/protocol/2-file-list.md, 4.1. A name becomes a key whose plain byte order is that order:
 *
 *   key       := ( 0x02 name '/' )* last
 *   last      := 0x00                    a directory entry whose last component is `.`
 *              | 0x01 name               anything that is not a directory
 *              | 0x02 name '/'           a directory
 *
 * The first byte of a component decides between kinds (files before directories), `/` closes a directory's name so
 * that `a.b` comes before `a`, and the key of a directory is a prefix of the keys of its contents.
 */
import type { ByteString } from './bytes.ts';

/** Key of a directory, from its name: what the keys of its contents start with. '' is the root of the transfer. */
export function directoryKey(dirname: ByteString): string {
  if (dirname === '') return '';
  if (dirname === '/') return '\x02/';
  return `\x02${dirname.replaceAll('/', '/\x02')}/`;
}

/** Key of an entry, from its full name. */
export function nameKey(name: ByteString, isDirectory: boolean): string {
  const slash = name.lastIndexOf('/');
  const basename = name.slice(slash + 1);
  const prefix = slash < 0 ? '' : directoryKey(slash === 0 ? '/' : name.slice(0, slash));
  if (!isDirectory) return `${prefix}\x01${basename}`;
  return basename === '.' ? `${prefix}\0` : `${prefix}\x02${basename}/`;
}

/** Compares two full names as both ends sort them: negative, 0 (same name and kind) or positive. */
export function compareNames(a: ByteString, aIsDir: boolean, b: ByteString, bIsDir: boolean): number {
  const keyA = nameKey(a, aIsDir);
  const keyB = nameKey(b, bIsDir);
  return keyA < keyB ? -1 : keyA > keyB ? 1 : 0;
}
