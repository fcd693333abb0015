/**
 * `hub.yaml`: a hub and its spokes, in the published form (docs/sync-config.md). Two other forms that were published are
 * recognised, and the message says where each key moved.
 */
import { EXIT, RsyncError } from '../../core/errors.ts';
import { checkOverlaps } from './hub-overlaps.ts';
import {
  readSpoke,
  readSpokeDefaults,
  type Spoke,
  type SpokeDefaults,
  type SpokePlace,
} from './hub-spoke.ts';
import { pathsOf, resolvePath } from './paths.ts';
import { type Notice, Problems } from './problems.ts';
import { byDefault, type Sourced } from './source.ts';
import { readConfigText } from './text-file.ts';
import { readYaml } from './yaml-document.ts';
import type { YamlMap } from './yaml-map.ts';
import type { YamlValue } from './yaml-value.ts';

export interface HubInput {
  /** Absolute. */
  file: string;
  /** The file was named by a person: then it has to be there. */
  named: boolean;
  home: string;
  platform: NodeJS.Platform;
}

export interface HubConfig {
  file: string;
  /** Undefined: the name of the machine. */
  name: Sourced<string> | undefined;
  /** The hub's own files, absolute. Default: ~/.pi/agent/sessions. */
  sessionsDir: Sourced<string>;
  /** Spokes at a time. */
  jobs: Sourced<number>;
  defaults: SpokeDefaults;
  /** In the order of the file, disabled ones too. */
  spokes: Spoke[];
  notices: Notice[];
}

/** Spokes at a time: each has a connection, and buffers. */
export const MOST_JOBS = 64;
/** Sections of the program that the published form belongs to. */
const FOREIGN = ['daemon', 'query', 'api'];

/**
 * A file that is empty, or not there and not named, is a hub without spokes.
 * @throws RsyncError RSYNC_USAGE, exit 1: all the mistakes of the file; RSYNC_FILE_IO, exit 11: it cannot be read
 */
export function readHub(input: HubInput): HubConfig {
  const { file } = input;
  const text = readConfigText(file);
  if (text === undefined && input.named) {
    throw new RsyncError('RSYNC_FILE_IO', `the configuration ${file} is not there`, {
      exitCode: EXIT.FILEIO,
      origin: 'local',
      path: file,
      hint: 'Check --config.',
    });
  }
  const problems = new Problems();
  const top = text === undefined ? undefined : readYaml(file, text, problems);
  const config = readTop(top, input, problems);
  problems.throwIfAny();
  return config;
}

function readTop(top: YamlMap | undefined, input: HubInput, problems: Problems): HubConfig {
  const place: SpokePlace = {
    folder: pathsOf(input.platform).dirname(input.file),
    home: input.home,
    platform: input.platform,
  };
  const hub = top?.map('hub');
  hub?.moved('synced_sessions_dir', 'the key "path" of each spoke');
  for (const key of ['database_dir', 'web_ui_port']) {
    const value = key === 'database_dir' ? hub?.get(key)?.string() : hub?.get(key)?.integer(1, 65_535);
    if (value !== undefined) foreign(hub!.pathOf(key), value.origin, problems);
  }
  const sessionsDir = readFolder(hub?.get('sessions_dir'), place);
  const defaults = readSpokeDefaults(hub);
  const config: HubConfig = {
    file: input.file,
    name: hub?.get('name')?.string(),
    sessionsDir:
      sessionsDir ??
      byDefault('hub.sessions_dir', pathsOf(input.platform).join(input.home, '.pi', 'agent', 'sessions')),
    jobs: hub?.get('jobs')?.integer(1, MOST_JOBS) ?? byDefault('hub.jobs', 4),
    defaults,
    spokes: [],
    notices: problems.notices,
  };
  hub?.finish();
  if (top === undefined) return config;
  readRunbookForm(top);
  config.spokes = readSpokes(top.get('spokes', { emptyIs: 'absent' }), defaults, place, problems);
  for (const key of FOREIGN) {
    const section = top.get(key, { emptyIs: 'absent' });
    if (section !== undefined) foreign(key, section.origin, problems);
  }
  top.finish();
  checkOverlaps(config, input.platform, problems);
  return config;
}

/** The third form: `sync: { spokes: [...] }`. */
function readRunbookForm(top: YamlMap): void {
  const sync = top.get('sync', { emptyIs: 'absent' });
  if (sync === undefined) return;
  if (!sync.isMap) {
    sync.complain('unknown key');
    return;
  }
  const map = sync.map()!;
  map.moved(
    'spokes',
    'spokes, at the top of the file',
    'There host, user and session_dir are "source: USER@HOST:SESSION_DIR", ssh_key is ssh.identity_file, and each spoke has sync_method and path.',
  );
  map.finish();
}

function readSpokes(
  value: YamlValue | undefined,
  defaults: SpokeDefaults,
  place: SpokePlace,
  problems: Problems,
): Spoke[] {
  const spokes: Spoke[] = [];
  const names = new Map<string, number>();
  for (const item of value?.list() ?? []) {
    const map = item.map();
    if (map === undefined) continue;
    const spoke = readSpoke(map, defaults, place, problems);
    const name = spoke?.name;
    const origin = map.get('name')?.origin;
    if (spoke === undefined || name === undefined || origin === undefined) continue;
    const first = names.get(name);
    if (first === undefined) names.set(name, origin.line ?? 0);
    else {
      problems.add(
        origin,
        `${map.pathOf('name')}: a second spoke ${JSON.stringify(name)}, the first one is in line ${first}`,
        'Each spoke has a name of its own.',
      );
    }
    spokes.push(spoke);
  }
  return spokes;
}

function readFolder(value: YamlValue | undefined, { folder, home, platform }: SpokePlace) {
  const text = value?.string();
  if (value === undefined || text === undefined) return undefined;
  const path = resolvePath(text.value, { base: folder, home, platform });
  return path === undefined ? value.expected('a folder of this machine') : { ...text, value: path };
}

function foreign(key: string, origin: Notice['origin'], problems: Problems): void {
  problems.notice('key-of-another-program', `${key} is not for rsyncjs and is not used`, origin);
}
