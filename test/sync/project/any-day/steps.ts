/** What happens on one of the simulated days, made up from a seed. Steps are plain data: they can be printed and replayed. */
import type { ByteString } from '../../../../src/core/bytes.ts';
import type { ConflictPolicy } from '../../../../src/sync/project/conflict-policy.ts';
import { EXCLUDED, isLitter, ODD, ORDINARY } from './names.ts';
import type { Edit, Shot } from './places.ts';

/** 0 to 2: a machine; 3: the server. */
export type Place = 0 | 1 | 2 | 3;
export const SERVER = 3;

export interface Run {
  direction: 'pull' | 'push';
  conflict: ConflictPolicy;
  force: boolean;
  backup: boolean;
  onlyIgnored: boolean;
  /** What is said to guards; undefined: nobody is there. */
  ask: boolean | undefined;
  /** Which paths are chosen: a seed; undefined: all. */
  choose: number | undefined;
  dryFirst: boolean;
  /** Told to end at this event. */
  abortAt: number | undefined;
  /** The shell of this connection dies after so many bytes. */
  cut: { connection: number; bytes: number } | undefined;
  /** What somebody does while it is under way. */
  meanwhile: { when: 'plan' | 'transfer' | number; at: Place; edit: Edit } | undefined;
}

export type Step =
  | { do: 'edit'; at: Place; edit: Edit }
  | ({ do: 'run'; at: Place } & Run)
  | { do: 'status'; at: Place }
  | { do: 'forget' | 'save' | 'restore' | 'tear'; at: Place }
  | { do: 'settle' };

/** mulberry32: the same numbers for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a generator may know of the day so far. */
export interface Sight {
  shot(place: Place): Shot;
  /** Another machine than this one can be cut off in the middle of a connection. */
  hasShell: boolean;
}

export class StepMaker {
  readonly #random: () => number;
  readonly #sight: Sight;
  readonly #names: readonly ByteString[];
  #texts = 0;
  #clock = 1_700_000_000;
  /** The second that times with parts are in, and how many there were. */
  #second = 0;
  #parts = 0;

  constructor(seed: number, sight: Sight) {
    this.#random = randomOf(seed);
    this.#sight = sight;
    // Few names, so that they meet.
    const some = (from: readonly ByteString[], count: number) =>
      Array.from({ length: count }, () => this.#one(from));
    this.#names = [...some(ORDINARY, 3), ...some(ODD, 2), ...some(EXCLUDED, this.#chance(0.7) ? 1 : 0)];
  }

  step(): Step {
    const at = this.#place();
    return this.#weighed<() => Step>([
      [58, () => ({ do: 'edit', at, edit: this.#edit(at) })],
      [30, () => ({ do: 'run', at: this.#machine(), ...this.#run() })],
      [3, () => ({ do: 'status', at: this.#machine() })],
      [1, () => ({ do: 'forget', at: this.#machine() })],
      [2, () => ({ do: 'save', at: this.#machine() })],
      [1, () => ({ do: 'restore', at: this.#machine() })],
      [1, () => ({ do: 'tear', at: this.#machine() })],
      [4, () => ({ do: 'settle' })],
    ])();
  }

  #run(): Run {
    const direction = this.#one(['pull', 'push'] as const);
    const isPlain = this.#chance(0.4);
    const odd = <T>(chance: number, make: () => T) => (!isPlain && this.#chance(chance) ? make() : undefined);
    const number = (below: number) => Math.floor(this.#random() * below);
    return {
      direction,
      conflict: this.#weighed<ConflictPolicy>([
        [4, 'stop'],
        [2, 'newer'],
        [2, 'local'],
        [2, 'remote'],
        [3, 'keep-both'],
      ]),
      force: this.#chance(0.15),
      backup: this.#chance(0.25),
      onlyIgnored: !isPlain && this.#chance(0.06),
      ask: this.#one([true, true, false, undefined]),
      choose: odd(0.2, () => number(1000)),
      dryFirst: this.#chance(0.25),
      abortAt: odd(0.12, () => number(12)),
      cut: this.#sight.hasShell
        ? odd(0.12, () => ({ connection: 1 + number(6), bytes: number(1500) }))
        : undefined,
      meanwhile: odd(0.3, () => {
        const at = this.#place();
        const when = this.#one(['plan', 'transfer', number(4), number(8)] as const);
        return { when, at, edit: this.#edit(at) };
      }),
    };
  }

  #edit(at: Place): Edit {
    const path = this.#path(at);
    const mtime = this.#time();
    return this.#weighed<() => Edit>([
      [10, () => ({ edit: 'write', path, text: this.#text(), mtime })],
      [3, () => this.#copied(at, path) ?? { edit: 'mkdir', path }],
      [6, () => ({ edit: 'remove', path })],
      [4, () => ({ edit: 'rename', path, to: this.#path(at) })],
      [3, () => ({ edit: 'mkdir', path })],
      [
        3,
        () => ({
          edit: 'link',
          path,
          target: this.#one(['a', '../outside', '..', 'nowhere', 'folder']),
          mtime,
        }),
      ],
      [2, () => ({ edit: 'chmod', path, mode: this.#one([0o600, 0o644, 0o755, 0o700]) })],
      [2, () => ({ edit: 'touch', path, mtime })],
    ])();
  }

  /** The same content as somewhere else, with its time or a new one. */
  #copied(at: Place, path: ByteString): Edit | undefined {
    const other = this.#one(([0, 1, 2, 3] as const).filter((one) => one !== at));
    const thing = this.#sight.shot(other).get(path);
    if (thing?.kind !== 'file') return undefined;
    const mtime = this.#chance(0.5) ? Number(thing.mtime / 1000n) / 1e6 : this.#time();
    return { edit: 'write', path, text: thing.text, mtime };
  }

  #path(at: Place): ByteString {
    if (this.#chance(0.6)) {
      const there = [...this.#sight.shot(at).keys()].filter((path) => path !== '' && !isLitter(path));
      if (there.length > 0) return this.#one(there.sort());
    }
    const depth = this.#weighed([
      [4, 1],
      [5, 2],
      [2, 3],
    ]);
    return Array.from({ length: depth }, () => this.#one(this.#names)).join('/');
  }

  /** Each is one of its kind; many are of the same length. */
  #text(): string {
    const text = `v${++this.#texts}`.padEnd(6, '.');
    return this.#chance(0.7) ? text : text.repeat(1 + Math.floor(this.#random() * 200));
  }

  /** Each is one of its kind, and not always later than the one before. */
  #time(): number {
    const back = this.#chance(0.15) ? 1_000_000 : 0;
    this.#clock++;
    // A time of whole seconds has its second to itself: parts of 0 mean "not known" to a comparison.
    if (this.#chance(0.5)) return this.#clock - back;
    if (this.#chance(0.3) || this.#parts === 0) this.#second = this.#clock;
    return this.#second - back + (++this.#parts % 999) / 1000 + 0.0005;
  }

  #place(): Place {
    return this.#weighed<Place>([
      [3, 0],
      [3, 1],
      [2, 2],
      [2, 3],
    ]);
  }

  #machine(): Place {
    return this.#weighed<Place>([
      [3, 0],
      [3, 1],
      [2, 2],
    ]);
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #one<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)]!;
  }

  #weighed<T>(from: readonly (readonly [weight: number, what: T])[]): T {
    let left = this.#random() * from.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, what] of from) {
      left -= weight;
      if (left < 0) return what;
    }
    return from.at(-1)![1];
  }
}
