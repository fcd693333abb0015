import { type ByteString, fromBuffer, toText } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import {
  type FilterRule,
  type MergeRule,
  matchRule,
  type ParsedRule,
  parseOldStyleRule,
  parseRule,
  requireSupported,
} from './rule.ts';
import { type RuleSource, ruleError } from './rule-source.ts';

/**
 * Rules out of files, docs/protocol/4-filters-and-options.md, A.4. Nothing here opens a file: the content comes from
 * a callback.
 */

/**
 * The bytes of a rule file, by its name as written (`-`: standard input, to its end). Throws an RsyncError with
 * exit 11 if there is none.
 */
export type ReadRuleFile = (name: ByteString) => Uint8Array;

/** Rule files that may be open inside each other. */
export const MAX_RULE_FILE_DEPTH = 32;

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

/** Receives rules one after another; the list is what is left after clear rules, A.4. */
export class RuleCollector {
  readonly rules: FilterRule[] = [];
  private readonly readFile: ReadRuleFile;
  private depth = 0;

  constructor(readFile: ReadRuleFile) {
    this.readFile = readFile;
  }

  /** Takes what a parser made of `text`; merge files are read here and now. Throws exit 4 for unsupported rules. */
  add(rule: ParsedRule | undefined, text: ByteString, source: RuleSource, from0: boolean): void {
    if (rule === undefined) return;
    requireSupported(rule, text, source);
    if (rule.kind === 'match') this.rules.push(rule);
    else if (rule.kind === 'clear') this.rules.length = 0;
    else this.merge(rule, from0);
  }

  /** `--exclude-from`, `--include-from`. */
  addOldStyleFile(file: ByteString, include: boolean, from0: boolean): void {
    this.open(file, from0 ? 'nul' : 'lines', from0, (text, source) => {
      this.add(parseOldStyleRule(text, include, source), text, source, from0);
    });
  }

  private merge(merge: MergeRule, from0: boolean): void {
    const { file, itemAction, absolute, perishable, sender, receiver } = merge;
    if (merge.excludeSelf) this.rules.push(matchRule(file.slice(file.lastIndexOf('/') + 1)));
    this.open(file, merge.wordSplit ? 'words' : from0 ? 'nul' : 'lines', from0, (text, source) => {
      const inherited = { absolute, perishable, sender, receiver };
      const item =
        itemAction === undefined
          ? inherit(merge, parseRule(text, source), text, source)
          : matchRule(text, { include: itemAction === 'include', ...inherited });
      this.add(item, text, source, from0);
    });
  }

  private open(
    file: ByteString,
    format: RuleFileFormat,
    from0: boolean,
    each: (text: ByteString, source: RuleSource) => void,
  ): void {
    if (this.depth === MAX_RULE_FILE_DEPTH) {
      throw new RsyncError('RSYNC_LIMIT', `filter files are nested too deeply: ${toText(file)}`, {
        exitCode: EXIT.FILEIO,
        origin: 'local',
        path: toText(file),
        hint: `At most ${MAX_RULE_FILE_DEPTH} merge files may include one another; does one include itself?`,
      });
    }
    this.depth++;
    for (const { text, line } of splitRuleFile(fromBuffer(this.readFile(file)), format, from0)) {
      each(text, { kind: 'file', file, line });
    }
    this.depth--;
  }
}

/** An item with the modifiers that its merge rule hands down. */
function inherit(
  merge: MergeRule,
  item: ParsedRule | undefined,
  text: ByteString,
  source: RuleSource,
): ParsedRule | undefined {
  if (item === undefined || item.kind === 'clear') return item;
  const mergeHasSide = merge.sender || merge.receiver;
  if (mergeHasSide && (item.sender || item.receiver)) {
    throw ruleError('specified-side merge file contains specified-side filter', text, source);
  }
  return {
    ...item,
    absolute: item.absolute || merge.absolute,
    perishable: item.perishable || merge.perishable,
    sender: item.sender || merge.sender,
    receiver: item.receiver || merge.receiver,
  };
}
