import { type ByteString, fromText, isAscii, toText } from '../../core/bytes.ts';

/** What a file system takes for the same name. `doctor` finds it out; Linux folds nothing, macOS and Windows case. */
export interface Folding {
  /** `README` and `readme` are one name. */
  case: boolean;
  /** `é` in one character or in two is one name (macOS). */
  unicode: boolean;
}

export const NO_FOLDING: Folding = { case: false, unicode: false };

/** What the file systems of a system do unless somebody has chosen another one. */
export function usualFolding(system: NodeJS.Platform): Folding {
  if (system === 'darwin') return { case: true, unicode: true };
  return { case: system === 'win32', unicode: false };
}

/** Two paths with the same result are one on a file system that folds so. Names that are not UTF-8 are left as they are. */
export function foldPath(path: ByteString, folding: Folding): ByteString {
  if (isAscii(path)) return folding.case ? path.toLowerCase() : path;
  const text = toText(path);
  if (text.includes('\ufffd') && fromText(text) !== path) return path;
  const normal = folding.unicode ? text.normalize('NFC') : text;
  // Upper case first: ß and ẞ, σ and ς are one name to such file systems, or may be.
  const folded = folding.case ? normal.toUpperCase().toLowerCase() : normal;
  return fromText(folding.unicode ? folded.normalize('NFC') : folded);
}

export function folds(folding: Folding): boolean {
  return folding.case || folding.unicode;
}
