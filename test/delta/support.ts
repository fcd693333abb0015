import { readFileSync } from 'node:fs';
import { type ChecksumName, DIGEST_LENGTH } from '../../src/core/algorithms.ts';
import type { SumHead } from '../../src/core/sum-head.ts';
import { loadHashes } from '../../src/delta/hashes.ts';
import { useKernel } from '../../src/delta/kernel-instance.ts';
import { Matcher, type MatchStats, SumTable } from '../../src/delta/match.ts';
import { Signer, sumHeadFor } from '../../src/delta/signature.ts';
import type { StrongContext } from '../../src/delta/strong.ts';

export function vectors<T>(name: string): T {
  return JSON.parse(
    readFileSync(new URL(`../../fixtures/vectors/${name}.json`, import.meta.url), 'utf8'),
  ) as T;
}

/** Both ways to compute. The second needs `loadLibraries` first. */
export const ENGINES = [
  ['kernel', true],
  ['no kernel', false],
] as const;

/** Loads what is used without the kernel, and prepares these seeds. */
export async function loadLibraries(seeds: Iterable<number> = []): Promise<void> {
  useKernel(false);
  try {
    for (const seed of [0, ...seeds]) await loadHashes(seed);
  } finally {
    useKernel(true);
  }
}

/** Runs `body` with or without the kernel. */
export function withEngine<T>(kernel: boolean, body: () => T): T {
  useKernel(kernel);
  try {
    return body();
  } finally {
    useKernel(true);
  }
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

export function context(name: ChecksumName, seed = 0, options: Partial<StrongContext> = {}): StrongContext {
  return { name, seed, classicMd4: false, md5SeedFirst: true, ...options };
}

/** Reproducible noise (xorshift32). */
export function noise(length: number, seed = 1): Uint8Array {
  const out = new Uint8Array(length);
  let x = seed * 0x9e3779b1 || 1;
  for (let i = 0; i < length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    out[i] = x >>> 11;
  }
  return out;
}

/** `data` in pieces that end at `cuts`, which wrap around. */
export function* pieces(data: Uint8Array, cuts: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < data.length; i++) {
    const length = Math.max(1, cuts[i % cuts.length] ?? data.length);
    yield data.subarray(at, at + length);
    at += length;
  }
}

export interface Signed {
  head: SumHead;
  sums: Uint8Array;
}

export function sign(
  basis: Uint8Array,
  ctx: StrongContext,
  options: { blockSize?: number; redo?: boolean; protocol?: number; cuts?: readonly number[] } = {},
): Signed {
  const head = sumHeadFor({
    size: basis.length,
    protocol: options.protocol ?? 32,
    digestLength: DIGEST_LENGTH[ctx.name],
    blockSize: options.blockSize ?? 0,
    redo: options.redo ?? false,
  });
  const signer = new Signer(head, ctx);
  const parts = [...pieces(basis, options.cuts ?? [])].map((piece) => signer.push(piece).slice());
  return { head, sums: Buffer.concat([...parts, signer.finish()]) };
}

export type Token = { literal: Uint8Array } | { block: number; data: Uint8Array };

export interface Matched {
  tokens: Token[];
  stats: MatchStats;
}

export function match(
  { head, sums }: Signed,
  file: Uint8Array,
  ctx: StrongContext,
  options: { inplace?: boolean; cuts?: readonly number[] } = {},
): Matched {
  const tokens: Token[] = [];
  const table = new SumTable(head, sums, ctx, { inplace: options.inplace ?? false });
  const matcher = new Matcher(table, {
    literal: (data) => tokens.push({ literal: data.slice() }),
    match: (block, data) => tokens.push({ block, data: data.slice() }),
  });
  for (const piece of pieces(file, options.cuts ?? [])) matcher.push(piece);
  matcher.finish();
  return { tokens, stats: matcher.stats };
}

/** What a receiver makes of the tokens. In-place it reads blocks from the very bytes that it writes. */
export function expand(tokens: Token[], head: SumHead, basis: Uint8Array, inplace = false): Uint8Array {
  const length = tokens.reduce((sum, token) => sum + tokenLength(token, head), 0);
  const out = new Uint8Array(Math.max(length, inplace ? basis.length : 0));
  if (inplace) out.set(basis);
  const source = inplace ? out : basis;
  let at = 0;
  for (const token of tokens) {
    const from = 'block' in token ? token.block * head.blength : 0;
    const data = 'block' in token ? source.slice(from, from + tokenLength(token, head)) : token.literal;
    out.set(data, at);
    at += data.length;
  }
  return out.subarray(0, length);
}

function tokenLength(token: Token, head: SumHead): number {
  if (!('block' in token)) return token.literal.length;
  return token.block === head.count - 1 && head.remainder > 0 ? head.remainder : head.blength;
}

/** Tokens as text, to be compared. */
export function shown(tokens: Token[]): string[] {
  return tokens.map((token) => ('block' in token ? `block ${token.block}` : `literal ${hex(token.literal)}`));
}
