import { createHash } from 'node:crypto';

/** The type that a public key's own bytes name: its first length-prefixed string. */
export function keyTypeOf(key: Uint8Array): string {
  const buffer = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const length = buffer.length >= 4 ? buffer.readUInt32BE(0) : 0;
  return length > 0 && length <= 64 && length <= buffer.length - 4
    ? buffer.toString('latin1', 4, 4 + length)
    : '';
}

/** ssh_config(5), RequiredRSASize. */
export const DEFAULT_REQUIRED_RSA_SIZE = 1024;

/** Bits of the modulus of an RSA key (RFC 4253, 6.6: string type, mpint e, mpint n); undefined for other keys. */
export function rsaKeyBits(key: Uint8Array): number | undefined {
  if (keyTypeOf(key) !== 'ssh-rsa') return undefined;
  const buffer = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  let at = 0;
  for (let skipped = 0; skipped < 2; skipped++) {
    if (at + 4 > buffer.length) return 0;
    at += 4 + buffer.readUInt32BE(at);
  }
  if (at + 4 > buffer.length) return 0;
  const modulus = buffer.subarray(at + 4, at + 4 + buffer.readUInt32BE(at));
  const first = modulus.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (modulus.length - first) * 8 - (Math.clz32(modulus[first]!) - 24);
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
