import type { ChannelDetails, ChannelExit } from '../channel.ts';

/** How far a session has come: docs/protocol/1-session.md, 1.1. */
export type Phase = 'starting rsync' | 'handshake' | 'file list' | 'transfer' | 'goodbye';

/** What is known of a session that has failed. All text is as the far end sent it. */
export interface Symptoms {
  /** The channel's label: "ssh ann@far". */
  label: string;
  details: ChannelDetails | undefined;
  phase: Phase;
  /** How the far end ended, if that is known. */
  exit: ChannelExit | undefined;
  /** Bytes from the far end and to it, in all. */
  receivedBytes: number;
  sentBytes: number;
  /** The first bytes received, as many as were kept. */
  firstBytes: Uint8Array;
  /** The end of its standard error. */
  stderr: string;
  /** The last error lines that the remote rsync sent through the protocol. */
  messages: readonly string[];
  /** What the session itself says: for what nothing better is known. */
  complaint: string;
}

/** Versions a server may announce in its first four bytes, docs/protocol/4-filters-and-options.md, E.4. */
const VERSIONS = { min: 20, max: 40 };

/** A version number fills the first byte of a little-endian int. With fewer than four bytes it can not be told. */
export function isVersion(bytes: Uint8Array, at = 0): boolean {
  const first = bytes[at];
  if (first === undefined || first < VERSIONS.min || first > VERSIONS.max) return false;
  return bytes.subarray(at + 1, at + 4).every((byte) => byte === 0);
}

const GREETING = Buffer.from('@RSYNCD:', 'latin1');

/** A daemon's greeting, as far as it has come: docs/protocol/1-session.md, 1.10. */
function isGreeting(bytes: Uint8Array, at = 0): boolean {
  const begins = bytes.subarray(at, at + GREETING.length);
  return begins.length > 0 && GREETING.subarray(0, begins.length).equals(begins);
}

/** Something else came where the version of the server, or the greeting of a daemon, was due. */
export function hasNoise({ firstBytes }: Pick<Symptoms, 'firstBytes'>): boolean {
  return firstBytes.length > 0 && !isVersion(firstBytes) && !isGreeting(firstBytes);
}

/** Where the version or the greeting begins behind the noise: rsync itself was started. -1: it was not. */
export function versionBehindNoise({ firstBytes }: Pick<Symptoms, 'firstBytes'>): number {
  for (let at = 1; at + 4 <= firstBytes.length; at++) {
    if (isVersion(firstBytes, at) || isGreeting(firstBytes, at)) return at;
  }
  return -1;
}

/** Nothing of the protocol has come from the far end. */
export function neverSpoke(symptoms: Pick<Symptoms, 'firstBytes'>): boolean {
  return symptoms.firstBytes.length === 0 || hasNoise(symptoms);
}

/** Everything it said in place of the protocol, and beside it. */
export function allWords(symptoms: Symptoms): string {
  const { stderr, firstBytes, messages } = symptoms;
  const printed = hasNoise(symptoms) ? Buffer.from(firstBytes).toString('utf8') : '';
  return [printed, stderr, ...messages].join('\n');
}

/**
 * The command in front of `--server`: what `--rsync-path` says, and its last word, the program. Undefined if the
 * command is not known or is no rsync server.
 */
export function remoteProgram({ details }: Symptoms): { prefix: string; program: string } | undefined {
  const command = details?.command;
  const end = command?.search(/(?:^| )--server(?: |$)/) ?? -1;
  if (command === undefined || end < 1) return undefined;
  const prefix = command.slice(0, end).trim();
  const program = prefix.slice(prefix.lastIndexOf(' ') + 1);
  return program === '' ? undefined : { prefix, program };
}

/** Windows has no POSIX shell unless somebody has put one there. */
export function isWindowsServer({ details }: Symptoms): boolean {
  return /for_Windows/i.test(details?.server ?? '');
}

/** The last line is a question for a password that nobody has answered. */
export function endsWithPrompt(stderr: string): boolean {
  return /(?:password|passphrase|passcode|PIN)\b[^\n]{0,100}[:?] ?$/i.test(stderr);
}
