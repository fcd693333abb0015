import type { ByteString } from '../core/bytes.ts';
import { EXIT, protocolError } from '../core/errors.ts';
import { line } from './daemon-line.ts';

/**
 * What a daemon says between its greeting and the seed, docs/protocol/1-session.md, 1.10.
 *
 *     reply    = text | "@RSYNCD: AUTHREQD " CHALLENGE | "@RSYNCD: OK" | "@RSYNCD: EXIT" | "@ERROR" TEXT
 *     text     = motd line | module
 *     module   = NAME, filled up to 15 columns, TAB COMMENT
 *
 * The message of the day cannot be told apart from a list of modules by its form alone.
 */
export type DaemonReply =
  | { kind: 'text'; text: ByteString }
  | { kind: 'auth'; challenge: ByteString }
  | { kind: 'ok' }
  /** The list of modules is complete. */
  | { kind: 'exit' }
  /** The whole line: `@ERROR: ...`. Fatal. */
  | { kind: 'error'; text: ByteString };

const AUTH = '@RSYNCD: AUTHREQD ';
/** Of 3.x: base64 of 16 to 64 bytes. Any printable text is hashed as it is. */
const CHALLENGE = /^[!-~]{1,512}$/;

export const DAEMON_OK: ByteString = '@RSYNCD: OK\n';
export const DAEMON_EXIT: ByteString = '@RSYNCD: EXIT\n';

/** @throws RsyncError RSYNC_PROTOCOL, exit 5: a challenge that is none */
export function parseReply(text: ByteString): DaemonReply {
  if (text === '@RSYNCD: OK') return { kind: 'ok' };
  if (text === '@RSYNCD: EXIT') return { kind: 'exit' };
  if (text.startsWith('@ERROR')) return { kind: 'error', text };
  if (!text.startsWith(AUTH)) return { kind: 'text', text };
  const challenge = text.slice(AUTH.length);
  if (CHALLENGE.test(challenge)) return { kind: 'auth', challenge };
  throw protocolError('the daemon asks for a password without a challenge', EXIT.STARTCLIENT);
}

export function formatChallenge(challenge: ByteString): ByteString {
  return line(AUTH + challenge);
}

/** `@ERROR: TEXT`; control characters in it become `?`. */
export function formatError(text: ByteString): ByteString {
  return line(`@ERROR: ${text.replace(/[\0-\x1f\x7f]/g, '?')}`);
}

/** One entry of the list of modules. */
export interface DaemonModule {
  name: ByteString;
  comment: ByteString;
}

const NAME_COLUMNS = 15;

export function formatModule({ name, comment }: DaemonModule): ByteString {
  return line(`${name.padEnd(NAME_COLUMNS)}\t${comment}`);
}

/**
 * The modules among the lines that came before EXIT: those after the last line that cannot be a module's. The empty
 * line that ends a message of the day is one of these.
 */
export function parseModules(lines: readonly ByteString[]): DaemonModule[] {
  const modules: DaemonModule[] = [];
  for (let at = lines.length - 1; at >= 0; at--) {
    const module = parseModule(lines[at]!);
    if (module === undefined) break;
    modules.unshift(module);
  }
  return modules;
}

function parseModule(text: ByteString): DaemonModule | undefined {
  const tab = text.indexOf('\t');
  if (tab < NAME_COLUMNS) return undefined;
  const name = text.slice(0, tab).trimEnd();
  if (name === '' || tab !== Math.max(NAME_COLUMNS, name.length)) return undefined;
  return { name, comment: text.slice(tab + 1) };
}
