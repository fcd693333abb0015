/**
 * The other side of a profile or a spoke: docs/protocol/4-filters-and-options.md, C.1, with what would be a mistake in a
 * configuration refused.
 */
import { usageError } from '../../core/errors.ts';
import { checkPort } from '../../options/limits.ts';
import { parseLocation } from '../../options/location.ts';
import { redactAddress } from './redaction.ts';

export interface Remote {
  /** Through a remote shell, or a daemon. */
  kind: 'shell' | 'daemon';
  /** As typed, for messages; it holds no password. */
  text: string;
  user: string | undefined;
  /** A name, an address without brackets, or an alias of ssh_config. */
  host: string;
  /** Of a URL. */
  port: number | undefined;
  /** No slash at the end, `/` alone excepted; `.`: the login directory. With a daemon `MODULE[/PATH]`. */
  path: string;
  /** The key at the other side allows one directory; `path` is relative to it, `.` the directory itself. */
  restricted: boolean;
}

export interface RemoteForm {
  /** True on Windows: `C:\x`, `C:/x` and `\\server\share` are local. */
  windows?: boolean;
  /** Default: false. */
  restricted?: boolean;
}

const EXPECTED = 'Write [USER@]HOST:/PATH, or rsync://[USER@]HOST/MODULE/PATH for a daemon.';
/** The quotes of a word processor are no part of a name either. */
const NAME = /^[^\s\0-\x1f\x7f$`{}()<>|;&"'\\*?\u2018-\u201f\u00ab\u00bb\ufffd]+$/;

/** @throws RsyncError RSYNC_USAGE, exit 1: not the place of another machine; nothing of a password is repeated */
export function parseRemote(text: string, { windows = false, restricted = false }: RemoteForm = {}): Remote {
  const shown = JSON.stringify(redactAddress(text));
  if (text === '') throw usageError('found nothing, expected a remote', EXPECTED);
  if (/[\0-\x1f\x7f]/.test(text)) throw usageError(`found ${shown}, which has a control character`, EXPECTED);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'rsync') {
    throw usageError(`found ${shown}: ${scheme}:// is not spoken here`, EXPECTED);
  }
  const location = parseLocation(text, { windows });
  const secret =
    'Leave the password out: daemons are given one by --password-file or RSYNC_PASSWORD, ssh asks for it.';
  if (location.kind === 'local') {
    throw usageError(`found ${shown}, a path of this machine; expected another machine`, EXPECTED);
  }
  const { user, host } = location;
  if (user?.includes(':') || redactAddress(text) !== text) {
    throw usageError(`found a password in ${shown}`, secret);
  }
  if (host === '') throw usageError(`found ${shown}, which names no host`, EXPECTED);
  if (host.startsWith('-') || user?.startsWith('-')) {
    throw usageError(`found ${shown}: a host or user does not start with "-"`, EXPECTED);
  }
  for (const [what, name] of [
    ['user', user],
    ['host', host],
  ] as const) {
    if (name === undefined || NAME.test(name)) continue;
    throw usageError(
      `found ${shown}: ${JSON.stringify(name)} is no name of a ${what}`,
      'Variables are not expanded here.',
    );
  }
  const { path } = location;
  if (location.kind === 'daemon') {
    checkPort(location.port ?? 0, text);
    if (path === '' || path.startsWith('/')) {
      throw usageError(`found ${shown}, which names no module of the daemon`, EXPECTED);
    }
    return { kind: 'daemon', text, user, host, port: location.port, path: trimmed(path), restricted };
  }
  if (path.startsWith('\\')) {
    throw usageError(
      `found ${shown}, which looks like a path of Windows; expected another machine`,
      EXPECTED,
    );
  }
  return {
    kind: 'shell',
    text,
    user,
    host,
    port: undefined,
    path: restricted ? restrictedPath(path, shown) : trimmed(path),
    restricted,
  };
}

/**
 * The remote as a source or destination of rsync.
 * @param below  a path below it, relative, with `/`
 * @param contents  with a slash at the end: what is in it, not it itself. Never for the root of a restricted one, which
 *   is `.` (rrsync from 3.4.2 on refuses `/` and `./`), and that means the same
 */
export function remoteArgument(remote: Remote, below = '', contents = true): string {
  const { kind, user, host, port, path } = remote;
  const joined = below === '' ? path : path === '.' ? below : path === '/' ? `/${below}` : `${path}/${below}`;
  const whole = contents && joined !== '.' && joined !== '/' ? `${joined}/` : joined;
  const name = `${user === undefined ? '' : `${user}@`}${host.includes(':') ? `[${host}]` : host}`;
  if (kind === 'shell') return `${name}:${whole}`;
  return `rsync://${name}${port === undefined ? '' : `:${port}`}/${whole}`;
}

function trimmed(path: string): string {
  const short = path.replace(/\/+$/, '');
  return short === '' ? '/' : short;
}

function restrictedPath(path: string, shown: string): string {
  if (path.startsWith('~')) {
    throw usageError(
      `found ${shown}: the key of a restricted remote allows one directory, and paths are relative to it`,
      'Write HOST: for the directory itself, HOST:SUB for one below it.',
    );
  }
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) {
    throw usageError(`found ${shown}: ".." leads out of the directory that is allowed`, 'Leave it out.');
  }
  return parts.length === 0 ? '.' : parts.join('/');
}
