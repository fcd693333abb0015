import { EXIT, RsyncError } from '../../core/errors.ts';
import { visible } from './auth/prompts.ts';
import { SYSTEM_SSH_HINT } from './config/command.ts';
import type { Negotiation } from './negotiation.ts';

/** The status of the ssh program when it fails by itself; rsync passes it on (docs/protocol/4, E.4). */
export const SSH_FAILED = 255;

const REASONS: Record<string, [reason: string, hint: string]> = {
  ECONNREFUSED: ['connection refused', 'Check the port, and that an ssh server runs on the host.'],
  ENOTFOUND: ['no such host', 'Check the spelling of the host name.'],
  EAI_AGAIN: ['the name server does not answer', 'Check the network, then try again.'],
  EAI_NONAME: ['no such host', 'Check the spelling of the host name.'],
  ETIMEDOUT: ['no answer', 'Check the host name and port, and that no firewall drops the connection.'],
  EHOSTUNREACH: ['host unreachable', 'Check the network and the address.'],
  ENETUNREACH: ['network unreachable', 'Check the network connection of this machine.'],
  ECONNRESET: [
    'connection reset',
    'The server or a firewall ended the connection; the log of sshd may say why.',
  ],
};

/** `localAddress`: what the connection was to come from, if that was asked for. */
export function connectError(where: string, cause: unknown, localAddress?: string): RsyncError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (localAddress !== undefined && (code === 'EADDRNOTAVAIL' || code === 'EINVAL')) {
    return new RsyncError('RSYNC_CONNECT', `can not connect to ${where} from ${localAddress}: ${code}`, {
      exitCode: SSH_FAILED,
      origin: 'local',
      hint: 'BindAddress (-b) must be an address of this machine, of the same family as the address of the host.',
      cause,
    });
  }
  const [reason, hint] = REASONS[code ?? ''] ?? [
    cause instanceof Error && cause.message !== '' ? cause.message : String(code),
    'Check the host name and port.',
  ];
  return new RsyncError('RSYNC_CONNECT', `can not connect to ${where}: ${reason}`, {
    exitCode: SSH_FAILED,
    origin: 'transport',
    hint,
    cause,
  });
}

export function timeoutError(where: string, step: string, seconds: number): RsyncError {
  return new RsyncError('RSYNC_CONNECT', `${where}: no answer for ${seconds} seconds while ${step}`, {
    exitCode: SSH_FAILED,
    origin: 'transport',
    hint: 'Check the host name and port, and that no firewall drops the connection; -o ConnectTimeout=SECONDS allows more time.',
  });
}

/** A failure between the TCP connection and the login. */
export function handshakeError(where: string, cause: Error, negotiation: Negotiation): RsyncError {
  const mismatch = negotiation.mismatch(cause.message);
  if (mismatch !== undefined) {
    const { what, setting, server, client } = mismatch;
    return new RsyncError(
      'RSYNC_CONNECT',
      `${where}: no ${what} in common with the server; it offers ${server || 'none'}; this client offers ${client}`,
      {
        exitCode: SSH_FAILED,
        origin: 'transport',
        hint: mismatchHint(server, client, setting),
        cause,
      },
    );
  }
  const { code } = cause as NodeJS.ErrnoException;
  if (typeof code === 'string' && code in REASONS) return connectError(where, cause);
  const noServer = /before handshake|invalid identification|header/i.test(cause.message);
  return new RsyncError('RSYNC_CONNECT', `${where}: ${visible(cause.message)}${negotiation.firstWords}`, {
    exitCode: SSH_FAILED,
    origin: 'transport',
    hint: noServer
      ? 'Check that an ssh server listens on this port, and that it does not refuse this address or is overloaded (MaxStartups, fail2ban); its log may say why.'
      : 'The log of the server may say why it ended the connection.',
    cause,
  });
}

/** What leads to the server is a command, and it has failed. */
export function proxyError(where: string, words: string, cause?: unknown): RsyncError {
  return new RsyncError('RSYNC_CONNECT', `${where}: ${words}`, {
    exitCode: SSH_FAILED,
    origin: 'transport',
    hint: 'Try the proxy command by hand: it must lead to an ssh server and print nothing of its own.',
    cause,
  });
}

/** Some of what OpenSSH has off by default can be turned on here; the rest is for the ssh of the system. */
function mismatchHint(server: string, client: string, setting: string): string {
  const missing = server.split(',').filter((name) => !client.split(',').includes(name));
  const weak = missing.filter((name) => OLD.has(name));
  if (weak.length > 0) {
    return `The server is old. If you trust the network: -o ${setting}=+${weak[0]} allows a weak algorithm for it.`;
  }
  return `The built-in ssh has none of these (post-quantum key exchange, for one). ${SYSTEM_SSH_HINT}`;
}

const OLD = new Set([
  'diffie-hellman-group-exchange-sha1',
  'diffie-hellman-group14-sha1',
  'diffie-hellman-group1-sha1',
  'ssh-rsa',
  'aes128-cbc',
  'aes192-cbc',
  'aes256-cbc',
  '3des-cbc',
  'hmac-md5',
  'hmac-sha1-96',
  'hmac-md5-96',
]);

export function closedError(where: string, step: string, negotiation: Negotiation): RsyncError {
  const what = `${where}: the server closed the connection while ${step}${negotiation.firstWords}`;
  return new RsyncError('RSYNC_CONNECT', what, {
    exitCode: SSH_FAILED,
    origin: 'transport',
    hint: 'The server may be overloaded or block this address; its log may say why.',
  });
}

export function aborted(signal: AbortSignal): RsyncError {
  return new RsyncError('RSYNC_ABORTED', 'aborted while connecting', {
    exitCode: EXIT.SIGNAL,
    origin: 'local',
    cause: signal.reason,
  });
}
