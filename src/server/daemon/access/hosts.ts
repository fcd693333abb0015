/** Which hosts may use a module: docs/protocol/4-filters-and-options.md, G.4. */
import type { ByteString } from '../../../core/bytes.ts';
import { fromText, toText } from '../../../core/bytes.ts';
import { compileWild } from '../../../filter/wildmatch.ts';
import { addressBytes, isInNet, parseNet, sameAddress } from './addresses.ts';

/** Who is at the other end of a connection. */
export interface ClientHost {
  /** Without the clothes of IPv6 around an IPv4 address. */
  address: string;
  /** By reverse lookup; `UNDETERMINED` without one, `UNKNOWN` where it gave nothing that holds. */
  name: string;
}

/** The IPv4 addresses of a host name; an empty list if there are none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export interface HostRules {
  allow: ByteString;
  deny: ByteString;
  /** Undefined: no forward lookup. */
  resolve: Resolve | undefined;
}

export function hostWords(list: ByteString): string[] {
  return toText(list)
    .toLowerCase()
    .split(/[ ,\t]+/)
    .filter((word) => word !== '');
}

/** A word that matches nothing whoever comes, though it was meant to; undefined if it is sound. */
export function wordFault(word: string): string | undefined {
  if (word.startsWith('@')) return 'netgroups cannot be looked up';
  const slash = word.indexOf('/');
  if (slash < 0 || parseNet(word) !== undefined) return undefined;
  return addressBytes(word.slice(0, slash)) === undefined ? 'this is no address' : 'the mask is malformed';
}

/** Allow decides first, then deny; whoever neither names may come, unless there is a list of those who may and no other. */
export async function mayConnect({ allow, deny, resolve }: HostRules, host: ClientHost): Promise<boolean> {
  const allowWords = hostWords(allow);
  const denyWords = hostWords(deny);
  if (allowWords.length > 0) {
    if (await anyMatches(allowWords, host, resolve, false)) return true;
    if (denyWords.length === 0) return false;
  }
  return !(await anyMatches(denyWords, host, resolve, true));
}

/** Whether a list names the host. */
export function isListed(list: ByteString, host: ClientHost, resolve: Resolve | undefined): Promise<boolean> {
  return anyMatches(hostWords(list), host, resolve, false);
}

async function anyMatches(
  words: readonly string[],
  host: ClientHost,
  resolve: Resolve | undefined,
  denies: boolean,
): Promise<boolean> {
  for (const word of words) if (await matches(word, host, resolve, denies)) return true;
  return false;
}

async function matches(
  word: string,
  host: ClientHost,
  resolve: Resolve | undefined,
  denies: boolean,
): Promise<boolean> {
  if (word.startsWith('@')) return false;
  const client = addressBytes(host.address);
  if (compileWild(fromText(word))(fromText(host.name.toLowerCase()))) return true;
  if (client === undefined) return denies;
  if (word.includes('/')) {
    const net = parseNet(word);
    return net !== undefined && isInNet(client, net);
  }
  const address = addressBytes(word);
  if (address !== undefined) return sameAddress(address, client);
  // A wildcard is no name to look up.
  if (resolve === undefined || /[*?[]/.test(word)) return false;
  const found = await resolve(word);
  // Who is to be kept out is not let in because a name server fails.
  if (found.length === 0) return denies;
  return found.some((text) => {
    const bytes = addressBytes(text);
    return bytes !== undefined && sameAddress(bytes, client);
  });
}
