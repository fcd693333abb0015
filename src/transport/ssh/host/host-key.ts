import { RsyncError } from '../../../core/errors.ts';
import { type OnPrompt, visible } from '../auth/prompts.ts';
import type { StrictHostKeyChecking } from '../config/settings.ts';
import { SSH_FAILED } from '../errors.ts';
import { knownHostName } from './known-host-name.ts';
import type { HostKeyVerdict, KnownHosts } from './known-hosts.ts';
import { knownHostLine } from './known-hosts-append.ts';
import { forgetHost, hasKeygen } from './mend.ts';
import { isNowhere } from './nowhere.ts';
import { DEFAULT_REQUIRED_RSA_SIZE, fingerprint, keyTypeName, keyTypeOf, rsaKeyBits } from './public-key.ts';

export interface HostKeyPolicy {
  known: KnownHosts;
  /** The name on file: HostKeyAlias, else the resolved host name. */
  host: string;
  port: number;
  strict: StrictHostKeyChecking;
  /** Undefined if nobody can be asked. */
  ask: OnPrompt | undefined;
  trace: (line: string) => void;
  /** Where new keys go; for the words of the hint. */
  knownHostsFile: string;
  env?: NodeJS.ProcessEnv;
  windows?: boolean;
  /** Told where a known key is on file, "FILE:LINE". */
  found?: ((at: string) => void) | undefined;
}

type Unknown = Extract<HostKeyVerdict, { status: 'unknown' }>;

/**
 * Decides on the key a server shows. Resolves to true if the key is new and to be added to the known hosts.
 * A key that contradicts the known hosts is refused whatever the settings.
 *
 * @throws RsyncError RSYNC_HOST_KEY (exit 255); what `ask` throws.
 */
export async function judgeHostKey(key: Buffer, policy: HostKeyPolicy): Promise<boolean> {
  const { host, port, trace, env = process.env, windows = process.platform === 'win32' } = policy;
  const name = knownHostName(host, port);
  const shown = `${keyTypeName(keyTypeOf(key))} ${fingerprint(key)}`;
  const verdict = policy.known.check(host, port, key, trace);
  switch (verdict.status) {
    case 'known':
      trace(`ssh: host key of ${name} is ${shown}, known from ${verdict.at}`);
      policy.found?.(verdict.at);
      return false;
    case 'revoked':
      throw refusal(`the host key of ${name} (${shown}) is revoked by ${verdict.at}`, {
        hint: 'Do not connect: the key is marked as stolen. Ask the administrator of the host.',
        path: verdict.at,
      });
    case 'changed': {
      const forget = forgetHost({ places: verdict.places, name, windows, keygen: hasKeygen(env, windows) });
      throw refusal(
        `the host key of ${name} has changed: it shows ${shown}, another key is on file at ${verdict.at}; ` +
          'someone may be listening in, or the host was set up anew',
        { hint: `If the new key is right, forget the old one: ${forget}`, path: verdict.at },
      );
    }
    case 'unknown':
      return judgeUnknown(key, name, shown, verdict, policy);
  }
}

async function judgeUnknown(
  key: Buffer,
  name: string,
  shown: string,
  { otherTypes, authorities }: Unknown,
  policy: HostKeyPolicy,
): Promise<boolean> {
  const { strict, ask, trace, host } = policy;
  const others = otherTypes.map(keyTypeName).join(', ');
  trace(`ssh: host key of ${name} is ${shown}, not known${others === '' ? '' : ` (on file: ${others})`}`);
  if (strict === 'no') return true;
  // A host on file that suddenly has no key of a known type left is not a new host.
  if (strict === 'accept-new' && others === '') return true;
  if (strict === 'ask' && ask !== undefined) {
    const message = visible(
      [
        `The authenticity of host '${name}' can't be established.`,
        ...(others === '' ? [] : [`Its keys on file are of other types: ${others}.`]),
        ...authorities.map((at) => `${at} leaves it to a certificate, which the built-in ssh can not check.`),
        `Its key is ${shown}.`,
        'Continue connecting (yes/no/[fingerprint])? ',
      ].join('\n'),
    );
    const print = fingerprint(key);
    const answer = await ask({ kind: 'host-key', message, secret: false, host, fingerprint: print });
    if (isAcceptance(answer, print)) return true;
    throw refusal(`the host key of ${name} (${shown}) was not accepted`, {
      hint: 'Answer yes, or with the fingerprint that the host itself tells.',
    });
  }
  const file = others === '' ? '' : `; on file: ${others}`;
  const certified =
    authorities.length === 0
      ? ''
      : `; ${authorities.join(', ')} leaves it to a certificate, and the built-in ssh can not check host certificates`;
  throw refusal(`the host key of ${name} (${shown}) is not known${file}${certified}`, {
    hint: unknownHint(key, others === '', authorities.length > 0, policy),
    ...(authorities.length === 0 ? {} : { path: authorities[0]! }),
  });
}

/** As in ssh: yes, or the fingerprint that somebody has from the host itself. */
function isAcceptance(answer: string | undefined, print: string): boolean {
  const text = answer?.trim() ?? '';
  return text.toLowerCase() === 'yes' || text === print;
}

function unknownHint(key: Buffer, isNew: boolean, certified: boolean, policy: HostKeyPolicy): string {
  const { host, port, knownHostsFile, strict } = policy;
  const parts = [
    'Compare the fingerprint with the one that the host itself tells (there: ssh-keygen -lf /etc/ssh/ssh_host_..._key.pub).',
  ];
  const line = lineFor(host, port, key);
  if (line !== undefined && !isNowhere(knownHostsFile)) {
    parts.push(`If it is right, add this line to ${knownHostsFile}: ${line}`);
  }
  // Said last, and not at all to somebody who wants to be strict.
  if (isNew && strict !== 'yes') {
    parts.push(
      `${parts.length > 1 ? '- or' : 'Or'} let -o StrictHostKeyChecking=accept-new trust a host at first sight.`,
    );
  }
  if (certified) parts.push('--rsh-spawn has the ssh of the system connect, which checks certificates.');
  return parts.join(' ');
}

function lineFor(host: string, port: number, key: Buffer): string | undefined {
  try {
    return knownHostLine(host, port, key);
  } catch {
    return undefined;
  }
}

/**
 * RequiredRSASize of ssh_config(5): a short key can be broken, known or not.
 *
 * @throws RsyncError RSYNC_HOST_KEY (exit 255).
 */
export function checkKeySize(key: Buffer, host: string, required = DEFAULT_REQUIRED_RSA_SIZE): void {
  const bits = rsaKeyBits(key);
  if (bits === undefined || bits >= required) return;
  throw refusal(`the host key of ${host} has ${bits} bits, and RequiredRSASize is ${required}`, {
    hint: 'The server needs a longer key, or one of another type (ssh-keygen -A makes them there).',
  });
}

function refusal(message: string, more: { hint: string; path?: string }): RsyncError {
  return new RsyncError('RSYNC_HOST_KEY', message, { exitCode: SSH_FAILED, origin: 'transport', ...more });
}
