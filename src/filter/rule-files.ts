import { type ByteString, fromBuffer, toText } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { type CvsIgnores, cvsList } from './cvs.ts';
import {
  type DirMergeRule,
  type FilterRule,
  type MergeRule,
  matchRule,
  mergeFileName,
  type ParsedRule,
  parseOldStyleRule,
  parseRule,
  requireSupported,
} from './rule.ts';
import { type RuleFileFormat, splitRuleFile } from './rule-items.ts';
import { quoteRule, type RuleSource, ruleError } from './rule-source.ts';

/**
 * Rules out of files, docs/protocol/4-filters-and-options.md, A.4. Nothing here opens a file: the content comes from
 * a callback.
 */

/**
 * The bytes of a rule file, by its name as written (`-`: standard input, to its end). Throws an RsyncError with
 * exit 11 if there is none.
 */
export type ReadRuleFile = (name: ByteString) => Uint8Array;

/** Where a collector finds what rules name. */
export interface RuleSources {
  readFile: ReadRuleFile;
  /** For `-C`. */
  cvsIgnores: () => CvsIgnores;
}

/** Rule files that may be open inside each other. */
export const MAX_RULE_FILE_DEPTH = 32;

/** Receives rules one after another; the list is what is left after clear rules, A.4. */
export class RuleCollector {
  readonly rules: FilterRule[] = [];
  /** There was a clear rule: a list that this one is to stand in front of is forgotten too. */
  isCleared = false;
  private readonly sources: RuleSources;
  private depth = 0;

  constructor(sources: RuleSources) {
    this.sources = sources;
  }

  /** Takes what a parser made of `text`; merge files are read here and now. Throws exit 4 for unsupported rules. */
  add(rule: ParsedRule | undefined, text: ByteString, source: RuleSource, from0: boolean): void {
    if (rule === undefined) return;
    requireSupported(rule, text, source);
    switch (rule.kind) {
      case 'match':
        this.rules.push(rule);
        break;
      case 'clear':
        this.rules.length = 0;
        this.isCleared = true;
        break;
      case 'cvs':
        this.rules.push(cvsList(rule, this.sources.cvsIgnores()));
        break;
      case 'dir-merge':
        this.addDirMerge(rule);
        break;
      case 'merge':
        if (rule.excludeSelf) this.excludeFile(rule.file);
        this.addFile(rule, text, source, from0);
    }
  }

  /** `--exclude-from`, `--include-from`. */
  addOldStyleFile(file: ByteString, include: boolean, from0: boolean): void {
    const content = this.sources.readFile(file);
    for (const { text, line } of splitRuleFile(fromBuffer(content), from0 ? 'nul' : 'lines', from0)) {
      const source: RuleSource = { kind: 'file', file, line };
      this.add(parseOldStyleRule(text, include, source), text, source, from0);
    }
  }

  /** The items of a file, as its rule says that they are to be read. `file`: its name in messages. */
  addContent(
    rule: MergeRule | DirMergeRule,
    { file, content }: { file: ByteString; content: Uint8Array },
    from0: boolean,
  ): void {
    const { itemAction, absolute, perishable, sender, receiver } = rule;
    const format: RuleFileFormat = rule.wordSplit ? 'words' : from0 ? 'nul' : 'lines';
    for (const { text, line } of splitRuleFile(fromBuffer(content), format, from0)) {
      const source: RuleSource = { kind: 'file', file, line };
      const inherited = { absolute, perishable, sender, receiver };
      let item: ParsedRule | undefined;
      if (itemAction === undefined) item = inherit(rule, parseRule(text, source), text, source);
      else if (rule.cvs && text === '!') item = { kind: 'clear' };
      else item = matchRule(text, { include: itemAction === 'include', ...inherited });
      this.add(item, text, source, from0);
    }
  }

  /** A second one of the same name in a list does nothing, whatever its modifiers. */
  private addDirMerge(rule: DirMergeRule): void {
    const name = mergeFileName(rule);
    if (rule.excludeSelf) this.excludeFile(name);
    const isKnown = this.rules.some((known) => known.kind === 'dir-merge' && mergeFileName(known) === name);
    if (!isKnown) this.rules.push(rule);
  }

  private excludeFile(file: ByteString): void {
    this.rules.push(matchRule(file.slice(file.lastIndexOf('/') + 1), { tacitSide: true }));
  }

  private addFile(rule: MergeRule, text: ByteString, source: RuleSource, from0: boolean): void {
    const { file } = rule;
    if (this.depth === MAX_RULE_FILE_DEPTH) {
      throw new RsyncError('RSYNC_LIMIT', `filter files are nested too deeply: ${quoteRule(text, source)}`, {
        exitCode: EXIT.FILEIO,
        origin: 'local',
        hint: `At most ${MAX_RULE_FILE_DEPTH} merge files may include one another; does one include itself?`,
      });
    }
    this.depth++;
    this.addContent(rule, { file, content: this.read(file, text, source) }, from0);
    this.depth--;
  }

  private read(file: ByteString, text: ByteString, source: RuleSource): Uint8Array {
    try {
      return this.sources.readFile(file);
    } catch (error) {
      // The name is text out of a file, which a message must not repeat.
      if (source.kind !== 'file' || !(error instanceof RsyncError) || error.code !== 'RSYNC_FILE_IO')
        throw error;
      throw new RsyncError('RSYNC_FILE_IO', `failed to open exclude file ${quoteRule(text, source)}`, {
        exitCode: EXIT.FILEIO,
        origin: 'local',
        path: toText(source.file),
      });
    }
  }
}

/** An item with the modifiers that its merge rule hands down. */
function inherit(
  merge: MergeRule | DirMergeRule,
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
