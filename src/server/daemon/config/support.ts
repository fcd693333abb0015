/**
 * What of a configuration cannot be honoured here. Nothing of it is passed over: the daemon does not start, and a module
 * that was changed later serves nobody. docs/daemon.md has the list.
 */
import { type ByteString, toText } from '../../../core/bytes.ts';
import { isRsyncError, type RsyncError } from '../../../core/errors.ts';
import { platform } from '../../../files/platform/index.ts';
import { parseSocketOptions } from '../../../options/socket-options.ts';
import { parseAuthUsers } from '../access/auth-rules.ts';
import { hostWords, wordFault } from '../access/hosts.ts';
import { moduleRules } from '../access/module-filter.ts';
import { configError, type DaemonConfig, type Module, type Position, positionText } from './config.ts';
import {
  GLOBAL_PARAMETERS,
  type GlobalKey,
  type GlobalValues,
  MODULE_PARAMETERS,
  type ModuleKey,
  type ModuleValues,
} from './parameters.ts';
import { expandVariables, type Variables } from './variables.ts';

export interface Fault {
  at: Position;
  /** What is wrong, and what to do. */
  text: string;
}

type Judge<Value> = (value: Value, expand: (text: ByteString) => ByteString) => string | undefined;
type Judges<Values> = { readonly [Key in keyof Values]?: Judge<Values[Key]> };

/** Why a value other than nothing is refused, and what to do. */
const GLOBAL_JUDGES: Judges<GlobalValues> = {
  daemonChroot: ifSet(
    'Node.js cannot change the root of a process; run the daemon in a container, or leave it out',
  ),
  daemonUid: ifSet('only root on a system with users can become somebody else', () => !platform.isRoot),
  daemonGid: ifSet('only root on a system with groups can become somebody else', () => !platform.isRoot),
  port: (value) => (value >= 0 && value <= 65_535 ? undefined : 'a port is a number from 1 to 65535'),
  socketOptions: (value) => {
    try {
      parseSocketOptions(toText(value));
      return undefined;
    } catch (error) {
      return isRsyncError(error) ? error.message : String(error);
    }
  },
  proxyProtocolHosts: (value, expand) => faultOfHosts(expand(value)),
};

const MODULE_JUDGES: Judges<ModuleValues> = {
  nameConverter: ifSet('names are looked up without a program; leave it out, or set "numeric ids = yes"'),
  insecureLinks: ifYes('symlinks never lead out of a module; leave it out'),
  charset: ifSet('names are not converted; leave it out, and clients go without --iconv'),
  fakeSuper: ifYes('attributes are not kept in extended attributes; leave it out'),
  openNoatime: ifYes(
    'access times cannot be kept from changing; leave it out, or mount the disk with "noatime"',
  ),
  incomingChmod: ifSet('permissions are not changed on the way; leave it out'),
  outgoingChmod: ifSet('permissions are not changed on the way; leave it out'),
  uid: ifSet('this system has no users; leave it out', () => platform.isWindows),
  gid: ifSet('this system has no groups; leave it out', () => platform.isWindows),
  authUsers: (value, expand) => {
    const isOfGroups = parseAuthUsers(expand(value)).some(({ isGroup }) => isGroup);
    return platform.isWindows && isOfGroups ? 'this system has no groups; name the users' : undefined;
  },
  hostsAllow: (value, expand) => faultOfHosts(expand(value)),
  hostsDeny: (value, expand) => faultOfHosts(expand(value)),
};

function ifSet(reason: string, where: () => boolean = () => true): Judge<ByteString> {
  return (value) => (value !== '' && where() ? reason : undefined);
}

function ifYes(reason: string): Judge<boolean | undefined> {
  return (value) => (value === true ? reason : undefined);
}

/** A word that never matches would let in whom it was to keep out. */
function faultOfHosts(list: ByteString): string | undefined {
  for (const word of hostWords(list)) {
    const fault = wordFault(word);
    if (fault !== undefined) return `"${word}": ${fault}`;
  }
  return undefined;
}

export function unsupportedOfGlobals({ globals, globalOrigins }: DaemonConfig, env: Variables): Fault[] {
  const faults: Fault[] = [];
  for (const key of Object.keys(GLOBAL_JUDGES) as GlobalKey[]) {
    const judge = GLOBAL_JUDGES[key] as Judge<unknown> | undefined;
    const reason = judge?.(globals[key], (text) => expandVariables(text, env));
    if (reason !== undefined) {
      faults.push({
        at: globalOrigins.get(key) ?? NOWHERE,
        text: `"${GLOBAL_PARAMETERS[key].name}": ${reason}`,
      });
    }
  }
  return faults;
}

export function unsupportedOfModule(module: Module, variables: Variables): Fault[] {
  const { name, values, origins } = module;
  const faults: Fault[] = [];
  const expand = (text: ByteString): ByteString => expandVariables(text, variables);
  for (const key of Object.keys(MODULE_JUDGES) as ModuleKey[]) {
    const judge = MODULE_JUDGES[key] as Judge<unknown> | undefined;
    const reason = judge?.(values[key], expand);
    if (reason === undefined) continue;
    const text = `"${MODULE_PARAMETERS[key].name}" of module ${toText(name)}: ${reason}`;
    faults.push({ at: origins.get(key) ?? NOWHERE, text });
  }
  const filters = unsupportedFilters(values, expand);
  if (filters !== undefined) {
    const at = origins.get('filter') ?? origins.get('exclude') ?? origins.get('include') ?? NOWHERE;
    faults.push({ at, text: `the filters of module ${toText(name)}: ${filters}` });
  }
  return faults;
}

/** Files may depend on the connection: what is in them is seen when it comes. */
function unsupportedFilters(
  values: ModuleValues,
  expand: (text: ByteString) => ByteString,
): string | undefined {
  try {
    moduleRules({
      filter: expand(values.filter),
      include: expand(values.include),
      exclude: expand(values.exclude),
      includeFrom: '',
      excludeFrom: '',
    });
    return undefined;
  } catch (error) {
    if (isRsyncError(error) && error.code !== 'RSYNC_FILE_IO') return error.message;
    return undefined;
  }
}

const NOWHERE: Position = { file: 'rsyncd.conf', line: 0 };

/** @throws RsyncError RSYNC_USAGE, exit 1, with all that is wrong */
export function requireSupport(config: DaemonConfig, env: Variables): void {
  const faults = [
    ...unsupportedOfGlobals(config, env),
    ...config.modules.flatMap((module) => unsupportedOfModule(module, env)),
  ];
  if (faults.length > 0) throw supportError(faults);
}

function supportError(faults: readonly Fault[]): RsyncError {
  const lines = faults.map(({ at, text }) => positionText(at) + text);
  return configError(
    lines.join('\n'),
    undefined,
    'rsyncjs starts no daemon with settings that it would have to pass over; see docs/daemon.md.',
  );
}
