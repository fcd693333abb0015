/**
 * The settings of one ssh connection and the table of keywords that make them: the same table serves `-o KEY=VALUE`
 * and the lines of ssh_config(5). As in ssh, the first value given for a keyword wins; `IdentityFile` adds up.
 */

export type StrictHostKeyChecking = 'yes' | 'no' | 'ask' | 'accept-new';

export interface SshSettings {
  hostName?: string;
  user?: string;
  port?: number;
  addressFamily?: 'any' | 'inet' | 'inet6';
  /** In the order given; tokens and `~` not yet expanded. */
  identityFiles: string[];
  identitiesOnly?: boolean;
  /** Path of the agent's socket, `none`, or `SSH_AUTH_SOCK`. */
  identityAgent?: string;
  hostKeyAlias?: string;
  hostKeyAlgorithms?: string;
  userKnownHostsFiles?: string[];
  globalKnownHostsFiles?: string[];
  hashKnownHosts?: boolean;
  strictHostKeyChecking?: StrictHostKeyChecking;
  batchMode?: boolean;
  /** Seconds. */
  connectTimeout?: number;
  /** Seconds between signs of life asked of a silent server; 0 asks for none. */
  serverAliveInterval?: number;
  serverAliveCountMax?: number;
  compression?: boolean;
  /** `ProxyJump none` or `ProxyCommand none` was given first: later ones have no effect. */
  proxy?: 'none';
  /** `CanonicalizeHostname no` was given first. */
  canonicalize?: 'no';
  pubkeyAuthentication?: boolean;
  passwordAuthentication?: boolean;
  kbdInteractiveAuthentication?: boolean;
}

/** What a keyword's value does to the settings. Throws a plain Error with the reason if the value makes no sense. */
type Apply = (settings: SshSettings, values: readonly string[]) => void;

type ScalarKey = Exclude<keyof SshSettings, 'identityFiles'>;

function first<K extends ScalarKey>(key: K, parse: (value: string) => NonNullable<SshSettings[K]>): Apply {
  return (settings, values) => {
    const [value, ...rest] = values;
    if (value === undefined || value === '') throw new Error('missing value');
    if (rest.length > 0) throw new Error(`unexpected text after ${value}`);
    const parsed = parse(value);
    if (settings[key] === undefined) settings[key] = parsed;
  };
}

const text = (value: string): string => value;

function yesNo(value: string): boolean {
  const lower = value.toLowerCase();
  if (lower === 'yes' || lower === 'true') return true;
  if (lower === 'no' || lower === 'false') return false;
  throw new Error(`${value} is neither yes nor no`);
}

function whole(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) throw new Error(`${value} is not a number from ${min} to ${max}`);
    return number;
  };
}

const UNITS: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86400, w: 604800 };

/** sshd_config(5), TIME FORMATS: `90`, `1m30s`; `none` is no limit. */
function seconds(value: string): number {
  const lower = value.toLowerCase();
  if (lower === 'none') return 0;
  if (!/^(\d{1,9}[smhdw]?)+$/.test(lower)) throw new Error(`${value} is not a time`);
  let total = 0;
  for (const [, amount, unit] of lower.matchAll(/(\d+)([smhdw]?)/g)) total += Number(amount) * UNITS[unit!]!;
  return total;
}

function oneOf<T extends string>(...names: readonly T[]): (value: string) => T {
  return (value) => {
    const found = names.find((name) => name === value.toLowerCase());
    if (found === undefined) throw new Error(`${value} is none of ${names.join(', ')}`);
    return found;
  };
}

function strictness(value: string): StrictHostKeyChecking {
  const name = oneOf('yes', 'true', 'no', 'false', 'off', 'ask', 'accept-new')(value);
  if (name === 'true') return 'yes';
  return name === 'false' || name === 'off' ? 'no' : name;
}

function files(key: 'userKnownHostsFiles' | 'globalKnownHostsFiles'): Apply {
  return (settings, values) => {
    if (values.length === 0) throw new Error('missing value');
    settings[key] ??= [...values];
  };
}

/** Keywords that are understood, in lower case. */
const KEYWORDS = new Map<string, Apply>([
  ['hostname', first('hostName', text)],
  ['user', first('user', text)],
  ['port', first('port', whole(1, 65535))],
  ['addressfamily', first('addressFamily', oneOf('any', 'inet', 'inet6'))],
  [
    'identityfile',
    (settings, values) => {
      const [value] = values;
      if (value === undefined || values.length > 1) throw new Error('one file name is wanted');
      if (!settings.identityFiles.includes(value)) settings.identityFiles.push(value);
    },
  ],
  ['identitiesonly', first('identitiesOnly', yesNo)],
  ['identityagent', first('identityAgent', text)],
  ['hostkeyalias', first('hostKeyAlias', text)],
  ['hostkeyalgorithms', first('hostKeyAlgorithms', text)],
  ['userknownhostsfile', files('userKnownHostsFiles')],
  ['globalknownhostsfile', files('globalKnownHostsFiles')],
  ['hashknownhosts', first('hashKnownHosts', yesNo)],
  ['stricthostkeychecking', first('strictHostKeyChecking', strictness)],
  ['batchmode', first('batchMode', yesNo)],
  ['connecttimeout', first('connectTimeout', seconds)],
  ['serveraliveinterval', first('serverAliveInterval', seconds)],
  ['serveralivecountmax', first('serverAliveCountMax', whole(1, 1_000_000))],
  ['compression', first('compression', yesNo)],
  ['pubkeyauthentication', first('pubkeyAuthentication', yesNo)],
  ['passwordauthentication', first('passwordAuthentication', yesNo)],
  ['kbdinteractiveauthentication', first('kbdInteractiveAuthentication', yesNo)],
  ['challengeresponseauthentication', first('kbdInteractiveAuthentication', yesNo)],
]);

/**
 * Keywords of features that this client does not have, with the values that ask for just that. Such a value is
 * honoured by doing nothing; any other one is not.
 */
const ABSENT = new Map<string, readonly string[]>([
  ['canonicalizehostname', ['no', 'none']],
  ['controlmaster', ['no']],
  ['controlpath', ['none']],
  ['exitonforwardfailure', ['yes', 'no']],
  ['forwardagent', ['no']],
  ['forwardx11', ['no']],
  ['gssapiauthentication', ['no']],
  ['hostbasedauthentication', ['no']],
  ['permitlocalcommand', ['no']],
  ['proxycommand', ['none']],
  ['proxyjump', ['none']],
  ['requesttty', ['no']],
  ['tunnel', ['no']],
  ['updatehostkeys', ['no']],
  // This client is silent: it reports through errors and `trace` alone.
  ['loglevel', ['quiet', 'fatal', 'error', 'info']],
  // TCP keep-alive is always on.
  ['tcpkeepalive', ['yes']],
]);

export type KeywordKind = 'applied' | 'absent' | 'refused' | 'unknown';

/**
 * Gives a keyword its value. 'absent': nothing to do; 'refused': its neglect would connect to
 * another place, or by another way, than the user wrote; 'unknown': has no effect here.
 *
 * @throws Error with the reason if the value makes no sense.
 */
export function applyKeyword(settings: SshSettings, keyword: string, values: readonly string[]): KeywordKind {
  const key = keyword.toLowerCase();
  const apply = KEYWORDS.get(key);
  if (apply !== undefined) {
    apply(settings, values);
    return 'applied';
  }
  const absent = ABSENT.get(key)?.includes(values.join(' ').toLowerCase()) === true;
  if (key === 'proxyjump' || key === 'proxycommand') {
    // The two compete: whichever comes first, `none` included, ends the matter.
    if (absent) settings.proxy ??= 'none';
    return settings.proxy === 'none' ? 'absent' : 'refused';
  }
  if (key === 'canonicalizehostname') {
    if (absent) settings.canonicalize ??= 'no';
    return settings.canonicalize === 'no' ? 'absent' : 'refused';
  }
  return absent ? 'absent' : 'unknown';
}

/** Completes `settings` with those of `weaker`: earlier sources win. */
export function mergeSettings(settings: SshSettings, weaker: SshSettings): SshSettings {
  const files = [...settings.identityFiles];
  for (const file of weaker.identityFiles) if (!files.includes(file)) files.push(file);
  return { ...weaker, ...settings, identityFiles: files };
}
