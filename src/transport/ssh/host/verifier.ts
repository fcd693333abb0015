import type { OnPrompt } from '../auth/prompts.ts';
import type { SshPlan } from '../plan.ts';
import { judgeHostAddress } from './host-address.ts';
import { checkKeySize, judgeHostKey } from './host-key.ts';
import { appendKnownHost, isNowhere } from './known-hosts.ts';
import { fingerprint, keyTypeName, keyTypeOf } from './public-key.ts';

export interface VerifierOptions {
  plan: SshPlan;
  /** What the host's name led to, if this machine has looked it up. */
  address: string | undefined;
  env: NodeJS.ProcessEnv;
  ask: OnPrompt | undefined;
  /** Told why the key is not accepted. */
  refused: (error: unknown) => void;
}

/**
 * The host key of one connection: judged once, before anything secret is sent, and the same from then on, however often
 * keys are exchanged anew.
 */
export class HostKeyVerifier {
  readonly #options: VerifierOptions;
  #accepted: Buffer | undefined;
  /** Names under which the key is to be remembered. */
  #additions: { name: string; port: number }[] = [];

  constructor(options: VerifierOptions) {
    this.#options = options;
  }

  verify(key: Buffer, answer: (valid: boolean) => void): void {
    if (this.#accepted !== undefined) {
      answer(this.#accepted.equals(key));
      return;
    }
    const copy = Buffer.from(key);
    this.#judge(copy).then(
      () => {
        this.#accepted = copy;
        answer(true);
      },
      (error: unknown) => {
        this.#options.refused(error);
        answer(false);
      },
    );
  }

  /** To be called once the key exchange is over: only then has the server proved that the key is its own. */
  remember(): void {
    const { knownHostsFile, settings, trace } = this.#options.plan;
    if (this.#accepted === undefined || isNowhere(knownHostsFile)) return;
    for (const { name, port } of this.#additions) {
      try {
        appendKnownHost(knownHostsFile, name, port, this.#accepted, settings.hashKnownHosts === true);
        trace(`ssh: added the host key of ${name} to ${knownHostsFile}`);
      } catch (error) {
        trace(`ssh: could not add the host key to ${knownHostsFile}: ${(error as Error).message}`);
      }
    }
    this.#additions = [];
  }

  async #judge(key: Buffer): Promise<void> {
    const { plan, address, env, ask } = this.#options;
    const { known, knownName, knownPort, knownHostsFile, settings, trace, port } = plan;
    checkKeySize(key, knownName, settings.requiredRsaSize);
    const strict = settings.strictHostKeyChecking ?? 'ask';
    const policy = { known, strict, ask, trace, knownHostsFile, env, host: knownName };
    let at: string | undefined;
    const found = (place: string): void => {
      at = place;
    };
    if (await judgeHostKey(key, { ...policy, port: knownPort, found })) {
      this.#additions.push({ name: knownName, port: knownPort });
    }
    plan.onFact({
      kind: 'host-key',
      type: keyTypeName(keyTypeOf(key)),
      fingerprint: fingerprint(key),
      known: at,
      file: knownHostsFile,
    });
    if (settings.checkHostIp !== true || address === undefined || address === knownName) return;
    if (await judgeHostAddress(key, { ...policy, address, port })) {
      this.#additions.push({ name: address, port });
    }
  }
}
