/** A spoke of `hub.yaml`: the keys of the published form, and ours. */
import { parseArguments } from '../../options/parse.ts';
import { parseCron } from './cron.ts';
import { patternFault } from './name-patterns.ts';
import { resolvePath } from './paths.ts';
import type { Problems } from './problems.ts';
import { parseRemote, type Remote } from './remote.ts';
import { byDefault, type Sourced, sourced } from './source.ts';
import { readSshSettings, type SshSettings } from './ssh-settings.ts';
import { checkOptionWords } from './sync-options.ts';
import type { YamlMap } from './yaml-map.ts';
import type { YamlValue } from './yaml-value.ts';

/** `syncthing`: the files come by another program; the spoke is listed and never run. */
export const SYNC_METHODS = ['rsync', 'syncthing', 'api'] as const;
export type SyncMethod = Exclude<(typeof SYNC_METHODS)[number], 'api'>;

/** What a spoke that says nothing else takes from `hub:`. */
export interface SpokeDefaults {
  /** Seconds; 0: never. */
  staleAfter: Sourced<number>;
  /** Seconds. */
  connectTimeout: Sourced<number>;
  /** Attempts after the first one, of failures of the network alone. */
  retries: Sourced<number>;
  compress: Sourced<boolean>;
  /** Patterns of names, for counts and lists. */
  match: Sourced<readonly string[]>;
}

export interface Spoke extends SpokeDefaults {
  name: string;
  method: SyncMethod;
  /** Undefined for `syncthing`. */
  source: Sourced<Remote> | undefined;
  /** Absolute. */
  path: Sourced<string>;
  enabled: Sourced<boolean>;
  /** Five fields of cron. */
  schedule: Sourced<string> | undefined;
  tags: Sourced<readonly string[]>;
  appendOnly: Sourced<boolean>;
  restricted: Sourced<boolean>;
  /** KiB a second; 0: no limit; undefined: not set. */
  bwLimit: Sourced<number> | undefined;
  delete: Sourced<boolean>;
  /** Arguments of rsync, checked. */
  extraArgs: Sourced<readonly string[]>;
  /** Seconds without any data. */
  timeout: Sourced<number>;
  /** Patterns as for --exclude. */
  exclude: Sourced<readonly string[]>;
  ssh: SshSettings;
}

export interface SpokePlace {
  /** Absolute: of the file, for relative paths. */
  folder: string;
  home: string;
  platform: NodeJS.Platform;
}

/** Seconds: of the published form, there for a whole run. */
const TIMEOUT = 300;
const DAY = 86_400;

/** Reads the keys that `hub:` and each spoke have in common. */
export function readSpokeDefaults(map: YamlMap | undefined, above?: SpokeDefaults): SpokeDefaults {
  const match = map?.get('match');
  return {
    staleAfter:
      map?.get('stale_after')?.duration({ never: true }) ??
      above?.staleAfter ??
      byDefault('stale_after', DAY),
    connectTimeout:
      map?.get('connect_timeout')?.duration() ?? above?.connectTimeout ?? byDefault('connect_timeout', 30),
    retries: map?.get('retries')?.integer(0, 100) ?? above?.retries ?? byDefault('retries', 3),
    compress: map?.get('compress')?.boolean() ?? above?.compress ?? byDefault('compress', true),
    match: listOf(match, readPatterns(match)) ?? above?.match ?? byDefault('match', ['*.jsonl']),
  };
}

function readPatterns(value: YamlValue | undefined): Sourced<string>[] | undefined {
  const patterns = value?.strings({ orOne: true });
  for (const pattern of patterns ?? []) {
    const fault = patternFault(pattern.value);
    if (fault !== undefined) value!.complain(`the pattern ${JSON.stringify(pattern.value)} ${fault}`);
  }
  return patterns;
}

/** @returns undefined after a mistake that leaves no spoke */
export function readSpoke(
  map: YamlMap,
  defaults: SpokeDefaults,
  place: SpokePlace,
  problems: Problems,
): Spoke | undefined {
  const otherForm = map.keyOrigin('host') !== undefined;
  for (const key of ['host', 'user', 'session_dir'])
    map.moved(key, 'source', 'Write source: USER@HOST:SESSION_DIR.');
  map.moved('ssh_key', 'ssh.identity_file');
  const name = map.get('name')?.string();
  const method = map.get('sync_method');
  const kind = method?.oneOf(SYNC_METHODS);
  const shown = name === undefined ? 'this spoke' : `the spoke ${name.value}`;
  for (const key of ['name', 'sync_method', 'path']) require(map, key, shown, problems);
  if (name !== undefined && (/[\0-\x1f\x7f/\\]/.test(name.value) || name.value.length > 64)) {
    map.get('name')!.expected('a name of at most 64 characters, without slashes');
  }
  if (kind?.value === 'api') {
    method!.complain(
      '"api" is not spoken by rsyncjs',
      'Use rsync, or syncthing for files that another program brings.',
    );
  }
  const isRsync = kind?.value === 'rsync';
  if (isRsync && !otherForm) require(map, 'source', shown, problems);
  const restricted = flag(map, 'restricted', false);
  const source = readSource(map.get('source'), restricted.value, place, isRsync, problems);
  const path = readPath(map.get('path'), place);
  const schedule = readSchedule(map.get('schedule'), problems);
  const tags = map.get('tags', { emptyIs: 'absent' });
  const exclude = map.get('exclude', { emptyIs: 'absent' });
  const appendOnly = flag(map, 'append_only', false);
  const { writesInPlace, ...options } = readRsyncOptions(map, problems);
  const common = readSpokeDefaults(map, defaults);
  const rest = {
    enabled: flag(map, 'enabled', true),
    tags: listOf(tags, tags?.strings({ orOne: true })) ?? byDefault('tags', []),
    exclude: listOf(exclude, exclude?.strings()) ?? byDefault('exclude', []),
    ssh: readSshSettings(map.map('ssh')) ?? {},
  };
  map.finish();
  if (kind?.value === 'syncthing') {
    for (const key of ['schedule', 'rsync_options']) {
      const origin = map.keyOrigin(key);
      if (origin === undefined) continue;
      problems.add(
        origin,
        `${map.pathOf(key)}: the spoke is not run, its sync_method is syncthing`,
        'Remove the key.',
      );
    }
  }
  if (appendOnly.value && options.delete.value) {
    problems.add(
      options.delete.origin,
      `${map.pathOf('rsync_options.delete')}: found true, and append_only forbids deletions`,
      'Remove one of the two.',
    );
  }
  if (appendOnly.value && writesInPlace) {
    problems.add(
      options.extraArgs.origin,
      `${map.pathOf('rsync_options.extra_args')}: --inplace and append_only do not go together: a run that breaks off leaves a shorter file`,
      'Remove one of the two.',
    );
  }
  if (name === undefined || kind === undefined || kind.value === 'api' || path === undefined)
    return undefined;
  return {
    name: name.value,
    method: kind.value,
    source,
    path,
    schedule,
    appendOnly,
    restricted,
    ...options,
    ...common,
    ...rest,
  };
}

function require(map: YamlMap, key: string, name: string, problems: Problems): void {
  if (map.keyOrigin(key) !== undefined) return;
  problems.add(map.origin, `${map.pathOf(key)} is missing`, `Add "${key}:" to ${name}.`);
}

function flag(map: YamlMap, key: string, otherwise: boolean): Sourced<boolean> {
  return map.get(key)?.boolean() ?? byDefault(key, otherwise);
}

function readSource(
  value: YamlValue | undefined,
  restricted: boolean,
  { platform }: SpokePlace,
  isRsync: boolean,
  problems: Problems,
): Sourced<Remote> | undefined {
  const text = value?.string();
  if (value === undefined || text === undefined || !isRsync) return undefined;
  const form = { windows: platform === 'win32', restricted };
  const remote = problems.attempt(value.origin, value.key, () => parseRemote(text.value, form));
  return remote && sourced(remote, text.origin);
}

function readPath(value: YamlValue | undefined, place: SpokePlace): Sourced<string> | undefined {
  const text = value?.string();
  if (value === undefined || text === undefined) return undefined;
  const path = resolvePath(text.value, { base: place.folder, home: place.home, platform: place.platform });
  if (path !== undefined) return { ...text, value: path };
  return value.expected('a folder of this machine', 'Only "~" and "~/" are filled in.');
}

function readSchedule(value: YamlValue | undefined, problems: Problems): Sourced<string> | undefined {
  const text = value?.string();
  if (value === undefined || text === undefined) return undefined;
  return problems.attempt(value.origin, value.key, () => parseCron(text.value)) && text;
}

type RsyncOptions = Pick<Spoke, 'bwLimit' | 'delete' | 'extraArgs' | 'timeout'> & {
  /** A file may be shorter for a while, or for good if the run breaks off. */
  writesInPlace: boolean;
};

function readRsyncOptions(map: YamlMap, problems: Problems): RsyncOptions {
  const value = map.get('rsync_options', { emptyIs: 'absent' });
  if (value?.isList) {
    value.complain(
      'found a list, expected keys with values: its options moved to rsync_options.extra_args',
      'Write --bwlimit as bw_limit, --delete as delete, --timeout as timeout_seconds.',
    );
  }
  const options = value?.isList ? undefined : value?.map();
  const extra = options?.get('extra_args', { emptyIs: 'absent' });
  const words = extra?.strings();
  const before = problems.count;
  if (extra !== undefined && words !== undefined) {
    const given = words.map(({ value: text, origin }) => ({ text, origin }));
    checkOptionWords(given, { workflow: 'hub', key: extra.key }, problems);
  }
  const areGood = problems.count === before;
  const read = {
    bwLimit: options?.get('bw_limit')?.rate(),
    delete: options === undefined ? byDefault('delete', false) : flag(options, 'delete', false),
    extraArgs: listOf(extra, words) ?? byDefault('extra_args', []),
    writesInPlace: areGood && overwrites(words?.map((word) => word.value) ?? []),
    timeout: options?.get('timeout_seconds')?.integer(1, 2_147_483) ?? byDefault('timeout_seconds', TIMEOUT),
  };
  options?.finish();
  return read;
}

function overwrites(words: readonly string[]): boolean {
  const { inplace, append } = parseArguments(words).options;
  return inplace && append === 0;
}

function listOf(
  value: YamlValue | undefined,
  items: readonly Sourced<string>[] | undefined,
): Sourced<readonly string[]> | undefined {
  if (value === undefined || items === undefined) return undefined;
  return sourced(
    items.map((item) => item.value),
    value.origin,
  );
}
