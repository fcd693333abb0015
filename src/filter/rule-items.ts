import type { ByteString } from '../core/bytes.ts';

/** How the text of a rule file is cut into items: docs/protocol/4-filters-and-options.md, A.4. */

/** How a file is cut into items. `nul`: after `-0`. */
export type RuleFileFormat = 'lines' | 'words' | 'nul';

export interface RuleItem {
  text: ByteString;
  /** Counts from 1; undefined unless the format is `lines`. */
  line: number | undefined;
}

/** The items of a rule file, empty ones and comments left out. */
export function splitRuleFile(content: ByteString, format: RuleFileFormat, from0 = false): RuleItem[] {
  if (format === 'words') {
    const words = content.split(from0 ? /[ \t-\r\0]+/ : /[ \t-\r]+/).map(untilNul);
    return words.filter((text) => text !== '').map((text) => ({ text, line: undefined }));
  }
  const items: RuleItem[] = [];
  const texts = format === 'nul' ? content.split('\0') : content.split(/\r\n|\r|\n/).map(untilNul);
  for (const [index, text] of texts.entries()) {
    if (text === '' || text[0] === '#' || text[0] === ';') continue;
    items.push({ text, line: format === 'lines' ? index + 1 : undefined });
  }
  return items;
}

function untilNul(text: ByteString): ByteString {
  const nul = text.indexOf('\0');
  return nul < 0 ? text : text.slice(0, nul);
}
