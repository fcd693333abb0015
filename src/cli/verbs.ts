/**
 * The commands that rsync has not: `pull`, `push`, `serve`, `completion`. yargs has them, their help and their completion; the
 * options behind a verb are rsync's, where order and bundling matter, and src/options/parse.ts reads them.
 */
import type { Argv } from 'yargs';
import { usageError } from '../core/errors.ts';
import { nearestName } from '../core/nearest-name.ts';
import { supportedGroups } from '../options/help.ts';
import { isSupported, OPTIONS } from '../options/table.ts';
import {
  readServeArguments,
  SERVE_DESCRIPTION,
  SERVE_OPTIONS,
  SERVE_PARSING,
  SERVE_USAGE,
  type ServeArguments,
  serveOptions,
} from './serve-arguments.ts';
import {
  addSyncCommands,
  isSyncCommand,
  SYNC_COMMANDS,
  type SyncChoice,
  syncCompletions,
  syncSummary,
  syncWords,
} from './sync/commands.ts';
import { PROJECT_OPTIONS } from './sync/project-arguments.ts';

/** Of options that may be given again all values count; of any other one a second value is a mistake. */
const SYNC_PARSING = { ...SERVE_PARSING, 'duplicate-arguments-array': true };

/** The verbs that move files: in this direction and in no other one. */
export type TransferVerb = 'pull' | 'push';

const SERVE = 'serve';
const COMPLETION = 'completion';
/** What the script that `completion` prints calls the program with. */
const COMPLETE = '--get-yargs-completions';

interface VerbText {
  describe: string;
  usage: string;
}

const TRANSFER_VERBS: Readonly<Record<TransferVerb, VerbText>> = {
  pull: {
    describe: 'copy files from another machine to this one',
    usage:
      '$0 pull [OPTION]... [USER@]HOST:SRC... DEST\n   or  $0 pull [OPTION]... rsync://[USER@]HOST/MODULE/SRC... DEST\n   or  $0 pull [OPTION]...     in a project: from its server',
  },
  push: {
    describe: 'copy files from this machine to another one',
    usage:
      '$0 push [OPTION]... SRC... [USER@]HOST:DEST\n   or  $0 push [OPTION]... SRC... rsync://[USER@]HOST/MODULE/DEST\n   or  $0 push [OPTION]...     in a project: to its server',
  },
};

/** What may stand first on a command line that is not rsync's grammar. */
export const COMMAND_NAMES: readonly string[] = [
  ...Object.keys(TRANSFER_VERBS),
  ...SYNC_COMMANDS,
  SERVE,
  COMPLETION,
];

/** True if the arguments are for yargs; rsync's own grammar has everything else. */
export function isVerbCommand(argv: readonly string[]): boolean {
  const [first = ''] = argv;
  if (Object.hasOwn(TRANSFER_VERBS, first) || isSyncCommand(first)) return true;
  return first === COMPLETION || argv.includes(COMPLETE);
}

/** What follows from a command that `isVerbCommand`. */
export interface VerbChoice {
  /** To be run with the arguments after the verb. */
  verb: TransferVerb | undefined;
  /** A command of a project, with its options. */
  sync: SyncChoice | undefined;
  /** To be printed, if there is nothing to run. */
  text: string;
}

export async function chooseVerb(argv: readonly string[]): Promise<VerbChoice> {
  let verb: TransferVerb | undefined;
  let sync: SyncChoice | undefined;
  let text = '';
  const program = await commands({
    choose: (name) => {
      verb = name;
    },
    sync: (choice) => {
      sync = choice;
    },
  });
  // The words behind a verb are rsync's.
  const isVerb = Object.hasOwn(TRANSFER_VERBS, argv[0] ?? '');
  const own = isVerb && !argv.includes(COMPLETE) ? argv.slice(0, 1) : [...argv];
  if (isSyncCommand(argv[0] ?? '') && !argv.includes(COMPLETE)) strictly(program, argv[0]!, SYNC_PARSING);
  await program.parseAsync(own, {}, (_error: unknown, _argv: unknown, output: string) => {
    text = output === '' ? '' : `${output}\n`;
  });
  return { verb, sync, text };
}

/** `pull --help`. */
export async function verbHelp(verb: TransferVerb): Promise<string> {
  const program = await commands({});
  let text = '';
  await program.parseAsync([verb, '--help'], {}, (_error: unknown, _argv: unknown, output: string) => {
    text = `${output}\n`;
  });
  return text;
}

/**
 * The words of `serve`, or its help.
 * @throws RsyncError RSYNC_USAGE, exit 1
 */
export async function readServe(argv: readonly string[]): Promise<ServeArguments | { help: string }> {
  let given: Record<string, unknown> = {};
  let help = '';
  const program = await commands({
    serve: (found) => {
      given = found;
    },
  });
  strictly(program, SERVE);
  await program.parseAsync([...argv], {}, (_error: unknown, _argv: unknown, output: string) => {
    help = output === '' ? '' : `${output}\n`;
  });
  return help === '' ? readServeArguments(given) : { help };
}

/** Words that nobody knows are mistakes, and numbers are text. */
function strictly(program: Argv, command: string, parsing: object = SERVE_PARSING): void {
  program
    .strict()
    .parserConfiguration(parsing)
    .fail((message: string | undefined, error: Error | undefined) => {
      const text = message ?? error?.message ?? '';
      throw unknownWord(command, text) ?? usageError(`${command}: ${text}`, moreOf(command));
    });
}

const moreOf = (command: string): string => `"rsyncjs ${command} --help" tells more.`;

/** A word of a workflow's command that is not known, or a missing one; with what it may have been. */
function unknownWord(first: string, message: string): Error | undefined {
  if (!isSyncCommand(first)) return undefined;
  if (/^Not enough non-option arguments/.test(message)) {
    return usageError(`${first}: a word is missing`, moreOf(first));
  }
  const word = /^Unknown arguments?: ([^,]+)/.exec(message)?.[1];
  if (word === undefined) return undefined;
  const isOption = (name: string): boolean => name.startsWith('--');
  const words = syncWords(first);
  // yargs tells neither dashes nor which command: as an option it is known by its name alone.
  const near =
    nearestName(
      word,
      words.filter((name) => !isOption(name)),
    ) ?? nearestName(`--${word}`, words.filter(isOption));
  const hint = near === undefined ? moreOf(first) : `Did you mean "${near}"? ${moreOf(first)}`;
  return usageError(`${first}: unknown: ${word}`, hint);
}

/** A part of `--help`. */
export function verbSummary(): string {
  const verbs = Object.entries(TRANSFER_VERBS).map(([name, { describe }]) => [name, describe] as const);
  const all = [...verbs, ...syncSummary(), [SERVE, SERVE_DESCRIPTION] as const];
  const lines = all.map(([name, describe]) => `  rsyncjs ${name.padEnd(COMPLETION.length)}  ${describe}`);
  lines.push(`  rsyncjs ${COMPLETION}  print a script that completes the words of bash or zsh`);
  return `Commands ("rsyncjs COMMAND --help" tells more):\n${lines.join('\n')}\n`;
}

/** Loaded for verbs alone: yargs takes longer to start than the rest of the program. */
async function commands({
  choose = () => {},
  serve = () => {},
  sync = () => {},
}: {
  choose?: (verb: TransferVerb) => void;
  serve?: (given: Record<string, unknown>) => void;
  sync?: (choice: SyncChoice) => void;
}): Promise<Argv> {
  const { default: yargs } = await import('yargs');
  const program = yargs([]).scriptName('rsyncjs').locale('en').exitProcess(false).version(false).wrap(100);
  for (const [name, { describe, usage }] of Object.entries(TRANSFER_VERBS)) {
    program.command(
      name,
      describe,
      (command) => withOptions(command.usage(`${usage}\n\n${describe}`)),
      () => choose(name as TransferVerb),
    );
  }
  addSyncCommands(program, sync);
  program.command(
    SERVE,
    SERVE_DESCRIPTION,
    (command) => serveOptions(command.usage(`${SERVE_USAGE}\n\n${SERVE_DESCRIPTION}`)),
    (given) => serve(given),
  );
  return program.completion(COMPLETION, 'print a script that completes words', (current, { _: words }) =>
    completions(current, (words as unknown[]).map(String)),
  );
}

function withOptions(command: Argv): Argv {
  const group = 'In a project, without paths:';
  for (const { name, value, describe } of PROJECT_OPTIONS) {
    command.option(name, {
      describe,
      group,
      ...(value === undefined
        ? { type: 'boolean' as const }
        : { type: 'string' as const, requiresArg: true }),
    });
  }
  for (const [group, entries] of supportedGroups()) {
    for (const { long, short, argument, help } of entries) {
      const name = long ?? short;
      if (name === undefined || name === 'help') continue;
      // The same name in a project: it is described there.
      if (PROJECT_OPTIONS.some((option) => option.name === name)) continue;
      command.option(name, {
        describe: help,
        group: `${group}:`,
        type: argument === undefined ? 'boolean' : 'string',
        ...(argument === undefined ? {} : { requiresArg: true }),
        ...(long === undefined || short === undefined ? {} : { alias: short }),
      });
    }
  }
  return command;
}

/** Nothing leaves the word to the shell, which knows about files. `words`: the program, then the words so far. */
function completions(current: string, words: readonly string[]): string[] {
  const [, first = ''] = words;
  if (isSyncCommand(first) && words.length > 1 && (words.length > 2 || first !== current)) {
    return syncCompletions(words.slice(1), current).filter((word) => word.startsWith(current));
  }
  if (current.startsWith('-')) {
    const [, command = ''] = words;
    if (command === SERVE) return SERVE_OPTIONS.filter((option) => option.startsWith(current));
    return OPTIONS.filter(isSupported)
      .flatMap(({ long, argument }) =>
        long === undefined ? [] : `--${long}${argument === undefined ? '' : '='}`,
      )
      .filter((option) => option.startsWith(current));
  }
  if (words.length > 2 || (words.length === 2 && words[1] !== current)) return [];
  return COMMAND_NAMES.filter((verb) => verb.startsWith(current));
}
