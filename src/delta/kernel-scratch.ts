/**
 * One kernel instance for everything that is done in one go: running digests and block sums. (A search keeps its
 * table and window in an instance of its own.)
 */

import { acquireKernel, type Kernel, kernelWanted } from './kernel-instance.ts';

/** Two blocks of the largest ordinary length and then some; four md5 blocks run side by side. */
export const STAGING_LENGTH = 512 << 10;

export interface Scratch {
  readonly kernel: Kernel;
  /** Address of the state of one running digest. */
  readonly state: number;
  /** Bytes of a state. */
  readonly stateLength: number;
  /** Address where a digest comes out; 64 bytes. */
  readonly out: number;
  /** Address of STAGING_LENGTH bytes for input. */
  readonly staging: number;
  /** Address of `sumsLength` bytes for block sums. */
  readonly sums: number;
  readonly sumsLength: number;
}

let scratch: Scratch | undefined;

/** Undefined if there is no kernel. */
export function kernelScratch(): Scratch | undefined {
  if (!kernelWanted()) return undefined;
  if (scratch === undefined) {
    const kernel = acquireKernel();
    if (kernel === undefined) return undefined;
    const stateLength = kernel.exports.stateSize();
    const state = (kernel.arena + 63) & ~63;
    const out = state + ((stateLength + 63) & ~63);
    const staging = out + 64;
    const sums = staging + STAGING_LENGTH;
    const sumsLength = 64 << 10;
    kernel.ensure(sums + sumsLength);
    scratch = { kernel, state, stateLength, out, staging, sums, sumsLength };
  }
  return scratch;
}
