/** Keywords of ssh_config(5) that the built-in ssh acts on. */
import { jumpList } from './jump-list.ts';
import type { ProxySetting, SshSettings } from './settings.ts';
import {
  algorithms,
  assignments,
  cnameRules,
  domains,
  environmentPatterns,
  knownHostsFiles,
  logLevel,
  one,
  oneOf,
  type Parse,
  port,
  seconds,
  strictness,
  text,
  whole,
  yesNo,
} from './values.ts';

type ListSlot = 'identityFiles' | 'certificateFiles' | 'sendEnv';
type ScalarSlot = Exclude<keyof SshSettings, ListSlot | 'proxy'>;

/** The first value wins. Undefined is a valid value that settles nothing. */
interface Scalar<K extends ScalarSlot = ScalarSlot> {
  kind: 'scalar';
  name: string;
  slot: K;
  parse: Parse<SshSettings[K] | undefined>;
}

/** Values add up. */
interface List {
  kind: 'list';
  name: string;
  slot: ListSlot;
  parse: Parse<string[]>;
}

/** Takes the rest of the line, as written. */
interface Proxy {
  kind: 'proxy';
  name: string;
  parse: (rest: string) => ProxySetting;
}

export type Keyword = Scalar | List | Proxy;

function scalar<K extends ScalarSlot>(
  name: string,
  slot: K,
  parse: Parse<SshSettings[K] | undefined>,
): Keyword {
  return { kind: 'scalar', name, slot, parse } as unknown as Keyword;
}

const flag = one(yesNo);
const string = one(text);
const time = one(seconds);
const names = one(algorithms({ wildcards: false }));
const keyTypes = one(algorithms({ wildcards: true }));
const count = (min: number) => one(whole(min, 2 ** 31 - 1));

/** `unbound` and `host-bound` choose an extension of the agent protocol; keys are tried all the same. */
const publicKeys = one((value) => {
  const name = oneOf('yes', 'true', 'no', 'false', 'unbound', 'host-bound')(value);
  return name !== 'no' && name !== 'false';
});

const list = one((value) => value.split(',').filter((name) => name !== ''));

const TABLE: readonly Keyword[] = [
  scalar('AddressFamily', 'addressFamily', one(oneOf('any', 'inet', 'inet6'))),
  scalar('BatchMode', 'batchMode', flag),
  scalar('BindAddress', 'bindAddress', string),
  scalar('BindInterface', 'bindInterface', string),
  scalar('CanonicalDomains', 'canonicalDomains', domains),
  scalar('CanonicalizeFallbackLocal', 'canonicalizeFallbackLocal', flag),
  scalar(
    'CanonicalizeHostname',
    'canonicalize',
    one((value) => (value.toLowerCase() === 'always' ? 'always' : yesNo(value) ? 'yes' : 'no')),
  ),
  scalar('CanonicalizeMaxDots', 'canonicalizeMaxDots', count(0)),
  scalar('CanonicalizePermittedCNAMEs', 'canonicalizePermittedCnames', cnameRules),
  scalar('CheckHostIP', 'checkHostIp', flag),
  scalar('Ciphers', 'ciphers', names),
  scalar(
    'Compression',
    'compression',
    one((value) => oneOf('yes', 'no')(value) === 'yes'),
  ),
  scalar('ConnectionAttempts', 'connectionAttempts', count(1)),
  scalar('ConnectTimeout', 'connectTimeout', time),
  scalar('GlobalKnownHostsFile', 'globalKnownHostsFiles', knownHostsFiles),
  scalar('HashKnownHosts', 'hashKnownHosts', flag),
  scalar('HostKeyAlgorithms', 'hostKeyAlgorithms', keyTypes),
  scalar(
    'HostKeyAlias',
    'hostKeyAlias',
    one((value) => value.toLowerCase()),
  ),
  scalar('HostName', 'hostName', string),
  scalar('IdentitiesOnly', 'identitiesOnly', flag),
  scalar('IdentityAgent', 'identityAgent', one(agentPath)),
  scalar('KbdInteractiveAuthentication', 'kbdInteractiveAuthentication', flag),
  scalar('KexAlgorithms', 'kexAlgorithms', names),
  scalar('LogLevel', 'logLevel', one(logLevel)),
  scalar('MACs', 'macs', names),
  scalar('NumberOfPasswordPrompts', 'numberOfPasswordPrompts', count(0)),
  scalar('PasswordAuthentication', 'passwordAuthentication', flag),
  scalar('Port', 'port', one(port)),
  scalar('PreferredAuthentications', 'preferredAuthentications', list),
  scalar('ProxyUseFdpass', 'proxyUseFdpass', flag),
  scalar('PubkeyAcceptedAlgorithms', 'pubkeyAcceptedAlgorithms', keyTypes),
  scalar('PubkeyAuthentication', 'pubkeyAuthentication', publicKeys),
  scalar('RequiredRSASize', 'requiredRsaSize', count(0)),
  scalar('ServerAliveCountMax', 'serverAliveCountMax', count(0)),
  scalar('ServerAliveInterval', 'serverAliveInterval', time),
  scalar('SetEnv', 'setEnv', assignments),
  scalar('StrictHostKeyChecking', 'strictHostKeyChecking', one(strictness)),
  scalar('Tag', 'tag', one(text)),
  scalar('TCPKeepAlive', 'tcpKeepAlive', flag),
  scalar('User', 'user', string),
  scalar('UserKnownHostsFile', 'userKnownHostsFiles', knownHostsFiles),
  { kind: 'list', name: 'IdentityFile', slot: 'identityFiles', parse: (values) => [string(values)] },
  { kind: 'list', name: 'CertificateFile', slot: 'certificateFiles', parse: (values) => [string(values)] },
  { kind: 'list', name: 'SendEnv', slot: 'sendEnv', parse: environmentPatterns },
  { kind: 'proxy', name: 'ProxyJump', parse: jumpList },
  {
    kind: 'proxy',
    name: 'ProxyCommand',
    parse: (command) => (command.toLowerCase() === 'none' ? 'none' : { command }),
  },
];

/** Older and other names, in lower case. */
const ALIASES: Readonly<Record<string, string>> = {
  challengeresponseauthentication: 'KbdInteractiveAuthentication',
  skeyauthentication: 'KbdInteractiveAuthentication',
  tisauthentication: 'KbdInteractiveAuthentication',
  dsaauthentication: 'PubkeyAuthentication',
  identityfile2: 'IdentityFile',
  keepalive: 'TCPKeepAlive',
  pubkeyacceptedkeytypes: 'PubkeyAcceptedAlgorithms',
  rsaminsize: 'RequiredRSASize',
};

const BY_NAME = new Map(TABLE.map((keyword) => [keyword.name.toLowerCase(), keyword]));

/** Keywords in any case. */
export function findKeyword(name: string): Keyword | undefined {
  const lower = name.toLowerCase();
  return BY_NAME.get(ALIASES[lower]?.toLowerCase() ?? lower);
}

function agentPath(value: string): string {
  if (/^\$(?!\{)/.test(value) && !/^\$[A-Za-z_]\w*$/.test(value)) {
    throw new Error(`"${value}" is not a variable`);
  }
  return value;
}
