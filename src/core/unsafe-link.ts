import type { ByteString } from './bytes.ts';

/**
 * True if a symlink may lead out of the transfer: docs/protocol/2-file-list.md, 10.3.
 * @param target  where it points
 * @param name    the symlink itself, relative to the root of the transfer
 */
export function isUnsafeLink(target: ByteString, name: ByteString): boolean {
  if (target === '' || target.startsWith('/')) return true;
  // A `..` behind anything but others of its kind goes up from a place that may itself be a symlink.
  if (/\/\.\.(\/|$)/.test(target.replace(/^(\.\.\/+)+/, ''))) return true;
  // As rsync since 3.4.0 has it, also behind nothing but others: `../..`, but not `../../`.
  if (target.endsWith('/..')) return true;
  let depth = 0;
  for (const component of name.split('/').slice(0, -1)) {
    if (component === '..') depth = 0;
    else if (component !== '' && component !== '.') depth++;
  }
  for (const component of target.split('/')) {
    if (component === '' || component === '.') continue;
    if (component !== '..') depth++;
    else if (--depth < 0) return true;
  }
  return false;
}
