import { type ByteString, fromBuffer, fromText } from '../core/bytes.ts';
import { EXIT, RsyncError, usageError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { NEED_MORE, type Reader } from './reader.ts';
import {
  escapeArgument,
  secludedArguments,
  secludedOptions,
  secludedWords,
  type WordForm,
} from './remote-words.ts';

/**
 * The arguments after `@RSYNCD: OK`, docs/protocol/1-session.md, 1.10.
 *
 *     arguments = {WORD end} end [secluded]        end = LF at protocol 29, NUL later
 *     secluded  = "rsync" NUL {WORD NUL} NUL       if the first list has the letter `s`
 *
 * No shell reads them. Paths are `MODULE/REST`; the daemon expands wildcards in them.
 */

export interface DaemonArguments {
  /** The first list, and what `--secluded-args` sends after it: for `-vv`. */
  words: string[];
  secluded: string[] | undefined;
  /** Everything to send. */
  bytes: ByteString;
}

/**
 * @param args of buildServerArgs
 * @param paths with the module in front, as text
 * @throws RsyncError RSYNC_USAGE, exit 1: a path that can not be sent
 */
export function daemonArguments(
  args: readonly string[],
  paths: readonly string[],
  form: WordForm,
  protocol: number,
): DaemonArguments {
  const module = moduleOf(paths[0] ?? '');
  const named = paths.map((path) => inModule(path, module));
  const end = protocol >= 30 ? '\0' : '\n';
  const words = form.secludedArgs
    ? secludedOptions(args)
    : [...args.map(asOption), '.', ...named.map((path) => asPath(path, module, form))];
  for (const word of words) check(word, end);
  const list = [...words, ''].map((word) => fromText(word) + end).join('');
  if (!form.secludedArgs) return { words, secluded: undefined, bytes: list };
  return { words, secluded: secludedWords(args, named), bytes: list + secludedArguments(args, named) };
}

/** The module alone is its root. */
export function inModule(path: string, module: string): string {
  return path === module ? `${path}/` : path;
}

/** The module that a path is in. */
export function moduleOf(path: string): string {
  const slash = path.indexOf('/');
  return slash < 0 ? path : path.slice(0, slash);
}

/** Daemons from 3.4.4 on undo backslashes, older ones do not: only what holds one is escaped. */
function asOption(word: string): string {
  return word.includes('\\') ? escapeArgument(word) : word;
}

/** A daemon takes ` MODULE/`, with the module that was asked for, for the start of another path. */
function asPath(path: string, module: string, { oldArgs }: WordForm): string {
  const plain = path.startsWith('-') ? `./${path}` : path;
  return oldArgs > 0 || module === '' ? plain : plain.replaceAll(` ${module}/`, `[ ]${module}/`);
}

function check(word: string, end: string): void {
  if (word.includes('\0'))
    throw usageError('rsyncjs: a path on the remote side cannot hold NUL', 'Name the directory above it.');
  if (end === '\n' && word.includes('\n')) {
    throw usageError(
      'rsyncjs: protocol 29 can not send a path with a line feed to a daemon',
      '--secluded-args (-s) sends such paths.',
    );
  }
}

/** Reads one list, word by word. */
export class ArgumentListReader {
  /** What has been read so far. */
  readonly words: ByteString[] = [];
  private readonly end: number;
  private bytes = 0;

  /** @param protocol 29: words end in LF; the secluded list has NUL whatever the protocol is, so give it 30 */
  constructor(protocol: number) {
    this.end = protocol >= 30 ? 0 : 0x0a;
  }

  /**
   * Takes one word; true: that was the end of the list. Throws NEED_MORE with nothing taken; RSYNC_LIMIT (exit 5) for
   * too many words or bytes, before the word is complete.
   */
  next(r: Reader): boolean {
    const room = LIMITS.ARGUMENT_BYTES - this.bytes;
    const bytes = r.buffer.subarray(r.pos, Math.min(r.end, r.pos + room + 1));
    const length = bytes.indexOf(this.end);
    if (length < 0) {
      if (bytes.length > room) throw tooMuch(`more than ${LIMITS.ARGUMENT_BYTES} bytes`);
      throw NEED_MORE;
    }
    r.pos += length + 1;
    if (length === 0) return true;
    if (this.words.length === LIMITS.ARGUMENTS) {
      throw tooMuch(`more than ${LIMITS.ARGUMENTS} words`);
    }
    this.bytes += length + 1;
    this.words.push(fromBuffer(bytes, 0, length));
    return false;
  }
}

function tooMuch(what: string): RsyncError {
  return new RsyncError('RSYNC_LIMIT', `the arguments are ${what}`, {
    exitCode: EXIT.STARTCLIENT,
    origin: 'remote',
  });
}
