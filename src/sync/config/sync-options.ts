/**
 * The option words of a configuration (SYNC_OPTIONS, `options:`, `extra_args`): read with the parser of the command line,
 * so that no spelling, cluster or form slips by, and held against `option-policy.ts`.
 */
import { fromText } from '../../core/bytes.ts';
import { isRsyncError } from '../../core/errors.ts';
import { nearestName } from '../../core/nearest-name.ts';
import { emptyDraft, type FoundOption, lookUp, parseArguments, readWords } from '../../options/parse.ts';
import { isSupported, LONG_NAMES, type OptionEntry, SHORT_NAMES } from '../../options/table.ts';
import { REFUSED, type Refusal, valueRefusal, type Workflow } from './option-policy.ts';
import type { Problems } from './problems.ts';
import { redactAddress } from './redaction.ts';
import { QUOTE_IT, splitShellWords } from './shell-words.ts';
import type { Origin } from './source.ts';

/** One argument of rsync, and where it was written. */
export interface OptionWord {
  text: string;
  origin: Origin;
}

export interface OptionContext {
  workflow: Workflow;
  /** The key or variable, for messages. */
  key: string;
  /** A person typed them for this run: then they may choose commands. Default: false. */
  typed?: boolean;
}

/**
 * The words of a text, as a shell splits it.
 * @param positionOf  the origin of a character of the text
 */
export function splitOptionText(
  text: string,
  key: string,
  positionOf: (index: number) => Origin,
  problems: Problems,
): OptionWord[] {
  const split = splitShellWords(text);
  if ('words' in split) return split.words.map((word) => ({ text: word.text, origin: positionOf(word.at) }));
  const { at, reason, hint } = split.fault;
  const origin = positionOf(at);
  // The quotes around a value of .env are gone by then.
  const instead =
    hint === QUOTE_IT && origin.kind === 'env file'
      ? `Put it in quotes inside of those of the value: ${key}="--exclude='*.tmp'".`
      : hint;
  problems.add(origin, `${key}: ${reason}`, instead);
  return [];
}

/** Adds a problem for every word that may not stand in a configuration, and for words that do not go together. */
export function checkOptionWords(
  words: readonly OptionWord[],
  context: OptionContext,
  problems: Problems,
): void {
  const { key } = context;
  const argv = words.map(({ text }) => text);
  const before = problems.count;
  let origin = words[0]?.origin;
  let atWord = before;
  const complain = (text: string, hint?: string): void => problems.add(origin!, `${key}: ${text}`, hint);
  const told = (error: unknown): void => {
    if (!isRsyncError(error)) throw error;
    complain(redactAddress(error.message.replace(/^rsyncjs: /, '')), error.hint);
  };
  const draft = emptyDraft(fromText);
  try {
    readWords(argv, draft, {
      firstPathEnds: false,
      onWord: (word, at) => {
        origin = words[at]!.origin;
        atWord = problems.count;
        if (word.startsWith('-') && word !== '-' && word !== '--') return;
        complain(
          `found ${JSON.stringify(redactAddress(word))}, expected options`,
          'What is copied and where to is set by keys of their own.',
        );
      },
      lookUp: (kind, name, word) => guarded(kind, name, word, context, complain, told),
    });
  } catch (error) {
    // That a refused option lacks its value is not worth a second line.
    if (problems.count === atWord) told(error);
  }
  if (problems.count > before || words.length === 0) return;
  origin = words[0]!.origin;
  try {
    parseArguments(argv);
  } catch (error) {
    told(error);
  }
}

type Complain = (text: string, hint?: string) => void;

/** The option behind a name, so wrapped that a refused one complains and has no effect. */
function guarded(
  kind: 'long' | 'short',
  name: string,
  word: string,
  context: OptionContext,
  complain: Complain,
  told: (error: unknown) => void,
): FoundOption {
  const found = (kind === 'long' ? LONG_NAMES : SHORT_NAMES).get(name);
  const typed = `${kind === 'long' ? '--' : '-'}${name}`;
  const inert = (takesValue: boolean): FoundOption => ({ takesValue, apply: () => {} });
  if (found === undefined) {
    complain(`${typed}: unknown option`, suggestion(kind, name, context));
    return inert(word.includes('=') && kind === 'long');
  }
  const { entry, negated } = found;
  const takesValue = entry.argument !== undefined && !negated;
  const refusal = refusalOf(entry, negated, context);
  if (refusal !== undefined) {
    const within = kind === 'short' && word.length > 2 ? ` in ${shortened(word)}` : '';
    complain(`${typed}${within} is refused: it ${refusal.reason}`, refusal.instead);
    return inert(takesValue);
  }
  try {
    const option = lookUp(kind, name, word);
    return {
      takesValue: option.takesValue,
      apply: (draft, value, whole) => {
        const reason = valueRefusal(nameOf(entry), value, context.workflow);
        if (reason !== undefined) complain(`${typed} ${value} is refused: it ${reason}`);
        try {
          option.apply(draft, value, whole);
        } catch (error) {
          told(error);
        }
      },
    };
  } catch (error) {
    told(error);
    return inert(takesValue);
  }
}

/** Why an option may not stand in a configuration; undefined: it may. */
export function refusalOf(
  entry: OptionEntry,
  negated: boolean,
  { workflow, typed = false }: Pick<OptionContext, 'workflow' | 'typed'>,
): Refusal | undefined {
  if (entry.group === 'daemon-mode') {
    return { kind: 'meaning', reason: 'belongs to a daemon', instead: 'Leave it out.' };
  }
  const refusal = REFUSED[nameOf(entry)];
  if (refusal === undefined) return undefined;
  const { kind, only, form } = refusal;
  if (only !== undefined && only !== workflow) return undefined;
  if (form !== undefined && negated !== (form === 'negated')) return undefined;
  return typed && kind === 'command' ? undefined : refusal;
}

/** The name of an option in the policy. */
export function nameOf({ long, short }: OptionEntry): string {
  return long ?? `-${short}`;
}

function suggestion(kind: 'long' | 'short', name: string, context: OptionContext): string {
  const help = '"rsyncjs --help" lists the options.';
  if (kind === 'short') return help;
  const names = [...LONG_NAMES]
    .filter(
      ([, { entry, negated }]) => isSupported(entry) && refusalOf(entry, negated, context) === undefined,
    )
    .map(([long]) => long);
  // The start of one name alone was meant to be shortened.
  const longer = names.filter((long) => name.length > 2 && long.startsWith(name));
  const near = longer.length === 1 ? longer[0] : nearestName(name, names);
  return near === undefined ? help : `Did you mean --${near}? Names of options are not shortened.`;
}

/** Behind a letter with a value stands whatever it is. */
function shortened(word: string): string {
  return word.length > 20 ? `${word.slice(0, 20)}...` : word;
}
