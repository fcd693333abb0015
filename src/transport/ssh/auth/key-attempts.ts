import type { AgentAuthMethod, ParsedKey } from 'ssh2';
import { PUBLIC_KEY_ALGORITHMS, WEAK_PUBLIC_KEY_ALGORITHMS } from '../algorithms.ts';
import { assembleAlgorithms } from '../config/algorithm-list.ts';
import { DEFAULT_REQUIRED_RSA_SIZE, rsaKeyBits } from '../host/public-key.ts';
import type { Identities, Identity } from './identities.ts';

export interface KeyAttempt {
  identity: Identity;
  method: AgentAuthMethod;
}

const RSA = 'ssh-rsa';
const RSA_ALGORITHMS = ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'];
/** Signs with SHA-2 and does not say so. */
const SILENT_ABOUT_SHA2 = /^SSH-2\.0-OpenSSH_7\.4\D/;

/** The keys that are still to be offered, each once, and what RSA keys sign with. */
export class KeyAttempts {
  /** Keys that the user named first, then all others: `Identities` has them in this order. */
  readonly #queue: Identity[];
  readonly #offered = new Set<string>();
  readonly #accepted: readonly string[];
  readonly #skip: (what: string) => void;
  readonly #server: () => string | undefined;
  readonly #requiredRsaSize: number;
  #serverAlgorithms: readonly string[] | undefined;

  /**
   * @param accepted PubkeyAcceptedAlgorithms
   * @param skip told of keys that are passed over, with the reason
   * @param server the server's identification, once it is known
   * @param requiredRsaSize RequiredRSASize: bits that an RSA key must have
   */
  constructor(
    identities: Identities,
    accepted: string | undefined,
    skip: (what: string) => void,
    server: () => string | undefined,
    requiredRsaSize = DEFAULT_REQUIRED_RSA_SIZE,
  ) {
    this.#queue = [...identities.identities];
    this.#accepted = assembleAlgorithms(accepted, PUBLIC_KEY_ALGORITHMS, [
      ...PUBLIC_KEY_ALGORITHMS,
      ...WEAK_PUBLIC_KEY_ALGORITHMS,
    ]);
    this.#skip = skip;
    this.#server = server;
    this.#requiredRsaSize = requiredRsaSize;
  }

  /** Keys that have not been offered. */
  get left(): number {
    return this.#queue.length;
  }

  /** The next key is one that the user named. */
  get nextIsNamed(): boolean {
    return this.#queue[0]?.named === true;
  }

  /**
   * RFC 8308, server-sig-algs. Of several RSA algorithms the library would try one after the other, or one that
   * PubkeyAcceptedAlgorithms leaves out: it is told of the one that is to be used.
   */
  serverAlgorithms(names: readonly string[]): string[] {
    this.#serverAlgorithms = names;
    const rsa = this.#rsaAlgorithm();
    return names.filter((name) => !RSA_ALGORITHMS.includes(name)).concat(rsa ?? []);
  }

  async next(username: string): Promise<KeyAttempt | undefined> {
    for (;;) {
      const identity = this.#queue.shift();
      if (identity === undefined) return undefined;
      if (identity.publicKey !== undefined && !this.#mayOffer(identity.publicKey, identity)) continue;
      const opened = await identity.open();
      if (opened === undefined || !this.#mayOffer(opened.publicKey, identity)) continue;
      this.#offered.add(idOf(opened.publicKey));
      return { identity, method: { type: 'agent', username, agent: opened.agent } };
    }
  }

  #mayOffer(key: ParsedKey, { description }: Identity): boolean {
    if (this.#offered.has(idOf(key))) return false;
    if (key.type !== RSA) {
      if (this.#accepted.includes(key.type)) return true;
      this.#skip(`${description}: PubkeyAcceptedAlgorithms leaves ${key.type} out`);
      return false;
    }
    const bits = rsaKeyBits(key.getPublicSSH()) ?? 0;
    if (bits < this.#requiredRsaSize) {
      this.#skip(`${description}: ${bits} bits, and RequiredRSASize is ${this.#requiredRsaSize}`);
      return false;
    }
    if (this.#rsaAlgorithm() !== undefined) return true;
    this.#skip(
      this.#accepted.some((name) => RSA_ALGORITHMS.includes(name))
        ? `${description}: the server takes RSA keys with SHA-1 only (-o PubkeyAcceptedAlgorithms=+ssh-rsa allows that)`
        : `${description}: PubkeyAcceptedAlgorithms leaves RSA out`,
    );
    return false;
  }

  #rsaAlgorithm(): string | undefined {
    const names = this.#serverAlgorithms;
    // The library itself takes rsa-sha2-256 with such a server, whatever it is told.
    if (SILENT_ABOUT_SHA2.test(this.#server() ?? '')) {
      return this.#accepted.includes('rsa-sha2-256') ? 'rsa-sha2-256' : undefined;
    }
    return this.#accepted.find(
      (name) => RSA_ALGORITHMS.includes(name) && (names === undefined ? name === RSA : names.includes(name)),
    );
  }
}

function idOf(key: ParsedKey): string {
  return key.getPublicSSH().toString('base64');
}
