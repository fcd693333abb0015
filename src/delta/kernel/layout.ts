// The state of one running digest, in bytes from its address. `src/delta/kernel-instance.ts` knows STATE_SIZE too: it
// saves and restores whole states when several digests are alive.

/** u64: bytes seen. */
export const TOTAL: usize = 0;
/** u64: the seed, sign-extended. */
export const SEED: usize = 8;
/** 64 bytes: XXH3 8 x u64, XXH64 4 x u64, MD4 and MD5 4 x u32, SHA-1 5 x u32. */
export const ACC: usize = 64;
/** 192 bytes: XXH3's secret with the seed mixed in. */
export const SECRET: usize = 128;
/** XXH3: the 64 bytes before BUFFER, since the last stripe may begin there. */
export const HISTORY: usize = 320;
/** Input not yet compressed: at most 1024 bytes (XXH3), 64 (MD4, MD5, SHA-1), 32 (XXH64). */
export const BUFFER: usize = 384;
export const STATE_SIZE: usize = 1408;

export const MD4: i32 = 0;
export const MD5: i32 = 1;
export const SHA1: i32 = 2;
export const XXH64: i32 = 3;
export const XXH3: i32 = 4;
export const XXH128: i32 = 5;
