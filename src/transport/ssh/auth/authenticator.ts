import type { AnyAuthMethod, AuthenticationType, Prompt } from 'ssh2';
import { RsyncError } from '../../../core/errors.ts';
import type { Identities } from './identities.ts';
import { type Prompts, visible } from './prompts.ts';

export interface AuthenticatorOptions {
  username: string;
  host: string;
  identities: Identities;
  publicKey: boolean;
  password: boolean;
  keyboardInteractive: boolean;
  prompts: Prompts | undefined;
  trace: (line: string) => void;
}

const PASSWORD_TRIES = 3;

/**
 * The order of attempts, as in ssh: `none` to learn the methods, public keys, keyboard-interactive, password.
 *
 * ssh2 says nothing about the server's answer to an attempt made through its agent interface: neither which methods
 * are left nor that it was a partial success. So after such attempts, once the keys are used up, one more
 * `none` asks the server where things stand; otherwise a second factor would never be asked for.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #tried: string[] = [];
  #methods: string[] | undefined;
  #nextIdentity = 0;
  #stale = false;
  #interactiveTries = 0;
  #passwordTries = 0;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** The next attempt, or undefined if there is none left. `left` is null before the first. */
  async next(left: readonly string[] | null): Promise<AnyAuthMethod | undefined> {
    const { username, identities, prompts, trace } = this.#options;
    if (left !== null && !this.#stale) {
      if (this.#methods?.join() !== left.join()) trace(`ssh: the server accepts: ${left.join(', ')}`);
      this.#methods = [...left];
    }
    if (this.#methods === undefined) {
      if (left !== null) this.#methods = [...left];
      else return { type: 'none', username };
    }
    while (this.#options.publicKey && this.#allowed('publickey')) {
      const identity = identities.identities[this.#nextIdentity++];
      if (identity === undefined) break;
      const method = await identity.method(username);
      if (method === undefined) continue;
      trace(`ssh: offering ${identity.description}`);
      this.#tried.push(identity.description);
      this.#stale = identity.viaAgent;
      return method;
    }
    if (this.#stale) {
      this.#stale = false;
      return { type: 'none', username };
    }
    if (prompts === undefined) return undefined;
    if (this.#options.keyboardInteractive && this.#allowed('keyboard-interactive')) {
      if (this.#interactiveTries++ < PASSWORD_TRIES) {
        trace('ssh: trying keyboard-interactive');
        return { type: 'keyboard-interactive', username, prompt: this.#answer(prompts) };
      }
    }
    if (this.#options.password && this.#allowed('password') && this.#passwordTries++ < PASSWORD_TRIES) {
      const password = await prompts.secret(`${username}@${this.#options.host}'s password: `);
      if (password !== undefined) {
        trace('ssh: trying password');
        return { type: 'password', username, password };
      }
      this.#passwordTries = PASSWORD_TRIES;
    }
    return undefined;
  }

  #allowed(method: string): boolean {
    return this.#methods?.includes(method) === true;
  }

  #answer(prompts: Prompts) {
    return (
      name: string,
      instructions: string,
      _lang: string,
      questions: Prompt[],
      finish: (answers: string[]) => void,
    ): void => {
      const ask = async (): Promise<string[]> => {
        const answers: string[] = [];
        // The server's own words come marked with where they are from, so that it can not pose as another program.
        const heading = [name, instructions].filter((text) => text.trim() !== '').join('\n');
        for (const [i, { prompt }] of questions.entries()) {
          const intro = i === 0 && heading !== '' ? `${heading}\n` : '';
          const origin = `(${this.#options.username}@${this.#options.host}) `;
          const answer = await prompts.secret(visible(`${intro}${origin}${prompt}`));
          if (answer === undefined) {
            this.#interactiveTries = PASSWORD_TRIES;
            return [];
          }
          answers.push(answer);
        }
        return answers;
      };
      ask().then(finish, () => {
        this.#interactiveTries = PASSWORD_TRIES;
        finish([]);
      });
    };
  }

  /** Why nobody was let in: what was tried, what could not be, what the server would take. */
  failure(reason?: string, cause?: unknown): RsyncError {
    const { username, host, identities, prompts } = this.#options;
    const parts = [`${username}@${host}: permission denied`];
    if (reason !== undefined) parts[0] += ` (${reason})`;
    const tried = this.#tried;
    parts.push(tried.length === 0 ? 'no key was offered' : `keys offered and refused: ${tried.join(', ')}`);
    if (identities.skipped.length > 0) parts.push(`not usable: ${identities.skipped.join(', ')}`);
    if (this.#methods !== undefined) parts.push(`the server accepts: ${this.#methods.join(', ')}`);
    return new RsyncError('RSYNC_AUTH', parts.join('; '), {
      exitCode: 255,
      origin: 'transport',
      hint: this.#hint(tried.length > 0, prompts !== undefined),
      ...(cause === undefined ? {} : { cause }),
    });
  }

  #hint(offered: boolean, canAsk: boolean): string {
    const { username, identities } = this.#options;
    if (this.#methods !== undefined && !this.#allowed('publickey')) {
      return canAsk
        ? 'The server takes no keys: check the user name and the password.'
        : 'The server takes no keys and nobody is there to type a password: run it from a terminal.';
    }
    if (offered) {
      return `Add the public half of one of these keys to ~/.ssh/authorized_keys of ${username} there (ssh-copy-id), and check the user name.`;
    }
    if (identities.skipped.some((what) => what.includes('encrypted'))) {
      return 'Load the key into an agent (ssh-add), or run it from a terminal to type the passphrase.';
    }
    return 'Name a key with -e "ssh -i FILE", load one into an agent (ssh-add), or make one with ssh-keygen.';
  }
}

/** What ssh2 types as a closed set is open on the wire. */
export type MethodsLeft = AuthenticationType[] | null;
