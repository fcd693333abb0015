/**
 * The settings of one ssh connection, as ssh_config(5) and the command line make them. As in ssh, the first value given
 * for a keyword wins; identity files, certificates and variables to send add up.
 */

export type StrictHostKeyChecking = 'yes' | 'no' | 'ask' | 'accept-new';

/** ProxyJump and ProxyCommand, see `SshSettings.proxy`. */
export type ProxySetting = { jump: string[] } | { command: string } | 'none';

export interface SshSettings {
  /** `%h` and `%%` not yet expanded. */
  hostName?: string;
  user?: string;
  port?: number;
  addressFamily?: 'any' | 'inet' | 'inet6';
  bindAddress?: string;
  bindInterface?: string;
  /** In the order given; tokens and `~` not yet expanded. `none` stands for no file. */
  identityFiles: string[];
  identitiesOnly?: boolean;
  /** Path of the agent's socket, `none`, `SSH_AUTH_SOCK` or `$NAME`; tokens and `~` not yet expanded. */
  identityAgent?: string;
  /** As resolved, for the table of settings; certificates can not be used. Tokens and `~` not yet expanded. */
  certificateFiles?: string[];
  /** In lower case. */
  hostKeyAlias?: string;
  /** Algorithm lists as written: names, or `+`, `-`, `^` and names or patterns. */
  hostKeyAlgorithms?: string;
  ciphers?: string;
  macs?: string;
  kexAlgorithms?: string;
  pubkeyAcceptedAlgorithms?: string;
  /** Bits that an RSA key, of a host or of the user, must have at least. */
  requiredRsaSize?: number;
  /** Empty for `none`. Tokens and `~` not yet expanded. */
  userKnownHostsFiles?: string[];
  /** Empty for `none`. */
  globalKnownHostsFiles?: string[];
  hashKnownHosts?: boolean;
  strictHostKeyChecking?: StrictHostKeyChecking;
  checkHostIp?: boolean;
  batchMode?: boolean;
  /** Seconds; 0 is no limit. */
  connectTimeout?: number;
  connectionAttempts?: number;
  tcpKeepAlive?: boolean;
  /** Seconds between signs of life asked of a silent server; 0 asks for none. */
  serverAliveInterval?: number;
  serverAliveCountMax?: number;
  compression?: boolean;
  /**
   * What leads to the host instead of a TCP connection: hops in the order they are passed, as written
   * (`[user@]host[:port]` or `ssh://...`), a command, or `none`. ProxyJump and ProxyCommand compete: the first one wins.
   */
  proxy?: ProxySetting;
  /** The proxy command hands over a connected socket and ends, which is not supported. */
  proxyUseFdpass?: boolean;
  canonicalize?: 'no' | 'yes' | 'always';
  canonicalDomains?: string[];
  canonicalizeMaxDots?: number;
  canonicalizeFallbackLocal?: boolean;
  /** Rules `source,source:target,target`, of patterns of names. */
  canonicalizePermittedCnames?: string[];
  pubkeyAuthentication?: boolean;
  passwordAuthentication?: boolean;
  kbdInteractiveAuthentication?: boolean;
  /** Methods in the order to try them. */
  preferredAuthentications?: string[];
  numberOfPasswordPrompts?: number;
  /** Patterns of variables to send, in the order given. */
  sendEnv?: string[];
  /** `NAME=VALUE`, of the first directive alone. */
  setEnv?: string[];
  /** In lower case, `debug1` as `debug`. */
  logLevel?: string;
  /** For `Match tagged`. */
  tag?: string;
}

export const DEFAULT_PORT = 22;

/** Those of OpenSSH's default identity files that the built-in ssh can use, in OpenSSH's order. */
export const DEFAULT_IDENTITY_FILES: readonly string[] = [
  '~/.ssh/id_rsa',
  '~/.ssh/id_ecdsa',
  '~/.ssh/id_ed25519',
];

/** Those that it can not use, so that it can say so. */
export const UNUSABLE_IDENTITY_FILES: readonly string[] = ['~/.ssh/id_ecdsa_sk', '~/.ssh/id_ed25519_sk'];

export const DEFAULT_USER_KNOWN_HOSTS_FILES: readonly string[] = [
  '~/.ssh/known_hosts',
  '~/.ssh/known_hosts2',
];

/** Seconds; where OpenSSH waits as long as the system does. */
export const DEFAULT_CONNECT_TIMEOUT = 30;

/** Seconds, and how often; OpenSSH asks for no signs of life. */
export const DEFAULT_SERVER_ALIVE_INTERVAL = 15;
export const DEFAULT_SERVER_ALIVE_COUNT_MAX = 4;
