import { lookup, resolveCname } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { SshSettings } from './settings.ts';
import { matchPatternList } from './wildcard.ts';

/** Questions to the name service; replaced in tests. */
export interface NameService {
  /** Has the name an address? */
  exists(name: string, family: 0 | 4 | 6): Promise<boolean>;
  /** What the name is an alias of, if it is one. */
  alias(name: string): Promise<string | undefined>;
}

export const systemNames: NameService = {
  async exists(name, family) {
    try {
      await lookup(name, { family });
      return true;
    } catch {
      return false;
    }
  },
  async alias(name) {
    try {
      return (await resolveCname(name))[0];
    } catch {
      return undefined;
    }
  },
};

const DEFAULT_MAX_DOTS = 1;
const MAX_ALIASES = 10;

/**
 * CanonicalizeHostname of ssh_config(5): the name with the first of CanonicalDomains under which it has an address, or
 * what that is an alias of, where CanonicalizePermittedCNAMEs allows it.
 *
 * @param host In lower case.
 * @returns The host itself if it stays as it is.
 * @throws Error with the reason if no domain has it and CanonicalizeFallbackLocal is `no`.
 */
export async function canonicalName(
  host: string,
  settings: SshSettings,
  names: NameService,
): Promise<string> {
  const { canonicalize, proxy, addressFamily } = settings;
  const direct = proxy === undefined || proxy === 'none';
  if (canonicalize === undefined || canonicalize === 'no' || isIP(host) !== 0) return host;
  // A proxy looks names up itself.
  if (!direct && canonicalize !== 'always') return host;
  const family = addressFamily === 'inet' ? 4 : addressFamily === 'inet6' ? 6 : 0;
  if (host.endsWith('.')) {
    if (!(await names.exists(host, family))) throw new Error(`${host} has no address`);
    return followAlias(host.slice(0, -1), settings, names);
  }
  const dots = host.split('.').length - 1;
  if (dots <= (settings.canonicalizeMaxDots ?? DEFAULT_MAX_DOTS)) {
    for (const domain of settings.canonicalDomains ?? []) {
      const full = `${host}.${domain}`;
      // The final dot keeps the resolver's own search list out of it.
      if (await names.exists(`${full}.`, family)) return followAlias(full, settings, names);
    }
    if (settings.canonicalizeFallbackLocal === false) {
      throw new Error(`CanonicalizeHostname: ${host} has no address in any of CanonicalDomains`);
    }
  }
  return direct ? followAlias(host, settings, names) : host;
}

async function followAlias(
  name: string,
  { canonicalizePermittedCnames: rules = [] }: SshSettings,
  names: NameService,
): Promise<string> {
  if (rules.length === 0) return name;
  let target = name;
  for (let i = 0; i < MAX_ALIASES; i++) {
    const next = await names.alias(target);
    if (next === undefined) break;
    target = next.replace(/\.$/, '').toLowerCase();
  }
  const permitted = rules.some((rule) => {
    const [sources = '', targets = ''] = rule.toLowerCase().split(':');
    return matchPatternList(sources.split(','), name) && matchPatternList(targets.split(','), target);
  });
  return permitted ? target : name;
}
