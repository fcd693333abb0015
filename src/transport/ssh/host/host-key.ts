import { RsyncError } from '../../../core/errors.ts';
import type { Prompts } from '../auth/prompts.ts';
import type { StrictHostKeyChecking } from '../config/settings.ts';
import { fingerprint, type KnownHosts, keyTypeName, keyTypeOf, knownHostName } from './known-hosts.ts';

export interface HostKeyPolicy {
  known: KnownHosts;
  /** The name on file: HostKeyAlias, else the resolved host name. */
  host: string;
  port: number;
  strict: StrictHostKeyChecking;
  /** Undefined if nobody can be asked. */
  prompts: Prompts | undefined;
  trace: ((line: string) => void) | undefined;
}

/**
 * Decides on the key a server shows. Resolves to true if the key is new and to be added to the known hosts.
 * A key that contradicts the known hosts is refused whatever the settings.
 *
 * @throws RsyncError RSYNC_HOST_KEY (exit 255).
 */
export async function judgeHostKey(key: Buffer, policy: HostKeyPolicy): Promise<boolean> {
  const { host, port, strict, prompts, trace } = policy;
  const name = knownHostName(host, port);
  const shown = `${keyTypeName(keyTypeOf(key))} ${fingerprint(key)}`;
  const verdict = policy.known.check(host, port, key, trace);
  switch (verdict.status) {
    case 'known':
      trace?.(`ssh: host key of ${name} is ${shown}, known from ${verdict.at}`);
      return false;
    case 'revoked':
      throw refusal(`the host key of ${name} (${shown}) is revoked by ${verdict.at}`, {
        hint: 'Do not connect: the key is marked as stolen. Ask the administrator of the host.',
        path: verdict.at,
      });
    case 'changed':
      throw refusal(
        `the host key of ${name} has changed: it shows ${shown}, another key is on file at ${verdict.at}; ` +
          'someone may be listening in, or the host was set up anew',
        {
          hint: `If the new key is right, forget the old one: ssh-keygen -f ${quote(verdict.file)} -R ${quote(name)}`,
          path: verdict.at,
        },
      );
    case 'unknown':
      break;
  }

  const others = verdict.otherTypes.map(keyTypeName).join(', ');
  trace?.(`ssh: host key of ${name} is ${shown}, not known${others === '' ? '' : ` (on file: ${others})`}`);
  if (strict === 'no') return true;
  // A host on file that suddenly has no key of a known type left is not a new host.
  if (strict === 'accept-new' && others === '') return true;
  if (strict === 'ask' && prompts !== undefined) {
    const warning = others === '' ? '' : `Its keys on file are of other types: ${others}.\n`;
    const question = `The authenticity of host '${name}' can't be established.\n${warning}${shown}\nContinue connecting?`;
    if (await prompts.confirm(question)) return true;
    throw refusal(`the host key of ${name} (${shown}) was not accepted`, {});
  }
  throw refusal(
    `the host key of ${name} (${shown}) is not known${others === '' ? '' : `; on file: ${others}`}`,
    {
      hint:
        `Compare the fingerprint with the server's (ssh-keygen -lf on its public key), then add the key: ` +
        `ssh-keyscan -p ${port} ${host} >> ~/.ssh/known_hosts` +
        (others === '' ? '; -o StrictHostKeyChecking=accept-new trusts a host at first sight.' : '.'),
    },
  );
}

function refusal(message: string, more: { hint?: string; path?: string }): RsyncError {
  return new RsyncError('RSYNC_HOST_KEY', message, { exitCode: 255, origin: 'transport', ...more });
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
