/**
 * How the arguments of the server get through the remote login shell: docs/protocol/1-session.md, 1.2 and
 * 4-filters-and-options.md, E.3.
 *
 *     shell:     every word escaped, so that one pass of sh, bash, zsh, fish or busybox gives it back; or rrsync
 *     secluded:  "--server" ["--sender"] "-s" LETTERS to the shell; over the stream, before anything else,
 *                "rsync" 00 (LONG-OPTION 00)... "." 00 (PATH 00)... 00
 */
import type { ByteString } from '../core/bytes.ts';
import { fromText } from '../core/bytes.ts';
import { usageError } from '../core/errors.ts';

/** The fields of TransferOptions that decide. */
export interface WordForm {
  /** 0; 1: paths are not escaped; 2: nothing is. */
  readonly oldArgs: number;
  readonly secludedArgs: boolean;
  readonly relative?: boolean | undefined;
  /** `--files-from`, which implies it. */
  readonly filesFrom?: object | undefined;
  readonly trustSender?: boolean;
}

// Backslashes, not quotes: rrsync and similar wrappers undo nothing else. Bytes above 0x7f and ^ @ , : + stay.
// Vertical tab and form feed end a word in fish; rsync sends them bare.
const IN_OPTIONS = /[!#$&;|<>(){}"'` \t\v\f\r\\*?[\]]/g;
// Wildcards in a path are for the remote shell; a backslash in front of one was meant as its quote. What rsync leaves
// bare and loses: "=ls" is the path of a program in zsh, "%self" a process id in fish, "a=~" a home directory in bash.
const IN_PATHS = /[!#$&;|<>(){}"'` \t\v\f\r]|^[=%]|(?<=[=:])~|\\(?![*?[\]])/g;
// An escaped line feed is a continued line, which a shell drops; quotes around it are read alike by all of them.
const LINE_FEED = /\n/g;
const QUOTED_LINE_FEED = "'\n'";

/** What a C server reads of one secluded string; it drops the rest of a longer one, which may name something else. */
const LONGEST_SECLUDED = 4095;

/** Escapes an option with its value for one pass of a shell. */
export function escapeArgument(word: string): string {
  return word.replace(IN_OPTIONS, '\\$&').replace(LINE_FEED, QUOTED_LINE_FEED);
}

/**
 * Escapes a path for one pass of a shell; wildcards stay wildcards.
 * @param options.direction a leading `~` is expanded by the remote shell, but on a pull only if a "/" follows (with -R:
 *   "/./"): the names that come back could not be checked against `~user` itself. With --trust-sender they are not.
 */
export function escapePath(
  path: string,
  { direction, relative, filesFrom, trustSender }: { direction: 'pull' | 'push' } & Partial<WordForm>,
): string {
  const plain = asOperand(path);
  // rrsync 3.4.2 to 3.5.0 refuses "./" and takes ".", which means the same.
  if (/^(\.\/+)+$/.test(plain)) return '.';
  const escaped = plain.replace(IN_PATHS, '\\$&').replace(LINE_FEED, QUOTED_LINE_FEED);
  const checked = direction === 'pull' && trustSender !== true;
  if (checked && path.startsWith('~') && !path.includes((relative ?? filesFrom !== undefined) ? '/./' : '/'))
    return `\\${escaped}`;
  return escaped;
}

/** Neither nothing nor an option. */
function asOperand(path: string): string {
  if (path === '') return '.';
  return path.startsWith('-') ? `./${path}` : path;
}

/**
 * The words after RSYNC-PATH: what a remote-shell program is given after host and RSYNC-PATH.
 * @param args of buildServerArgs.
 * @throws RsyncError RSYNC_USAGE, exit 1: a path that cannot be an argument.
 */
export function remoteWords(args: readonly string[], paths: readonly string[], form: WordForm): string[] {
  checkPaths(paths);
  if (form.secludedArgs) return secludedOptions(args);
  const direction = args[1] === '--sender' ? 'pull' : 'push';
  return [
    ...(form.oldArgs > 1 ? args : args.map(escapeArgument)),
    '.',
    ...paths.map((path) => (form.oldArgs > 0 ? asOperand(path) : escapePath(path, { ...form, direction }))),
  ];
}

/** The whole command for the login shell of the remote side. `rsyncPath` may be a piece of shell. */
export function remoteCommandLine(
  rsyncPath: string,
  args: readonly string[],
  paths: readonly string[],
  form: WordForm,
): string {
  return [rsyncPath, ...remoteWords(args, paths, form)].join(' ');
}

/**
 * The words that `--secluded-args` keeps from the shell.
 * @param args of buildServerArgs.
 * @throws RsyncError RSYNC_USAGE, exit 1: a path that cannot be an argument.
 */
export function secludedWords(args: readonly string[], paths: readonly string[]): string[] {
  checkPaths(paths);
  const words = [...args.slice(clusterAt(args) + 1), '.', ...paths.map(asOperand)];
  const long = words.find((word) => fromText(word).length > LONGEST_SECLUDED);
  if (long === undefined) return words;
  throw usageError(
    `rsyncjs: a path is too long for --secluded-args: ${long.slice(0, 40)}...`,
    `A server reads ${LONGEST_SECLUDED} bytes of it; leave --secluded-args out.`,
  );
}

/** What a client with `--secluded-args` sends first: the words, each ended by NUL, and one more NUL. As above. */
export function secludedArguments(args: readonly string[], paths: readonly string[]): ByteString {
  return ['rsync', ...secludedWords(args, paths), '', ''].map(fromText).join('\0');
}

/** The words that `--secluded-args` leaves in the open. @param args of buildServerArgs. */
export function secludedOptions(args: readonly string[]): string[] {
  return args.slice(0, clusterAt(args) + 1);
}

/** A word as rsync's `-vv` shows it. */
export function shownWord(word: string): string {
  return /[^\w,.\-=+@/]/.test(word) ? `"${word}"` : word;
}

/** The letters come after `--server` and `--sender`; with `s` among them they are always there. */
function clusterAt(args: readonly string[]): number {
  return args[1] === '--sender' ? 2 : 1;
}

function checkPaths(paths: readonly string[]): void {
  const path = paths.find((text) => text.includes('\0'));
  if (path === undefined) return;
  throw usageError(
    `rsyncjs: a path on the remote side cannot hold NUL: ${JSON.stringify(path)}`,
    'Name the directory above it.',
  );
}
