import { isMap, isScalar, type ParsedNode, type YAMLMap } from 'yaml';
import { nearestName } from '../../core/nearest-name.ts';
import type { Origin } from './source.ts';
import type { YamlContext } from './yaml-document.ts';
import { YamlValue } from './yaml-value.ts';

type ParsedMap = YAMLMap.Parsed;

/** A mapping: its keys are asked for by name, and what was not asked for is a mistake. */
export class YamlMap {
  readonly #context: YamlContext;
  readonly #prefix: string;
  readonly #values = new Map<string, ParsedNode | null>();
  readonly #keys = new Map<string, Origin>();
  readonly #known = new Set<string>();
  readonly origin: Origin;

  /** @param prefix  names of the keys above, for people; '' at the top */
  constructor(node: ParsedMap, prefix: string, context: YamlContext) {
    this.#context = context;
    this.#prefix = prefix;
    this.origin = context.originAt(node.range[0], prefix === '' ? context.file : prefix);
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      const path = this.pathOf(name);
      const origin = context.originAt(isScalar(key) ? key.range[0] : node.range[0], path);
      const earlier = this.#keys.get(name);
      if (earlier === undefined) {
        this.#keys.set(name, origin);
        this.#values.set(name, value);
      } else {
        context.problems.add(
          origin,
          `${path} is there twice, first in line ${earlier.line}`,
          'Keep one of them.',
        );
      }
    }
  }

  get names(): string[] {
    return [...this.#keys.keys()];
  }

  pathOf(name: string): string {
    return this.#prefix === '' ? name : `${this.#prefix}.${name}`;
  }

  /** Where the name of a key stands. */
  keyOrigin(name: string): Origin | undefined {
    return this.#keys.get(name);
  }

  /** A value, if the key is there. A key with nothing behind it is a mistake, unless `emptyIs` says otherwise. */
  get(
    name: string,
    { emptyIs = 'a mistake' }: { emptyIs?: 'a mistake' | 'absent' } = {},
  ): YamlValue | undefined {
    this.#known.add(name);
    const keyOrigin = this.#keys.get(name);
    if (keyOrigin === undefined) return undefined;
    const written = this.#values.get(name) ?? null;
    const path = this.pathOf(name);
    const node = this.#context.resolve(written);
    if (node === undefined) {
      this.#context.problems.add(keyOrigin, `${path}: an alias of an anchor that is not there`);
      return undefined;
    }
    if (node === null || (isScalar(node) && node.value === null)) {
      if (emptyIs === 'a mistake') {
        this.#context.problems.add(
          keyOrigin,
          `${path}: found nothing, expected a value`,
          'Remove the key for the default.',
        );
      }
      return undefined;
    }
    const start = written?.range[0] ?? node.range[0];
    return new YamlValue(node, path, this.#context.originAt(start, path), this.#context);
  }

  /** The mapping behind a key; a mistake if something else is there. */
  map(name: string): YamlMap | undefined {
    const value = this.get(name, { emptyIs: 'absent' });
    return value?.map();
  }

  /** A key of another form of this file. */
  moved(name: string, to: string, hint?: string): void {
    const origin = this.#keys.get(name);
    this.#keys.delete(name);
    if (origin === undefined) return;
    this.#context.problems.add(origin, `${this.pathOf(name)} moved to ${to}`, hint);
  }

  /** Complains about the keys that nobody asked for. To be called after all others. */
  finish(): void {
    for (const [name, origin] of this.#keys) {
      if (this.#known.has(name)) continue;
      if (name === '<<') {
        this.#context.problems.add(
          origin,
          `${this.pathOf(name)}: merge keys are not read`,
          'Write the keys out.',
        );
        continue;
      }
      const near = nearestName(name, this.#known);
      this.#context.problems.add(
        origin,
        `${this.pathOf(name)}: unknown key`,
        near === undefined ? `Known are ${[...this.#known].sort().join(', ')}.` : `Did you mean ${near}?`,
      );
    }
  }
}

export function isParsedMap(node: ParsedNode): node is ParsedMap {
  return isMap(node);
}
