import type { AnyAuthMethod } from 'ssh2';
import type { RsyncError } from '../../../core/errors.ts';
import type { SshSettings } from '../config/settings.ts';
import type { LoginFact } from '../facts.ts';
import { authFailure } from './auth-failure.ts';
import type { Identities, Identity } from './identities.ts';
import { KeyAttempts } from './key-attempts.ts';
import { KeyboardInteractive } from './keyboard-interactive.ts';
import { type OnPrompt, visible } from './prompts.ts';

export interface AuthenticatorOptions {
  username: string;
  /** As it is on file, for questions. */
  host: string;
  /** With its port, for the failure. Default: `host`. */
  where?: string;
  identities: Identities;
  settings: SshSettings;
  /** Given by the caller: used once, and never for a second prompt. */
  password?: string | undefined;
  /** Undefined: nobody can be asked. */
  ask: OnPrompt | undefined;
  trace: (line: string) => void;
  /** The server's identification, once it is known: OpenSSH 7.4 does not tell all its algorithms. */
  server?: () => string | undefined;
}

type Method = 'publickey' | 'keyboard-interactive' | 'password';

const PASSWORD_PROMPTS = 3;
/** Refused attempts after which a server is likely to end the connection at the next one (MaxAuthTries 6). */
const FEW_ATTEMPTS = 5;
/** A server that finds ever further steps necessary is not to be served for ever. */
const MAX_STEPS = 10;

type Attempt =
  | { kind: 'none' }
  | { kind: 'publickey'; identity: Identity }
  | { kind: 'keyboard-interactive'; round: KeyboardInteractive }
  | { kind: 'password' };

/**
 * The order of attempts: `none` to learn the server's methods, then these in the order of PreferredAuthentications, each
 * as long as the server names it. Keys that nobody named stand back for a password after five refusals, because the
 * sixth may be the last.
 *
 * After a partial success the server names the methods of the next step; what has served once is not offered again.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #keys: KeyAttempts;
  readonly #order: readonly Method[];
  readonly #refused: string[] = [];
  /** Keys that the server would have taken. */
  readonly #unsigned: string[] = [];
  readonly #skipped: string[];
  /** Methods that have been accepted as one step of several. */
  readonly #steps: string[] = [];
  #methods: string[] | undefined;
  #attempt: Attempt | undefined;
  #password: string | undefined;
  #refusals = 0;
  #passwordTries = 0;
  #interactiveTries = 0;
  #passwordsRefused = 0;

  constructor(options: AuthenticatorOptions) {
    const { identities, settings, trace, password } = options;
    this.#options = options;
    this.#skipped = identities.skipped;
    this.#password = password;
    const skip = (what: string): void => {
      this.#skipped.push(what);
      trace(`ssh: not used: ${what}`);
    };
    this.#keys = new KeyAttempts(
      identities,
      settings.pubkeyAcceptedAlgorithms,
      skip,
      options.server ?? (() => undefined),
      settings.requiredRsaSize,
    );
    this.#order = preference(settings, password !== undefined, trace);
  }

  /** How often the server has said no. */
  get refusals(): number {
    return this.#refusals;
  }

  /** The signature algorithms that the server names; returns those that may be used. */
  serverAlgorithms(names: readonly string[]): string[] {
    return this.#keys.serverAlgorithms(names);
  }

  /**
   * The server's answer to the last attempt, if that was not success: to be called before `next`.
   * @param partial the attempt was right, and one step of several
   */
  rejected(methodsLeft: readonly string[], partial: boolean): void {
    const { trace } = this.#options;
    const methods = methodsLeft.filter((name) => /^[\w@.-]{1,64}$/.test(name)).slice(0, 32);
    if (this.#methods?.join() !== methods.join()) trace(`ssh: the server accepts: ${methods.join(', ')}`);
    this.#methods = methods;
    const attempt = this.#attempt;
    this.#attempt = undefined;
    if (attempt === undefined || attempt.kind === 'none') return;
    if (partial) {
      trace(`ssh: ${attempt.kind} accepted as one step of several`);
      this.#steps.push(attempt.kind);
      this.#passwordTries = 0;
      this.#interactiveTries = 0;
      return;
    }
    this.#refusals++;
    if (attempt.kind === 'publickey') this.#refused.push(attempt.identity.description);
    else {
      this.#passwordsRefused++;
      // No question, no answer to improve on.
      if (attempt.kind === 'keyboard-interactive' && (attempt.round.declined || !attempt.round.asked)) {
        this.#interactiveTries = Number.POSITIVE_INFINITY;
      }
    }
  }

  /** Words of the server in keyboard-interactive that come without a question, which nobody else would be told of. */
  informed(name: string, instructions: string): void {
    for (const line of `${name}\n${instructions}`.slice(0, 4096).split('\n')) {
      if (line.trim() !== '') this.#options.trace(`ssh: server: ${visible(line)}`);
    }
    if (this.#attempt?.kind === 'keyboard-interactive') this.#attempt.round.informed(name, instructions);
  }

  /** What the server has let us in by: to be called once it has. */
  accepted(): Pick<LoginFact, 'method' | 'key' | 'steps'> {
    const attempt = this.#attempt;
    const key = attempt?.kind === 'publickey' ? attempt.identity.description : undefined;
    return { method: attempt?.kind ?? 'none', key, steps: [...this.#steps] };
  }

  /** The next attempt, or undefined if there is none left. The first is `none`. Rejects with what a prompt throws. */
  async next(): Promise<AnyAuthMethod | undefined> {
    const { username } = this.#options;
    const first = this.#methods === undefined && this.#attempt === undefined;
    // The server has not said no: the attempt has ended on this side, when a signature was wanted.
    if (this.#attempt?.kind === 'publickey') this.#unsigned.push(this.#attempt.identity.description);
    this.#attempt = undefined;
    if (first) {
      this.#attempt = { kind: 'none' };
      return { type: 'none', username };
    }
    if (this.#steps.length > MAX_STEPS) return undefined;
    const putOff: Method[] = [];
    for (const method of this.#order) {
      if (method === 'publickey' && this.#keysStandBack()) {
        putOff.push(method);
        continue;
      }
      const attempt = await this.#try(method);
      if (attempt !== undefined) return attempt;
    }
    for (const method of putOff) {
      const attempt = await this.#try(method);
      if (attempt !== undefined) return attempt;
    }
    return undefined;
  }

  #keysStandBack(): boolean {
    return this.#refusals >= FEW_ATTEMPTS && !this.#keys.nextIsNamed;
  }

  async #try(method: Method): Promise<AnyAuthMethod | undefined> {
    if (this.#methods?.includes(method) !== true) return undefined;
    switch (method) {
      case 'publickey':
        return this.#tryKey();
      case 'keyboard-interactive':
        return this.#tryInteractive();
      case 'password':
        return this.#tryPassword();
    }
  }

  async #tryKey(): Promise<AnyAuthMethod | undefined> {
    const attempt = await this.#keys.next(this.#options.username);
    if (attempt === undefined) return undefined;
    this.#options.trace(`ssh: offering ${attempt.identity.description}`);
    this.#attempt = { kind: 'publickey', identity: attempt.identity };
    return attempt.method;
  }

  #tryInteractive(): AnyAuthMethod | undefined {
    const { username, host, ask, trace } = this.#options;
    // A second step is about something else than the password.
    const usable = this.#steps.length === 0 && this.#password !== undefined;
    if (ask === undefined && !usable) return undefined;
    if (this.#interactiveTries++ >= this.#prompts) return undefined;
    trace('ssh: trying keyboard-interactive');
    const round = new KeyboardInteractive({
      username,
      host,
      ask,
      takePassword: () => (usable ? this.#takePassword() : undefined),
    });
    this.#attempt = { kind: 'keyboard-interactive', round };
    return round.method;
  }

  async #tryPassword(): Promise<AnyAuthMethod | undefined> {
    const { username, host, ask, trace } = this.#options;
    let password = this.#takePassword();
    if (password === undefined) {
      if (ask === undefined || this.#passwordTries++ >= this.#prompts) return undefined;
      const message = `${visible(username)}@${visible(host)}'s password: `;
      password = await ask({ kind: 'password', message, secret: true, user: username, host });
      if (password === undefined) {
        this.#passwordTries = Number.POSITIVE_INFINITY;
        return undefined;
      }
    }
    trace('ssh: trying password');
    this.#attempt = { kind: 'password' };
    return { type: 'password', username, password };
  }

  #takePassword(): string | undefined {
    const password = this.#password;
    this.#password = undefined;
    return password;
  }

  get #prompts(): number {
    return this.#options.settings.numberOfPasswordPrompts ?? PASSWORD_PROMPTS;
  }

  /**
   * Why nobody was let in: what was tried, what could not be, what the server would take.
   * @param reason how the server ended it, without control characters
   */
  failure(reason?: string, cause?: unknown): RsyncError {
    const { username, host, where = host, identities, ask, password } = this.#options;
    const attempt = this.#attempt;
    return authFailure({
      username,
      host: where,
      reason,
      cause,
      refused:
        // The one that was under way when the server ended the connection.
        attempt?.kind === 'publickey' ? [...this.#refused, attempt.identity.description] : this.#refused,
      unsigned: this.#unsigned,
      passwordsRefused:
        this.#passwordsRefused +
        (attempt?.kind === 'password' || attempt?.kind === 'keyboard-interactive' ? 1 : 0),
      skipped: this.#skipped,
      unusable: identities.unusable,
      notOffered: this.#order.includes('publickey') ? this.#keys.left : 0,
      steps: this.#steps,
      methods: this.#methods,
      order: this.#order,
      canAsk: ask !== undefined,
      passwordGiven: password !== undefined,
    });
  }
}

/** Methods that are allowed and that this client has, in the order to try them. */
function preference(settings: SshSettings, hasPassword: boolean, trace: (line: string) => void): Method[] {
  const allowed: Record<Method, boolean> = {
    publickey: settings.pubkeyAuthentication !== false,
    'keyboard-interactive': settings.kbdInteractiveAuthentication !== false,
    password: settings.passwordAuthentication !== false,
  };
  // A password that is at hand serves the method of that name best.
  const usual: readonly Method[] = hasPassword
    ? ['publickey', 'password', 'keyboard-interactive']
    : ['publickey', 'keyboard-interactive', 'password'];
  const order = new Set<Method>();
  for (const name of settings.preferredAuthentications ?? usual) {
    const method = usual.find((known) => known === name.toLowerCase());
    if (method !== undefined) order.add(method);
    // ssh, too, goes on to the next one of a list that begins with gssapi-with-mic.
    else trace(`ssh: PreferredAuthentications: the built-in ssh has no ${name}, the others are tried`);
  }
  return [...order].filter((method) => allowed[method]);
}
