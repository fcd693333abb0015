import { isScalar, isSeq, type ParsedNode } from 'yaml';
import { isRsyncError } from '../../core/errors.ts';
import { nearestName } from '../../core/nearest-name.ts';
import { parseRate } from '../../options/values.ts';
import { quoted } from './problems.ts';
import { type Origin, type Sourced, sourced } from './source.ts';
import { DURATION_HINT, parseDuration, parsePercent } from './values.ts';
import type { YamlContext } from './yaml-document.ts';
import { isParsedMap, YamlMap } from './yaml-map.ts';

const NOT_BOOLEAN: Readonly<Record<string, boolean>> = {
  false: false,
  no: false,
  n: false,
  off: false,
  true: true,
  yes: true,
  y: true,
  on: true,
};

/** One value. Each reader returns undefined after a mistake, which then is among the problems. */
export class YamlValue {
  readonly key: string;
  readonly origin: Origin;
  readonly #node: ParsedNode;
  readonly #context: YamlContext;

  /** @param key  its name with those above it, for people */
  constructor(node: ParsedNode, key: string, origin: Origin, context: YamlContext) {
    this.key = key;
    this.origin = origin;
    this.#node = node;
    this.#context = context;
  }

  get isList(): boolean {
    return isSeq(this.#node);
  }

  get isMap(): boolean {
    return isParsedMap(this.#node);
  }

  /** A mistake at this value. */
  complain(text: string, hint?: string): undefined {
    this.#context.problems.add(this.origin, `${this.key}: ${text}`, hint);
    return undefined;
  }

  /** `found X, expected Y`. */
  expected(what: string, hint?: string): undefined {
    return this.complain(`found ${this.#found()}, expected ${what}`, hint);
  }

  /** A text that is not empty. */
  string(): Sourced<string> | undefined {
    const value = this.#scalar();
    if (typeof value === 'string') {
      return value === '' ? this.expected('a text') : sourced(value, this.origin);
    }
    const simple = typeof value === 'number' || typeof value === 'boolean';
    return this.expected('a text', simple ? `Put it in quotes: "${this.#source()}".` : undefined);
  }

  /** `true` or `false` and nothing that looks like it. */
  boolean(): Sourced<boolean> | undefined {
    const value = this.#scalar();
    if (typeof value === 'boolean') return sourced(value, this.origin);
    const meant = typeof value === 'string' ? NOT_BOOLEAN[value.toLowerCase()] : undefined;
    return this.expected(
      'true or false',
      meant === undefined ? undefined : `Write ${meant}, without quotes.`,
    );
  }

  integer(least: number, most: number): Sourced<number> | undefined {
    const value = this.#scalar();
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) {
      return sourced(value, this.origin);
    }
    const unquoted = typeof value === 'string' && /^\d+$/.test(value);
    return this.expected(
      `a whole number from ${least} to ${most}`,
      unquoted ? `Write ${value}, without quotes.` : undefined,
    );
  }

  /** 0 to 100, as a number or as `50%`. */
  percent(): Sourced<number> | undefined {
    const value = this.#scalar();
    const share = typeof value === 'string' ? parsePercent(value) : undefined;
    return share === undefined ? this.integer(0, 100) : sourced(share, this.origin);
  }

  oneOf<T extends string>(choices: readonly T[]): Sourced<T> | undefined {
    const value = this.#scalar();
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return sourced(found, this.origin);
    const near = typeof value === 'string' ? nearestName(value, choices) : undefined;
    return this.expected(
      `one of ${choices.join(', ')}`,
      near === undefined ? undefined : `Did you mean ${near}?`,
    );
  }

  /** Seconds of `15m`; `never`, if it may be, is 0. */
  duration({ never = false }: { never?: boolean } = {}): Sourced<number> | undefined {
    const value = this.#scalar();
    if (never && value === 'never') return sourced(0, this.origin);
    const seconds = typeof value === 'string' ? parseDuration(value) : undefined;
    if (seconds !== undefined) return sourced(seconds, this.origin);
    return this.expected(never ? 'a time or "never"' : 'a time', DURATION_HINT);
  }

  /** KiB a second: a whole number of them, or a text such as `1.5m`; 0: no limit. */
  rate(): Sourced<number> | undefined {
    const value = this.#scalar();
    const expected = 'KiB a second: a whole number, or one with a unit such as 2m';
    if (typeof value === 'number') {
      return Number.isInteger(value) && value >= 0 && value <= 0x7fffffff
        ? sourced(value, this.origin)
        : this.expected(expected);
    }
    if (typeof value !== 'string' || value === '') return this.expected(expected);
    try {
      return sourced(parseRate(value, value), this.origin);
    } catch (error) {
      if (!isRsyncError(error)) throw error;
      return this.expected(expected);
    }
  }

  /** The items of a list; undefined if it is none. */
  list(): YamlValue[] | undefined {
    if (!isSeq(this.#node)) return this.expected('a list', 'Write one item a line, each after "- ".');
    const items: YamlValue[] = [];
    for (const [index, written] of this.#node.items.entries()) {
      const key = `${this.key}[${index}]`;
      const item = this.#context.resolve(written as ParsedNode | null);
      const start = (written as ParsedNode | null)?.range[0] ?? this.#node.range[0];
      const origin = this.#context.originAt(start, key);
      if (item === null || item === undefined || (isScalar(item) && item.value === null)) {
        this.#context.problems.add(origin, `${key}: found nothing, expected a value`);
      } else items.push(new YamlValue(item, key, origin, this.#context));
    }
    return items;
  }

  /** A list of texts; where `orOne`, a text alone is a list of one. */
  strings({ orOne = false }: { orOne?: boolean } = {}): Sourced<string>[] | undefined {
    const items = orOne && !this.isList ? [this] : this.list();
    const texts = items?.map((item) => item.string());
    return texts?.every((text) => text !== undefined) ? texts : undefined;
  }

  map(): YamlMap | undefined {
    return isParsedMap(this.#node)
      ? new YamlMap(this.#node, this.key, this.#context)
      : this.expected('keys with values');
  }

  /**
   * Where a character of a text stands: exact where the file has the text as it is on one line, else the start of the
   * value.
   */
  originOf(index: number): Origin {
    const value = this.#scalar();
    if (typeof value !== 'string') return this.origin;
    const [start] = this.#node.range;
    const { text } = this.#context;
    const first = text.startsWith(value, start)
      ? start
      : text.startsWith(value, start + 1)
        ? start + 1
        : undefined;
    return first === undefined ? this.origin : this.#context.originAt(first + index, this.key);
  }

  #scalar(): unknown {
    return isScalar(this.#node) ? this.#node.value : undefined;
  }

  #source(): string {
    const [start, end] = this.#node.range;
    return this.#context.text.slice(start, end);
  }

  #found(): string {
    if (this.isList) return 'a list';
    if (this.isMap) return 'keys with values';
    const value = this.#scalar();
    if (typeof value === 'string') return `the text ${quoted(this.key, value)}`;
    return quoted(this.key, value);
  }
}
