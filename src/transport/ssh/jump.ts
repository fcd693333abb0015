import { RsyncError } from '../../core/errors.ts';
import { port as portNumber } from './config/values.ts';
import { SSH_FAILED } from './errors.ts';

export interface JumpHost {
  user: string | undefined;
  /** Without brackets. */
  host: string;
  port: number | undefined;
}

/**
 * One hop of ProxyJump or -J: `[user@]host[:port]`, or the same as `ssh://` URI; an IPv6 address stands in brackets, and
 * a port may be the name of a service.
 *
 * @throws RsyncError RSYNC_USAGE (exit 255).
 */
export function parseJump(text: string): JumpHost {
  const uri = /^ssh:\/\/(.*?)\/?$/is.exec(text.trim());
  const rest = uri?.[1] ?? text.trim();
  const at = rest.lastIndexOf('@');
  // Parameters of the user part, as in ssh://user;fingerprint=...@host, say nothing that is needed here.
  const user = at < 0 ? undefined : rest.slice(0, at).replace(uri === null ? /$^/ : /;.*$/s, '');
  const [, bracketed, plain, port] =
    /^(?:\[([^\]]+)\]|([^:/[\]\s]+))(?::(.*))?$/s.exec(rest.slice(at + 1)) ?? [];
  const host = bracketed ?? plain;
  // A host or user that starts with a dash would be an option to somebody.
  if (host === undefined || host.startsWith('-') || user === '' || user?.startsWith('-')) throw badJump(text);
  try {
    return { user, host, port: port === undefined || port === '' ? undefined : portNumber(port) };
  } catch {
    throw badJump(text);
  }
}

function badJump(text: string): RsyncError {
  return new RsyncError('RSYNC_USAGE', `bad jump host "${text}"`, {
    exitCode: SSH_FAILED,
    origin: 'local',
    hint: 'A jump host is written [USER@]HOST[:PORT], several of them with commas between.',
  });
}
