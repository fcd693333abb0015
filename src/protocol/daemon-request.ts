import type { ByteString } from '../core/bytes.ts';
import { LIMITS } from '../core/limits.ts';
import { line } from './daemon-line.ts';

/**
 * What a client says after its greeting, docs/protocol/1-session.md, 1.10.
 *
 *     [early]    = "#early_input=" LENGTH LF, LENGTH bytes        1 to 5120
 *     request    = MODULE LF | LF | "#list" LF
 *     credential = USER " " RESPONSE LF
 */
export type DaemonRequest =
  | { kind: 'early-input'; length: number }
  | { kind: 'list' }
  | { kind: 'module'; name: ByteString }
  /** A line that starts with `#` and means nothing. */
  | { kind: 'unknown'; command: ByteString };

const EARLY = /^#early_input=(\d{1,9})$/;

export function parseRequest(text: ByteString): DaemonRequest {
  if (text === '' || text === '#list') return { kind: 'list' };
  if (!text.startsWith('#')) return { kind: 'module', name: text };
  const length = Number(EARLY.exec(text)?.[1]);
  if (length >= 1 && length <= LIMITS.EARLY_INPUT) return { kind: 'early-input', length };
  return { kind: 'unknown', command: text };
}

/** The line ahead of `length` bytes. @throws RangeError for none, or more than a daemon takes */
export function formatEarlyInput(length: number): ByteString {
  if (length < 1 || length > LIMITS.EARLY_INPUT) throw new RangeError(`early input of ${length} bytes`);
  return line(`#early_input=${length}`);
}

/** '' asks for the list. */
export function formatRequest(module: ByteString): ByteString {
  return line(module);
}

export function formatCredential(user: ByteString, response: ByteString): ByteString {
  return line(`${user} ${response}`);
}

/** Undefined: it has no blank. */
export function parseCredential(text: ByteString): { user: ByteString; response: ByteString } | undefined {
  const blank = text.indexOf(' ');
  if (blank < 0) return undefined;
  return { user: text.slice(0, blank), response: text.slice(blank + 1) };
}
