/** Asks a client for its password: docs/protocol/1-session.md, 1.10, and 4-filters-and-options.md, G.5. */
import type { ByteString } from '../../../core/bytes.ts';
import { LIMITS } from '../../../core/limits.ts';
import { platform } from '../../../files/platform/index.ts';
import {
  AUTH_DIGESTS,
  type AuthDigest,
  type AuthDigestName,
  authResponse,
  chooseAuthDigest,
  newChallenge,
  sameResponse,
} from '../../../protocol/daemon-auth.ts';
import type { Greeting } from '../../../protocol/daemon-greeting.ts';
import { readLine } from '../../../protocol/daemon-line.ts';
import { formatChallenge } from '../../../protocol/daemon-reply.ts';
import { parseCredential } from '../../../protocol/daemon-request.ts';
import { loadAuthDigest } from '../../../session/daemon-digest.ts';
import type { Dialogue } from '../dialogue.ts';
import type { ModuleView } from '../module/module-view.ts';
import { type AuthDecision, decideUser, parseAuthUsers } from './auth-rules.ts';
import { SecretsFile } from './secrets-file.ts';

export interface Login {
  user: ByteString;
  access: 'ro' | 'rw' | undefined;
}

/** Why somebody is kept out: for the log alone, the client learns nothing of it. */
export interface LoginFailure {
  /** Undefined: it did not come to that. */
  user: ByteString | undefined;
  reason: string;
}

/**
 * @returns undefined: the module is for everybody
 * @throws RsyncError RSYNC_UNSUPPORTED, exit 4: no digest in common; what the dialogue throws
 */
export async function login(
  dialogue: Dialogue,
  module: ModuleView,
  greeting: Greeting,
  protocol: number,
): Promise<Login | LoginFailure | undefined> {
  const rules = parseAuthUsers(module.text('authUsers'));
  if (rules.length === 0) return undefined;
  // The own order decides, as in C from 3.5 on; clients send theirs in the same one.
  const digest = chooseAuthDigest(greeting.digests && AUTH_DIGESTS, greeting.digests, protocol);
  const least = module.text('authDigest');
  if (!isStrongEnough(digest.name, least)) {
    return { user: undefined, reason: `the digest ${digest.name} is weaker than "auth digest = ${least}"` };
  }
  const challenge = newChallenge(digest);
  dialogue.say(formatChallenge(challenge));
  const line = await dialogue.read((r) => readLine(r, LIMITS.DAEMON_SERVER_LINE));
  const credential = parseCredential(line);
  if (credential === undefined) return { user: undefined, reason: 'invalid challenge response' };
  const { user, response } = credential;
  const fail = (reason: string): LoginFailure => ({ user, reason });
  if (user.startsWith('#')) return fail('no such name can be');
  const decision = decideUser(rules, user, (name) => platform.groupsOf(name));
  if (decision === undefined) return fail('no matching rule');
  const { access } = decision;
  if (access === 'deny') return fail('denied by rule');
  const reason = await checkPassword(module, user, decision, digest, challenge, response);
  return reason === undefined ? { user, access } : fail(reason);
}

async function checkPassword(
  module: ModuleView,
  user: ByteString,
  { group }: AuthDecision,
  digest: AuthDigest,
  challenge: ByteString,
  response: ByteString,
): Promise<string | undefined> {
  const file = SecretsFile.read(module.text('secretsFile'), module.values.strictModes);
  if (!(file instanceof SecretsFile)) return file.fault;
  const passwords = file.passwords(user, group);
  if (passwords.length === 0) return 'secret not found';
  const compute = await loadAuthDigest();
  let matches = false;
  for (const password of passwords) {
    matches = sameResponse(response, authResponse(digest, password, challenge, compute)) || matches;
  }
  return matches ? undefined : 'password mismatch';
}

/** A name that is not known is out of reach: nobody gets in. */
function isStrongEnough(name: AuthDigestName, least: ByteString): boolean {
  const order: readonly string[] = AUTH_DIGESTS;
  return least === '' || order.indexOf(name) <= order.indexOf(least.toLowerCase());
}
