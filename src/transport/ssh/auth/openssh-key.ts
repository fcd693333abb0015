import type { KeyObject } from 'node:crypto';
import { WireReader, wireString, wireUint32 } from './wire.ts';

/**
 * OpenSSH's own format of private keys, within its PEM envelope:
 *
 *     "openssh-key-v1" NUL, string cipher, string kdf, string kdfoptions, uint32 count, string publickey, string private
 *
 * The public half is in the clear even if the private one is not.
 */
export const OPENSSH_HEADER = '-----BEGIN OPENSSH PRIVATE KEY-----';
const MAGIC = 'openssh-key-v1\0';

export interface OpenSshEnvelope {
  encrypted: boolean;
  publicKey: Buffer;
}

/** Undefined if it is damaged. */
export function readOpenSshEnvelope(text: string): OpenSshEnvelope | undefined {
  const blob = Buffer.from(text.slice(OPENSSH_HEADER.length).replace(/-----END[\s\S]*$/, ''), 'base64');
  if (blob.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  try {
    const reader = new WireReader(blob.subarray(MAGIC.length));
    const cipher = reader.string().toString('latin1');
    reader.string();
    reader.string();
    if (reader.uint32() < 1) return undefined;
    const publicKey = Buffer.from(reader.string());
    reader.string();
    return { encrypted: cipher !== 'none', publicKey };
  } catch {
    return undefined;
  }
}

/** An ed25519 key in this format, unencrypted. */
export function writeOpenSshEd25519(key: KeyObject): string {
  const { d, x } = key.export({ format: 'jwk' });
  const seed = Buffer.from(d!, 'base64url');
  const point = Buffer.from(x!, 'base64url');
  const type = wireString('ssh-ed25519');
  const secret = Buffer.concat([
    Buffer.alloc(8),
    type,
    wireString(point),
    wireString(Buffer.concat([seed, point])),
    wireString(''),
  ]);
  // Padded to the cipher's block, 8 for "none", with 1, 2, 3, ...
  const padding = Buffer.from(Array.from({ length: -secret.length & 7 }, (_, i) => i + 1));
  const blob = Buffer.concat([
    Buffer.from(MAGIC, 'latin1'),
    wireString('none'),
    wireString('none'),
    wireString(''),
    wireUint32(1),
    wireString(Buffer.concat([type, wireString(point)])),
    wireString(Buffer.concat([secret, padding])),
  ]);
  const base64 = blob.toString('base64').replace(/.{70}/g, '$&\n');
  return `${OPENSSH_HEADER}\n${base64}\n-----END OPENSSH PRIVATE KEY-----`;
}
