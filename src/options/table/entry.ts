import type { ByteString } from '../../core/bytes.ts';
import type { DeleteMode, TransferOptions } from '../transfer-options.ts';

export type OptionGroup =
  | 'output'
  | 'selection'
  | 'filter'
  | 'attributes'
  | 'links'
  | 'backup'
  | 'delete'
  | 'data'
  | 'compression'
  | 'connection'
  | 'control'
  | 'server-internal'
  | 'daemon-mode';

/** What the parser fills in, word by word; implications and conflicts are looked at after the last one. */
export interface Draft {
  options: TransferOptions;
  /** A value of the command line as bytes: names, paths and patterns are. */
  toBytes: (value: string) => ByteString;
  /** Every `--delete-WHEN` that was given. */
  deleteTimes: Set<DeleteMode>;
  /** How often `--old-args`; undefined: neither it nor its negation. */
  oldArgs: number | undefined;
  /** `-s` or its negation; undefined: neither. */
  secludedArgs: boolean | undefined;
  /** How often `-F`. */
  filterLetters: number;
  /** Recursion is on because of `-a` alone. */
  recursesByArchive: boolean;
  /** `--old-dirs`, and no `-d` or `--no-d` after it. */
  oldDirs: boolean;
  /** `--files-from` as typed. */
  filesFrom: string | undefined;
  help: boolean;
  /** How often `-V`. */
  version: number;
}

/**
 * The effect of one option. `value` is empty for options without an argument; `word` is the argument as typed, for
 * error texts.
 */
export type Apply = (draft: Draft, value: string, word: string) => void;

interface Names {
  /** Without the dashes. */
  long?: string;
  /** One character. */
  short?: string;
  /** Further long names, without the dashes. */
  aliases?: readonly string[];
  /** Long names that undo it (`no-links`), without the dashes. */
  negations?: readonly string[];
}

interface Described extends Names {
  group: OptionGroup;
  /** What the argument is called in the help text; absent: the option takes none. */
  argument?: string;
  /** One line, own words. */
  help: string;
  /** Not an option of rsync, but one of rsyncjs. */
  own?: true;
  /** What it does when given more than once, if that is not the same: a clause, for the reference page. */
  repeat?: string;
}

/** An option that works. */
export interface SupportedOption extends Described {
  apply: Apply;
  /** There if `negations` are. */
  negate?: Apply;
  /** The fields of TransferOptions that it is about. */
  keys: readonly (keyof TransferOptions)[];
}

/** An option of rsync that is known by name and refused. */
export interface RefusedOption extends Described {
  refused: true;
  /** What to do without it: one sentence. */
  hint?: string;
}

export type OptionEntry = SupportedOption | RefusedOption;

export function isSupported(entry: OptionEntry): entry is SupportedOption {
  return !('refused' in entry);
}
