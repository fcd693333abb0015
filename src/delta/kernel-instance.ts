/**
 * The compiled inner loops (`kernel/`), as instances with a memory each. Without WebAssembly, without its SIMD, on a
 * big-endian host or after `useKernel(false)` there is none: plain TypeScript has the rolling sum and the search
 * (rolling.ts, searcher.ts), libraries have the digests (library-hashes.ts).
 */

import { EXIT, RsyncError } from '../core/errors.ts';
import { KERNEL_WASM } from './kernel.generated.ts';

/** What src/delta/kernel/index.ts exports. Addresses and lengths are bytes in the instance's memory. */
export interface KernelExports {
  readonly memory: WasmMemory;
  arena(): number;
  stateSize(): number;
  filterAt(): number;
  hashInit(kind: number, state: number, seed: number): void;
  hashUpdate(kind: number, state: number, at: number, length: number): void;
  hashFinal(kind: number, state: number, out: number): void;
  strongSum(kind: number, mode: number, seed: number, at: number, length: number, out: number): void;
  strongSums4(kind: number, mode: number, seed: number, at: number, length: number, out: number): void;
  blockSums(
    kind: number,
    mode: number,
    seed: number,
    at: number,
    length: number,
    count: number,
    s2length: number,
    out: number,
  ): void;
  /** May come back negative: wasm has no unsigned results. */
  rollingSum(at: number, length: number): number;
  setTable(
    window: number,
    filterBits: number,
    starts: number,
    bucketBits: number,
    tags: number,
    multiplier: number,
  ): void;
  contains(sum: number): number;
  seek(at: number): number;
  current(): number;
  scan(at: number, slides: number): number;
}

// The WebAssembly namespace is typed in TypeScript's DOM library alone; these are the parts used here.
interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
interface WasmApi {
  validate(bytes: Uint8Array): boolean;
  compile(bytes: Uint8Array): Promise<object>;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
}

const PAGE = 65_536;

export class Kernel {
  readonly exports: KernelExports;
  /** First address that is free. */
  readonly arena: number;
  /** The whole memory. Replaced when the memory grows: do not keep it over `ensure`. */
  bytes: Uint8Array;

  constructor(exports: KernelExports) {
    this.exports = exports;
    this.arena = exports.arena();
    this.bytes = new Uint8Array(exports.memory.buffer);
  }

  /** Makes the memory at least `size` bytes long. Throws RSYNC_LIMIT (exit 22) if that cannot be had. */
  ensure(size: number): void {
    if (size <= this.bytes.length) return;
    try {
      this.exports.memory.grow(Math.ceil((size - this.bytes.length) / PAGE));
    } catch (cause) {
      throw new RsyncError('RSYNC_LIMIT', `out of memory for block sums: ${size} bytes`, {
        exitCode: EXIT.MALLOC,
        origin: 'local',
        hint: 'Send the file whole (--whole-file), or with larger blocks (--block-size).',
        cause,
      });
    }
    this.bytes = new Uint8Array(this.exports.memory.buffer);
  }
}

/** undefined: not tried; null: cannot be had. */
let compiled: object | null | undefined;
let wanted = true;
const idle: Kernel[] = [];

const api = (globalThis as { WebAssembly?: WasmApi }).WebAssembly;

function wasmBytes(): Uint8Array | undefined {
  const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  if (api === undefined || !littleEndian) return undefined;
  const bytes = Buffer.from(KERNEL_WASM, 'base64');
  return api.validate(bytes) ? bytes : undefined;
}

/** Compiles off the main thread what would otherwise be compiled at the first use (a few milliseconds). */
export async function loadKernel(): Promise<void> {
  if (compiled !== undefined) return;
  const bytes = wasmBytes();
  const module = bytes === undefined ? null : await api!.compile(bytes);
  compiled ??= module;
}

/**
 * An instance for the caller alone, or undefined if there is no kernel. A new one costs some 0.1 ms; hence
 * `releaseKernel`.
 */
export function acquireKernel(): Kernel | undefined {
  if (!wanted) return undefined;
  if (compiled === undefined) {
    const bytes = wasmBytes();
    compiled = bytes === undefined ? null : new api!.Module(bytes);
  }
  if (compiled === null) return undefined;
  return idle.pop() ?? new Kernel(new api!.Instance(compiled).exports as KernelExports);
}

/** Memories never shrink: large ones are left to the garbage collector. */
const LARGEST_IDLE = 16 << 20;
const MOST_IDLE = 4;

/** Gives an instance back; the caller forgets it. */
export function releaseKernel(kernel: Kernel): void {
  if (kernel.bytes.length <= LARGEST_IDLE && idle.length < MOST_IDLE) idle.push(kernel);
}

export function kernelWanted(): boolean {
  return wanted;
}

/**
 * False: none from now on, for whatever is made anew; `loadHashes` must then be awaited. For tests and comparisons.
 */
export function useKernel(on: boolean): void {
  wanted = on;
}
