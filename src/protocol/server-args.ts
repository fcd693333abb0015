/**
 * The options of the remote command line: docs/protocol/1-session.md, 1.2.
 *
 *     RSYNC-PATH "--server" ["--sender"] ["-" LETTERS ["e" CAPS]] LONG-OPTION... "." PATH...
 *
 * Order and spelling are those of C rsync: restricted shells on the far side accept nothing else. How the words get
 * there is in remote-words.ts.
 */

import { toText } from '../core/bytes.ts';
import { keepsPaths, transfersDirs } from '../options/files-from.ts';
import { alternateDirectories, backupSuffix, defaultSuffix, partialDirectory } from '../options/implied.ts';
import type { TransferOptions } from '../options/transfer-options.ts';

/** What the server is to be: the sender of a pull, the receiver of a push. */
export type ServerRole = 'sender' | 'receiver';

export type ServerArgsInput = Readonly<TransferOptions>;

/**
 * `L` symlink times, `f` safe lists, `x` no xattr shortcut, `C` seed order, `I` in-place partials, `v` varint flags
 * and negotiation, `u` names for id 0. `s`, symlink conversion, is about `--iconv` alone and changes nothing without it;
 * it is sent because forced commands and wrappers may compare the whole text with rsync's.
 */
const CAPABILITIES = 'LsfxCIvu';

/** Most `v` letters sent; a server knows five levels. */
const MOST_VERBOSE = 9;

/** True if the capability `i` is sent: the server may then choose incremental recursion. */
export function offersIncRecurse(options: ServerArgsInput, role: ServerRole): boolean {
  if (!options.recursive || !options.incRecurse || options.protocol < 30) return false;
  if (role === 'sender' && options.pruneEmptyDirs) return false;
  // A client that receives and deletes in one go needs the whole list first; a server decides that for itself.
  return role === 'receiver' || !needsWholeList(options);
}

/** True if a receiver of these options has to know every name before it does anything: no incremental recursion. */
export function needsWholeList(options: ServerArgsInput): boolean {
  return options.deleteMode === 'before' || options.deleteMode === 'after' || options.delayUpdates;
}

/** The words after RSYNC-PATH and before the ".", unescaped. */
export function buildServerArgs(options: ServerArgsInput, role: ServerRole): string[] {
  const words = ['--server'];
  if (role === 'sender') words.push('--sender');
  const capabilities = capabilityText(options, role);
  const letters =
    shortLetters(options, role === 'receiver') + (capabilities === '' ? '' : `e${capabilities}`);
  if (letters !== '') words.push(`-${letters}`);
  words.push(...longOptions(options, role === 'receiver'));
  return words;
}

/** Directories are transferred without their content, and the server has to be told so. */
function dirsOnly(options: ServerArgsInput, push: boolean): boolean {
  if (options.recursive || !transfersDirs(options)) return false;
  // What --files-from implies the server knows; a receiver that deletes is told, since it is not told of the list.
  return options.dirs === true || options.listOnly || (push && options.deleteMode !== 'none');
}

function shortLetters(options: ServerArgsInput, push: boolean): string {
  const flags: [boolean, string][] = [
    [options.secludedArgs, 's'],
    [options.verbose > 0, 'v'.repeat(Math.min(options.verbose, MOST_VERBOSE))],
    [options.quiet, 'q'],
    [options.backup, 'b'],
    [options.update, 'u'],
    [options.dryRun, 'n'],
    [options.links, 'l'],
    [dirsOnly(options, push), 'd'],
    [push && options.keepDirlinks, 'K'],
    [push && options.pruneEmptyDirs, 'm'],
    [push && options.omitDirTimes, 'O'],
    [push && options.omitLinkTimes, 'J'],
    [push && options.fuzzy > 0, options.fuzzy > 1 ? 'yy' : 'y'],
    [!push && options.copyLinks, 'L'],
    [!push && options.copyDirlinks, 'k'],
    [options.wholeFile === true || checksumOff(options), 'W'],
    [options.hardLinks, 'H'],
    [options.owner, 'o'],
    [options.group, 'g'],
    [options.devices, 'D'],
    [options.times, 't'],
    [options.perms, 'p'],
    [options.recursive, 'r'],
    [options.checksum, 'c'],
    [options.cvsExclude, 'C'],
    [options.ignoreTimes, 'I'],
    [keepsPaths(options), 'R'],
    [options.oneFileSystem > 0, options.oneFileSystem > 1 ? 'xx' : 'x'],
    [options.sparse, 'S'],
    [sendsCompressLetter(options), 'z'],
  ];
  return flags.map(([on, letters]) => (on ? letters : '')).join('');
}

/**
 * The capability text, the value of the last letter `e`: docs/protocol/1-session.md, 1.2. '' below protocol 30. Its "."
 * is where a pre-release names itself.
 */
export function capabilityText(options: ServerArgsInput, role: ServerRole): string {
  if (options.protocol < 30) return '';
  return `.${offersIncRecurse(options, role) ? 'i' : ''}${CAPABILITIES}`;
}

function longOptions(options: ServerArgsInput, push: boolean): string[] {
  const words: string[] = [];
  const add = (on: boolean, ...added: string[]): void => {
    if (on) words.push(...added);
  };
  add(options.listOnlyGiven === true, '--list-only');
  add(push && dirsOnly(options, push) && options.deleteMode !== 'none', '--no-r');
  add(options.compress && options.compressLevel !== undefined, `--compress-level=${options.compressLevel}`);
  add(options.devices && !options.specials, '--no-specials');
  add(options.specials && !options.devices, '--specials');
  if (push) words.push(...formatHint(options));
  add(options.blockSize > 0, `-B${options.blockSize}`);
  add(options.timeout > 0, `--timeout=${options.timeout}`);
  add(options.bwlimit > 0, `--bwlimit=${options.bwlimit}`);
  if (options.backupDir !== undefined) words.push('--backup-dir', toText(options.backupDir));
  add(backupSuffix(options) !== defaultSuffix(options), `--suffix=${toText(backupSuffix(options))}`);
  add(namesChecksum(options), `--checksum-choice=${options.checksumChoice}`);
  words.push(...compressorWords(options));
  if (push) {
    // 0 was "no limit" to old servers; to all, -1 is "none at all".
    add(options.maxDelete !== undefined, `--max-delete=${options.maxDelete === 0 ? -1 : options.maxDelete}`);
    add(options.minSize !== undefined, `--min-size=${options.minSize}`);
    add(options.maxSize !== undefined, `--max-size=${options.maxSize}`);
    words.push(...deleteWords(options));
  }
  add(push && options.force, '--force');
  add(push && options.sizeOnly, '--size-only');
  add(push && options.stats, '--stats');
  if (options.deleteMissingArgs) words.push('--delete-missing-args');
  else add(!push && options.ignoreMissingArgs, '--ignore-missing-args');
  if (push) words.push(...windowWords(options));
  add(options.checksumSeed !== 0, `--checksum-seed=${options.checksumSeed}`);
  if (push && options.partialDir !== undefined) words.push('--partial-dir', toText(options.partialDir));
  add(push && options.delayUpdates, '--delay-updates');
  add(push && options.partial && partialDirectory(options) === undefined, '--partial');
  add(options.ignoreErrors, '--ignore-errors');
  add(options.copyUnsafeLinks, '--copy-unsafe-links');
  add(options.safeLinks, '--safe-links');
  add(options.numericIds, '--numeric-ids');
  add(push && options.ignoreExisting, '--ignore-existing');
  add(push && options.existing, '--existing');
  if (push && options.tempDir !== undefined) words.push('--temp-dir', toText(options.tempDir));
  add(push && options.fsync, '--fsync');
  if (push) words.push(...alternateWords(options));
  // Appending says that it is done in place.
  if (options.append > 0) for (let k = 0; k < options.append; k++) words.push('--append');
  else add(options.inplace, '--inplace');
  add(push && options.inplace && options.sparse && options.wholeFile === false, '--no-W');
  words.push(...listWords(options, push));
  const mayKnow = !push || options.protocol >= 30;
  add(keepsPaths(options) && !options.impliedDirs && mayKnow, '--no-implied-dirs');
  add(options.removeSourceFiles, '--remove-source-files');
  add(options.removeSentFiles && !options.removeSourceFiles, '--remove-sent-files');
  add(push && options.mkpath, '--mkpath');
  return words;
}

/** Where the server finds the names of --files-from. One that receives them from a client here has nothing to find. */
function listWords(options: ServerArgsInput, push: boolean): string[] {
  const { filesFrom, from0 } = options;
  if (filesFrom === undefined) return [];
  const words: string[] = [];
  if (filesFrom.at === 'peer') words.push('--files-from', filesFrom.file, ...(from0 ? ['--from0'] : []));
  else if (!push) words.push('--files-from=-', '--from0');
  if (words.length > 0 && !keepsPaths(options)) words.push('--no-relative');
  return words;
}

function windowWords({ modifyWindow, modifyWindowGiven }: ServerArgsInput): string[] {
  if (modifyWindow === 0 && modifyWindowGiven !== true) return [];
  return [modifyWindow < 0 ? `-@${modifyWindow}` : `--modify-window=${modifyWindow}`];
}

function alternateWords(options: ServerArgsInput): string[] {
  const found = alternateDirectories(options);
  return found?.directories.flatMap((directory) => [`--${found.kind}-dest`, toText(directory)]) ?? [];
}

function deleteWords({ deleteMode, deleteExcluded }: ServerArgsInput): string[] {
  const words: string[] = [];
  if (deleteMode === 'default') {
    if (!deleteExcluded) words.push('--delete');
  } else if (deleteMode !== 'none') words.push(`--delete-${deleteMode}`);
  if (deleteExcluded) words.push('--delete-excluded');
  return words;
}

/** `%` escapes with the marks of width and grouping, so that `%%i` is not taken for `%i`. */
const ESCAPE = /%[-'\d]*(.)/gs;

/** How much the client is going to print of each item: it decides which notices the server sends. */
function formatHint(options: ServerArgsInput): string[] {
  const { outFormat, itemize, verbose, progress, quiet } = options;
  const format = outFormat ?? (itemize > 0 ? '%i' : undefined);
  if (format === undefined) return progress && verbose === 0 && !quiet ? ['--log-format=X'] : [];
  const letters = new Set(Array.from(format.matchAll(ESCAPE), (match) => match[1]));
  if (letters.has('i')) return [itemize > 1 ? '--log-format=%i%I' : '--log-format=%i'];
  if (letters.has('o')) return ['--log-format=%o'];
  return verbose === 0 ? ['--log-format=X'] : [];
}

function isNamed(choice: string | undefined): choice is string {
  return choice !== undefined && choice.toLowerCase() !== 'auto';
}

/** A pair of two `auto` is negotiated as well. */
function namesChecksum({ checksumChoice }: ServerArgsInput): boolean {
  return isNamed(checksumChoice) && checksumChoice.toLowerCase() !== 'auto,auto';
}

/** Without a transfer checksum nothing can be matched. */
function checksumOff({ checksumChoice }: ServerArgsInput): boolean {
  return checksumChoice?.toLowerCase().split(',')[0] === 'none';
}

function sendsCompressLetter(options: ServerArgsInput): boolean {
  const { compress, compressChoice, compressCount, compressLevel } = options;
  if (isNamed(compressChoice)) return compressChoice.toLowerCase() === 'zlib';
  // The level alone turns compression on as well; C sends the letter only if it was typed.
  return compress && (compressCount !== 0 || compressLevel === undefined);
}

function compressorWords({ compressChoice }: ServerArgsInput): string[] {
  if (!isNamed(compressChoice)) return [];
  const name = compressChoice.toLowerCase();
  if (name === 'zlibx') return ['--new-compress'];
  if (name === 'zlib') return ['--old-compress'];
  return [`--compress-choice=${compressChoice}`];
}
