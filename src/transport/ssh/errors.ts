import { EXIT, RsyncError } from '../../core/errors.ts';
import { SYSTEM_SSH_HINT } from './config/command.ts';

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

export function connectError(where: string, cause: unknown): RsyncError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
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
export function handshakeError(where: string, cause: Error): RsyncError {
  const noMatch = /no matching (.*)/i.exec(cause.message);
  if (noMatch !== null) {
    return new RsyncError('RSYNC_CONNECT', `${where}: no ${noMatch[1]} in common with the server`, {
      exitCode: SSH_FAILED,
      origin: 'transport',
      hint: `The server allows only algorithms that this client does not have or does not trust. ${SYSTEM_SSH_HINT}`,
      cause,
    });
  }
  const { code } = cause as NodeJS.ErrnoException;
  if (typeof code === 'string' && code in REASONS) return connectError(where, cause);
  return new RsyncError('RSYNC_CONNECT', `${where}: ${cause.message}`, {
    exitCode: SSH_FAILED,
    origin: 'transport',
    hint: 'Check that an ssh server listens on this port; its log may say why it ended the connection.',
    cause,
  });
}

export function closedError(where: string, step: string): RsyncError {
  return new RsyncError('RSYNC_CONNECT', `${where}: the server closed the connection while ${step}`, {
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
