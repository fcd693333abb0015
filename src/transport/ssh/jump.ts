import { RsyncError } from '../../core/errors.ts';
import { SSH_FAILED } from './errors.ts';

export interface JumpHost {
  user: string | undefined;
  /** Without brackets. */
  host: string;
  port: number | undefined;
}

const FORM =
  /^(?:ssh:\/\/)?(?:([^@]*)@)?(?:\[([^\]]+)\]|([^:@/]+|[0-9a-f:]+::?[0-9a-f:.]*))(?::(\d{1,5}))?\/?$/i;

/**
 * One hop of ProxyJump or -J: `[user@]host[:port]`, or the same as `ssh://` URI; an IPv6 address stands in brackets.
 *
 * @throws RsyncError RSYNC_USAGE (exit 255).
 */
export function parseJump(text: string): JumpHost {
  const [, user, bracketed, plain, port] = FORM.exec(text.trim()) ?? [];
  const host = bracketed ?? plain;
  const number = port === undefined ? undefined : Number(port);
  // A host or user that starts with a dash would be an option to somebody.
  const bad = host === undefined || /^-|\s/.test(host) || user?.startsWith('-') === true || user === '';
  if (bad || (number !== undefined && (number < 1 || number > 65535))) {
    throw new RsyncError('RSYNC_USAGE', `bad jump host "${text}"`, {
      exitCode: SSH_FAILED,
      origin: 'local',
      hint: 'A jump host is written [USER@]HOST[:PORT], several of them with commas between.',
    });
  }
  return { user, host, port: number };
}
