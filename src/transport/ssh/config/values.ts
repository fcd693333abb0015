/** Parsers of the values of ssh_config(5). They throw a plain Error with the reason if a value makes no sense. */
import { servicePort } from './services.ts';
import type { StrictHostKeyChecking } from './settings.ts';

/** From the words after a keyword. */
export type Parse<T> = (values: readonly string[]) => T;

/** Exactly one word, not empty. */
export function one<T>(parse: (value: string) => T): Parse<T> {
  return (values) => {
    const [value, ...rest] = values;
    if (value === undefined || value === '') throw new Error('missing value');
    if (rest.length > 0) throw new Error('unexpected words after the first value');
    return parse(value);
  };
}

export const text = (value: string): string => value;

/** One word or more, none of them empty. */
export function words(values: readonly string[]): string[] {
  if (values.length === 0) throw new Error('missing value');
  if (values.includes('')) throw new Error('empty value');
  return [...values];
}

export function yesNo(value: string): boolean {
  return oneOf('yes', 'true', 'no', 'false')(value).match(/yes|true/) !== null;
}

/** Integers as strtonum(3) reads them: blanks and a sign may lead. */
export function whole(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^[ \t]*[-+]?\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max))
      throw new Error(`"${value}" is not a number from ${min} to ${max}`);
    return number;
  };
}

export function port(value: string): number {
  return servicePort(value) ?? whole(1, 65535)(value);
}

const UNITS: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86400, w: 604800 };
const MAX_SECONDS = 2 ** 31 - 1;

/** Seconds of a time of sshd_config(5), TIME FORMATS, such as `90` or `1m30s`; undefined for `none`: nothing is set. */
export function seconds(value: string): number | undefined {
  if (value === 'none') return undefined;
  const lower = value.toLowerCase();
  if (!/^([ \t]*\+?\d{1,10}[smhdw]?)+$/.test(lower)) throw new Error(`"${value}" is not a time`);
  let total = 0;
  for (const [, amount, unit] of lower.matchAll(/(\d+)([smhdw]?)/g)) total += Number(amount) * UNITS[unit!]!;
  if (total > MAX_SECONDS) throw new Error(`"${value}" is too long a time`);
  return total;
}

export function oneOf<T extends string>(...names: readonly T[]): (value: string) => T {
  return (value) => {
    const found = names.find((name) => name.toLowerCase() === value.toLowerCase());
    if (found === undefined) throw new Error(`"${value}" is none of ${names.join(', ')}`);
    return found;
  };
}

export function strictness(value: string): StrictHostKeyChecking {
  const name = oneOf('yes', 'true', 'no', 'false', 'off', 'ask', 'accept-new')(value);
  if (name === 'true') return 'yes';
  return name === 'false' || name === 'off' ? 'no' : name;
}

/** Known hosts files; `none`, which must stand alone, is none. */
export function knownHostsFiles(values: readonly string[]): string[] {
  const files = words(values);
  if (!files.some((file) => file.toLowerCase() === 'none')) return files;
  if (files.length > 1) throw new Error('"none" must stand alone');
  return [];
}

/**
 * A list of algorithms, as written. Names are not looked up: which ones exist depends on the release of ssh, and one
 * that is not there is left out later.
 *
 * @param wildcards Patterns may stand for names; in a list of names to take away they always may.
 */
export function algorithms({ wildcards }: { wildcards: boolean }): (value: string) => string {
  return (value) => {
    if (value.startsWith('-')) return value;
    const names = value.replace(/^[+^]/, '').split(',');
    const allowed = wildcards ? /^[\w.@*?/-]*$/ : /^[\w.@/-]*$/;
    if (names.every((name) => name === '') || !names.every((name) => allowed.test(name))) {
      throw new Error(`"${value}" is not a list of algorithms`);
    }
    return value;
  };
}

const LOG_LEVELS = ['quiet', 'fatal', 'error', 'info', 'verbose', 'debug', 'debug1', 'debug2', 'debug3'];

export function logLevel(value: string): string {
  const level = oneOf(...LOG_LEVELS)(value);
  return level === 'debug1' ? 'debug' : level;
}

/** Patterns of variables; with a leading `-`, of those not to send after all. */
export function environmentPatterns(values: readonly string[]): string[] {
  const patterns = words(values);
  if (patterns.some((pattern) => pattern.includes('='))) throw new Error('a name can not hold "="');
  return patterns;
}

/** Assignments; of two to one name the first counts. Values are not quoted in the reason: they may be secret. */
export function assignments(values: readonly string[]): string[] {
  const found = new Map<string, string>();
  for (const word of values) {
    const equals = word.indexOf('=');
    if (equals < 1) throw new Error('NAME=VALUE is wanted');
    const name = word.slice(0, equals);
    if (!found.has(name)) found.set(name, word);
  }
  if (found.size === 0) throw new Error('missing value');
  return [...found.values()];
}

/** Domains for CanonicalDomains, in lower case, without a final dot. */
export function domains(values: readonly string[]): string[] {
  if (values.length === 1 && values[0]!.toLowerCase() === 'none') return [];
  return words(values).map((value) => {
    const domain = value.toLowerCase().replace(/\.$/, '');
    if (!/^[a-z0-9_](?:[a-z0-9_-]|\.(?!\.))*$/.test(domain)) throw new Error(`"${value}" is not a domain`);
    return domain;
  });
}

export function cnameRules(values: readonly string[]): string[] {
  const rules = words(values);
  if (rules.length === 1 && rules[0]!.toLowerCase() === 'none') return [];
  const bad = rules.find((rule) => !/^[^:]+:[^:]+$/.test(rule));
  if (bad !== undefined) throw new Error(`"${bad}" is not SOURCES:TARGETS`);
  return rules;
}
