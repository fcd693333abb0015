/** The few ways in which an option changes the draft. */
import type { DeleteMode, FilterArgument, TransferOptions } from '../transfer-options.ts';
import { invalid, parseInteger } from '../values.ts';
import type { Apply, Draft } from './entry.ts';

/** Sets a field to a constant. */
export function set<K extends keyof TransferOptions>(key: K, value: TransferOptions[K]): Apply {
  return ({ options }) => {
    options[key] = value;
  };
}

/** Does several things. */
export function all(...steps: Apply[]): Apply {
  return (draft, value, word) => {
    for (const step of steps) step(draft, value, word);
  };
}

/** One more, up to `most`. */
export function count(
  key: 'verbose' | 'itemize' | 'oneFileSystem' | 'humanReadable' | 'fuzzy',
  most: number,
): Apply {
  return ({ options }) => {
    options[key] = Math.min(most, options[key] + 1);
  };
}

/** Takes the text as it is. */
export function text(
  key:
    | 'outFormat'
    | 'checksumChoice'
    | 'compressChoice'
    | 'rsyncPath'
    | 'address'
    | 'sockopts'
    | 'passwordFile'
    | 'earlyInput',
): Apply {
  return ({ options }, value) => {
    options[key] = value;
  };
}

/** Takes a 32-bit integer, at least `least`. */
export function integer(
  key: 'timeout' | 'contimeout' | 'port' | 'checksumSeed' | 'compressLevel' | 'modifyWindow',
  least?: number,
): Apply {
  return ({ options }, value, word) => {
    const number = parseInteger(value, word);
    if (least !== undefined && number < least) throw invalid(word, `must be ${least} or more`);
    options[key] = number;
  };
}

/** Takes a path, or a part of a name: bytes, as names are. */
export function path(key: 'partialDir' | 'tempDir' | 'backupDir' | 'suffix'): Apply {
  return ({ options, toBytes }, value) => {
    options[key] = toBytes(value);
  };
}

/** Appends a path. */
export function paths(key: 'compareDest' | 'copyDest' | 'linkDest'): Apply {
  return ({ options, toBytes }, value) => {
    options[key] = [...options[key], toBytes(value)];
  };
}

/** Appends a rule; its text becomes bytes, as names are. */
export function rule(kind: 'exclude' | 'include' | 'filter'): Apply {
  return append((value, { toBytes }) => ({ kind, text: toBytes(value) }));
}

/** Appends the rules that `-F` stands for where it is: other ones the second time, and none after that. */
export const perDirectoryFilter: Apply = (draft, _value, word) => {
  const text = [': /.rsync-filter', '- .rsync-filter'][draft.filterLetters++];
  if (text !== undefined) rule('filter')(draft, text, word);
};

/** Appends the rules of a file. */
export function ruleFile(kind: 'exclude-from' | 'include-from'): Apply {
  return append((value) => ({ kind, file: value }));
}

function append(make: (value: string, draft: Draft) => FilterArgument): Apply {
  return (draft, value) => {
    const { options } = draft;
    const filter = make(value, draft);
    // `-0` is about the files that are named after it.
    options.filters = [...options.filters, options.from0 ? { ...filter, from0: true } : filter];
  };
}

/** Deletion at a chosen time; a second, different time is a conflict, found at the end. */
export function deleteAt(mode: Exclude<DeleteMode, 'none' | 'default'>): Apply {
  return (draft) => {
    draft.options.deleteMode = mode;
    draft.deleteTimes.add(mode);
  };
}
