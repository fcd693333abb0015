/** The command line of a daemon: `--daemon`, and options of its own. */
import { usageError } from '../core/errors.ts';
import { DAEMON_OPTIONS, type DaemonArguments, type DaemonOption } from './table/daemon.ts';
import { invalid } from './values.ts';

export type { DaemonArguments } from './table/daemon.ts';

/** Words that only say that this is a daemon. */
const MODES: ReadonlySet<string> = new Set(['--daemon', '--server', '.']);

/**
 * @param argv  after the name of the command
 * @throws RsyncError RSYNC_USAGE, exit 1: an unknown option, a bad value, a path
 */
export function parseDaemonArguments(argv: readonly string[]): DaemonArguments {
  const args: DaemonArguments = {
    config: '',
    overrides: [],
    address: undefined,
    port: undefined,
    detach: true,
    logFile: undefined,
    logFormat: undefined,
    socketOptions: undefined,
    addressFamily: 0,
    bwlimit: 0,
    verbose: 0,
    help: false,
  };
  const words = argv.filter((word) => !MODES.has(word));
  const next = (word: string): string => {
    const value = words.shift();
    if (value === undefined) throw invalid(word, 'missing argument');
    return value;
  };
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word.startsWith('--')) readLong(args, word, next);
    else if (word.startsWith('-')) readLetters(args, word, next);
    else throw usageError(`rsyncjs: ${word}: a daemon takes no path`, 'Modules are in the configuration.');
  }
  return args;
}

type Next = (word: string) => string;

function readLong(args: DaemonArguments, word: string, next: Next): void {
  const [name = '', ...rest] = word.slice(2).split('=');
  const option = find(word, ({ long }) => long === name);
  if (option.argument !== undefined) option.apply(args, rest.length > 0 ? rest.join('=') : next(word), word);
  else if (rest.length > 0) throw invalid(word, 'option does not take an argument');
  else option.apply(args, '', word);
}

function readLetters(args: DaemonArguments, word: string, next: Next): void {
  for (let at = 1; at < word.length; at++) {
    const option = find(word, ({ short }) => short === word[at]);
    if (option.argument === undefined) {
      option.apply(args, '', word);
      continue;
    }
    option.apply(args, word.slice(at + 1).replace(/^=/, '') || next(word), word);
    return;
  }
}

function find(word: string, matches: (option: DaemonOption) => boolean): DaemonOption {
  const option = DAEMON_OPTIONS.find(matches);
  if (option !== undefined) return option;
  throw usageError(`rsyncjs: ${word}: unknown option of a daemon`, '"rsyncjs --daemon --help" lists them.');
}

/** @param command  the name that the program was started under */
export function daemonHelp(command = 'rsyncjs'): string {
  const rows = DAEMON_OPTIONS.map(({ short, long, argument, help }) => {
    const letter = short === undefined ? '    ' : `-${short}, `;
    return [`  ${letter}--${long}${argument === undefined ? '' : `=${argument}`}`, help] as const;
  });
  const width = Math.max(...rows.map(([names]) => names.length));
  return [
    `${command} --daemon serves the modules of a configuration to rsync clients.`,
    '',
    `Usage: ${command} --daemon [OPTION]...`,
    '',
    ...rows.map(([names, help]) => `${names.padEnd(width)}  ${help}`),
    '',
  ].join('\n');
}
