import { BlockList, isIP } from 'node:net';
import { matchPatternList } from './wildcard.ts';

/** A `Match` criterion that can not be decided here. */
export interface Undecided {
  /** Such as `Match exec`, with the place of the line. */
  criterion: string;
  reason: string;
}

/** Does a block apply? */
export type Applies = boolean | Undecided;

/** What `Match` is decided by, at this point of the file. */
export interface MatchFacts {
  /** Where the line is, for people. */
  place: string;
  /** The host as the user wrote it. */
  original: string;
  /** After HostName so far. */
  host: () => string;
  user: string;
  localUser: string;
  tag: string;
  /** This is the second reading. */
  final: boolean;
  /** `Match final` was seen: there has to be a second reading. */
  wantFinal: () => void;
  /** Runs a command; undefined if that is not allowed. */
  exec: (command: string) => Promise<boolean | undefined>;
  /** Addresses of this machine. */
  addresses: () => readonly string[];
}

type Criterion = (value: string, facts: MatchFacts) => boolean | string | Promise<boolean | string>;

const list = (value: string): string[] => value.split(',');

/** A string is the reason why it can not be decided. */
const CRITERIA: Readonly<Record<string, Criterion>> = {
  host: (value, { host }) => matchPatternList(list(value.toLowerCase()), host().toLowerCase()),
  originalhost: (value, { original }) => matchPatternList(list(value.toLowerCase()), original.toLowerCase()),
  user: (value, { user }) => matchPatternList(list(value), user),
  localuser: (value, { localUser }) => matchPatternList(list(value), localUser),
  tagged: (value, { tag }) => (tag === '' ? value === '' : matchPatternList(list(value), tag)),
  localnetwork: (value, { addresses }) => inNetworks(value, addresses()),
  // rsync's command is always one to execute.
  sessiontype: (value) => matchPatternList(list(value), 'exec'),
  command: () => 'the command line of the remote rsync is not known yet',
  version: () => 'it asks for the release of OpenSSH',
  exec: async (value, { exec }) => (await exec(value)) ?? 'it would run a command of this machine',
};

/**
 * Decides the criteria of a `Match` line (ssh_config(5)). A command is run only if all criteria before it hold.
 *
 * @param enabled Does what surrounds the line apply? If not, no command is run.
 * @throws Error with the reason for a malformed line.
 */
export async function evaluateMatch(
  words: readonly string[],
  facts: MatchFacts,
  enabled: boolean,
): Promise<Applies> {
  let result: Applies = true;
  let criteria = 0;
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const negated = word.startsWith('!');
    // A criterion and its value may be joined by `=`, with or without blanks.
    const [, name = '', joined] = /^([^=]*)(?:=(.*))?$/s.exec(negated ? word.slice(1) : word) ?? [];
    const criterion = name.toLowerCase();
    if (criterion === 'all') {
      if (criteria > 1 || queue.length > 0) throw new Error('Match all stands alone');
      return both(result, !negated);
    }
    criteria++;
    if (criterion === 'canonical' || criterion === 'final') {
      if (criterion === 'final') facts.wantFinal();
      // `canonical` holds in every second reading, as in ssh.
      result = both(result, facts.final !== negated);
      continue;
    }
    const decide = CRITERIA[criterion];
    if (decide === undefined) throw new Error(`unknown Match criterion "${name}"`);
    let value = joined === undefined || (joined === '' && queue.length > 0) ? queue.shift() : joined;
    if (joined === undefined && value?.startsWith('='))
      value = value === '=' ? queue.shift() : value.slice(1);
    if (value === undefined || (value === '' && criterion !== 'tagged')) {
      throw new Error(`Match ${name} wants a value`);
    }
    if (criterion === 'exec' && !(enabled && result === true)) continue;
    const holds = await decide(value, facts);
    const shown = criterion === 'exec' ? 'exec' : `${criterion} ${value}`;
    result = both(
      result,
      typeof holds === 'string'
        ? { criterion: `Match ${shown} (${facts.place})`, reason: holds }
        : holds !== negated,
    );
  }
  if (criteria === 0) throw new Error('Match without a criterion');
  return result;
}

/** Both must hold; one that can not be decided leaves the whole undecided, unless the other fails. */
export function both(a: Applies, b: Applies): Applies {
  if (a === false || b === false) return false;
  return a === true ? b : a;
}

function inNetworks(value: string, addresses: readonly string[]): boolean {
  const networks = new BlockList();
  for (const network of list(value)) {
    const [address = '', bits, ...rest] = network.split('/');
    const family = isIP(address);
    const widest = family === 4 ? 32 : 128;
    const prefix = bits === undefined ? widest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
    if (family === 0 || rest.length > 0 || !(prefix <= widest)) {
      throw new Error(`"${network}" is not a network`);
    }
    networks.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }
  return addresses.some((address) => networks.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6'));
}
