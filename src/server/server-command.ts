/**
 * The command line of a server, as clients of every release write it: docs/protocol/1-session.md, 1.2.
 *
 *     ["--server"] ["--sender"] OPTION... ["--"] "." PATH...
 */
import { type ByteString, toText } from '../core/bytes.ts';
import { EXIT, isRsyncError, RsyncError, usageError } from '../core/errors.ts';
import {
  checkDeleteTimes,
  emptyDraft,
  type FoundOption,
  lookUp,
  readWords,
  selectNames,
} from '../options/parse.ts';
import { settle } from '../options/resolve.ts';
import { type Apply, isSupported, LONG_NAMES, SHORT_NAMES } from '../options/table.ts';
import type { TransferOptions } from '../options/transfer-options.ts';
import type { ServerRole } from '../protocol/server-args.ts';

/** Where errors and warnings go: `--stderr`. Information always goes to the client. */
export type ErrorSink = 'stderr' | 'messages';

export interface ServerCommand {
  role: ServerRole;
  options: TransferOptions;
  /** The value of `-e`: what the client can do. '' for clients older than 3.0. */
  capabilities: string;
  errorsTo: ErrorSink;
  /** The directory to start in, the first path: `.` as clients send it. */
  directory: ByteString;
  /** Sources of a sender, the destination of a receiver: at most one. As sent, wildcards and all. */
  paths: ByteString[];
  /** Every option that was given, by its long name without dashes, or its letter if it has none. */
  named: ReadonlySet<string>;
}

export interface CommandForm {
  /** Everything after the first path is a path, whatever it looks like. */
  firstPathEnds?: boolean;
}

/** What the words of a server say beside the options of a transfer. */
interface ServerWords {
  isServer: boolean;
  isSender: boolean;
  capabilities: string;
  errorsTo: ErrorSink;
}

/** Options that steer a client alone: no server is given them, and what they did here would surprise. */
const CLIENT_ONLY: ReadonlySet<string> = new Set([
  'help',
  'version',
  'rsync-path',
  'old-args',
  'ipv4',
  'ipv6',
  'address',
  'port',
  'sockopts',
  'password-file',
  'early-input',
  'contimeout',
  'motd',
]);

/**
 * @param words  after the name of the program; bytes
 * @throws RsyncError RSYNC_USAGE, exit 1: an unknown option, a bad value, a conflict, no path; RSYNC_UNSUPPORTED, exit 4:
 *   an option of rsync that is not supported. Both name the option.
 */
export function parseServerCommand(words: readonly ByteString[], form: CommandForm = {}): ServerCommand {
  try {
    return parse(words, form);
  } catch (error) {
    throw isRsyncError(error) ? onThisMachine(error) : error;
  }
}

/** The client's user reads this beside what the client itself says: it must be clear who speaks. */
function onThisMachine(error: RsyncError): RsyncError {
  return new RsyncError(error.code, `on remote machine: ${error.message.replace(/^rsyncjs: /, '')}`, {
    exitCode: error.exitCode,
    origin: 'remote',
    hint: 'The rsyncjs that runs as the server there does not take this option; run the client without it.',
    cause: error,
  });
}

function parse(words: readonly ByteString[], { firstPathEnds = false }: CommandForm): ServerCommand {
  const draft = emptyDraft((value) => value);
  const said: ServerWords = { isServer: false, isSender: false, capabilities: '', errorsTo: 'stderr' };
  const special = specialOptions(said);
  const named = new Set<string>();
  const [directory, ...paths] = readWords(words, draft, {
    firstPathEnds,
    lookUp: (kind, name, word) => {
      named.add(ownName(kind, name));
      return special.get(kind === 'long' ? `--${name}` : `-${name}`) ?? known(kind, name, word);
    },
  });
  if (!said.isServer) throw usageError('the options of a server begin with --server');
  checkDeleteTimes(draft);
  const { options } = draft;
  options.secludedArgs = draft.secludedArgs === true;
  selectNames(draft, { server: true });
  settle(options);
  const { isSender, capabilities, errorsTo } = said;
  const command: ServerCommand = {
    role: isSender ? 'sender' : 'receiver',
    options,
    capabilities,
    errorsTo,
    directory: directory ?? '.',
    paths,
    named,
  };
  if (!options.secludedArgs) checkPaths(command, directory);
  return command;
}

/**
 * The command when the client sent the rest of it over the connection (`--secluded-args`).
 * @param words  of the command line
 * @param rest   the strings that came, without the first, which is a name
 */
export function withSecludedWords(
  words: readonly ByteString[],
  rest: readonly ByteString[],
  form: CommandForm = {},
): ServerCommand {
  const command = parseServerCommand([...words, ...rest], form);
  checkPaths(command, command.directory);
  return command;
}

function checkPaths({ role, paths }: ServerCommand, directory: ByteString | undefined): void {
  if (directory === undefined) throw usageError('the server was told no path');
  if (role === 'receiver' && paths.length > 1) throw usageError('a receiver has one destination');
}

/** Options that mean something else to a server, or that only a server is given. */
function specialOptions(said: ServerWords): ReadonlyMap<string, FoundOption> {
  const flag = (apply: Apply): FoundOption => ({ takesValue: false, apply });
  const value = (apply: Apply): FoundOption => ({ takesValue: true, apply });
  const capabilities = value((_draft, text) => {
    said.capabilities = text;
  });
  const format = value(({ options }, text) => {
    // A hint at how much the client prints of each item: `%i`, `%i%I` (also of unchanged ones), or something else.
    if (text.startsWith('%i')) options.itemize = text.includes('%I') ? 2 : 1;
    else options.outFormat = text;
  });
  const errors = (to: ErrorSink) => (): void => {
    said.errorsTo = to;
  };
  const turnOn = (key: 'isServer' | 'isSender') => (): void => {
    said[key] = true;
  };
  return new Map([
    ['--server', flag(turnOn('isServer'))],
    ['--sender', flag(turnOn('isSender'))],
    ['-e', capabilities],
    ['--rsh', capabilities],
    [
      '--append',
      flag(({ options }) => {
        options.append = Math.min(2, options.append + 1);
      }),
    ],
    ['--log-format', format],
    ['--out-format', format],
    ['--msgs2stderr', flag(errors('stderr'))],
    ['--no-msgs2stderr', flag(errors('messages'))],
    [
      '--stderr',
      value((_draft, mode, word) => {
        const level = 'all errors client'.split(' ').find((known) => mode !== '' && known.startsWith(mode));
        if (level === undefined) throw usageError(`${word}: not one of all, errors, client`);
        said.errorsTo = level === 'client' ? 'messages' : 'stderr';
      }),
    ],
  ]);
}

/** The name that the table has for an option; that of an undoing stays as it is. */
function ownName(kind: 'long' | 'short', name: string): string {
  const found = kind === 'long' ? LONG_NAMES.get(name) : SHORT_NAMES.get(name);
  return found === undefined || found.negated ? name : (found.entry.long ?? name);
}

function known(kind: 'long' | 'short', name: string, word: string): FoundOption {
  const entry = kind === 'long' ? LONG_NAMES.get(name)?.entry : undefined;
  if (
    entry !== undefined &&
    isSupported(entry) &&
    (entry.own === true || CLIENT_ONLY.has(entry.long ?? ''))
  ) {
    throw new RsyncError('RSYNC_USAGE', `${toText(word)}: not an option of a server`, {
      exitCode: EXIT.SYNTAX,
      origin: 'remote',
    });
  }
  return lookUp(kind, name, word);
}
