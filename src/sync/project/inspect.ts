import { parseArguments } from '../../options/parse.ts';
import type { FilterArgument } from '../../options/transfer-options.ts';
import { realPath } from '../config/paths.ts';
import { LOCK_RULES } from '../remote/lock-tickets.ts';
import { Remote, type RemoteSettings } from '../remote/remote.ts';
import { readBase } from '../state/base-list.ts';
import type { ProfileIdentity, ProfileState } from '../state/profile-state.ts';
import { profileFiles, readState, stateOf } from '../state/state-file.ts';
import { CONFLICT_PATTERN } from './conflict-names.ts';
import { type Listing, listFolder, localState } from './listing.ts';
import { BACKUP_FOLDER, type Profile, TEMP_FOLDER } from './profile.ts';
import { type Comparison, compareTrees } from './three-way.ts';
import type { Tree } from './tree.ts';

/** What we remember of a profile. */
export interface Memory {
  identity: ProfileIdentity;
  state: ProfileState;
  /** What both sides agreed on last; undefined: never synced, or what we knew can not be used. */
  base: Tree | undefined;
  /** What could not be used of it: sentences. */
  problems: string[];
}

/** Reads what is remembered; never fails over what it finds. */
export async function recall(profile: Profile, stateFolder: string): Promise<Memory> {
  const identity = identityOf(profile);
  const problems: string[] = [];
  const read = readState(stateFolder, identity);
  if (read.kind === 'unusable') problems.push(told(read));
  const state = stateOf(read, identity);
  if (state.baseDigest === undefined) return { identity, state, base: undefined, problems };
  const base = await readBase(profileFiles(stateFolder, identity).base, state.baseDigest);
  if (base.kind === 'unusable') problems.push(told(base));
  return { identity, state, base: base.kind === 'found' ? base.tree : undefined, problems };
}

function told({
  path,
  reason,
  keptAs,
}: {
  path: string;
  reason: string;
  keptAs: string | undefined;
}): string {
  const kept = keptAs === undefined ? '' : ` (kept as ${keptAs})`;
  return `${path} can not be used: ${reason}${kept}. The project is treated as never synced.`;
}

export function identityOf({ name, root, location }: Profile): ProfileIdentity {
  return { profile: name, localRoot: realPath(root, process.platform), remote: location };
}

/** What stays out of every transfer and listing. */
export function profileRules({ rules }: Pick<Profile, 'rules'>): FilterArgument[] {
  return [
    ...LOCK_RULES,
    { kind: 'exclude', text: `/${BACKUP_FOLDER}` },
    { kind: 'exclude', text: `/${TEMP_FOLDER}` },
    { kind: 'exclude', text: CONFLICT_PATTERN },
    ...rules,
  ];
}

/** Both sides now. */
export interface Sides {
  local: Listing;
  remote: Listing;
}

/** The local side, listed by the same program with the same rules. */
export function localSide(
  profile: Profile,
  settings: Omit<RemoteSettings, 'location' | 'words'>,
): Promise<Listing> {
  const state = localState(profile.root);
  const nothing: Listing = { tree: new Map(), state, root: undefined, result: undefined };
  if (state !== 'directory') return Promise.resolve(nothing);
  const folder = new Remote({ ...settings, location: asLocal(profile.root), words: [] });
  return listFolder(folder, profile.words, profileRules(profile));
}

export function remoteSide(profile: Profile, remote: Remote): Promise<Listing> {
  return listFolder(remote, profile.words, profileRules(profile));
}

/** A path that nothing takes for one of another machine: `./a:b`. */
export function asLocal(path: string): string {
  return /^(?:[/\\]|[a-z]:[/\\])/i.test(path) ? path : `./${path}`;
}

/** Both sides, at the same time. Throws as `listFolder`. */
export async function listSides(
  profile: Profile,
  remote: Remote,
  settings: Omit<RemoteSettings, 'location' | 'words'>,
): Promise<Sides> {
  const [local, far] = await Promise.all([localSide(profile, settings), remoteSide(profile, remote)]);
  return { local, remote: far };
}

/** With the `--modify-window` of the profile. */
export function compareSides(
  base: Tree | undefined,
  { local, remote }: Sides,
  { words }: Pick<Profile, 'words'>,
): Comparison {
  const { modifyWindow } = parseArguments(words).options;
  return compareTrees(base, local.tree, remote.tree, { modifyWindow: Math.max(0, modifyWindow) });
}
