import { readFileSync } from 'node:fs';
import { fromText } from '../../src/core/bytes.ts';
import { isRsyncError, type RsyncError } from '../../src/core/errors.ts';
import type { FilterArgument } from '../../src/filter/filter-list.ts';

export function vectors<T>(file: string): T[] {
  return JSON.parse(readFileSync(new URL(`../../fixtures/vectors/${file}`, import.meta.url), 'utf8'));
}

export interface CommandLine {
  filters: FilterArgument[];
  deleteExcluded: boolean;
  /** All other words that start with a dash. */
  flags: string[];
  /** Words that do not. */
  operands: string[];
}

/** As much of rsync's command line as the filter vectors use. */
export function readArguments(args: readonly string[]): CommandLine {
  const line: CommandLine = { filters: [], deleteExcluded: false, flags: [], operands: [] };
  let from0 = false;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    const long = /^--(exclude|include|filter|exclude-from|include-from)(?:=([\s\S]*))?$/.exec(arg);
    if (long !== null || arg === '-f') {
      const kind = (long?.[1] ?? 'filter') as FilterArgument['kind'];
      const value = long?.[2] ?? args[++at]!;
      if (kind === 'exclude-from' || kind === 'include-from') line.filters.push({ kind, file: value, from0 });
      else line.filters.push({ kind, text: fromText(value), from0 });
    } else if (arg === '-0') from0 = true;
    else if (arg.startsWith('-')) {
      line.flags.push(arg);
      if (arg === '--delete-excluded') line.deleteExcluded = true;
    } else line.operands.push(arg);
  }
  return line;
}

/** What `run` throws, which has to be an RsyncError. */
export function failure(run: () => unknown): RsyncError {
  try {
    run();
  } catch (error) {
    if (isRsyncError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
