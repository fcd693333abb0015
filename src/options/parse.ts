/**
 * rsync's command-line grammar, popt's: docs/protocol/4-filters-and-options.md, B.1.
 *
 *     word   = "--" | "--" NAME ["=" VALUE] | "-" LETTER... [["="] VALUE] | PATH
 *
 * Options take effect from left to right. A value may also be the next word, whatever it starts with. "--" ends the
 * options; "-" alone is a path.
 */
import { type ByteString, fromText } from '../core/bytes.ts';
import { EXIT, RsyncError, usageError } from '../core/errors.ts';
import {
  checkEnvironment,
  defaultShell,
  type Environment,
  firstPathEndsOptions,
  partialDirOf,
  wordForm,
} from './environment.ts';
import { locateList } from './files-from.ts';
import { DEFAULT_OPTIONS, settle } from './resolve.ts';
import { type Apply, type Draft, isSupported, LONG_NAMES, SHORT_NAMES } from './table.ts';
import type { TransferOptions } from './transfer-options.ts';
import { invalid } from './values.ts';

export { DEFAULT_OPTIONS, type OptionsInput, resolveOptions } from './resolve.ts';

export interface ParsedArguments {
  options: TransferOptions;
  /** Sources and destination, as typed. */
  paths: string[];
  /** `--help`, or `-h` as the only argument; then neither conflicts nor the environment were looked at. */
  help: boolean;
  /** How often `-V`: 0, 1 for the version, 2 or more for the version as JSON. As for `help`. */
  version: number;
}

export interface ParseForm {
  /** True on Windows: `C:\\list` is a local file. */
  windows?: boolean;
}

/**
 * @param argv the arguments after the name of the command.
 * @param env where RSYNC_RSH and the like are looked up.
 * @throws RsyncError RSYNC_USAGE, exit 1: unknown option, bad value, conflict (exit 2: protocol out of range);
 *   RSYNC_UNSUPPORTED, exit 4: an option of rsync that is not supported, an unknown algorithm.
 */
export function parseArguments(
  argv: readonly string[],
  env: Environment = {},
  form: ParseForm = {},
): ParsedArguments {
  const draft = emptyDraft(fromText);
  draft.options.rsh = defaultShell(env);
  if (draft.options.rsh !== undefined) draft.options.rshByDefault = true;
  const paths = readWords(argv, draft, { lookUp, firstPathEnds: firstPathEndsOptions(env) });
  const { options, version } = draft;
  const help = draft.help || (argv.length === 1 && options.humanReadable > DEFAULT_OPTIONS.humanReadable);
  if (help || version > 0) return { options, paths, help, version };

  checkDeleteTimes(draft);
  if (paths.length === 1) options.listOnly = true;
  selectNames(draft, form);
  Object.assign(options, wordForm(draft, env));
  settle(options);
  options.partialDir = partialDirOf(env, options);
  settle(options);
  checkEnvironment(env);
  return { options, paths, help, version };
}

/** @param toBytes  bytes of a value as it stands in the words: `fromText`, or nothing to do if they are bytes */
export function emptyDraft(toBytes: (value: string) => ByteString): Draft {
  return {
    options: { ...DEFAULT_OPTIONS, filters: [], compressCount: 0, listOnlyGiven: false },
    toBytes,
    deleteTimes: new Set(),
    oldArgs: undefined,
    secludedArgs: undefined,
    filterLetters: 0,
    recursesByArchive: false,
    oldDirs: false,
    filesFrom: undefined,
    help: false,
    version: 0,
  };
}

export function checkDeleteTimes({ deleteTimes }: Draft): void {
  if (deleteTimes.size > 1) {
    throw usageError(
      'rsyncjs: the options --delete-before, --delete-during, --delete-delay and --delete-after exclude each other',
    );
  }
}

/** What --files-from and --old-dirs come to. Before `settle`. */
export function selectNames(
  { options, filesFrom, recursesByArchive, oldDirs }: Draft,
  form: { windows?: boolean; server?: boolean },
): void {
  if (filesFrom !== undefined) {
    options.filesFrom = locateList(filesFrom, form);
    if (recursesByArchive) options.recursive = false;
  }
  if (!oldDirs) return;
  options.recursive = true;
  options.filters = [...options.filters, { kind: 'filter', text: '- /*/*' }];
}

/** One option as it applies. */
export interface FoundOption {
  takesValue: boolean;
  apply: Apply;
}

export interface Grammar {
  /**
   * The option behind a name, which is without dashes.
   * @param word  the argument as typed, for errors
   */
  lookUp(kind: 'long' | 'short', name: string, word: string): FoundOption;
  /** The first path ends the options. */
  firstPathEnds: boolean;
  /** Told before a word is read that is no value of the one before it. `at`: its index. */
  onWord?(word: string, at: number): void;
}

/** Applies the options of a command line, from left to right; returns its paths. */
export function readWords(argv: readonly string[], draft: Draft, grammar: Grammar): string[] {
  const paths: string[] = [];
  let at = 0;
  const next = (word: string): string => {
    const value = argv[at++];
    if (value === undefined) throw invalid(word, 'missing argument');
    return value;
  };
  while (at < argv.length) {
    const word = argv[at++]!;
    grammar.onWord?.(word, at - 1);
    if (word === '--') break;
    if (word.startsWith('--')) readLong(word, next, draft, grammar);
    else if (word.length > 1 && word.startsWith('-')) readLetters(word, next, draft, grammar);
    else {
      paths.push(word);
      if (grammar.firstPathEnds) break;
    }
  }
  return [...paths, ...argv.slice(at)];
}

function readLong(word: string, next: (word: string) => string, draft: Draft, { lookUp }: Grammar): void {
  const equals = word.indexOf('=');
  const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
  const found = lookUp('long', name, word);
  const attached = equals < 0 ? undefined : word.slice(equals + 1);
  if (!found.takesValue) {
    if (attached !== undefined) throw invalid(word, 'option does not take an argument');
    found.apply(draft, '', word);
  } else {
    found.apply(draft, attached ?? next(word), word);
  }
}

function readLetters(word: string, next: (word: string) => string, draft: Draft, { lookUp }: Grammar): void {
  // By code points, so that an unknown one is quoted whole.
  const letters = [...word.slice(1)];
  for (const [index, letter] of letters.entries()) {
    const found = lookUp('short', letter, word);
    if (!found.takesValue) {
      found.apply(draft, '', word);
      continue;
    }
    const rest = letters.slice(index + 1).join('');
    found.apply(draft, rest === '' ? next(word) : rest.replace(/^=/, ''), word);
    return;
  }
}

/** The option of a client's command line behind a name, if there is one and it works. */
export function lookUp(kind: 'long' | 'short', name: string, word: string): FoundOption {
  const found = kind === 'long' ? LONG_NAMES.get(name) : SHORT_NAMES.get(name);
  if (found === undefined) {
    throw usageError(`rsyncjs: ${word}: unknown option`, '"rsyncjs --help" lists the options.');
  }
  const { entry, negated } = found;
  const apply = isSupported(entry) ? (negated ? entry.negate : entry.apply) : undefined;
  if (apply !== undefined) return { takesValue: entry.argument !== undefined && !negated, apply };
  const typed = `${kind === 'long' ? '--' : '-'}${name}`;
  throw new RsyncError('RSYNC_UNSUPPORTED', `rsyncjs: ${typed}: this option of rsync is not supported`, {
    exitCode: EXIT.UNSUPPORTED,
    origin: 'local',
    hint:
      (isSupported(entry) ? undefined : entry.hint) ??
      'Leave it out; "rsyncjs --help" lists the options that are supported.',
  });
}
