import { readFileSync } from 'node:fs';

/** One object of fixtures/vectors/options.json. */
export interface OptionVector {
  long: string | null;
  short: string | null;
  aliases: string[];
  group: string;
  arg: string;
  default: unknown;
  negations: string[];
  wire?: { sample: string[]; push: string[]; pull: string[] } | null;
}

export const OPTION_VECTORS: readonly OptionVector[] = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/options.json', import.meta.url), 'utf8'),
);

/** `-h (single argument only)` is `-h`: the vectors put notes behind some names. */
export const bareName = (name: string): string => name.split(' ')[0]!;
