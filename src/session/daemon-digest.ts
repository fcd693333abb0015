import { createHash as createCryptoHash } from 'node:crypto';
import { createHash, loadHashes } from '../delta/hashes.ts';
import type { DigestFunction } from '../protocol/daemon-auth.ts';

/** The digests of passwords. `loadHashes` must have been awaited: md4 is not in node:crypto, nor md5 on all systems. */
export const authDigest: DigestFunction = (name, pieces) => {
  const hash = name === 'sha256' || name === 'sha512' ? createCryptoHash(name) : createHash(name);
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
};

/** `authDigest`, once it can be used. */
export async function loadAuthDigest(): Promise<DigestFunction> {
  await loadHashes();
  return authDigest;
}
