import type { SshFact } from '../../transport/ssh/facts.ts';

type FactOf<K extends SshFact['kind']> = Extract<SshFact, { kind: K }>;

/** One login, looked at step by step while it goes on: each check waits for the step that it is about. */
export class LoginAttempt {
  /** Starts it; set by whoever knows the connection. */
  begin: (() => Promise<void>) | undefined;
  readonly #facts = new Map<SshFact['kind'], SshFact>();
  readonly #waiting = new Map<SshFact['kind'], () => void>();
  #login: Promise<void> | undefined;

  learn(fact: SshFact): void {
    this.#facts.set(fact.kind, fact);
    this.#waiting.get(fact.kind)?.();
  }

  /**
   * Resolves once that step is over; the first call starts the login.
   * @throws RsyncError RSYNC_CONNECT, RSYNC_HOST_KEY, RSYNC_AUTH, RSYNC_ABORTED: it has ended before
   */
  async reached<K extends SshFact['kind']>(kind: K): Promise<FactOf<K>> {
    this.#login ??= this.begin!();
    const told = new Promise<void>((resolve) => this.#waiting.set(kind, resolve));
    if (!this.#facts.has(kind)) await Promise.race([told, this.#login]);
    // The step that fails is told by the check that waits for it, and by no other one.
    this.#login.catch(() => {});
    return this.#facts.get(kind) as FactOf<K>;
  }
}
