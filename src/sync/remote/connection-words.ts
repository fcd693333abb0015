import { fromText } from '../../core/bytes.ts';
import { emptyDraft, type FoundOption, lookUp, readWords } from '../../options/parse.ts';
import { LONG_NAMES, SHORT_NAMES } from '../../options/table.ts';

/** Options that say how to connect, not what to transfer. */
const CONNECTION: ReadonlySet<string> = new Set([
  'address',
  'bwlimit',
  'contimeout',
  'ipv4',
  'ipv6',
  'old-args',
  'password-file',
  'port',
  'protocol',
  'rsh',
  'rsh-spawn',
  'rsync-path',
  'secluded-args',
  'sockopts',
  'ssh-debug',
  'ssh-match-exec',
  'timeout',
]);

/**
 * Of option words those that say how to connect, each by its long name: for what is asked of the other side beside a
 * transfer.
 * @throws RsyncError as `parseArguments`, for words that are none
 */
export function connectionWords(words: readonly string[]): string[] {
  const found: string[] = [];
  const noted = (kind: 'long' | 'short', name: string, word: string): FoundOption => {
    const option = lookUp(kind, name, word);
    const known = (kind === 'long' ? LONG_NAMES : SHORT_NAMES).get(name);
    const long = known?.entry.long;
    if (known === undefined || long === undefined || !CONNECTION.has(long)) return option;
    const shown = `--${known.negated ? 'no-' : ''}${long}`;
    return {
      takesValue: option.takesValue,
      apply: (draft, value, whole) => {
        found.push(option.takesValue ? `${shown}=${value}` : shown);
        option.apply(draft, value, whole);
      },
    };
  };
  readWords(words, emptyDraft(fromText), { lookUp: noted, firstPathEnds: false });
  return found;
}
