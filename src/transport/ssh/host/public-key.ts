import { createHash } from 'node:crypto';

/** The type that a public key's own bytes name: its first length-prefixed string. */
export function keyTypeOf(key: Uint8Array): string {
  const buffer = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const length = buffer.length >= 4 ? buffer.readUInt32BE(0) : 0;
  return length > 0 && length <= 64 && length <= buffer.length - 4
    ? buffer.toString('latin1', 4, 4 + length)
    : '';
}

/** As ssh prints it: `SHA256:` and base64 without padding. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** As ssh names it: ED25519, RSA, ECDSA. */
export function keyTypeName(type: string): string {
  if (type.startsWith('ecdsa-')) return 'ECDSA';
  return type.replace(/^ssh-/, '').toUpperCase();
}
