import type { ByteString } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import { line } from './daemon-line.ts';
import { PROTOCOL_MIN } from './negotiated.ts';

/**
 * The first line of either side, docs/protocol/1-session.md, 1.10. Neither waits for the other's.
 *
 *     greeting = "@RSYNCD: " VERSION ["." SUB] {" " DIGEST} LF
 *
 * SUB is not 0 for a pre-release; it is there from version 30 on, the digests from 32 on (3.2.7 names them earlier).
 */
export interface Greeting {
  /** The highest protocol of that side. */
  version: number;
  sub: number;
  /** Digests for the password, most preferred first; undefined: none were named. */
  digests: readonly string[] | undefined;
}

const GREETING = /^@RSYNCD: (\d{1,9})(?:\.(\d{1,9}))?(?: +(.*?))? *$/;
/** Versions that can be one: 1.3. */
const VERSIONS = { min: 20, max: 40 };

export function formatGreeting(version: number, digests: readonly string[]): ByteString {
  return line(['@RSYNCD:', `${version}.0`, ...digests].join(' '));
}

/**
 * @param who what the other side is called in messages.
 * @throws RsyncError RSYNC_PROTOCOL, exit 5: no greeting, or one that leaves out what its version needs
 */
export function parseGreeting(text: ByteString, who: 'server' | 'client' = 'server'): Greeting {
  const [, version, sub, digests = ''] = GREETING.exec(text) ?? [];
  const fail = (what: string): never => {
    throw new RsyncError('RSYNC_PROTOCOL', `the ${who} ${what}`, {
      exitCode: EXIT.STARTCLIENT,
      origin: 'remote',
    });
  };
  if (version === undefined) return fail(`sent ${quote(text)} in place of a greeting`);
  if (sub === undefined && Number(version) >= 30) return fail(`left the subprotocol out: ${quote(text)}`);
  const names = digests.toLowerCase().split(/ +/).filter(Boolean);
  if (names.length === 0 && Number(version) >= 32) return fail(`left the digests out: ${quote(text)}`);
  return {
    version: Number(version),
    sub: Number(sub ?? 0),
    digests: names.length === 0 ? undefined : names,
  };
}

/**
 * The protocol of the session: the lower of the two, and one less if it is a pre-release's.
 * @throws RsyncError RSYNC_PROTOCOL, exit 2: no version that is spoken here
 */
export function agreedProtocol(own: number, { version, sub }: Greeting): number {
  const fault = { exitCode: EXIT.PROTOCOL, origin: 'remote' } as const;
  if (version < VERSIONS.min || version > VERSIONS.max) {
    throw new RsyncError('RSYNC_PROTOCOL', `protocol version mismatch: the peer names ${version}`, fault);
  }
  const agreed = Math.min(own, version) - (version <= own && sub !== 0 ? 1 : 0);
  if (agreed >= PROTOCOL_MIN) return agreed;
  throw new RsyncError('RSYNC_PROTOCOL', `the peer speaks protocol ${agreed}, older than ${PROTOCOL_MIN}`, {
    ...fault,
    hint: 'rsync 2.6.4 or later is needed at the other end.',
  });
}

/** What a stranger said, short and on one line. */
function quote(text: ByteString): string {
  const shown = text
    .slice(0, 120)
    .replace(/[^ -~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${shown}${text.length > 120 ? '...' : ''}"`;
}
