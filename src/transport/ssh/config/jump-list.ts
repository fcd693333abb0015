import type { ProxySetting } from './settings.ts';
import { port } from './values.ts';

/**
 * The value of ProxyJump: hops with commas between, each `[user@]host[:port]` or `ssh://[user@]host[:port]`, or `none`.
 * It ends at the first blank or `#`.
 *
 * @throws Error with the reason.
 */
export function jumpList(raw: string): ProxySetting {
  const list = (/^"([^"]*)"$/.exec(raw)?.[1] ?? raw).replace(/[\s#].*$/s, '');
  if (list.toLowerCase() === 'none') return 'none';
  const jump = list.split(',');
  for (const hop of jump) checkHop(hop);
  return { jump };
}

function checkHop(hop: string): void {
  const uri = /^ssh:\/\/(.*?)\/?$/is.exec(hop);
  const rest = uri?.[1] ?? hop;
  const at = rest.lastIndexOf('@');
  const [, host, number] = /^(\[[^\]]+\]|[^:/[\]]+)(?::(.*))?$/s.exec(rest.slice(at + 1)) ?? [];
  if (at === 0 || host === undefined) throw new Error(`bad jump host "${hop}"`);
  if (number !== undefined && number !== '') port(number);
}
