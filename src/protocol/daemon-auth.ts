import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type ByteString, toBuffer } from '../core/bytes.ts';
import { EXIT, RsyncError } from '../core/errors.ts';

/**
 * The password check of a daemon, docs/protocol/1-session.md, 1.10.
 *
 *     RESPONSE = base64 without padding of DIGEST(password + challenge)
 *
 * Password and challenge are bytes as they are; the challenge is not decoded. The digest is a name that both greetings
 * have, or md5, or below protocol 30 an md4 that starts with four zero bytes.
 */

/** Most preferred first: the order in which they are sent, as releases differ in whose order decides. */
export const AUTH_DIGESTS = ['sha512', 'sha256', 'sha1', 'md5', 'md4'] as const;
export type AuthDigestName = (typeof AUTH_DIGESTS)[number];

const DIGEST_BYTES: Readonly<Record<AuthDigestName, number>> = {
  sha512: 64,
  sha256: 32,
  sha1: 20,
  md5: 16,
  md4: 16,
};

/** Which digest, and whether it is the md4 of old: with four zero bytes in front. */
export interface AuthDigest {
  name: AuthDigestName;
  zeros: boolean;
}

/** Computes a digest of some pieces. Has its home elsewhere: this room has no md4. */
export type DigestFunction = (name: AuthDigestName, pieces: readonly Uint8Array[]) => Uint8Array;

/**
 * The digest that both sides come to.
 * @param preferred names of the side whose order decides (the client's); undefined: that side named none
 * @param known names of the other side; undefined: it named none
 * @throws RsyncError RSYNC_UNSUPPORTED, exit 4: none in common
 */
export function chooseAuthDigest(
  preferred: readonly string[] | undefined,
  known: readonly string[] | undefined,
  protocol: number,
): AuthDigest {
  if (preferred === undefined || known === undefined) {
    return protocol >= 30 ? { name: 'md5', zeros: false } : { name: 'md4', zeros: true };
  }
  const name = preferred.find((candidate) => isAuthDigest(candidate) && known.includes(candidate));
  if (name !== undefined) return { name: name as AuthDigestName, zeros: false };
  throw new RsyncError('RSYNC_UNSUPPORTED', 'no digest for the password in common with the peer', {
    exitCode: EXIT.UNSUPPORTED,
    origin: 'remote',
    hint: `Spoken here: ${AUTH_DIGESTS.join(' ')}.`,
  });
}

function isAuthDigest(name: string): name is AuthDigestName {
  return (AUTH_DIGESTS as readonly string[]).includes(name);
}

/** What a client answers, and what a daemon compares it with. */
export function authResponse(
  digest: AuthDigest,
  password: ByteString,
  challenge: ByteString,
  compute: DigestFunction,
): ByteString {
  const pieces = [toBuffer(password), toBuffer(challenge)];
  if (digest.zeros) pieces.unshift(Buffer.alloc(4));
  return base64(compute(digest.name, pieces));
}

/** Fresh for every connection, as long as the digest. */
export function newChallenge(digest: AuthDigest): ByteString {
  return base64(randomBytes(DIGEST_BYTES[digest.name]));
}

/** Takes as long for a wrong response as for a right one of its length. */
export function sameResponse(given: ByteString, expected: ByteString): boolean {
  const [a, b] = [toBuffer(given), toBuffer(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function base64(bytes: Uint8Array): ByteString {
  return Buffer.from(bytes).toString('base64').replaceAll('=', '');
}
