/** The words of the commands of a project: what yargs is told of them, and what it makes of a command line. */
import type { Argv } from 'yargs';
import { usageError } from '../../core/errors.ts';
import { parseDuration } from '../../sync/config/values.ts';

interface CommandOption {
  name: string;
  alias?: string;
  describe: string;
  /** Takes a value: what `--help` calls it. */
  value?: string;
}

interface CommandEntry {
  describe: string;
  usage: string;
  options: readonly CommandOption[];
}

const PROFILE: CommandOption = {
  name: 'profile',
  value: 'NAME',
  describe: 'a profile of rsyncjs.yaml (all)',
};
const JSON_OPTION: CommandOption = { name: 'json', describe: 'JSON, for programs' };

const COMMANDS = {
  status: {
    describe: 'show what changed since the last sync, and what a pull and a push would do',
    usage: '$0 status [OPTION]...',
    options: [
      PROFILE,
      { name: 'remote', alias: 'r', describe: 'ask the server too' },
      { name: 'check', describe: 'exit with 40 unless everything is in order' },
      JSON_OPTION,
    ],
  },
  log: {
    describe: 'show the history of syncs, newest first',
    usage: '$0 log [OPTION]...',
    options: [
      PROFILE,
      { name: 'limit', alias: 'l', value: 'NUM', describe: 'so many at most (20)' },
      JSON_OPTION,
    ],
  },
  watch: {
    describe: 'push when files change, pull now and then',
    usage: '$0 watch [OPTION]...',
    options: [
      { ...PROFILE, describe: 'a profile of rsyncjs.yaml' },
      { name: 'settle', value: 'TIME', describe: 'push after so long without a change (2s)' },
      { name: 'pull-every', value: 'TIME', describe: 'pull as often as that (1m)' },
    ],
  },
} as const satisfies Record<string, CommandEntry>;

export type SyncCommand = keyof typeof COMMANDS;

/** A command with its options: text or true; what is not given is not there. */
export interface SyncChoice {
  command: SyncCommand;
  given: Readonly<Record<string, unknown>>;
}

export const SYNC_COMMANDS = Object.keys(COMMANDS) as SyncCommand[];

export function isSyncCommand(word: string): word is SyncCommand {
  return Object.hasOwn(COMMANDS, word);
}

/** As a shell completes them. */
export function syncOptions(command: SyncCommand): string[] {
  const options: readonly CommandOption[] = COMMANDS[command].options;
  return options.map(({ name, value }) => `--${name}${value === undefined ? '' : '='}`);
}

export function addSyncCommands(program: Argv, choose: (choice: SyncChoice) => void): void {
  for (const command of SYNC_COMMANDS) {
    const { describe, usage, options }: CommandEntry = COMMANDS[command];
    program.command(
      command,
      describe,
      (one) => {
        one.usage(`${usage}\n\n${describe}`);
        for (const { name, alias, value, describe: text } of options) {
          one.option(name, {
            describe: text,
            ...(value === undefined
              ? { type: 'boolean' as const }
              : { type: 'string' as const, requiresArg: true }),
            ...(alias === undefined ? {} : { alias }),
          });
        }
        return one;
      },
      (given) => choose({ command, given }),
    );
  }
}

export function syncSummary(): [name: string, describe: string][] {
  return SYNC_COMMANDS.map((command) => [command, COMMANDS[command].describe]);
}

/** Reads the values of a choice. */
export class Given {
  readonly #choice: SyncChoice;

  constructor(choice: SyncChoice) {
    this.#choice = choice;
  }

  flag(name: string): boolean {
    return this.#choice.given[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#choice.given[name];
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value !== '') return value;
    throw usageError(`${this.#choice.command}: --${name} needs one value`);
  }

  /** Milliseconds. */
  duration(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const seconds = parseDuration(text);
    if (seconds !== undefined && seconds > 0) return seconds * 1000;
    throw usageError(`${this.#choice.command}: --${name} ${text} is no time`, 'Write 2s, 5m or 1h.');
  }

  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
    throw usageError(`${this.#choice.command}: --${name} ${text} is no number from 1 to 999999`);
  }
}
