import { BlockList, isIP, isIPv4 } from 'node:net';
import { matchWildcard } from '../../transport/ssh/config/wildcard.ts';

/** An address as people write it: those of IPv4 that came over an IPv6 socket without their prefix. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return (mapped?.[1] ?? address).replace(/%.*$/, '');
}

type Matcher = (address: string) => boolean;

/**
 * The list of `from=` in authorized_keys, sshd(8): addresses, wildcards over them, networks in CIDR form; `!` excludes.
 * Names of hosts are never looked up.
 * @returns undefined if one of the patterns can not be a pattern of addresses
 */
export function compileAddressPatterns(list: string): Matcher | undefined {
  const patterns: { negated: boolean; matches: Matcher }[] = [];
  for (const text of list.split(',').map((part) => part.trim())) {
    const negated = text.startsWith('!');
    const matches = compileOne(negated ? text.slice(1) : text);
    if (matches === undefined) return undefined;
    patterns.push({ negated, matches });
  }
  return (address) =>
    patterns.some(({ negated, matches }) => !negated && matches(address)) &&
    !patterns.some(({ negated, matches }) => negated && matches(address));
}

function compileOne(pattern: string): Matcher | undefined {
  const network = /^([\d.]+|[\da-f:]+(?:[\d.]+)?)\/(\d{1,3})$/i.exec(pattern);
  if (network !== null) return compileNetwork(network[1]!, Number(network[2]));
  if (isIP(pattern) !== 0) return compileNetwork(pattern, isIPv4(pattern) ? 32 : 128);
  return /^[\da-f.:*?]+$/i.test(pattern) && /[*?]/.test(pattern)
    ? (address) => matchWildcard(pattern.toLowerCase(), address.toLowerCase())
    : undefined;
}

function compileNetwork(address: string, bits: number): Matcher | undefined {
  const version = isIP(address);
  if (version === 0 || bits > (version === 4 ? 32 : 128)) return undefined;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, bits, family);
  return (other) => isIP(other) === version && list.check(other, family);
}
