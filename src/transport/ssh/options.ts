import { quoteValue } from './config/line.ts';
import type { GivenSetting } from './config/resolve.ts';
import type { SshSecrets } from './plan.ts';

type OneOrMore<T> = T | readonly T[];

/**
 * The built-in ssh as a caller of the library sets it up. Everything not given is as for `ssh`: from `~/.ssh/config` and
 * the system's file, then ssh's own default. What is given here wins over both, and over the words of `rsh`.
 */
export interface SshOptions {
  user?: string;
  /** In place of the host of the argument, which then is an alias. */
  hostName?: string;
  port?: number;
  /** In place of `~/.ssh/config` and the system's file; false reads neither. */
  configFile?: string | false;
  /** Private keys as text (OpenSSH, PEM, PKCS#8, PuTTY). Offered before all others. */
  privateKey?: OneOrMore<string | Uint8Array>;
  /** Files of private keys, or of the public halves of keys that an agent holds. */
  identityFile?: OneOrMore<string>;
  /** For encrypted keys. Without it `onPrompt` is asked. */
  passphrase?: string;
  /** Tried once. Without it `onPrompt` is asked. */
  password?: string;
  /** Socket or named pipe of an agent; false uses none. Default: SSH_AUTH_SOCK, on Windows also the pipes of OpenSSH and Pageant. */
  agent?: string | false;
  /** Of the agent's keys, use those alone that `identityFile` names. */
  identitiesOnly?: boolean;
  /** Hosts on the way, in the order they are passed: `[user@]host[:port]`. */
  proxyJump?: OneOrMore<string>;
  /** A command, run by a shell, whose standard input and output lead to the server. */
  proxyCommand?: string;
  /** New host keys go into the first one. */
  knownHostsFile?: OneOrMore<string>;
  globalKnownHostsFile?: OneOrMore<string>;
  /** What to do about a host that is not known. Default `ask`, which without `onPrompt` refuses. A changed key is always refused. */
  strictHostKeyChecking?: 'yes' | 'no' | 'ask' | 'accept-new';
  hostKeyAlias?: string;
  hashKnownHosts?: boolean;
  checkHostIp?: boolean;
  /** Seconds, for the TCP connection and for the key exchange. Default 30. */
  connectTimeout?: number;
  connectionAttempts?: number;
  /** Seconds of silence before the server is asked for a sign of life; 0: never. Default 15. */
  serverAliveInterval?: number;
  /** Unanswered questions before the connection is given up. Default 4. */
  serverAliveCountMax?: number;
  compression?: boolean;
  addressFamily?: 4 | 6;
  bindAddress?: string;
  bindInterface?: string;
  tcpKeepAlive?: boolean;
  /** Algorithms: a list, or with `+`, `-` or `^` before the first one a change of the default list. */
  ciphers?: OneOrMore<string>;
  macs?: OneOrMore<string>;
  kexAlgorithms?: OneOrMore<string>;
  hostKeyAlgorithms?: OneOrMore<string>;
  pubkeyAcceptedAlgorithms?: OneOrMore<string>;
  /** Bits that an RSA key, of the host or of the user, must have. Default 1024. */
  requiredRsaSize?: number;
  /** `publickey`, `keyboard-interactive`, `password`, in the order to try them. */
  preferredAuthentications?: OneOrMore<string>;
  pubkeyAuthentication?: boolean;
  passwordAuthentication?: boolean;
  kbdInteractiveAuthentication?: boolean;
  /** Default 3. */
  numberOfPasswordPrompts?: number;
  /** Ask nobody. */
  batchMode?: boolean;
  /** Variables for the remote command; the server takes what its AcceptEnv allows. */
  env?: Readonly<Record<string, string>>;
  /** Patterns of variables of this process to send. */
  sendEnv?: OneOrMore<string>;
  /** Any keyword of ssh_config(5) with its value, as after `-o`. */
  options?: Readonly<Record<string, string>>;
}

export interface TranslatedOptions {
  given: GivenSetting[];
  configFile: string | undefined;
  secrets: SshSecrets;
}

/** Keywords of ssh_config for the options that are nothing else. */
const KEYWORDS = {
  user: 'User',
  hostName: 'HostName',
  port: 'Port',
  identitiesOnly: 'IdentitiesOnly',
  proxyCommand: 'ProxyCommand',
  strictHostKeyChecking: 'StrictHostKeyChecking',
  hostKeyAlias: 'HostKeyAlias',
  hashKnownHosts: 'HashKnownHosts',
  checkHostIp: 'CheckHostIP',
  connectTimeout: 'ConnectTimeout',
  connectionAttempts: 'ConnectionAttempts',
  serverAliveInterval: 'ServerAliveInterval',
  serverAliveCountMax: 'ServerAliveCountMax',
  compression: 'Compression',
  bindAddress: 'BindAddress',
  bindInterface: 'BindInterface',
  tcpKeepAlive: 'TCPKeepAlive',
  proxyJump: 'ProxyJump',
  ciphers: 'Ciphers',
  macs: 'MACs',
  kexAlgorithms: 'KexAlgorithms',
  hostKeyAlgorithms: 'HostKeyAlgorithms',
  pubkeyAcceptedAlgorithms: 'PubkeyAcceptedAlgorithms',
  requiredRsaSize: 'RequiredRSASize',
  preferredAuthentications: 'PreferredAuthentications',
  pubkeyAuthentication: 'PubkeyAuthentication',
  passwordAuthentication: 'PasswordAuthentication',
  kbdInteractiveAuthentication: 'KbdInteractiveAuthentication',
  numberOfPasswordPrompts: 'NumberOfPasswordPrompts',
  batchMode: 'BatchMode',
} as const satisfies Partial<Record<keyof SshOptions, string>>;

/** What a caller gave, as settings that ssh_config(5) knows and as secrets that it does not. */
export function translateSshOptions(options: SshOptions): TranslatedOptions {
  const given: GivenSetting[] = [];
  const add = (option: keyof SshOptions, keyword: string, value: string): void => {
    given.push({ keyword, value, source: `ssh.${option}` });
  };
  for (const [option, keyword] of Object.entries(KEYWORDS) as [keyof typeof KEYWORDS, string][]) {
    const value = options[option];
    if (value === undefined) continue;
    // A command is the rest of its line, quotes and all.
    if (option === 'proxyCommand') add(option, keyword, String(value));
    else add(option, keyword, typeof value === 'object' ? value.join(',') : word(value));
  }
  if (options.addressFamily !== undefined) {
    add('addressFamily', 'AddressFamily', options.addressFamily === 4 ? 'inet' : 'inet6');
  }
  for (const file of list(options.identityFile)) add('identityFile', 'IdentityFile', quoteValue(file));
  const addWords = (option: keyof SshOptions, keyword: string, words: readonly string[]): void => {
    if (words.length > 0) add(option, keyword, words.map(quoteValue).join(' '));
  };
  addWords('knownHostsFile', 'UserKnownHostsFile', list(options.knownHostsFile));
  addWords('globalKnownHostsFile', 'GlobalKnownHostsFile', list(options.globalKnownHostsFile));
  addWords('sendEnv', 'SendEnv', list(options.sendEnv));
  if (options.agent !== undefined) {
    add('agent', 'IdentityAgent', options.agent === false ? 'none' : quoteValue(options.agent));
  }
  const variables = Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`);
  addWords('env', 'SetEnv', variables);
  for (const [keyword, value] of Object.entries(options.options ?? {})) add('options', keyword, value);
  const { configFile, passphrase, password } = options;
  const keys = list(options.privateKey).map((content, i) => ({
    content,
    name: i === 0 ? 'ssh.privateKey' : `ssh.privateKey[${i}]`,
  }));
  return {
    given,
    configFile: configFile === false ? 'none' : configFile,
    secrets: { ...(keys.length === 0 ? {} : { keys }), passphrase, password },
  };
}

function word(value: string | number | boolean): string {
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : quoteValue(String(value));
}

function list<T extends string | Uint8Array>(value: OneOrMore<T> | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
