import { RsyncError } from '../../../core/errors.ts';
import { SSH_FAILED } from '../errors.ts';
import { describeUnusable, type UnusableKey } from './key-types.ts';

/** What a login has come to. */
export interface AuthOutcome {
  username: string;
  host: string;
  /** How the server ended it. */
  reason: string | undefined;
  cause: unknown;
  /** Keys that the server did not take. */
  refused: readonly string[];
  /** Keys that the server would take, if they had signed. */
  unsigned: readonly string[];
  passwordsRefused: number;
  /** Keys that could not be used, with the reason. */
  skipped: readonly string[];
  unusable: readonly UnusableKey[];
  /** Keys that were still to come. */
  notOffered: number;
  /** Methods that the server accepted as one step of several. */
  steps: readonly string[];
  /** What the server would take next; undefined if it has not said. */
  methods: readonly string[] | undefined;
  /** What this client would do. */
  order: readonly string[];
  canAsk: boolean;
  passwordGiven: boolean;
}

/** Items of a list in the message; the trace has them all. */
const SHOWN = 8;

export function authFailure(outcome: AuthOutcome): RsyncError {
  const { username, host, reason, refused, unsigned, skipped, steps, methods, notOffered, passwordsRefused } =
    outcome;
  const parts = [`${username}@${host}: permission denied${reason === undefined ? '' : ` (${reason})`}`];
  if (steps.length > 0) parts.push(`accepted so far: ${steps.join(', ')}`);
  if (refused.length > 0) parts.push(`keys offered and refused: ${some(refused)}`);
  else if (steps.length === 0 && passwordsRefused === 0 && unsigned.length === 0)
    parts.push('no key was offered');
  if (unsigned.length > 0) parts.push(`keys that the server knows, but that did not sign: ${some(unsigned)}`);
  if (passwordsRefused > 0) parts.push(`passwords or answers refused: ${passwordsRefused}`);
  if (skipped.length > 0) parts.push(`not usable: ${some(skipped)}`);
  parts.push(...describeUnusable(outcome.unusable));
  if (notOffered > 0 && refused.length > 0) parts.push(`keys not offered: ${notOffered}`);
  if (methods !== undefined) parts.push(`the server accepts: ${methods.join(', ')}`);
  return new RsyncError('RSYNC_AUTH', parts.join('; '), {
    exitCode: SSH_FAILED,
    origin: 'transport',
    hint: hintFor(outcome),
    ...(outcome.cause === undefined ? {} : { cause: outcome.cause }),
  });
}

function some(items: readonly string[]): string {
  const more = items.length - SHOWN;
  return items.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

const SYSTEM_SSH = '--rsh-spawn has the ssh of the system make the connection, which may be able to use it.';

function hintFor(outcome: AuthOutcome): string {
  const { username, methods, refused, skipped, unusable, notOffered, passwordsRefused, steps } = outcome;
  if (outcome.unsigned.length > 0) {
    return 'The server knows a key that could not be used here: mend what is said of it - its passphrase, or the agent that holds it.';
  }
  if (notOffered > 0 && refused.length > 0) {
    return 'Name the right key with -i FILE (IdentityFile; FILE.pub names a key of the agent) and set IdentitiesOnly=yes: a server lets one try a few keys only.';
  }
  if (methods !== undefined) {
    if (!methods.some((method) => outcome.order.includes(method))) return withoutMethods(methods);
    if (!methods.includes('publickey')) return withoutKeys(outcome);
  }
  if (skipped.some((what) => what.includes('nobody to ask'))) {
    return 'Load the key into an agent (ssh-add), or run it from a terminal to type the passphrase.';
  }
  if (unusable.length > 0) return SYSTEM_SSH;
  if (refused.length > 0) {
    return `Add the public half of one of these keys to ~/.ssh/authorized_keys of ${username} there (ssh-copy-id), and check the user name.`;
  }
  if (passwordsRefused > 0) return 'Check the user name and the password.';
  if (steps.length > 0) return 'The server wants a further key: name it with -i FILE (IdentityFile).';
  if (skipped.length > 0) return 'Mend what is not usable, or name another key with -i FILE (IdentityFile).';
  return 'Name a key with -i FILE (IdentityFile), load one into an agent (ssh-add), or make one with ssh-keygen.';
}

/** Nothing that the server takes is something that this client may do. */
function withoutMethods(methods: readonly string[]): string {
  return methods.some((method) => KNOWN.includes(method))
    ? 'The settings leave out every method that the server takes: see PreferredAuthentications, PubkeyAuthentication, PasswordAuthentication, KbdInteractiveAuthentication and BatchMode.'
    : `The server takes no method that the built-in ssh has. ${SYSTEM_SSH}`;
}

const KNOWN = ['publickey', 'keyboard-interactive', 'password'];

/** The server takes no key, or no further one. */
function withoutKeys({ canAsk, passwordGiven, steps, passwordsRefused }: AuthOutcome): string {
  const what = steps.length > 0 ? 'The server wants a further step' : 'The server takes no keys';
  if (canAsk) {
    return passwordsRefused > 0
      ? `${what}: check the user name and the password.`
      : `${what}: it asks for a password or the like, which has to be answered.`;
  }
  return passwordGiven && passwordsRefused > 0
    ? `${what}: check the password that was given, or run it from a terminal to type another one.`
    : `${what} and nobody is there to type a password: run it from a terminal.`;
}
