/**
 * Defaults, implications and conflicts of the options: docs/protocol/4-filters-and-options.md, B.2 and B.3.
 * The command line and the library meet here.
 */
import { EXIT, RsyncError, usageError } from '../core/errors.ts';
import { parseChecksumChoice, parseCompressChoice } from './choices.ts';
import { locateList, transfersDirs } from './files-from.ts';
import { cleanDirectory, partialDirectory } from './implied.ts';
import { checkBlockSize, checkPort, checkProtocol, NEWEST_PROTOCOL } from './limits.ts';
import { parseSocketOptions } from './socket-options.ts';
import type { DeleteMode, FilterArgument, ListFile, TransferOptions } from './transfer-options.ts';
import { INT_MAX } from './values.ts';

/** What a transfer does when nothing is asked for: copy single files, keep nothing of them but the content. */
export const DEFAULT_OPTIONS: Readonly<TransferOptions> = Object.freeze({
  recursive: false,
  dirs: undefined,
  relative: undefined,
  impliedDirs: true,
  mkpath: false,
  filesFrom: undefined,
  from0: false,
  ignoreMissingArgs: false,
  deleteMissingArgs: false,
  trustSender: false,
  cvsExclude: false,
  copyLinks: false,
  copyUnsafeLinks: false,
  copyDirlinks: false,
  safeLinks: false,
  keepDirlinks: false,
  pruneEmptyDirs: false,
  maxSize: undefined,
  minSize: undefined,
  omitDirTimes: false,
  omitLinkTimes: false,
  links: false,
  perms: false,
  times: false,
  owner: false,
  group: false,
  devices: false,
  specials: false,
  hardLinks: false,
  sparse: false,
  checksum: false,
  update: false,
  dryRun: false,
  itemize: 0,
  verbose: 0,
  quiet: false,
  compress: false,
  wholeFile: undefined,
  oneFileSystem: 0,
  humanReadable: 1,
  progress: false,
  partial: false,
  partialDir: undefined,
  delayUpdates: false,
  tempDir: undefined,
  backup: false,
  backupDir: undefined,
  suffix: undefined,
  compareDest: [],
  copyDest: [],
  linkDest: [],
  inplace: false,
  append: 0,
  fuzzy: 0,
  fsync: false,
  stats: false,
  deleteMode: 'none',
  deleteExcluded: false,
  ignoreErrors: false,
  force: false,
  removeSourceFiles: false,
  removeSentFiles: false,
  mungeLinks: false,
  maxDelete: undefined,
  filters: [],
  existing: false,
  ignoreExisting: false,
  sizeOnly: false,
  ignoreTimes: false,
  modifyWindow: 0,
  numericIds: false,
  timeout: 0,
  bwlimit: 0,
  rsyncPath: 'rsync',
  rsh: undefined,
  oldArgs: 0,
  secludedArgs: false,
  addressFamily: 0,
  motd: true,
  port: 0,
  contimeout: 0,
  address: undefined,
  sockopts: undefined,
  passwordFile: undefined,
  earlyInput: undefined,
  rshSpawn: false,
  sshDebug: false,
  sshMatchExec: false,
  protocol: NEWEST_PROTOCOL,
  checksumChoice: undefined,
  compressChoice: undefined,
  compressLevel: undefined,
  checksumSeed: 0,
  blockSize: 0,
  incRecurse: true,
  outFormat: undefined,
  listOnly: false,
});

/** What `archive` turns on: `-rlptgoD`. */
export const ARCHIVE = {
  recursive: true,
  links: true,
  perms: true,
  times: true,
  group: true,
  owner: true,
  devices: true,
  specials: true,
} as const satisfies Partial<TransferOptions>;

/** Options as a caller of the library gives them: any part of TransferOptions; undefined means the default. */
export type OptionsInput = {
  [K in Exclude<keyof TransferOptions, 'filesFrom'>]?: TransferOptions[K] | undefined;
} & {
  /** `-a`: what ARCHIVE lists, unless a field of its own says otherwise; with `filesFrom` without recursion. */
  archive?: boolean | undefined;
  /** `--files-from`: a file here, `-` for standard input, `:FILE` or `HOST:FILE` for one on the remote side. */
  filesFrom?: string | ListFile | undefined;
};

type Kind = 'boolean' | 'number' | 'string' | 'array';

/** What each field holds; a Map, so that `constructor` and the like are no fields. */
const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...Object.entries(DEFAULT_OPTIONS).map(([key, value]): [string, Kind] => [key, typeof value as Kind]),
  ['filters', 'array'],
  ['dirs', 'boolean'],
  ['relative', 'boolean'],
  ['maxSize', 'number'],
  ['minSize', 'number'],
  ['compareDest', 'array'],
  ['copyDest', 'array'],
  ['linkDest', 'array'],
  ['partialDir', 'string'],
  ['tempDir', 'string'],
  ['backupDir', 'string'],
  ['suffix', 'string'],
  ['wholeFile', 'boolean'],
  ['maxDelete', 'number'],
  ['rsh', 'string'],
  ['address', 'string'],
  ['sockopts', 'string'],
  ['passwordFile', 'string'],
  ['earlyInput', 'string'],
  ['rshByDefault', 'boolean'],
  ['checksumChoice', 'string'],
  ['compressChoice', 'string'],
  ['compressLevel', 'number'],
  ['outFormat', 'string'],
  ['compressCount', 'number'],
  ['listOnlyGiven', 'boolean'],
  ['modifyWindowGiven', 'boolean'],
]);

const DIRECTORY_LISTS = ['compareDest', 'copyDest', 'linkDest'] as const;

const PATHS = ['partialDir', 'tempDir', 'backupDir', 'suffix', ...DIRECTORY_LISTS] as const;

const ALTERNATE_NAMES = { compareDest: '--compare-dest', copyDest: '--copy-dest', linkDest: '--link-dest' };

/** As many as a basis type on the wire is safe for with every peer. */
const MAX_ALTERNATES = 20;

const DELETE_MODES: readonly DeleteMode[] = ['none', 'default', 'before', 'during', 'delay', 'after'];

/**
 * The full form of some options: defaults filled in, implications worked out.
 * @throws RsyncError RSYNC_USAGE (exit 1; 2 for the protocol) or RSYNC_UNSUPPORTED (exit 4) for values and
 *   combinations that make no sense.
 */
export function resolveOptions(input: OptionsInput = {}, form: { windows?: boolean } = {}): TransferOptions {
  const { archive, filesFrom, ...fields } = input;
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  for (const [key, value] of Object.entries(given)) checkType(key, value);
  if (archive !== undefined && typeof archive !== 'boolean')
    throw usageError('rsyncjs: archive: must be a boolean');
  if (filesFrom !== undefined && typeof filesFrom !== 'string' && !isListFile(filesFrom))
    throw usageError('rsyncjs: filesFrom: must be a string');
  const options: TransferOptions = { ...DEFAULT_OPTIONS, ...(archive === true ? ARCHIVE : {}), ...given };
  if (filesFrom !== undefined) {
    options.filesFrom = typeof filesFrom === 'string' ? locateList(filesFrom, form) : filesFrom;
    options.recursive = fields.recursive === true;
  }
  options.filters = [...options.filters];
  for (const key of DIRECTORY_LISTS) {
    if (!options[key].every((path) => typeof path === 'string'))
      throw usageError(`rsyncjs: ${key}: must be an array of strings`);
    if (options[key] !== DEFAULT_OPTIONS[key]) options[key] = [...options[key]];
  }
  for (const path of PATHS.flatMap((key) => options[key] ?? [])) {
    // Characters above U+00FF are text, not the bytes of it.
    if (/[^\0-\xff]/.test(path)) throw usageError('rsyncjs: the path of an option must be a ByteString');
  }
  for (const filter of options.filters) checkFilter(filter);
  return settle(options);
}

function checkType(key: string, value: unknown): void {
  const kind = KINDS.get(key);
  if (kind === undefined) throw usageError(`rsyncjs: ${key}: unknown option`);
  if (kind === 'array' ? !Array.isArray(value) : typeof value !== kind) {
    throw usageError(`rsyncjs: ${key}: must be ${kind === 'array' ? 'an' : 'a'} ${kind}`);
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw usageError(`rsyncjs: ${key}: must be a whole number`);
  }
}

function isListFile(value: object): value is ListFile {
  const { at, file } = value as Record<string, unknown>;
  return (at === 'here' || at === 'peer') && typeof file === 'string';
}

const RULES: readonly unknown[] = ['exclude', 'include', 'filter'] satisfies FilterArgument['kind'][];
const FILES: readonly unknown[] = ['exclude-from', 'include-from'] satisfies FilterArgument['kind'][];

function checkFilter(filter: unknown): void {
  const { kind, text, file, from0 } = (filter ?? {}) as Record<string, unknown>;
  if (from0 !== undefined && typeof from0 !== 'boolean') throw usageError('rsyncjs: filters: not a filter');
  if (FILES.includes(kind) && typeof file === 'string') return;
  if (!RULES.includes(kind) || typeof text !== 'string') throw usageError('rsyncjs: filters: not a filter');
  // Characters above U+00FF are text, not the bytes of it.
  if (/[^\0-\xff]/.test(text)) throw usageError('rsyncjs: filters: the text must be a ByteString');
}

/** Numbers that the server reads as 32-bit integers. */
const NEVER_NEGATIVE = [
  'itemize',
  'verbose',
  'oneFileSystem',
  'humanReadable',
  'timeout',
  'bwlimit',
  'blockSize',
  'maxDelete',
  'oldArgs',
  'port',
  'contimeout',
  'append',
  'fuzzy',
] as const satisfies (keyof TransferOptions)[];

/** Applies the implications, in place, then looks for conflicts. */
export function settle(options: TransferOptions): TransferOptions {
  checkRanges(options);
  imply(options);
  checkConflicts(options);
  return options;
}

function checkRanges(options: TransferOptions): void {
  for (const key of NEVER_NEGATIVE) {
    const value = options[key] ?? 0;
    if (value < 0) throw usageError(`rsyncjs: ${key}: must be 0 or more`);
    if (value > INT_MAX) throw usageError(`rsyncjs: ${key}: must fit into 32 bits`);
  }
  for (const key of ['minSize', 'maxSize'] as const) {
    if ((options[key] ?? 0) < 0) throw usageError(`rsyncjs: ${key}: must be 0 or more`);
  }
  checkProtocol(options.protocol, `protocol ${options.protocol}`);
  checkBlockSize(options.blockSize, options.protocol, `block size ${options.blockSize}`);
  if (options.checksumSeed !== (options.checksumSeed | 0)) {
    throw usageError('rsyncjs: checksumSeed: must fit into 32 bits');
  }
  checkPort(options.port, `port ${options.port}`);
  if (options.sockopts !== undefined) parseSocketOptions(options.sockopts);
  if (options.append > 2) throw usageError('rsyncjs: append: must be 0, 1 or 2');
  if (options.modifyWindow !== (options.modifyWindow | 0)) {
    throw usageError('rsyncjs: modifyWindow: must fit into 32 bits');
  }
  if (options.oldArgs > 2) throw usageError('rsyncjs: oldArgs: must be 0, 1 or 2');
  if (![0, 4, 6].includes(options.addressFamily))
    throw usageError('rsyncjs: addressFamily: must be 0, 4 or 6');
  if (options.fuzzy > 2) throw usageError('rsyncjs: fuzzy: must be 0, 1 or 2');
  if (!DELETE_MODES.includes(options.deleteMode)) throw usageError('rsyncjs: deleteMode: unknown mode');
  if (options.rsyncPath === '') throw usageError('rsyncjs: --rsync-path: must not be empty');
}

function imply(options: TransferOptions): void {
  if ((options.compressCount ?? 0) > 1 && compressor(options) === undefined) options.compressChoice = 'zlibx';
  const named = compressor(options);
  if (named === 'none') options.compress = false;
  else if (named !== undefined || options.compressLevel !== undefined) options.compress = true;
  implyKeeping(options);
  if (options.deleteExcluded && options.deleteMode === 'none') options.deleteMode = 'default';
  // Without block sums nothing can be matched.
  if (checksums(options).transfer === 'none') options.wholeFile = true;
}

/** Backups, partial files and what is written in place. */
function implyKeeping(options: TransferOptions): void {
  if (options.backupDir !== undefined) {
    options.backup = true;
    if (isDestination(options.backupDir)) {
      if (options.suffix === undefined || options.suffix === '') {
        throw usageError(
          'rsyncjs: --suffix cannot be empty when --backup-dir is the same as the destination',
          'Name another directory, or leave --backup-dir out.',
        );
      }
      options.backupDir = undefined;
    } else options.backupDir = options.backupDir.replace(/^(?:\.\/+)+/, '');
  }
  if (options.partialDir !== undefined) {
    options.partialDir = cleanDirectory(options.partialDir);
    if (options.partialDir === '') {
      // Beside the files themselves: that is --partial.
      options.partialDir = undefined;
      options.partial = true;
      options.delayUpdates = false;
    }
  }
  if (options.append > 0) options.inplace = true;
  // A file that is written in place is always kept; there is nothing else to keep.
  if (options.inplace) options.partial = false;
}

/** The directory that paths of options start at. */
function isDestination(path: string): boolean {
  return /^(?:\.?\/*)*$/.test(path) && !path.startsWith('/');
}

function checkConflicts(options: TransferOptions): void {
  checkKeeping(options);
  if (options.secludedArgs && options.oldArgs > 0) {
    throw usageError('rsyncjs: --secluded-args (-s) conflicts with --old-args', 'Choose one of the two.');
  }
  if (options.deleteMode !== 'none' && !transfersDirs(options)) {
    throw usageError('rsyncjs: deletion needs --recursive (-r) or --dirs (-d)', 'Add -r, -a or -d.');
  }
  if (options.checksum && checksums(options).preTransfer === 'none') {
    throw new RsyncError('RSYNC_UNSUPPORTED', 'rsyncjs: --checksum (-c) needs a checksum other than none', {
      exitCode: EXIT.UNSUPPORTED,
      origin: 'local',
      hint: 'Name two: --checksum-choice=none,md5 uses the second one for --checksum.',
    });
  }
}

function checkKeeping(options: TransferOptions): void {
  const writing = options.append > 0 ? '--append' : '--inplace';
  if (options.append > 0 && options.wholeFile === true)
    throw usageError('rsyncjs: --append conflicts with --whole-file (-W)', 'Choose one of the two.');
  if (options.inplace && partialDirectory(options) !== undefined) {
    const other = options.delayUpdates ? '--delay-updates' : '--partial-dir';
    throw usageError(`rsyncjs: ${writing} conflicts with ${other}`, 'Choose one of the two.');
  }
  const given = DIRECTORY_LISTS.filter((key) => options[key].length > 0);
  if (given.length > 1) {
    const [one, two] = given.map((key) => ALTERNATE_NAMES[key]);
    throw usageError(`rsyncjs: ${one} conflicts with ${two}`, 'Choose one of the two.');
  }
  const [key] = given;
  if (key !== undefined && options[key].length > MAX_ALTERNATES) {
    throw usageError(`rsyncjs: ${ALTERNATE_NAMES[key]}: at most ${MAX_ALTERNATES} directories`);
  }
  if (options.suffix?.includes('/') === true)
    throw usageError(`rsyncjs: --suffix: ${options.suffix}: cannot hold a slash`);
  if (options.suffix === '' && options.backupDir === undefined) {
    throw usageError(
      'rsyncjs: --suffix cannot be empty without --backup-dir',
      'A backup needs another name, or another directory.',
    );
  }
}

function compressor(options: TransferOptions) {
  return options.compressChoice === undefined ? undefined : parseCompressChoice(options.compressChoice);
}

function checksums(options: TransferOptions) {
  return parseChecksumChoice(options.checksumChoice ?? 'auto');
}
