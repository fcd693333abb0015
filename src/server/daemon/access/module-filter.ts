/** What of a module clients do not get to see or to touch: docs/protocol/4-filters-and-options.md, G.3. */
import { readFileSync } from 'node:fs';
import { type ByteString, fromText, toText } from '../../../core/bytes.ts';
import { EXIT, RsyncError } from '../../../core/errors.ts';
import { errnoText } from '../../../files/errors.ts';
import type { Places } from '../../../files/places.ts';
import { nativePath } from '../../../files/platform/index.ts';
import type { CvsIgnores } from '../../../filter/cvs.ts';
import { directoryFileReader } from '../../../filter/directory-files.ts';
import { openRules } from '../../../filter/directory-rules.ts';
import type { Filter, Side } from '../../../filter/filter-list.ts';
import { type FilterRule, parseOldStyleRule, parseRule } from '../../../filter/rule.ts';
import { RuleCollector } from '../../../filter/rule-files.ts';
import type { RuleSource } from '../../../filter/rule-source.ts';

/** The parameters, variables put in; '' where one is not set. */
export interface ModuleFilterValues {
  filter: ByteString;
  includeFrom: ByteString;
  include: ByteString;
  excludeFrom: ByteString;
  exclude: ByteString;
}

const FROM_MODULE: RuleSource = { kind: 'option' };

/** @throws RsyncError exit 1: a bad rule; 4: a rule that is not supported; 11: a file that cannot be read */
export function moduleRules(values: ModuleFilterValues): FilterRule[] {
  const collector = new RuleCollector({ readFile: readRuleFile, cvsIgnores: () => ownIgnores() });
  for (const text of splitRules(values.filter)) {
    collector.add(parseRule(text, FROM_MODULE), text, FROM_MODULE, false);
  }
  const oldStyle = (words: ByteString, include: boolean): void => {
    for (const text of splitRules(words)) {
      collector.add(parseOldStyleRule(text, include, FROM_MODULE), text, FROM_MODULE, false);
    }
  };
  if (values.includeFrom !== '') collector.addOldStyleFile(values.includeFrom, true, false);
  oldStyle(values.include, true);
  if (values.excludeFrom !== '') collector.addOldStyleFile(values.excludeFrom, false, false);
  oldStyle(values.exclude, false);
  return collector.rules.map(coverContent);
}

/** A client may ask for what is in a directory without walking through it: a rule for the directory covers it. */
function coverContent(rule: FilterRule): FilterRule {
  if (rule.kind !== 'match' || !rule.dirOnly || rule.include) return rule;
  return { ...rule, dirOnly: false, pattern: `${rule.pattern}/***` };
}

/** A name of a rule, with its modifiers, that a pattern has to follow. */
const HEAD =
  /^(?:[-+.:HSPR],?[^\s_]*|(?:exclude|include|merge|dir-merge|hide|show|protect|risk)(?:,[^\s_]*)?)$/;

/** Words are separated by blanks; the name of a rule and its pattern stay together. */
function splitRules(text: ByteString): ByteString[] {
  const rules: ByteString[] = [];
  const words = text.split(/[ \t-\r]+/).filter((word) => word !== '');
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const takesNext = isHead(word) && at + 1 < words.length;
    rules.push(takesNext ? `${word} ${words[++at]}` : word);
  }
  return rules;
}

function isHead(word: ByteString): boolean {
  const match = HEAD.exec(word);
  if (match === null) return false;
  // `-/` and the like are modifiers; anything that can be none is a pattern that begins so.
  return word.length === 1 || /^[a-z]/.test(word) || /^.,?[/!CsrpxenwC+-]*$/.test(word);
}

/** Answers for paths from the root of the module, with a slash in front or without. */
export class ModuleFilter {
  private readonly filter: Filter;
  private lastParent: ByteString = '';
  private lastVerdict = false;
  /** The rules in the root of the module are in force, and stay so. */
  private isEntered = false;

  /** @param places  the module, where the files of its directories are read */
  constructor(rules: readonly FilterRule[], side: Side, places: Places) {
    const read = directoryFileReader({
      rootPath: '/',
      from0: false,
      deleteExcluded: false,
      cvsIgnores: ownIgnores,
      onWarning: () => {},
      readPath: (path, most) => places.readFile(path, most),
    });
    this.filter = openRules(rules, { side, rootPath: '/', read });
  }

  /** True if the name or a directory above it is hidden. */
  hides(path: ByteString, isDirectory: boolean): boolean {
    if (this.filter.size === 0) return false;
    const name = path.replace(/^\/+|\/+$/g, '');
    if (name === '' || name === '.') return false;
    return this.isExcluded(name, isDirectory);
  }

  private isExcluded(name: ByteString, isDirectory: boolean): boolean {
    const slash = name.lastIndexOf('/');
    const directory = slash > 0 ? name.slice(0, slash) : '.';
    if (slash > 0) {
      // Names come directory by directory.
      if (directory !== this.lastParent) {
        this.lastVerdict = this.isExcluded(directory, true);
        this.lastParent = directory;
      }
      if (this.lastVerdict) return true;
    }
    if (!this.isEntered) this.filter.enter('.');
    this.isEntered = true;
    this.filter.enter(directory);
    return this.filter.isExcluded(name, isDirectory);
  }
}

/** What the owner of the daemon adds to the list of `-C`: its home directory is no place of a module. */
function ownIgnores(): CvsIgnores {
  const { CVSIGNORE } = process.env;
  return { file: undefined, variable: CVSIGNORE === undefined ? undefined : fromText(CVSIGNORE) };
}

function readRuleFile(name: ByteString): Uint8Array {
  try {
    return readFileSync(nativePath(name));
  } catch (error) {
    throw new RsyncError(
      'RSYNC_FILE_IO',
      `failed to open the filter file ${toText(name)}: ${errnoText(error)}`,
      {
        exitCode: EXIT.FILEIO,
        origin: 'local',
        path: toText(name),
      },
    );
  }
}
