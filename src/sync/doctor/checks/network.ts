import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { EXIT } from '../../../core/errors.ts';
import { parseHttpProxy } from '../../../transport/http-proxy.ts';
import { DAEMON_PORT, openTcp } from '../../../transport/tcp.ts';
import { type Check, fault, info, ok } from '../check.ts';
import type { SetupContext } from '../context.ts';
import { noRoute } from '../reasons.ts';

/** The status of ssh when it does not get through; docs/protocol/4-filters-and-options.md, E.4. */
const SSH_FAILED = 255;
/** Seconds for a daemon's TCP connection, unless --contimeout says otherwise. */
const TIMEOUT = 30;

export const nameResolution: Check = {
  name: 'name-resolution',
  about:
    'That the name of the host leads to an address: of the first jump host if there is one, of the proxy if there is one. The ssh configuration is read for it.',
  outcomes: [
    { grade: 'ok', when: 'it does; the addresses are told' },
    { grade: 'info', when: 'a ProxyCommand looks the name up' },
    {
      grade: 'error',
      when: 'no such host, or no answer; or a mistake in the ssh configuration',
      remedy: 'Check the spelling, the network, and HostName in `~/.ssh/config`.',
    },
  ],
  needs: ['configuration'],
  omit: noRoute,
  run: async (context) => {
    const target = await nextHop(context);
    if (target === undefined) return info('a ProxyCommand leads to the host');
    const { host, what } = target;
    const details = { host, addresses: [] as string[] };
    if (isIP(host) !== 0) return ok(`${host} is an address`, { ...details, addresses: [host] });
    try {
      const family = context.options.addressFamily || 0;
      const found = await lookup(host, { all: true, family });
      details.addresses = found.map(({ address }) => address);
      return ok(`${what} ${host} is ${details.addresses.join(', ')}`, details);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      return fault(
        context.place.kind === 'daemon' ? EXIT.SOCKETIO : SSH_FAILED,
        `${what} ${host}: ${code === 'EAI_AGAIN' ? 'the name server does not answer' : `no such host (${code})`}`,
        code === 'EAI_AGAIN'
          ? 'Check the network connection of this machine, then try again.'
          : 'Check the spelling of the name; a short name may need its domain, or a HostName in ~/.ssh/config.',
        { ...details, code },
      );
    }
  },
};

/** What this machine itself connects to. Undefined: a program does. */
async function nextHop(context: SetupContext): Promise<{ host: string; what: string } | undefined> {
  const { place, input, shell } = context;
  if (place.kind === 'daemon') {
    const { RSYNC_PROXY } = input.env;
    return RSYNC_PROXY
      ? { host: parseHttpProxy(RSYNC_PROXY).host, what: 'the proxy' }
      : { host: place.host, what: 'the host' };
  }
  const { first, hops } = await shell!.ssh!.destination();
  if (first === undefined) return undefined;
  return { host: first.host, what: hops.length > 0 ? 'the jump host' : 'the host' };
}

export const tcp: Check = {
  name: 'tcp',
  about: 'That something listens at the port, reached through jump hosts and proxies as a transfer would.',
  outcomes: [
    { grade: 'ok', when: 'the connection stands' },
    { grade: 'info', when: 'a ProxyCommand makes the connection' },
    {
      grade: 'error',
      when: 'refused, no answer, no route, or a jump host that can not be passed',
      remedy: 'Check the port, the firewall, and that the server runs.',
    },
  ],
  needs: ['name-resolution'],
  omit: noRoute,
  run: (context) => (context.place.kind === 'daemon' ? reachDaemon(context) : reachSsh(context)),
};

async function reachSsh({ shell, login }: SetupContext) {
  const { where, hops, first } = await shell!.ssh!.destination();
  const { address } = await login.reached('connected');
  // Where that leads shows when the host answers.
  if (first === undefined) return info(`a ProxyCommand was started for ${where}`, { where, hops });
  const through = hops.length > 0 ? `, through ${hops.join(', ')}` : '';
  return ok(`connected to ${where}${through}`, { where, address, hops });
}

async function reachDaemon({ place, options, input }: SetupContext) {
  if (place.kind !== 'daemon') throw new Error('no daemon');
  const { RSYNC_PROXY } = input.env;
  const port = place.port ?? (options.port || DAEMON_PORT);
  const channel = await openTcp({
    host: place.host,
    port,
    proxy: RSYNC_PROXY ? parseHttpProxy(RSYNC_PROXY) : undefined,
    addressFamily: options.addressFamily || undefined,
    localAddress: options.address,
    timeout: options.contimeout || TIMEOUT,
    signal: input.signal,
    trace: input.trace,
  });
  channel.destroy();
  return ok(`connected to ${place.host} port ${port}`, { where: `${place.host}:${port}` });
}
