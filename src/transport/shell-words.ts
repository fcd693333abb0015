import { usageError } from '../core/errors.ts';

/**
 * Splits the text of `-e`/`--rsh` into words (docs/protocol/4-filters-and-options.md, E.1): only the space character
 * separates; `'` and `"` group, also in the middle of a word; inside a group the same quote doubled stands for
 * itself; a backslash is an ordinary character.
 *
 * @throws RsyncError RSYNC_USAGE (exit 1) if a quote is not closed.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (quote !== undefined) {
      if (char !== quote) word = (word ?? '') + char;
      else if (text[i + 1] === quote) word = (word ?? '') + text[i++];
      else quote = undefined;
    } else if (char === "'" || char === '"') {
      quote = char;
      // An empty pair of quotes is an empty word.
      word ??= '';
    } else if (char === ' ') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== undefined) {
    throw usageError(
      `missing trailing ${quote} in the remote shell command: ${text}`,
      'Close the quote after -e.',
    );
  }
  if (word !== undefined) words.push(word);
  return words;
}
