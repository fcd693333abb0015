/**
 * Keywords of ssh_config(5) that OpenSSH (9.2 to 10.x, with the patches of distributions) knows and the built-in ssh
 * makes no use of, with the reason. Values are checked all the same, as ssh does.
 */
import { servicePort } from './services.ts';
import { algorithms, one, oneOf, seconds, text, whole, words, yesNo } from './values.ts';

export interface UnusedKeyword {
  name: string;
  why: string;
  /** Throws a plain Error if the value makes no sense. */
  check: (values: readonly string[]) => unknown;
  /** Why going on without it would be less safe; undefined: this value may be passed over. */
  refuse?: (value: string) => string | undefined;
}

const flag = one(yesNo);
const string = one(text);
const time = one(seconds);
const choice = (...names: string[]) => one(oneOf('yes', 'true', 'no', 'false', ...names));
const anything = (): void => {};
const keyTypes = one(algorithms({ wildcards: true }));

function timeOr(...names: string[]): (value: string) => unknown {
  return (value) => (names.includes(value.toLowerCase()) ? value : seconds(value));
}

const TUNNEL = 'nothing is forwarded: of no use to a transfer of files';
const X11 = 'X11 is not forwarded: of no use to a transfer of files';
const SHARED = 'connections are not shared';
const GSSAPI = 'the built-in ssh has no GSSAPI';
const HOSTBASED = 'the built-in ssh has no host-based authentication';
const CERTIFICATES = 'the built-in ssh knows no certificates';
const LOG = 'this client reports through --ssh-debug and `ssh -v` alone';
const TERMINAL = 'no terminal is asked for: it would corrupt the transfer';
const COMMAND = 'the remote command is rsync';
const TRANSFER = 'the transfer needs the session as it is';
const OLD = 'OpenSSH itself no longer has it';

const NOT_NONE = (why: string) => (value: string) => (value.toLowerCase() === 'none' ? undefined : why);

/** Ends in a port: `8080`, `host:80`, `[::1]:80`, `*:ssh`. */
function hasPort(value: string): boolean {
  const last = value.slice(Math.max(value.lastIndexOf(':'), value.lastIndexOf('/')) + 1);
  return /^\d{1,5}$/.test(last) || servicePort(last) !== undefined;
}

/** `[address:]port` or a socket's path, then the same for the target. */
function forward(targets: 0 | 1, optional = false) {
  return (values: readonly string[]): void => {
    const given = words(values);
    const enough = given.length === targets + 1 || (optional && given.length === 1);
    if (!enough || !given.every((value) => value.startsWith('/') || hasPort(value))) {
      throw new Error('bad forwarding');
    }
  };
}

const TABLE: readonly UnusedKeyword[] = [
  {
    name: 'AddKeysToAgent',
    why: 'keys are not put into an agent',
    check: ([first, ...rest]) => {
      if (first === undefined) throw new Error('missing value');
      if (first.toLowerCase() === 'confirm' && rest.length === 1) return seconds(rest[0]!);
      return one(timeOr('yes', 'no', 'true', 'false', 'ask', 'confirm'))([first, ...rest]);
    },
  },
  { name: 'CASignatureAlgorithms', why: CERTIFICATES, check: keyTypes },
  { name: 'ChannelTimeout', why: TRANSFER, check: words },
  { name: 'ClearAllForwardings', why: TUNNEL, check: flag },
  { name: 'ControlMaster', why: SHARED, check: choice('ask', 'auto', 'autoask') },
  { name: 'ControlPath', why: SHARED, check: string },
  { name: 'ControlPersist', why: SHARED, check: one(timeOr('yes', 'no', 'true', 'false')) },
  { name: 'DynamicForward', why: TUNNEL, check: forward(0) },
  { name: 'EnableEscapeCommandline', why: TERMINAL, check: flag },
  { name: 'EnableSSHKeysign', why: HOSTBASED, check: flag },
  {
    name: 'EscapeChar',
    why: TERMINAL,
    check: one((value) => {
      if (!/^(?:none|\^.|.)$/i.test(value)) throw new Error(`"${value}" is not one character`);
    }),
  },
  { name: 'ExitOnForwardFailure', why: TUNNEL, check: flag },
  { name: 'FingerprintHash', why: 'fingerprints are shown as SHA256', check: one(oneOf('md5', 'sha256')) },
  { name: 'ForkAfterAuthentication', why: TRANSFER, check: flag },
  {
    name: 'ForwardAgent',
    why: 'the agent is not forwarded: of no use to a transfer of files',
    // Anything else is the path of a socket.
    check: string,
  },
  { name: 'ForwardX11', why: X11, check: flag },
  { name: 'ForwardX11Timeout', why: X11, check: time },
  { name: 'ForwardX11Trusted', why: X11, check: flag },
  { name: 'GatewayPorts', why: TUNNEL, check: flag },
  { name: 'GSSAPIAuthentication', why: GSSAPI, check: flag },
  { name: 'GSSAPIClientIdentity', why: GSSAPI, check: string },
  { name: 'GSSAPIDelegateCredentials', why: GSSAPI, check: flag },
  { name: 'GSSAPIKexAlgorithms', why: GSSAPI, check: string },
  { name: 'GSSAPIKeyExchange', why: GSSAPI, check: flag },
  { name: 'GSSAPIRenewalForcesRekey', why: GSSAPI, check: flag },
  { name: 'GSSAPIServerIdentity', why: GSSAPI, check: string },
  { name: 'GSSAPITrustDns', why: GSSAPI, check: flag },
  { name: 'HostbasedAcceptedAlgorithms', why: HOSTBASED, check: keyTypes },
  { name: 'HostbasedAuthentication', why: HOSTBASED, check: flag },
  {
    name: 'IPQoS',
    why: 'the class of service is left to the system',
    check: (values) => {
      if (words(values).length > 2 || values.some((value) => !IP_QOS.test(value))) {
        throw new Error('bad class of service');
      }
    },
  },
  { name: 'KbdInteractiveDevices', why: 'the server chooses', check: string },
  {
    name: 'KnownHostsCommand',
    why: 'host keys come from files alone',
    check: anything,
    refuse: NOT_NONE('the built-in ssh reads host keys from files, not from a command'),
  },
  { name: 'LocalCommand', why: 'no local command is run', check: anything },
  { name: 'LocalForward', why: TUNNEL, check: forward(1) },
  { name: 'LogVerbose', why: LOG, check: words },
  {
    name: 'NoHostAuthenticationForLocalhost',
    why: 'the key of every host is checked',
    check: flag,
  },
  { name: 'ObscureKeystrokeTiming', why: TERMINAL, check: anything },
  { name: 'PermitLocalCommand', why: 'no local command is run', check: flag },
  {
    name: 'PermitRemoteOpen',
    why: TUNNEL,
    check: (values) => {
      const bad = words(values).find((value) => !/^(?:any|none)$|:/.test(value));
      if (bad !== undefined) throw new Error(`"${bad}" is not HOST:PORT`);
    },
  },
  { name: 'PKCS11Provider', why: 'the built-in ssh can not use keys on tokens', check: string },
  {
    name: 'RefuseConnection',
    why: 'the configuration forbids this connection',
    check: string,
    refuse: (value) => `the configuration forbids this connection: ${value}`,
  },
  {
    name: 'RekeyLimit',
    why: 'keys are renewed when the server asks for it',
    check: ([amount, after, ...rest]) => {
      if (amount === undefined || rest.length > 0) throw new Error('one or two values are wanted');
      if (!/^(?:default|\d+[kmgt]?)$/i.test(amount)) throw new Error(`"${amount}" is not an amount`);
      if (after !== undefined) seconds(after);
    },
  },
  { name: 'RemoteCommand', why: COMMAND, check: anything },
  { name: 'RemoteForward', why: TUNNEL, check: forward(1, true) },
  { name: 'RequestTTY', why: TERMINAL, check: choice('force', 'auto') },
  {
    name: 'RevokedHostKeys',
    why: 'no list is named',
    check: string,
    refuse: NOT_NONE(
      'the built-in ssh does not read lists of revoked keys (a @revoked line of known_hosts works)',
    ),
  },
  { name: 'SecurityKeyProvider', why: 'the built-in ssh can not use security keys', check: string },
  { name: 'SessionType', why: COMMAND, check: one(oneOf('none', 'subsystem', 'default')) },
  { name: 'StdinNull', why: TRANSFER, check: flag },
  {
    name: 'StreamLocalBindMask',
    why: TUNNEL,
    check: one((value) => {
      if (!/^0?[0-7]{1,3}$/.test(value)) throw new Error(`"${value}" is not an octal mask`);
    }),
  },
  { name: 'StreamLocalBindUnlink', why: TUNNEL, check: flag },
  { name: 'SyslogFacility', why: LOG, check: one(syslogFacility) },
  { name: 'Tunnel', why: TUNNEL, check: choice('point-to-point', 'ethernet') },
  { name: 'TunnelDevice', why: TUNNEL, check: one(tunnelDevice) },
  {
    name: 'UpdateHostKeys',
    why: 'further keys of a known host are not learnt from the host',
    check: choice('ask'),
  },
  { name: 'UseKeychain', why: 'passphrases are asked for, not kept', check: flag },
  { name: 'VerifyHostKeyDNS', why: 'host keys are checked against known_hosts alone', check: choice('ask') },
  { name: 'VersionAddendum', why: 'the version is told as it is', check: anything },
  { name: 'VisualHostKey', why: 'fingerprints are shown as SHA256', check: flag },
  { name: 'WarnWeakCrypto', why: LOG, check: anything },
  { name: 'XAuthLocation', why: X11, check: string },
  ...[
    'AFSTokenPassing',
    'Cipher',
    'CompressionLevel',
    'FallBackToRsh',
    'GlobalKnownHostsFile2',
    'KerberosAuthentication',
    'KerberosTGTPassing',
    'Protocol',
    'RhostsAuthentication',
    'RhostsRSAAuthentication',
    'RSAAuthentication',
    'UsePrivilegedPort',
    'UseRoaming',
    'UserKnownHostsFile2',
    'UseRsh',
  ].map((name) => ({ name, why: OLD, check: anything })),
];

const ALIASES: Readonly<Record<string, string>> = {
  hostbasedkeytypes: 'hostbasedacceptedalgorithms',
  smartcarddevice: 'pkcs11provider',
};

/** These take the rest of the line as one value. */
export const RAW_COMMANDS: ReadonlySet<string> = new Set([
  'knownhostscommand',
  'localcommand',
  'remotecommand',
]);

const BY_NAME = new Map(TABLE.map((keyword) => [keyword.name.toLowerCase(), keyword]));

/** Keywords in any case. */
export function findUnusedKeyword(name: string): UnusedKeyword | undefined {
  const lower = name.toLowerCase();
  return BY_NAME.get(ALIASES[lower] ?? lower);
}

const IP_QOS =
  /^(?:af[1-4][1-3]|cs[0-7]|ef|le|va|lowdelay|throughput|reliability|none|\d{1,3}|0x[\da-f]{1,2})$/i;

function syslogFacility(value: string): void {
  if (!/^(?:daemon|user|auth|authpriv|local[0-7])$/i.test(value))
    throw new Error(`"${value}" is no facility`);
}

function tunnelDevice(value: string): void {
  for (const device of value.split(':')) if (device !== 'any') whole(0, 2 ** 31 - 1)(device);
}
