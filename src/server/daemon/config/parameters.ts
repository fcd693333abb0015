/** Every parameter of rsyncd.conf: docs/protocol/4-filters-and-options.md, G.2. Tests, parser and docs/daemon.md agree on it. */
import type { ByteString } from '../../../core/bytes.ts';

/** `tristate`: also unset, which stands for a default that depends on other things. `facility`: of the system log. */
export type ParameterKind = 'string' | 'boolean' | 'tristate' | 'integer' | 'facility';

/** Where a parameter may stand: before the first module alone, or also in modules. */
export type ParameterScope = 'global' | 'module';

interface ValueTypes {
  string: ByteString;
  boolean: boolean;
  tristate: boolean | undefined;
  integer: number;
  facility: string;
}

export interface Parameter<Scope extends ParameterScope, Kind extends ParameterKind> {
  /** As the manual writes it; case and blanks do not matter in a file. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly scope: Scope;
  readonly kind: Kind;
  /** '' stands for a string that is not set. */
  readonly initial: ValueTypes[Kind];
}

type Of<Scope extends ParameterScope> = <Kind extends ParameterKind>(
  name: string,
  kind: Kind,
  initial: ValueTypes[Kind],
  ...aliases: string[]
) => Parameter<Scope, Kind>;

const global: Of<'global'> = (name, kind, initial, ...aliases) => {
  return { name, aliases, scope: 'global', kind, initial };
};
const module: Of<'module'> = (name, kind, initial, ...aliases) => {
  return { name, aliases, scope: 'module', kind, initial };
};

export const GLOBAL_PARAMETERS = {
  address: global('address', 'string', '', 'bind address'),
  port: global('port', 'integer', 0, 'rsync port'),
  motdFile: global('motd file', 'string', ''),
  pidFile: global('pid file', 'string', ''),
  socketOptions: global('socket options', 'string', ''),
  listenBacklog: global('listen backlog', 'integer', 5),
  daemonChroot: global('daemon chroot', 'string', ''),
  daemonUid: global('daemon uid', 'string', ''),
  daemonGid: global('daemon gid', 'string', ''),
  proxyProtocol: global('proxy protocol', 'boolean', false),
  proxyProtocolHosts: global('proxy protocol hosts', 'string', ''),
} as const;

export const MODULE_PARAMETERS = {
  name: module('name', 'string', ''),
  path: module('path', 'string', ''),
  comment: module('comment', 'string', ''),
  list: module('list', 'boolean', true),
  readOnly: module('read only', 'boolean', true),
  writeOnly: module('write only', 'boolean', false),
  useChroot: module('use chroot', 'tristate', undefined),
  uid: module('uid', 'string', ''),
  gid: module('gid', 'string', ''),
  numericIds: module('numeric ids', 'tristate', undefined),
  nameConverter: module('name converter', 'string', ''),
  mungeSymlinks: module('munge symlinks', 'tristate', undefined),
  insecureLinks: module('insecure links', 'boolean', false),
  charset: module('charset', 'string', ''),
  maxConnections: module('max connections', 'integer', 0),
  lockFile: module('lock file', 'string', '/var/run/rsyncd.lock'),
  logFile: module('log file', 'string', ''),
  syslogTag: module('syslog tag', 'string', 'rsyncd'),
  syslogFacility: module('syslog facility', 'facility', 'daemon'),
  transferLogging: module('transfer logging', 'boolean', false),
  logFormat: module('log format', 'string', '%o %h [%a] %m (%u) %f %l'),
  maxVerbosity: module('max verbosity', 'integer', 1),
  openNoatime: module('open noatime', 'tristate', undefined),
  fakeSuper: module('fake super', 'boolean', false),
  filter: module('filter', 'string', ''),
  includeFrom: module('include from', 'string', ''),
  include: module('include', 'string', ''),
  excludeFrom: module('exclude from', 'string', ''),
  exclude: module('exclude', 'string', ''),
  incomingChmod: module('incoming chmod', 'string', ''),
  outgoingChmod: module('outgoing chmod', 'string', ''),
  authUsers: module('auth users', 'string', ''),
  secretsFile: module('secrets file', 'string', ''),
  authDigest: module('auth digest', 'string', ''),
  strictModes: module('strict modes', 'boolean', true),
  hostsAllow: module('hosts allow', 'string', ''),
  hostsDeny: module('hosts deny', 'string', ''),
  reverseLookup: module('reverse lookup', 'boolean', true),
  forwardLookup: module('forward lookup', 'boolean', true),
  ignoreErrors: module('ignore errors', 'boolean', false),
  ignoreNonreadable: module('ignore nonreadable', 'boolean', false),
  timeout: module('timeout', 'integer', 0),
  refuseOptions: module('refuse options', 'string', ''),
  dontCompress: module('dont compress', 'string', ''),
  earlyExec: module('early exec', 'string', ''),
  preXferExec: module('pre-xfer exec', 'string', ''),
  postXferExec: module('post-xfer exec', 'string', ''),
  tempDir: module('temp dir', 'string', ''),
} as const;

type Values<Table extends Record<string, { kind: ParameterKind }>> = {
  -readonly [Key in keyof Table]: ValueTypes[Table[Key]['kind']];
};

export type GlobalValues = Values<typeof GLOBAL_PARAMETERS>;
export type ModuleValues = Values<typeof MODULE_PARAMETERS>;
export type GlobalKey = keyof GlobalValues;
export type ModuleKey = keyof ModuleValues;
export type ParameterKey = GlobalKey | ModuleKey;

/** Parameters whose value names something on the disk: a slash at its end is no part of it. */
export const PATH_KEYS: ReadonlySet<ParameterKey> = new Set<ParameterKey>(['path', 'tempDir']);

export function globalDefaults(): GlobalValues {
  return defaultsOf(GLOBAL_PARAMETERS) as GlobalValues;
}

export function moduleDefaults(): ModuleValues {
  return defaultsOf(MODULE_PARAMETERS) as ModuleValues;
}

function defaultsOf(table: Record<string, { initial: unknown }>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).map(([key, { initial }]) => [key, initial]));
}

export interface FoundParameter {
  key: ParameterKey;
  parameter: Parameter<ParameterScope, ParameterKind>;
}

/** The name with what does not matter in it left out. */
export function plainName(name: string): string {
  return name.replace(/[ \t-\r]+/g, '').toLowerCase();
}

const BY_NAME: ReadonlyMap<string, FoundParameter> = new Map(
  Object.entries({ ...GLOBAL_PARAMETERS, ...MODULE_PARAMETERS }).flatMap(([key, parameter]) => {
    const found = { key: key as ParameterKey, parameter };
    return [parameter.name, ...parameter.aliases].map((name) => [plainName(name), found] as const);
  }),
);

export function findParameter(name: string): FoundParameter | undefined {
  return BY_NAME.get(plainName(name));
}

/** Of syslog(3), as `logger -p` takes them. */
export const FACILITIES: readonly string[] = [
  ...[
    'auth',
    'authpriv',
    'cron',
    'daemon',
    'ftp',
    'kern',
    'lpr',
    'mail',
    'news',
    'security',
    'syslog',
    'user',
  ],
  ...['uucp', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
];
