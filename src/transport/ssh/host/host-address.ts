import { RsyncError } from '../../../core/errors.ts';
import type { OnPrompt } from '../auth/prompts.ts';
import type { StrictHostKeyChecking } from '../config/settings.ts';
import type { KnownHosts } from './known-hosts.ts';

export interface HostAddressPolicy {
  known: KnownHosts;
  host: string;
  /** What the host's name led to. */
  address: string;
  port: number;
  strict: StrictHostKeyChecking;
  ask: OnPrompt | undefined;
  trace: (line: string) => void;
}

/**
 * CheckHostIP of ssh_config(5): the key must not contradict what is on file for the address either, which shows a name
 * server that lies. Resolves to true if the address is new and to be added.
 *
 * @throws RsyncError RSYNC_HOST_KEY (exit 255).
 */
export async function judgeHostAddress(key: Buffer, policy: HostAddressPolicy): Promise<boolean> {
  const { known, host, address, port, strict, ask, trace } = policy;
  const verdict = known.check(address, port, key, trace);
  if (verdict.status === 'known') return false;
  if (verdict.status === 'unknown') return strict !== 'yes' && verdict.otherTypes.length === 0;
  const message = `the host key of ${host} is not the one on file for its address ${address} (${verdict.at})`;
  trace(`ssh: ${message}`);
  if (verdict.status === 'changed' && strict === 'ask' && ask !== undefined) {
    const question = `Warning: ${message}.\nContinue connecting? (yes/no) `;
    const answer = await ask({ kind: 'host-key', message: question, secret: false, host });
    if (answer?.trim().toLowerCase() === 'yes') return false;
  }
  throw new RsyncError('RSYNC_HOST_KEY', message, {
    exitCode: 255,
    origin: 'transport',
    path: verdict.at,
    hint: 'If the host has moved to this address, remove that line; -o CheckHostIP=no looks at names alone.',
  });
}
