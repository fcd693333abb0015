import type { StrongContext } from '../delta/strong.ts';
import type { Negotiated } from '../protocol/negotiated.ts';

/** Where the seed of this session goes: docs/protocol/1-session.md, 1.5. */
export function strongContext(negotiated: Negotiated): StrongContext {
  return {
    name: negotiated.transferChecksum,
    seed: negotiated.checksumSeed,
    classicMd4: negotiated.classicMd4,
    md5SeedFirst: negotiated.md5SeedFirst,
  };
}
