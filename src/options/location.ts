/**
 * Sources and destinations: docs/protocol/4-filters-and-options.md, C.1 and C.2.
 *
 *     arg    = "rsync://" [USER "@"] HOST [":" PORT] ["/" MODULE ["/" PATH]]
 *            | [USER "@"] host "::" MODULE ["/" PATH]
 *            | [USER "@"] host ":" PATH
 *            | PATH                                     a "/" comes before the first ":", or there is no ":"
 *     host   = HOST | "[" HOST "]"
 */
import { EXIT, RsyncError, usageError } from '../core/errors.ts';
import { checkPort } from './limits.ts';
import type { ListFile } from './transfer-options.ts';

export interface LocalLocation {
  kind: 'local';
  path: string;
}

/** A path on a machine that a remote shell leads to. */
export interface ShellLocation {
  kind: 'shell';
  user: string | undefined;
  /** Without brackets. Empty: the host of the source before it. */
  host: string;
  /** `.` if none was given: the login directory. */
  path: string;
}

/** A module of an rsync daemon, as `host::module/path` or as a URL. */
export interface DaemonLocation {
  kind: 'daemon';
  form: 'url' | 'colons';
  user: string | undefined;
  /** As in ShellLocation; also empty for a URL that is malformed. */
  host: string;
  port: number | undefined;
  /** Module and path; empty: the list of the modules. */
  path: string;
}

export type Location = LocalLocation | ShellLocation | DaemonLocation;

export interface PlatformOptions {
  /** True on Windows: drive letters and UNC names are local, backslashes in local paths become slashes. */
  windows?: boolean;
}

const URL = /^rsync:\/\//i;
const URL_FORM = /^(?:([^/]*)@)?(?:\[([^\]/]+)\]|([^/:]*))(?::(\d*))?(?:\/(.*))?$/s;
// The host ends at the first colon, and no slash comes before it; brackets keep the colons of an IPv6 address.
const HOST_FORM = /^(?:([^/:]*)@)?(?:\[([^\]/]+)\]|(?!\[)([^/:@]*)):(:?)(.*)$/s;
const WINDOWS_LOCAL = /^(?:[a-z]:|\\\\|\/\/)/i;

/** Tells where an argument points to. Never throws. */
export function parseLocation(arg: string, { windows = false }: PlatformOptions = {}): Location {
  const local: LocalLocation = { kind: 'local', path: windows ? arg.replaceAll('\\', '/') : arg };
  if (windows && (WINDOWS_LOCAL.test(arg) || /^[^:]*\\/.test(arg))) return local;
  if (URL.test(arg)) return parseUrl(arg.replace(URL, ''));
  const remote = HOST_FORM.exec(arg);
  if (remote === null) return local;
  const [, name, bracketed, plain = '', second, path = ''] = remote;
  const user = name === '' ? undefined : name;
  const host = bracketed ?? plain;
  if (second === ':') return { kind: 'daemon', form: 'colons', user, host, port: undefined, path };
  return { kind: 'shell', user, host, path: path === '' ? '.' : path };
}

function parseUrl(rest: string): DaemonLocation {
  // A malformed URL is still none of the other forms.
  const [, user, bracketed, host = '', port = '', path = ''] = URL_FORM.exec(rest) ?? [];
  return {
    kind: 'daemon',
    form: 'url',
    user: user === '' ? undefined : user,
    host: bracketed ?? host,
    port: port === '' ? undefined : Number(port),
    path,
  };
}

export interface Route {
  /** `list`: there is no destination, nothing is to be copied, or no module is named. */
  direction: 'pull' | 'push' | 'list';
  remote: { user: string | undefined; host: string };
  /** All paths are on this machine. */
  local?: boolean;
  /** Set: the far end is a daemon, not a shell. `port`: of the URL. */
  daemon?: { port: number | undefined };
  /**
   * Sources of a pull or a listing, the one destination of a push. With a daemon `MODULE[/PATH]`; the first one empty:
   * its modules are to be listed.
   */
  remotePaths: string[];
  /** Sources of a push, the one destination of a pull; empty if there is none. */
  localPaths: string[];
}

export interface ClassifyOptions extends PlatformOptions {
  /** `--list-only`: a pull becomes a listing. */
  listOnly?: boolean;
  /** `--files-from`. */
  filesFrom?: ListFile | undefined;
}

/**
 * Tells sources and destination apart.
 * @throws RsyncError RSYNC_USAGE, exit 1: arguments that do not go together; exit 5: a daemon's path that starts with a
 *   slash.
 */
export function classifyPaths(paths: readonly string[], options: ClassifyOptions = {}): Route {
  const locations = paths.map((path) => parseLocation(path, options));
  const first = locations[0];
  const last = locations.at(-1);
  if (first === undefined || last === undefined) {
    throw usageError('rsyncjs: no source and no destination', '"rsyncjs --help" shows how they are written.');
  }
  const route =
    first.kind !== 'local'
      ? pullRoute(first, locations, paths, options)
      : pushRoute(last, locations, paths, options);
  checkList(options.filesFrom, paths.length, route.local === true ? undefined : route.remote);
  return route;
}

function pullRoute(
  first: RemoteLocation,
  locations: readonly Location[],
  paths: readonly string[],
  options: ClassifyOptions,
): Route {
  const last = locations.at(-1)!;
  const destination = locations.length > 1 && last.kind === 'local' ? last : undefined;
  const isSource = (index: number): boolean => destination === undefined || index < locations.length - 1;
  if (locations.length > 1 && last.kind !== 'local' && (last.host !== '' || last.kind !== first.kind)) {
    throw usageError(
      'rsyncjs: the source and destination cannot both be remote',
      'One of the two must be a local path.',
    );
  }
  const sources = locations.filter((_, index) => isSource(index));
  for (const [index, source] of sources.entries()) checkSource(first, source, paths[index]!);
  if (destination?.path === '')
    throw usageError('rsyncjs: Empty destination arg specified', 'Write "." for it.');
  checkHost(first, paths[0]!);
  const lists = destination === undefined || options.listOnly === true || namesNoModule(first);
  return {
    direction: lists ? 'list' : 'pull',
    ...farEnd(first),
    remotePaths: sources.map((source) => source.path),
    localPaths: destination === undefined ? [] : [destination.path],
  };
}

/** Further sources are on the machine of the first one, and say so in the same way. */
function checkSource(first: RemoteLocation, source: Location, arg: string): void {
  if (source.kind === 'local') throw usageError(`rsyncjs: Unexpected local arg: ${arg}`, AFTER_REMOTE);
  if (source.host === '' && source.user === undefined) {
    if (source !== first && source.kind === first.kind) return;
  } else if (source.host !== first.host || (source.user !== undefined && source.user !== first.user)) {
    throw usageError('rsyncjs: All source args must come from the same machine.');
  }
  if (source.kind !== first.kind || formOf(source) !== formOf(first)) {
    throw usageError('rsyncjs: All source args must use the same hostspec format.');
  }
  if (source.kind === 'daemon' && first.kind === 'daemon' && source.port !== first.port) {
    throw usageError('rsyncjs: All source args must use the same port number.');
  }
}

const AFTER_REMOTE =
  'If the first source is remote, all are: write ":PATH" for another path of the same host.';

function formOf(location: RemoteLocation): string {
  return location.kind === 'daemon' ? location.form : location.kind;
}

/** Within one machine the client is the sender; of a listing it is the receiver. */
function localRoute(
  sources: readonly Location[],
  destination: LocalLocation | undefined,
  { listOnly }: ClassifyOptions,
): Route {
  const here = { remote: { user: undefined, host: '' }, local: true };
  const from = sources.map(({ path }) => path);
  if (destination === undefined || listOnly === true) {
    return { direction: 'list', ...here, remotePaths: from, localPaths: [] };
  }
  return { direction: 'push', ...here, remotePaths: [destination.path], localPaths: from };
}

function pushRoute(
  last: Location,
  locations: readonly Location[],
  paths: readonly string[],
  options: ClassifyOptions,
): Route {
  const sources = locations.length > 1 ? locations.slice(0, -1) : locations;
  for (const [index, source] of sources.entries()) {
    if (source.kind !== 'local') {
      throw usageError(
        `rsyncjs: Unexpected remote arg: ${paths[index]}`,
        'All sources are local, or all are remote.',
      );
    }
    if (source.path === '') throw usageError('rsyncjs: Empty source arg specified', 'Write "." for it.');
  }
  if (last.kind === 'local') {
    if (last.path === '') throw usageError('rsyncjs: Empty destination arg specified', 'Write "." for it.');
    return localRoute(sources, locations.length > 1 ? last : undefined, options);
  }
  checkHost(last, paths.at(-1)!);
  return {
    direction: namesNoModule(last) ? 'list' : 'push',
    ...farEnd(last),
    remotePaths: [last.path],
    localPaths: sources.map((source) => source.path),
  };
}

type RemoteLocation = ShellLocation | DaemonLocation;

/** rsync then shows the modules of the daemon, whatever else was asked for. */
function namesNoModule(location: RemoteLocation): boolean {
  return location.kind === 'daemon' && location.path === '';
}

function farEnd(location: RemoteLocation): Pick<Route, 'remote' | 'daemon'> {
  const { user, host } = location;
  return {
    remote: { user, host },
    ...(location.kind === 'daemon' ? { daemon: { port: location.port } } : {}),
  };
}

/** A host such as `-oProxyCommand=x` would be an option to the remote shell. */
function checkHost(location: RemoteLocation, arg: string): void {
  const { host } = location;
  if (host === '' || host.startsWith('-')) throw usageError(`rsyncjs: Invalid remote host: ${arg}`);
  if (location.kind === 'shell') return;
  if (/[\0-\x20\x7f]/.test(host)) throw usageError(`rsyncjs: Invalid remote host: ${JSON.stringify(arg)}`);
  // It is sent as a line.
  if (/^[^/]*[\0-\x1f\x7f]/.test(location.path)) {
    throw usageError(`rsyncjs: a control character in the name of the module: ${JSON.stringify(arg)}`);
  }
  checkPort(location.port ?? 0, arg);
  if (!location.path.startsWith('/')) return;
  throw new RsyncError('RSYNC_USAGE', `rsyncjs: The remote path must start with a module name: ${arg}`, {
    exitCode: EXIT.STARTCLIENT,
    origin: 'local',
    hint: `"rsyncjs rsync://${host}/" lists the modules; no slash comes before the name of one.`,
  });
}

/**
 * Holds the list against the paths of the command line.
 * @param remote  the other machine, if there is one
 * @throws RsyncError RSYNC_USAGE, exit 1
 */
function checkList(
  list: ListFile | undefined,
  pathCount: number,
  remote: { user: string | undefined; host: string } | undefined,
): void {
  if (list === undefined) return;
  if (pathCount !== 2) {
    throw usageError(
      'rsyncjs: --files-from needs one source and one destination',
      'The names in the list are taken from the source directory: write "." for this one.',
    );
  }
  if (list.host === undefined) return;
  if (remote === undefined)
    throw usageError('rsyncjs: --files-from cannot be remote when the transfer is local');
  const { user, host } = remote;
  if (list.host === '' || list.host === host || list.host === `${user}@${host}`) return;
  throw usageError('rsyncjs: --files-from hostname is not the same as the transfer hostname');
}
