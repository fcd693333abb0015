import ssh2, { type BaseAgent, type ParsedKey } from 'ssh2';

/** Signs `data` with a key whose public half is known. `algorithm`: `ssh-ed25519`, `rsa-sha2-512`, ... */
export type Sign = (data: Buffer, algorithm: string) => Promise<Buffer>;

type SignCallback = (error?: Error | null, signature?: Buffer) => void;

/**
 * A single key behind ssh2's agent interface, the only one in which it waits for a signature: an agent's key, or an
 * encrypted file whose passphrase is asked for only once the server has said that it would take the key.
 */
class OneKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #key: ParsedKey;
  readonly #sign: Sign;

  constructor(key: ParsedKey, sign: Sign) {
    super();
    this.#key = key;
    this.#sign = sign;
  }

  getIdentities(done: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
    done(undefined, [this.#key]);
  }

  sign(key: ParsedKey, data: Buffer, options: unknown, callback?: SignCallback): void {
    const done = typeof options === 'function' ? (options as SignCallback) : callback!;
    const { hash } = typeof options === 'object' && options !== null ? (options as { hash?: string }) : {};
    this.#sign(data, signatureAlgorithm(key.type, hash))
      .then(
        (signature) => done(null, signature),
        (error: Error) => done(error),
      )
      // The library throws if the connection has gone meanwhile.
      .catch(() => {});
  }
}

/** An agent of one key, for an attempt of ssh2. */
export function oneKeyAgent(key: ParsedKey, sign: Sign): BaseAgent {
  return new OneKeyAgent(key, sign);
}

/** RFC 8332: of all types, RSA alone has several algorithms. */
function signatureAlgorithm(type: string, hash: string | undefined): string {
  if (type !== 'ssh-rsa') return type;
  return hash === 'sha512' ? 'rsa-sha2-512' : hash === 'sha256' ? 'rsa-sha2-256' : 'ssh-rsa';
}

const HASHES: Record<string, string> = {
  'rsa-sha2-512': 'sha512',
  'rsa-sha2-256': 'sha256',
  'ssh-rsa': 'sha1',
};

/** Signs with a private key that is at hand. */
export function signWith(key: ParsedKey): Sign {
  return async (data, algorithm) => {
    const signature = key.sign(data, HASHES[algorithm]);
    if (signature instanceof Error) throw new Error('the key can not sign');
    return signature;
  };
}
