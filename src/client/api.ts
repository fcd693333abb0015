import { type ByteString, fromText, toText } from '../core/bytes.ts';
import { usageError } from '../core/errors.ts';
import { platform } from '../files/platform/index.ts';
import { classifyPaths } from '../options/location.ts';
import { type OptionsInput, resolveOptions } from '../options/resolve.ts';
import type { DeleteMode, FilterArgument } from '../options/transfer-options.ts';
import { parseModules } from '../protocol/daemon-reply.ts';
import { transfer } from './transfer.ts';
import type { TransferRequest, TransferResult } from './transfer-request.ts';

/** One filter, in the order that decides: first match wins. A string is a rule as `--filter` takes it. */
export type FilterSetting =
  | string
  | { exclude: string }
  | { include: string }
  | { excludeFrom: string }
  | { includeFrom: string };

type PathKey = 'partialDir' | 'tempDir' | 'backupDir' | 'suffix' | 'compareDest' | 'copyDest' | 'linkDest';

type LateOrEarly = Exclude<DeleteMode, 'none' | 'default'>;

/** Options of `pull`, `push` and `list`: rsync's long options in camelCase. */
export interface TransferSettings extends Omit<OptionsInput, 'filters' | 'deleteMode' | PathKey> {
  /** Directories that options name, and the suffix of backups: text, in the form of the side that receives. */
  partialDir?: string;
  tempDir?: string;
  backupDir?: string;
  suffix?: string;
  compareDest?: readonly string[];
  copyDest?: readonly string[];
  linkDest?: readonly string[];
  /** Surplus files at the destination go: `true` when rsync would (during), or at a chosen time. Default: they stay. */
  delete?: boolean | LateOrEarly;
  /** Default: none. */
  filters?: readonly FilterSetting[];
  /** Shorthand: exclude patterns, after `filters`. */
  exclude?: readonly string[];
  onEvent?: TransferRequest['onEvent'];
  signal?: AbortSignal;
  ssh?: TransferRequest['ssh'];
  onPrompt?: TransferRequest['onPrompt'];
  password?: TransferRequest['password'];
  channel?: TransferRequest['channel'];
  trace?: TransferRequest['trace'];
  env?: NodeJS.ProcessEnv;
}

/**
 * Copies from a remote host.
 * @param source       `[USER@]HOST:PATH` or `rsync://[USER@]HOST[:PORT]/MODULE[/PATH]`, one or several of the same host; a
 *   trailing slash means "the contents"
 * @param destination  local directory, or a file name for a single file
 * @returns how it ended; `exitCode` 23, 24 and 25 tell of files that failed, and events told which
 * @throws RsyncError for what ended the run early
 */
export function pull(
  source: string | readonly string[],
  destination: string,
  settings: TransferSettings = {},
): Promise<TransferResult> {
  return run('pull', [...asArray(source), destination], settings);
}

/**
 * Copies to a remote host.
 * @param source       local paths, one or several; a trailing slash means "the contents"
 * @param destination  `[USER@]HOST:PATH` or `rsync://[USER@]HOST[:PORT]/MODULE[/PATH]`
 * @returns and throws like `pull`
 */
export function push(
  source: string | readonly string[],
  destination: string,
  settings: TransferSettings = {},
): Promise<TransferResult> {
  return run('push', [...asArray(source), destination], settings);
}

/**
 * Copies within this machine, as `push` does to another one: whole files unless `wholeFile` is false.
 * @param source       local paths, one or several; a trailing slash means "the contents"
 * @param destination  local directory, or a file name for a single file
 * @returns and throws like `pull`
 */
export function copy(
  source: string | readonly string[],
  destination: string,
  settings: TransferSettings = {},
): Promise<TransferResult> {
  return run('copy', [...asArray(source), destination], settings);
}

/**
 * Lists a remote or a local path; every entry arrives as a `listed` event.
 * @throws like `pull`
 */
export function list(
  source: string | readonly string[],
  settings: TransferSettings = {},
): Promise<TransferResult> {
  return run('list', asArray(source), settings);
}

/**
 * The modules that an rsync daemon lists; hidden ones are not among them.
 * @param daemon  `rsync://HOST[:PORT]/` or `HOST::`
 * @throws like `pull`
 */
export async function modules(daemon: string, settings: TransferSettings = {}): Promise<DaemonModule[]> {
  const route = classifyPaths([daemon], { windows: platform.isWindows });
  if (route.daemon === undefined || route.remotePaths[0] !== '') {
    throw usageError(`modules() was given ${daemon}`, 'A daemon without a module is written rsync://HOST/.');
  }
  const lines: ByteString[] = [];
  await list(daemon, {
    ...settings,
    onEvent: (event) => {
      if (event.type === 'daemon-text') lines.push(event.text);
      settings.onEvent?.(event);
    },
  });
  return parseModules(lines).map(({ name, comment }) => ({ name: toText(name), comment: toText(comment) }));
}

/** One module of an rsync daemon, as it lists it. */
export interface DaemonModule {
  name: string;
  comment: string;
}

async function run(
  wanted: TransferRequest['direction'] | 'copy',
  paths: readonly string[],
  settings: TransferSettings,
): Promise<TransferResult> {
  const {
    onEvent,
    signal,
    ssh,
    onPrompt,
    password,
    channel,
    trace,
    env,
    delete: deletion,
    filters,
    exclude,
    ...rest
  } = settings;
  const windows = platform.isWindows;
  const input: OptionsInput = {
    ...rest,
    ...asBytes(rest),
    ...(wanted === 'list' ? { listOnly: true } : {}),
    ...(deletion === undefined ? {} : { deleteMode: deleteMode(deletion) }),
    filters: [...(filters ?? []), ...(exclude ?? []).map((pattern) => ({ exclude: pattern }))].map(asFilter),
  };
  const options = resolveOptions(input, { windows });
  const route = classifyPaths(paths, { windows, filesFrom: options.filesFrom });
  const found = route.local === true && route.direction === 'push' ? 'copy' : route.direction;
  if (found !== wanted) throw usageError(`${wanted}() was given the paths of a ${found}: ${paths.join(' ')}`);
  return transfer({ ...route, options, onEvent, signal, ssh, onPrompt, password, channel, trace, env });
}

function asArray(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

function deleteMode(value: boolean | LateOrEarly): DeleteMode {
  if (value === true) return 'default';
  return value === false ? 'none' : value;
}

/** Paths as the roles read them. */
function asBytes(settings: TransferSettings): Pick<OptionsInput, PathKey> {
  const { partialDir, tempDir, backupDir, suffix, compareDest, copyDest, linkDest } = settings;
  const bytes = (text: string | undefined) => (text === undefined ? undefined : fromText(text));
  return {
    partialDir: bytes(partialDir),
    tempDir: bytes(tempDir),
    backupDir: bytes(backupDir),
    suffix: bytes(suffix),
    compareDest: compareDest?.map(fromText),
    copyDest: copyDest?.map(fromText),
    linkDest: linkDest?.map(fromText),
  };
}

function asFilter(setting: FilterSetting): FilterArgument {
  if (typeof setting === 'string') return { kind: 'filter', text: fromText(setting) };
  if ('exclude' in setting) return { kind: 'exclude', text: fromText(setting.exclude) };
  if ('include' in setting) return { kind: 'include', text: fromText(setting.include) };
  if ('excludeFrom' in setting) return { kind: 'exclude-from', file: setting.excludeFrom };
  return { kind: 'include-from', file: setting.includeFrom };
}
