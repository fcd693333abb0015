/**
 * How much two file names have in common, docs/protocol/3-transfer.md, 3.6: what `--fuzzy` goes by where neither size nor
 * time tells.
 */
import type { ByteString } from '../core/bytes.ts';

/** What one edit costs; below it, how far apart the bytes are. */
const UNIT = 0x10000;

/** Names farther apart than this have nothing in common. */
export const FARTHEST = 25 * UNIT;

/** An extension counts more than the rest of a name. */
const SUFFIX_WEIGHT = 10;

/**
 * @param most  a distance that is of no use any more
 * @returns the distance of `name` from `target`; above `most` any number above it
 */
export function nameDistance(
  target: { name: ByteString; suffix: ByteString },
  name: ByteString,
  most: number,
): number {
  if (Math.abs(target.name.length - name.length) * UNIT > most) return most + 1;
  const own = editDistance(name, target.name);
  return own > most ? own : own + SUFFIX_WEIGHT * editDistance(nameSuffix(name), target.suffix);
}

/** Levenshtein's, with a weight for each edit. */
export function editDistance(a: ByteString, b: ByteString): number {
  let before = new Float64Array(b.length + 1);
  let row = new Float64Array(b.length + 1);
  for (let j = 1; j <= b.length; j++) before[j] = before[j - 1]! + UNIT + b.charCodeAt(j - 1);
  for (let i = 1; i <= a.length; i++) {
    const own = a.charCodeAt(i - 1);
    row[0] = before[0]! + UNIT + own;
    for (let j = 1; j <= b.length; j++) {
      const other = b.charCodeAt(j - 1);
      const substitution = before[j - 1]! + (own === other ? 0 : UNIT + Math.abs(own - other));
      const deletion = before[j]! + UNIT + own;
      const insertion = row[j - 1]! + UNIT + other;
      row[j] = Math.min(substitution, deletion, insertion);
    }
    [before, row] = [row, before];
  }
  return before[b.length]!;
}

/** Endings that say that a file is an older form of another. */
const OLD_FORM = /^\.(?:bak|old|orig|~\d+)$/;

/** The last `.ext` that says what kind of file it is, with its dot; '' if none does. */
export function nameSuffix(name: ByteString): ByteString {
  const start = name.length - name.replace(/^\.+/, '').length;
  let end = name.endsWith('~') ? name.length - 1 : name.length;
  let numeric = '';
  for (;;) {
    const dot = name.lastIndexOf('.', end - 1);
    if (dot <= start) return numeric;
    const suffix = name.slice(dot, end);
    end = dot;
    if (OLD_FORM.test(suffix) || suffix === '.') continue;
    if (!/^\.\d+$/.test(suffix)) return suffix;
    if (numeric === '') numeric = suffix;
  }
}
