import { createHash } from 'node:crypto';
import { hostname } from 'node:os';

/** The facts that %-tokens stand for. */
export interface TokenFacts {
  /** The host as the user wrote it. */
  original: string;
  /** The host to connect to. */
  host: string;
  port: number;
  user: string;
  hostKeyAlias: string | undefined;
  /** ProxyJump as written, without the port; empty for none. */
  jump: string;
  home: string;
  localUser: string;
}

/** The tokens that are known before there is a connection (ssh_config(5), TOKENS), without `%%`. */
export function connectionTokens(facts: TokenFacts): Record<string, string> {
  const { original, host, port, user, jump } = facts;
  const local = hostname();
  return {
    d: facts.home,
    h: host,
    i: String(process.getuid?.() ?? ''),
    j: jump,
    k: facts.hostKeyAlias ?? original,
    l: local,
    L: local.replace(/\..*/, ''),
    n: original,
    p: String(port),
    r: user,
    u: facts.localUser,
    C: createHash('sha1').update(`${local}${host}${port}${user}${jump}`).digest('hex'),
  };
}
