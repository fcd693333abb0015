import { type ByteString, fromText } from '../../core/bytes.ts';
import { isRsyncError } from '../../core/errors.ts';
import { escapeLine } from '../../text/escape.ts';
import type { ServeOutcome } from '../serve.ts';

/** What a log keeps of one client. */
export interface SessionRecord {
  /** Where the client is: an address. */
  from: string;
  /** What this side did; undefined: nothing, the request was refused before that was known. */
  role: 'sender' | 'receiver' | undefined;
  paths: readonly ByteString[];
  exitCode: number;
  /** Why it ended early. */
  reason: string | undefined;
}

/** Characters of all paths together, and of a reason, that a line holds. */
const MOST = 400;

export function recordOf(from: string, { command, exitCode, error }: ServeOutcome): SessionRecord {
  return {
    from,
    role: command?.role,
    paths: command?.paths ?? [],
    exitCode,
    reason: error === undefined ? undefined : reasonOf(error),
  };
}

function reasonOf(error: unknown): string {
  return isRsyncError(error) || error instanceof Error ? error.message : String(error);
}

/** `TIME ADDRESS sender|receiver "PATH"... exit N (REASON)`: one line of printable UTF-8, without its end. */
export function recordLine(record: SessionRecord, now: Date): ByteString {
  const { from, role, paths, exitCode, reason } = record;
  const time = now.toISOString().replace(/\.\d+Z$/, 'Z');
  const shown = cut(paths.map((path) => `"${path.replace(/["\\]/g, '\\$&')}"`).join(' '));
  const why = reason === undefined ? '' : ` (${cut(fromText(reason))})`;
  const what = [time, from, role ?? 'refused', shown, `exit ${exitCode}`].filter((part) => part !== '');
  return escapeLine((what.join(' ') + why).replaceAll('\n', ' '), true);
}

function cut(text: ByteString): ByteString {
  return text.length <= MOST ? text : `${text.slice(0, MOST)}...`;
}
