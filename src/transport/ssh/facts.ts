/** What a connection has come to know, told as soon as it is known: for whoever checks how a host is reached. */
export type SshFact = ConnectedFact | HostKeyFact | LoginFact;

/** A connection stands: over TCP, through a jump host, or through a proxy command. */
export interface ConnectedFact {
  kind: 'connected';
  /** Of the server, if this machine has looked it up. */
  address: string | undefined;
}

/** The host key is accepted. */
export interface HostKeyFact {
  kind: 'host-key';
  /** ED25519, RSA, ECDSA. */
  type: string;
  /** `SHA256:` and base64. */
  fingerprint: string;
  /** "FILE:LINE" where it is on file. Undefined: it is new. */
  known: string | undefined;
  /** Where a new one is remembered; `none` for nowhere. */
  file: string;
}

/** The server has let us in. */
export interface LoginFact {
  kind: 'login';
  user: string;
  method: LoginMethod;
  /** Of a key: type, fingerprint, where it is from. */
  key: string | undefined;
  /** Methods that were one step of several before. */
  steps: readonly string[];
  /** The server's identification, "SSH-2.0-OpenSSH_9.2p1". */
  server: string | undefined;
}

export type LoginMethod = 'none' | 'publickey' | 'keyboard-interactive' | 'password';

/** Where a connection will go, before anything is connected. */
export interface SshDestination {
  host: string;
  port: number;
  user: string;
  /** `host:port`, for messages. */
  where: string;
  /** What this machine itself connects to: the host, or the first jump host. Undefined: a proxy command does. */
  first: { host: string; port: number } | undefined;
  /** Jump hosts on the way, `host:port`, the first one first. */
  hops: readonly string[];
}
