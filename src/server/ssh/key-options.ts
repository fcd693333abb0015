/** The options in front of a key in authorized_keys: sshd(8), "AUTHORIZED_KEYS FILE FORMAT". */
import { compileAddressPatterns } from './address-patterns.ts';

export interface KeyOptions {
  /** From where the key is good. */
  admits: (address: string) => boolean;
  /** Milliseconds since 1970 at which it ends. */
  expires: number;
}

/** What they forbid is never there. */
const ALWAYS_KEPT: ReadonlySet<string> = new Set([
  'restrict',
  'no-pty',
  'no-port-forwarding',
  'no-agent-forwarding',
  'no-x11-forwarding',
  'no-user-rc',
  'permitopen',
  'permitlisten',
]);

/** One option: a name, with `="VALUE"` perhaps. */
const OPTION = /^([A-Za-z0-9-]+)(?:="((?:[^"\\]|\\.)*)")?/;

/**
 * Splits a line of options and a key.
 * @returns the options, lower-case names first, and the rest; undefined: a quote is not closed
 */
export function splitOptions(
  line: string,
): { options: [name: string, value: string][]; rest: string } | undefined {
  const options: [string, string][] = [];
  let rest = line;
  for (;;) {
    const match = OPTION.exec(rest);
    if (match === null) return undefined;
    options.push([match[1]!.toLowerCase(), (match[2] ?? '').replaceAll('\\"', '"')]);
    rest = rest.slice(match[0].length);
    if (/^[ \t]/.test(rest)) return { options, rest: rest.trim() };
    if (!rest.startsWith(',')) return undefined;
    rest = rest.slice(1);
  }
}

/** What the options come to; a string: why the line can not be used. An option is never passed over. */
export function readKeyOptions(options: readonly [name: string, value: string][]): KeyOptions | string {
  const read: KeyOptions = { admits: () => true, expires: Number.POSITIVE_INFINITY };
  for (const [name, value] of options) {
    if (ALWAYS_KEPT.has(name)) continue;
    if (name === 'from') {
      const admits = compileAddressPatterns(value);
      if (admits === undefined) return 'from= names something that is no address';
      read.admits = admits;
    } else if (name === 'expiry-time') {
      const end = parseExpiry(value);
      if (end === undefined) return 'expiry-time= is not YYYYMMDD[HHMM[SS]][Z]';
      read.expires = end;
    } else if (name === 'command') {
      return 'command= is not run here: the server itself says what a key may do';
    } else {
      return `the option ${name} can not be kept here`;
    }
  }
  return read;
}

function parseExpiry(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/i.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const fields = [year!, month! - 1, day!, hour!, minute!, second!] as const;
  const date = match[7] === '' ? new Date(...fields) : new Date(Date.UTC(...fields));
  return month! < 1 || month! > 12 || day! < 1 || day! > 31 || hour! > 23 || minute! > 59 || second! > 59
    ? undefined
    : date.getTime();
}
