import { EXIT, RsyncError } from '../core/errors.ts';
import type { ChannelExit } from './channel.ts';

/** What is known of a session that failed before, or instead of, speaking the protocol. */
export interface Symptoms {
  /** How the far end ended, if it did. */
  exit: ChannelExit | undefined;
  /** Bytes received from it in all. */
  receivedBytes: number;
  /** The first of them, as many as were kept. */
  firstBytes: Uint8Array;
  /** The end of its standard error, as text. */
  stderrTail: string;
  /** The channel's label. */
  label: string;
  /** The remote command, for the message. */
  command?: string;
}

/** Versions a server may announce in its first four bytes, docs/protocol/4-filters-and-options.md, E.4. */
const VERSIONS = { min: 20, max: 40 };
/** Bytes of a shell's output that are worth showing. */
const SHOWN = 60;

/**
 * The error that says what went wrong at the start of a session, and what to do. Exit codes are those that rsync ends
 * with (docs/protocol/4-filters-and-options.md, D.1 and E.4). Undefined if there is nothing to add to the caller's own error.
 */
export function diagnose(symptoms: Symptoms): RsyncError | undefined {
  const { exit, receivedBytes, firstBytes, label } = symptoms;
  const said = lastWords(symptoms.stderrTail);
  const what = symptoms.command === undefined ? 'the remote command' : `"${symptoms.command}"`;

  if (firstBytes.length > 0 && !isVersion(firstBytes)) {
    return failure(
      'RSYNC_PROTOCOL',
      EXIT.PROTOCOL,
      `${label}: is your shell clean? It printed ${escapeBytes(firstBytes)}`,
      {
        hint: 'The login shell of the remote account (.bashrc, .profile, a banner) must print nothing to a command; ssh HOST true shows what it prints.',
        said,
      },
    );
  }
  if (exit?.signal) {
    return failure('RSYNC_REMOTE_EXIT', EXIT.STREAMIO, `${label}: ${what} was killed by ${exit.signal}`, {
      said,
      hint: 'The log of the remote system may say who ended it (out of memory, a time limit).',
    });
  }
  if (exit === undefined) return undefined;
  switch (exit.code) {
    case null:
      return failure('RSYNC_CONNECT', 255, `${label}: connection lost after ${receivedBytes} bytes`, {
        origin: 'transport',
        said,
        hint: 'Run it again: files that have arrived whole are not sent a second time.',
      });
    case 0:
      if (receivedBytes > 0) return undefined;
      return failure('RSYNC_REMOTE_EXIT', EXIT.STREAMIO, `${label}: ${what} ended without a word`, {
        said,
        hint: 'The account may be limited to another command (forced command, nologin).',
      });
    case 127:
      return failure('RSYNC_REMOTE_SHELL', 127, `${label}: remote command not found: ${what}`, {
        said,
        hint: 'Install rsync on the remote host, or say where it is with --rsync-path=PATH.',
      });
    case 126:
      return failure('RSYNC_REMOTE_SHELL', 126, `${label}: remote command can not be run: ${what}`, {
        said,
        hint: 'Check the permissions of the program that --rsync-path names.',
      });
    case 255:
      return failure('RSYNC_CONNECT', 255, `${label}: the remote shell failed or lost its connection`, {
        origin: 'transport',
        said,
        hint: 'Try the same remote shell by hand.',
      });
    default:
      return describeOther(symptoms, exit.code, what, said);
  }
}

function describeOther(
  { receivedBytes, stderrTail, label }: Symptoms,
  code: number,
  what: string,
  said: string,
): RsyncError {
  const sudo = /a (terminal|password) is required|must have a tty|askpass/i.test(stderrTail);
  return failure(
    'RSYNC_REMOTE_EXIT',
    code,
    `${label}: ${what} ended with status ${code} after ${receivedBytes} bytes`,
    {
      said,
      ...(sudo
        ? {
            hint: 'Let sudo run this one command without a password (NOPASSWD), with --rsync-path="sudo -n rsync".',
          }
        : {}),
    },
  );
}

function failure(
  code: 'RSYNC_PROTOCOL' | 'RSYNC_REMOTE_EXIT' | 'RSYNC_CONNECT' | 'RSYNC_REMOTE_SHELL',
  exitCode: number,
  message: string,
  { said, hint, origin = 'remote' }: { said: string; hint?: string; origin?: 'remote' | 'transport' },
): RsyncError {
  return new RsyncError(code, said === '' ? message : `${message}; it said: ${said}`, {
    exitCode,
    origin,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** A version number fills the first byte of a little-endian int. With fewer than four bytes it can not be told. */
function isVersion(bytes: Uint8Array): boolean {
  const [first] = bytes;
  if (first === undefined || first < VERSIONS.min || first > VERSIONS.max) return false;
  return bytes.subarray(1, 4).every((byte) => byte === 0);
}

/** Printable ASCII as it is, the rest as \n, \t or \xNN, in quotes. */
export function escapeBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes.subarray(0, SHOWN)) {
    if (byte === 0x0a) text += '\\n';
    else if (byte === 0x0d) text += '\\r';
    else if (byte === 0x09) text += '\\t';
    else if (byte === 0x22 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return `"${text}"${bytes.length > SHOWN ? '...' : ''}`;
}

/** The last lines of standard error in one line, without control characters. */
function lastWords(stderr: string): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) => line.replace(/[\u0000-\u001f\u007f-\u009f]/g, '').trim());
  return lines
    .filter((line) => line !== '')
    .slice(-3)
    .join(' | ');
}
