/** Names of addresses and addresses of names, within a time. */
import { lookup, lookupService } from 'node:dns/promises';
import { addressBytes, sameAddress } from './addresses.ts';
import type { Resolve } from './hosts.ts';

/** Milliseconds: a name server that is silent must not hold a connection for longer. */
const PATIENCE = 10_000;

export const NOT_LOOKED_UP = 'UNDETERMINED';
const UNKNOWN = 'UNKNOWN';

/** The name of an address, if that name leads back to it: whoever owns the address decides what it is called. */
export async function hostName(address: string): Promise<string> {
  const bytes = addressBytes(address);
  if (bytes === undefined) return UNKNOWN;
  const found = await inTime(async () => {
    const { hostname } = await lookupService(address, 0);
    if (addressBytes(hostname) !== undefined) return UNKNOWN;
    const back = await lookup(hostname, { all: true });
    const leadsBack = back.some((entry) => {
      const other = addressBytes(entry.address);
      return other !== undefined && sameAddress(other, bytes);
    });
    return leadsBack ? hostname : UNKNOWN;
  });
  return found ?? UNKNOWN;
}

/** IPv4 alone, as C looks names up for its lists. */
export const resolveIpv4: Resolve = async (name) => {
  const found = await inTime(() => lookup(name, { all: true, family: 4 }));
  return (found ?? []).map(({ address }) => address);
};

async function inTime<T>(task: () => Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PATIENCE);
  });
  try {
    return await Promise.race([task(), late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
