/** Logins with public keys, RFC 4252, 7; nothing else is taken. */
import type { AuthContext, PublicKeyAuthContext } from 'ssh2';
import type { AuthorizedKey } from './authorized-keys.ts';

/** Requests that cost the client nothing: `none`, and questions whether a key would do. */
const MOST_REQUESTS = 64;

export interface LoginInit {
  /** Where the client is. */
  address: string;
  /** @throws if nobody can be let in */
  keys: () => readonly AuthorizedKey[];
  /** Refused attempts after which the connection is to end. */
  attempts: number;
  onFault: (error: unknown) => void;
}

export type LoginStep = 'go on' | 'in' | 'out';

export class Login {
  /** Undefined until somebody is in. */
  key: AuthorizedKey | undefined;
  private readonly init: LoginInit;
  private failures = 0;
  private requests = 0;

  constructor(init: LoginInit) {
    this.init = init;
  }

  /** Answers a request. `out`: it was one too many, and has no answer. */
  answer(ctx: AuthContext): LoginStep {
    if (++this.requests > MOST_REQUESTS) return 'out';
    const found = ctx.method === 'publickey' ? this.find(ctx) : undefined;
    if (found === undefined) return this.refuse(ctx);
    const { signature, blob } = ctx as PublicKeyAuthContext;
    if (signature === undefined || blob === undefined) {
      ctx.accept();
      return 'go on';
    }
    if (!isSigned(ctx as PublicKeyAuthContext, found)) return this.refuse(ctx);
    this.key = found;
    ctx.accept();
    return 'in';
  }

  private refuse(ctx: AuthContext): LoginStep {
    if (ctx.method !== 'none' && ++this.failures >= this.init.attempts) return 'out';
    ctx.reject(['publickey']);
    return 'go on';
  }

  private find({ key }: PublicKeyAuthContext): AuthorizedKey | undefined {
    const { address } = this.init;
    try {
      return this.init
        .keys()
        .find(
          (known) =>
            known.key.type === key.algo &&
            known.key.getPublicSSH().equals(key.data) &&
            known.expires > Date.now() &&
            known.admits(address),
        );
    } catch (error) {
      this.init.onFault(error);
      return undefined;
    }
  }
}

function isSigned({ blob, signature, hashAlgo }: PublicKeyAuthContext, { key }: AuthorizedKey): boolean {
  // RSA with SHA-1 is `ssh-rsa` alone, without a name for the digest.
  if (key.type === 'ssh-rsa' && hashAlgo === undefined) return false;
  // An Error, which is truthy, if the signature is malformed.
  return key.verify(blob!, signature!, hashAlgo) === true;
}
