/**
 * The one table of all options of rsync 3.5.0: docs/protocol/4-filters-and-options.md, B, and
 * fixtures/vectors/options.json. The parser, the help text and the reference page are made from it.
 */
import { ATTRIBUTES } from './table/attributes.ts';
import { COMPRESSION } from './table/compression.ts';
import { CONNECTION } from './table/connection.ts';
import { CONTROL, DAEMON_MODE, SERVER_INTERNAL } from './table/control.ts';
import { DATA } from './table/data.ts';
import { BACKUP, DELETE } from './table/delete.ts';
import type { OptionEntry } from './table/entry.ts';
import { FILTER } from './table/filter.ts';
import { LINKS } from './table/links.ts';
import { OUTPUT } from './table/output.ts';
import { SELECTION } from './table/selection.ts';

export type {
  Apply,
  Draft,
  OptionEntry,
  OptionGroup,
  RefusedOption,
  SupportedOption,
} from './table/entry.ts';
export { isSupported } from './table/entry.ts';

/** Every option, in the order of the groups. */
export const OPTIONS: readonly OptionEntry[] = [
  ...OUTPUT,
  ...SELECTION,
  ...FILTER,
  ...ATTRIBUTES,
  ...LINKS,
  ...BACKUP,
  ...DELETE,
  ...DATA,
  ...COMPRESSION,
  ...CONNECTION,
  ...CONTROL,
  ...SERVER_INTERNAL,
  ...DAEMON_MODE,
];

/** What a name stands for: an option, or its undoing. */
export interface OptionName {
  entry: OptionEntry;
  negated: boolean;
}

/** By long name, without the dashes. */
export const LONG_NAMES: ReadonlyMap<string, OptionName> = collect((entry) => [
  ...[entry.long ?? [], entry.aliases ?? []].flat().map((name) => [name, false] as const),
  ...(entry.negations ?? []).map((name) => [name, true] as const),
]);

/** By letter. */
export const SHORT_NAMES: ReadonlyMap<string, OptionName> = collect((entry) =>
  entry.short === undefined ? [] : [[entry.short, false] as const],
);

function collect(names: (entry: OptionEntry) => readonly (readonly [string, boolean])[]) {
  const found = new Map<string, OptionName>();
  for (const entry of OPTIONS) {
    for (const [name, negated] of names(entry)) if (!found.has(name)) found.set(name, { entry, negated });
  }
  return found as ReadonlyMap<string, OptionName>;
}
