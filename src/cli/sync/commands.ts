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
  /** It may be given several times. */
  repeats?: true;
  /** `--no-NAME` says the opposite, and neither leaves it open. */
  negates?: true;
}

interface CommandEntry {
  describe: string;
  usage: string;
  positional?: { name: string; describe: string };
  options: readonly CommandOption[];
}

const PROFILE: CommandOption = {
  name: 'profile',
  value: 'NAME',
  describe: 'a profile of rsyncjs.yaml (all)',
};
const ONE_PROFILE: CommandOption = { ...PROFILE, describe: 'a profile of rsyncjs.yaml' };
const JSON_OPTION: CommandOption = { name: 'json', describe: 'JSON, for programs' };
const CONFIG: CommandOption = { name: 'config', alias: 'c', value: 'FILE', describe: 'the file of the hub' };
const SPOKE: CommandOption = {
  name: 'spoke',
  alias: 's',
  value: 'NAME',
  repeats: true,
  describe: 'this spoke alone; may be given again',
};
const TAG: CommandOption = { name: 'tag', value: 'TAG', repeats: true, describe: 'spokes with this tag' };
const SHARD: CommandOption = { name: 'shard', value: 'I/N', describe: 'the part of hub I of N' };
const DRY_RUN: CommandOption = { name: 'dry-run', alias: 'n', describe: 'show what would be done' };

const COMMANDS = {
  init: {
    describe: 'write .rsync-exclude and an example of .env into a project',
    usage: '$0 init [OPTION]...',
    options: [
      { name: 'npm', describe: 'also scripts in package.json' },
      { name: 'make', describe: 'also targets of make: sync.mk' },
      { name: 'force', describe: 'replace what is there' },
    ],
  },
  setup: {
    describe: 'check the configuration, the connection and the server',
    usage: '$0 setup [OPTION]...',
    options: [ONE_PROFILE, JSON_OPTION],
  },
  doctor: {
    describe: 'the same as setup',
    usage: '$0 doctor [OPTION]...',
    options: [ONE_PROFILE, JSON_OPTION],
  },
  status: {
    describe: 'show what changed since the last sync, and what a pull and a push would do',
    usage: '$0 status [OPTION]...',
    options: [
      PROFILE,
      { name: 'remote', alias: 'r', describe: 'ask the server too' },
      { name: 'check', describe: 'exit with 40 unless everything is in order' },
      { name: 'stale-after', value: 'TIME', describe: 'how old the last sync may be (24h)' },
      JSON_OPTION,
    ],
  },
  watch: {
    describe: 'push when files change, pull now and then',
    usage: '$0 watch [OPTION]...',
    options: [
      ONE_PROFILE,
      { name: 'settle', value: 'TIME', describe: 'push after so long without a change (2s)' },
      { name: 'pull-every', value: 'TIME', describe: 'pull as often as that (1m)' },
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
  'config show': {
    describe: 'show every setting, without secrets',
    usage: '$0 config show [OPTION]...',
    options: [
      { name: 'origin', describe: 'where each value comes from, and what it overrode' },
      PROFILE,
      { name: 'hub', describe: 'the settings of the hub' },
      CONFIG,
      JSON_OPTION,
    ],
  },
  'hub status': {
    describe: 'show spokes, their files and their last sync',
    usage: '$0 hub status [OPTION]...',
    options: [
      CONFIG,
      SPOKE,
      TAG,
      { name: 'check', describe: 'connect to each; exit with 40 unless all is in order' },
      JSON_OPTION,
    ],
  },
  'hub run': {
    describe: 'pull from the spokes',
    usage: '$0 hub run [OPTION]...',
    options: [
      CONFIG,
      SPOKE,
      TAG,
      SHARD,
      DRY_RUN,
      { name: 'jobs', alias: 'j', value: 'NUM', describe: 'spokes at a time' },
      {
        name: 'bwlimit',
        value: 'RATE',
        describe: 'KiB a second for each spoke, or with a unit; 0: no limit',
      },
      { name: 'delete', negates: true, describe: 'delete what a spoke has no more (--no-delete: never)' },
      { name: 'due', describe: 'those alone whose schedule has come, and those without one' },
      { name: 'force', describe: 'go on over guards' },
      JSON_OPTION,
    ],
  },
  'hub list': {
    describe: 'list files of the spokes, newest first',
    usage: '$0 hub list [OPTION]...',
    options: [
      CONFIG,
      SPOKE,
      { name: 'long', alias: 'l', describe: 'with size, time and whole path' },
      { name: 'match', value: 'PATTERN', repeats: true, describe: 'names such as *.jsonl' },
      JSON_OPTION,
    ],
  },
  'hub schedule': {
    describe: 'run the hub by itself: print or install what a scheduler needs',
    usage: '$0 hub schedule --every TIME|--at TIME|--cron "..." [OPTION]...',
    options: [
      { name: 'every', value: 'TIME', describe: 'as often as that: 15m, 2h, 1d' },
      { name: 'at', value: 'TIME', describe: 'each day at that time: 02:30' },
      { name: 'cron', value: 'WORDS', describe: 'five words as in a crontab' },
      { name: 'print', describe: 'show the entry (the default)' },
      { name: 'install', describe: 'put it where its scheduler finds it' },
      { name: 'uninstall', describe: 'take it away again' },
      { name: 'status', describe: 'is it installed?' },
      { name: 'format', value: 'NAME', describe: 'systemd, cron, launchd or task-scheduler' },
      { name: 'name', value: 'NAME', describe: 'of the entry (hub)' },
      CONFIG,
      SHARD,
      DRY_RUN,
    ],
  },
  'hub keys': {
    describe: 'make a key that may do nothing but read one directory of a spoke',
    usage: '$0 hub keys NAME --host [USER@]HOST --dir DIR [OPTION]...',
    positional: { name: 'name', describe: 'of the spoke' },
    options: [
      { name: 'host', value: 'HOST', describe: 'the spoke, [USER@]HOST' },
      { name: 'dir', value: 'DIR', describe: 'the directory there' },
      { name: 'port', value: 'NUM', describe: 'of its ssh server' },
      {
        name: 'server',
        value: 'NAME',
        describe: 'what the key starts there: rrsync (the default) or rsyncjs',
      },
      { name: 'comment', value: 'TEXT', describe: 'of the key' },
      { name: 'out', value: 'FOLDER', describe: 'where the key is put (~/.ssh)' },
      { name: 'write', describe: 'put the host into ~/.ssh/config' },
    ],
  },
} as const satisfies Record<string, CommandEntry>;

/** Words that only stand before another one. */
const GROUPS: Readonly<Record<string, string>> = {
  config: 'what is configured',
  hub: 'collect from many machines',
};

export type SyncCommand = keyof typeof COMMANDS;

/** A command with its options: text or true; what is not given is not there. */
export interface SyncChoice {
  command: SyncCommand;
  given: Readonly<Record<string, unknown>>;
}

const ALL = Object.keys(COMMANDS) as SyncCommand[];

/** First words. */
export const SYNC_COMMANDS: readonly string[] = [...new Set(ALL.map((command) => command.split(' ')[0]!))];

export function isSyncCommand(word: string): boolean {
  return SYNC_COMMANDS.includes(word);
}

/** What may follow some words of a command, as a shell completes it. */
export function syncCompletions(words: readonly string[], current: string): string[] {
  const [first = '', second = ''] = words;
  const command = ALL.find((name) => name === first || name === `${first} ${second}`);
  if (current.startsWith('-')) {
    const options: readonly CommandOption[] = command === undefined ? [] : COMMANDS[command].options;
    return options.map(({ name, value }) => `--${name}${value === undefined ? '' : '='}`);
  }
  if (!Object.hasOwn(GROUPS, first) || words.length > 2) return [];
  return ALL.filter((name) => name.startsWith(`${first} `)).map((name) => name.slice(first.length + 1));
}

/** Every word that may follow a first one: commands, and options with their dashes. */
export function syncWords(first: string): string[] {
  const below = ALL.filter((name) => name === first || name.startsWith(`${first} `));
  return [
    ...below.flatMap((name) => name.split(' ').slice(1)),
    ...new Set(
      below.flatMap((command) => {
        const options: readonly CommandOption[] = COMMANDS[command].options;
        return options.flatMap(({ name, negates }) => [`--${name}`, ...(negates ? [`--no-${name}`] : [])]);
      }),
    ),
  ];
}

export function addSyncCommands(program: Argv, choose: (choice: SyncChoice) => void): void {
  for (const first of SYNC_COMMANDS) {
    if (!Object.hasOwn(GROUPS, first)) {
      addCommand(program, first, first as SyncCommand, choose);
      continue;
    }
    const below = ALL.filter((name) => name.startsWith(`${first} `));
    program.command(first, GROUPS[first]!, (group) => {
      group.usage(`$0 ${first} COMMAND [OPTION]...\n\n${GROUPS[first]}`);
      for (const name of below) addCommand(group, name.slice(first.length + 1), name, choose);
      return group.demandCommand(1, 1, 'which command?');
    });
  }
}

function addCommand(
  program: Argv,
  word: string,
  command: SyncCommand,
  choose: (choice: SyncChoice) => void,
): void {
  const { describe, usage, options, positional }: CommandEntry = COMMANDS[command];
  program.command(
    positional === undefined ? word : `${word} <${positional.name}>`,
    describe,
    (one) => {
      one.usage(`${usage}\n\n${describe}`);
      if (positional !== undefined) {
        one.positional(positional.name, { describe: positional.describe, type: 'string' });
      }
      for (const option of options) addOption(one, option);
      return one;
    },
    (given) => choose({ command, given }),
  );
}

function addOption(program: Argv, { name, alias, value, repeats, negates, describe }: CommandOption): void {
  program.option(name, {
    describe,
    ...(value === undefined
      ? { type: 'boolean' as const }
      : { type: repeats === true ? ('array' as const) : ('string' as const), requiresArg: true }),
    ...(repeats === true ? { type: 'string' as const, array: true, nargs: 1 } : {}),
    ...(alias === undefined ? {} : { alias }),
  });
  // `--no-...` is an option of its own: a word that nobody knows must not be taken for the negation of another one.
  if (negates === true) program.option(`no-${name}`, { type: 'boolean', hidden: true });
}

export function syncSummary(): [name: string, describe: string][] {
  return ALL.filter((command) => command !== 'doctor').map((command) => [
    command,
    COMMANDS[command].describe,
  ]);
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

  /** Of an option that may be negated; undefined: neither was given. */
  choice(name: string): boolean | undefined {
    if (this.flag(`no-${name}`)) return false;
    return this.flag(name) ? true : undefined;
  }

  /** Of an option that may be given again. */
  texts(name: string): string[] {
    const value = this.#choice.given[name];
    if (value === undefined) return [];
    return (Array.isArray(value) ? value : [value]).map(String);
  }

  /** A word that is no option, and has to be there. */
  positional(name: string): string {
    return this.text(name) ?? '';
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
