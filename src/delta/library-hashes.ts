/**
 * Digests on a host without the kernel: node:crypto has md5 and sha1, hash-wasm md4, xxh3 and xxh128, xxhash-wasm
 * xxh64. Both packages need WebAssembly, and no SIMD. They are imported by `loadLibraryHashes` alone: importing and
 * compiling them takes some 50 ms, which a host with the kernel does not spend.
 *
 * hash-wasm makes its instances asynchronously and each holds one running digest, so there is one instance a digest
 * name, and the running digests take turns in it by `save()` and `load()`. It takes a seed only when it makes an
 * instance. Hence a seed is prepared by making one more (0.5 ms) and keeping what that saves before any data, 580
 * bytes: loaded into the instance in use, it is the start of a digest with that seed.
 */

import { createHash as createCryptoHash } from 'node:crypto';
import type { IHasher } from 'hash-wasm';
import type { XXHash, XXHashAPI } from 'xxhash-wasm';
import type { ChecksumName } from '../core/algorithms.ts';
import { EXIT, RsyncError } from '../core/errors.ts';
import type { Hash } from './hashes.ts';

/** Seeds that stay prepared, per digest; a session has one. The oldest goes first. */
const MOST_SEEDS = 1024;

/** `low` and `high` are the halves of the 64-bit seed. */
type MakeHasher = (low: number, high: number) => Promise<IHasher>;

/** One instance of hash-wasm, for any number of running digests. */
class SharedHasher {
  readonly hasher: IHasher;
  /** Whose digest is in the instance; the others have saved theirs. */
  owner: SharedHash | undefined;
  readonly #make: MakeHasher;
  readonly #unseeded: Uint8Array;
  readonly #seeded = new Map<number, Uint8Array>();

  private constructor(hasher: IHasher, make: MakeHasher) {
    this.hasher = hasher;
    this.#make = make;
    this.#unseeded = hasher.init().save();
  }

  static async create(make: MakeHasher): Promise<SharedHasher> {
    return new SharedHasher(await make(0, 0), make);
  }

  async prepare(seed: number): Promise<void> {
    if (seed === 0) return;
    const state =
      this.#seeded.get(seed) ?? (await this.#make(seed >>> 0, seed < 0 ? 0xffffffff : 0)).init().save();
    this.#seeded.delete(seed);
    this.#seeded.set(seed, state);
    if (this.#seeded.size > MOST_SEEDS) this.#seeded.delete(this.#seeded.keys().next().value!);
  }

  start(seed: number): Uint8Array | undefined {
    return seed === 0 ? this.#unseeded : this.#seeded.get(seed);
  }
}

class SharedHash implements Hash {
  readonly #shared: SharedHasher;
  /** Of this digest while another one is in the instance. */
  #state: Uint8Array;
  /** hash-wasm gives an xxh as a number is written, highest byte first. */
  readonly #reversed: boolean;

  constructor(shared: SharedHasher, start: Uint8Array, reversed: boolean) {
    this.#shared = shared;
    this.#state = start;
    this.#reversed = reversed;
  }

  update(data: Uint8Array): void {
    this.#own().update(data);
  }

  digest(): Uint8Array {
    const digest = this.#own().digest('binary');
    this.#shared.owner = undefined;
    return this.#reversed ? digest.reverse() : digest;
  }

  #own(): IHasher {
    const { hasher, owner } = this.#shared;
    if (owner !== this) {
      if (owner !== undefined) owner.#state = hasher.save();
      hasher.load(this.#state);
      this.#shared.owner = this;
    }
    return hasher;
  }
}

/** xxhash-wasm's memory grows to the longest piece that it was given, and never shrinks. */
const PIECE = 64 << 10;

class Xxh64 implements Hash {
  readonly #hash: XXHash<bigint>;

  constructor(api: XXHashAPI, seed: number) {
    this.#hash = api.create64(BigInt.asUintN(64, BigInt(seed)));
  }

  update(data: Uint8Array): void {
    for (let at = 0; at < data.length; at += PIECE) this.#hash.update(data.subarray(at, at + PIECE));
  }

  digest(): Uint8Array {
    const out = new Uint8Array(8);
    new DataView(out.buffer).setBigUint64(0, this.#hash.digest(), true);
    return out;
  }
}

interface Libraries {
  readonly xxhash: XXHashAPI;
  readonly md4: SharedHasher;
  readonly xxh3: SharedHasher;
  readonly xxh128: SharedHasher;
}

let loading: Promise<Libraries> | undefined;
let libraries: Libraries | undefined;

async function load(): Promise<Libraries> {
  const [wasm, { default: xxhash }] = await Promise.all([import('hash-wasm'), import('xxhash-wasm')]);
  const [api, md4, xxh3, xxh128] = await Promise.all([
    xxhash(),
    SharedHasher.create(() => wasm.createMD4()),
    SharedHasher.create(wasm.createXXHash3),
    SharedHasher.create(wasm.createXXHash128),
  ]);
  return { xxhash: api, md4, xxh3, xxh128 };
}

/** Not there with `node --jitless`. */
function hasWebAssembly(): boolean {
  return (globalThis as { WebAssembly?: unknown }).WebAssembly !== undefined;
}

/** Whether there is a library for `name` that runs in this process. */
export function libraryAvailable(name: ChecksumName): boolean {
  return name === 'none' || name === 'md5' || name === 'sha1' || hasWebAssembly();
}

/** Loads the libraries once, and prepares them for `seed`. Without WebAssembly there is nothing to load. */
export async function loadLibraryHashes(seed: number): Promise<void> {
  if (!hasWebAssembly()) return;
  loading ??= load();
  libraries = await loading;
  await Promise.all([libraries.xxh3.prepare(seed), libraries.xxh128.prepare(seed)]);
}

/** As `createHash`. Throws RSYNC_UNSUPPORTED without WebAssembly, RSYNC_INTERNAL if not loaded for `seed`. */
export function libraryHash(name: Exclude<ChecksumName, 'none'>, seed: number): Hash {
  if (name === 'md5' || name === 'sha1') return createCryptoHash(name);
  if (!libraryAvailable(name)) {
    throw new RsyncError('RSYNC_UNSUPPORTED', `checksum ${name} needs WebAssembly, which is not there`, {
      exitCode: EXIT.UNSUPPORTED,
      origin: 'local',
      hint: 'Run Node without --jitless, or choose another checksum (--checksum-choice=md5).',
    });
  }
  if (libraries === undefined) throw notLoadedError(name, 0);
  if (name === 'xxh64') return new Xxh64(libraries.xxhash, seed);
  const shared = libraries[name];
  const start = shared.start(name === 'md4' ? 0 : seed);
  if (start === undefined) throw notLoadedError(name, seed);
  return new SharedHash(shared, start, name !== 'md4');
}

function notLoadedError(name: ChecksumName, seed: number): RsyncError {
  const what = seed === 0 ? name : `${name} with seed ${seed}`;
  return new RsyncError('RSYNC_INTERNAL', `checksum ${what} is used before it was loaded`, {
    exitCode: EXIT.PROTOCOL,
    origin: 'local',
    hint: `Without the WebAssembly kernel, await loadHashes(${seed === 0 ? '' : seed}) comes first.`,
  });
}
