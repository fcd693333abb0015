/** One module as one connection sees it: strings with the variables of the connection put in. */
import { type ByteString, toText } from '../../../core/bytes.ts';
import type { Module } from '../config/config.ts';
import type { ModuleKey, ModuleValues } from '../config/parameters.ts';
import { expandVariables, type Variables } from '../config/variables.ts';

type StringKey = { [Key in ModuleKey]: ModuleValues[Key] extends ByteString ? Key : never }[ModuleKey];

export class ModuleView {
  readonly name: ByteString;
  readonly values: ModuleValues;
  /** The environment of the daemon, and what is known of the connection so far. */
  variables: Variables;

  constructor(module: Module, variables: Variables) {
    this.name = module.name;
    this.values = module.values;
    this.variables = variables;
  }

  /** More is known. */
  learn(more: Variables): void {
    this.variables = { ...this.variables, ...more };
  }

  text(key: StringKey): ByteString {
    return expandVariables(this.values[key], this.variables);
  }

  /** The directory that is served. `/./` only says where C would chroot to. */
  get path(): ByteString {
    return this.text('path').replace(/\/\.(?=\/)/g, '');
  }

  /** For messages. */
  get shownName(): string {
    return toText(this.name);
  }

  /**
   * C would change its root to the module itself. What follows from that for names of accounts and for symlinks does so
   * here as well, though the confinement is another.
   */
  isRootOfItsOwn(isRoot: boolean): boolean {
    return this.values.useChroot !== false && isRoot && !this.values.path.includes('/./');
  }

  chroots(isRoot: boolean): boolean {
    return this.values.useChroot !== false && isRoot;
  }

  numericIds(isRoot: boolean): boolean {
    return this.values.numericIds ?? this.chroots(isRoot);
  }

  mungesSymlinks(isRoot: boolean): boolean {
    return this.values.mungeSymlinks ?? !this.isRootOfItsOwn(isRoot);
  }

  /** Seconds for what comes before the transfer. */
  get patience(): number {
    return patience(this.values.timeout);
  }
}

const MOST_PATIENCE = 60;

/** @param timeout  the parameter */
export function patience(timeout: number): number {
  return timeout >= 1 && timeout <= MOST_PATIENCE ? timeout : MOST_PATIENCE;
}
