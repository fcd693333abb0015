import { type ByteString, toText } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { CvsIgnores } from './cvs.ts';
import { dropOverLong, forDeleteExcluded } from './filter-list.ts';
import { type DirMergeRule, type FilterRule, type MatchRule, mergeFileName } from './rule.ts';
import { RuleCollector } from './rule-files.ts';
import { resolvePath } from './rule-paths.ts';

/** The rules of one per-directory file, with those of the files that it includes: A.4 and A.9. */

export interface DirectoryFile {
  rules: FilterRule[];
  /** A clear rule came: what the directory inherits is forgotten. */
  isCleared: boolean;
  /** Of the files that were read. */
  bytes: number;
}

/**
 * What the file of a rule says in a directory, an absolute path; undefined: there is none.
 * @throws RsyncError exit 1: a bad rule; 11: an included file that is missing; RSYNC_LIMIT, exit 22 or 11: too much
 */
export type ReadDirectoryFile = (merge: DirMergeRule, directory: ByteString) => DirectoryFile | undefined;

/**
 * Content of a rule file by its absolute path; undefined: there is none, or nothing that could be one.
 * @throws RsyncError RSYNC_LIMIT if it is longer than `most` bytes
 */
export type ReadPath = (path: ByteString, most: number) => Uint8Array | undefined;

export interface DirectoryFilesOptions {
  readPath: ReadPath;
  /** Absolute path of the root of the transfer: where an included file is whose name has no slash. */
  rootPath: ByteString;
  /** `-0`: NUL ends the rules in a file. */
  from0: boolean;
  deleteExcluded: boolean;
  /** For `-C` in a file. */
  cvsIgnores: () => CvsIgnores;
  onWarning: (text: string) => void;
}

export function directoryFileReader(options: DirectoryFilesOptions): ReadDirectoryFile {
  const { readPath, rootPath, from0, deleteExcluded, cvsIgnores, onWarning } = options;
  return (merge, directory) => {
    let bytes = 0;
    let files = 0;
    const read = (path: ByteString): Uint8Array | undefined => {
      // Depth alone is no bound: a file may include another one any number of times.
      if (++files > LIMITS.RULE_FILES)
        throw tooMuch(`more than ${LIMITS.RULE_FILES} filter files`, directory);
      const content = readPath(path, LIMITS.RULE_BYTES - bytes);
      bytes += content?.length ?? 0;
      return content;
    };
    const file = resolvePath(directory, mergeFileName(merge));
    const content = read(file);
    if (content === undefined) return undefined;
    const collector = new RuleCollector({
      cvsIgnores,
      readFile: (name) => {
        const found = read(resolvePath(name.includes('/') ? directory : rootPath, name));
        if (found === undefined) throw missing();
        return found;
      },
    });
    collector.addContent(merge, { file, content }, from0);
    const rules = dropOverLong(collector.rules, onWarning).map((rule) => withOrigin(rule, merge));
    const { isCleared } = collector;
    return { rules: deleteExcluded ? rules.map(forDeleteExcluded) : rules, isCleared, bytes };
  };
}

/** More rules than are held for one directory, or for a directory with all that it inherits. */
export function tooMuch(what: string, directory: ByteString): RsyncError {
  return new RsyncError('RSYNC_LIMIT', `${what} for the directory ${toText(directory)}`, {
    exitCode: EXIT.MALLOC,
    origin: 'local',
    path: toText(directory),
  });
}

/** The collector words it: it knows the rule that names the file. */
function missing(): RsyncError {
  return new RsyncError('RSYNC_FILE_IO', 'no such filter file', { exitCode: EXIT.FILEIO, origin: 'local' });
}

function withOrigin(rule: FilterRule, merge: DirMergeRule): FilterRule {
  if (rule.kind !== 'match') return rule;
  const readFrom: MatchRule['readFrom'] = { kind: 'per-directory', file: mergeFileName(merge) };
  return { ...rule, readFrom };
}
